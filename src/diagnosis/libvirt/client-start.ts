import { momentText } from '../../domain/moment-text.ts';
import { cannotTell, pass, skipped, type Step } from '../step.ts';
import type { LoadingRefusal } from '../../domain/load-credentials.ts';
import type { Known } from '../../facts/facts.ts';
import type { Fix } from '../../rule/fix.ts';
import { readingFix } from '../reading-fix.ts';
import { clientOrder, clientOrderFacts } from './identity.ts';
import { credentialsOfClient, pathsOfClient, step, type LibvirtQuestion } from './question.ts';
import { refusedFiles } from './server-start.ts';

const credentialsLoad = step({
  stage: 'client-credentials',
  side: 'client',
  question: 'Does the client accept and load its CA, and its certificate and key?',
  source:
    'libvirt src/rpc/virnettlscontext.c: virNetTLSContextLocateCredentials, virNetTLSContextLoadCredentials; src/rpc/virnettlscert.c: virNetTLSCertSanityCheck',
  needs: { client: [...clientOrderFacts, 'accounts'] },
  take(question, { client }) {
    if (question.uri.transport !== 'tls') return skipped('nothing of it is used without TLS');
    const outcome = credentialsOfClient(question, client);
    switch (outcome.state) {
      case 'unknown':
        return cannotTell(outcome.because.detail);
      case 'refused':
        return refusedFiles('the client', outcome.refusal, 'client', (told) =>
          clientFix(question, client, outcome.refusal, told),
        );
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

/** The way out of a refusal of the client's own files, in place of what a person is told of it. */
function clientFix(
  question: LibvirtQuestion,
  client: Known<(typeof clientOrderFacts)[number] | 'accounts'>,
  { kind, path }: LoadingRefusal,
  told: Fix | undefined,
): Fix | undefined {
  const found = pathsOfClient(question, client);
  if (found.state !== 'found') return told;
  const { ca, certificate, key } = found.paths;
  const isKey = path === key;
  const read = kind === 'unreadable' ? readingFix(client, path, question.account, { isKey }) : undefined;
  if (read !== undefined) return read;
  const isIdentity = isKey || path === certificate;
  const order = isIdentity ? clientOrder(question, client, { newKey: isKey }) : undefined;
  const withCa =
    order?.withCa ??
    (path === ca && kind !== 'unreadable' ? [{ kind: 'trust', path, how: 'replace' } as const] : undefined);
  const fix =
    told ??
    (order === undefined ? undefined : { title: acceptedTitle, applicability: 'manual' as const, steps: order.steps });
  return fix === undefined || withCa === undefined ? fix : { ...fix, withCa };
}

const acceptedTitle = 'Give the client a certificate that it can use';

/** What the client does before it dials. */
export const clientStart: readonly Step<LibvirtQuestion>[] = [credentialsLoad];
