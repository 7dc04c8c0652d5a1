import { momentText } from '../../domain/moment-text.ts';
import { cannotTell, pass, skipped, type Step } from '../step.ts';
import { clientCredentialFacts, credentialsOfClient, pathsOfClient, step, type LibvirtQuestion } from './question.ts';
import { refusedFiles } from './server-start.ts';

const credentialsLoad = step({
  stage: 'client-credentials',
  side: 'client',
  question: 'Does the client accept and load its CA, and its certificate and key?',
  source:
    'libvirt src/rpc/virnettlscontext.c: virNetTLSContextLocateCredentials, virNetTLSContextLoadCredentials; src/rpc/virnettlscert.c: virNetTLSCertSanityCheck',
  needs: { client: clientCredentialFacts },
  take(question, { client }) {
    if (question.uri.transport !== 'tls') return skipped('nothing of it is used without TLS');
    const outcome = credentialsOfClient(question, client);
    switch (outcome.state) {
      case 'unknown':
        return cannotTell(outcome.because.detail);
      case 'refused':
        return refusedFiles('the client', outcome.refusal, 'client');
      case 'loaded': {
        const found = pathsOfClient(question, client);
        const { identity } = outcome;
        const ca = found.state === 'found' ? found.paths.ca : '';
        if (identity === undefined) return pass(`CA from ${ca}; it has no certificate of its own and goes on without`);
        const [leaf] = identity.chain;
        return pass(
          `${identity.certificatePath} and ${identity.keyPath}, valid until ${momentText(leaf?.notAfter ?? '')}; CA from ${ca}`,
          [ca, identity.certificatePath, identity.keyPath],
        );
      }
    }
  },
});

/** What the client does before it dials. */
export const clientStart: readonly Step<LibvirtQuestion>[] = [credentialsLoad];
