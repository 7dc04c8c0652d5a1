import { cannotTell, pass, type Take } from '../step.ts';
import { displayOf, noDisplay, withoutCertificates } from './display.ts';
import {
  credentialsOfViewer,
  step,
  vncClientFacts,
  vncServerFacts,
  type VncClientFacts,
  type VncQuestion,
} from './question.ts';

export const clientLoads = step({
  stage: 'client-credentials',
  side: 'client',
  question: 'Does the client load its CA, and its certificate and key?',
  source: 'gtk-vnc src/vncconnection.c: vnc_connection_set_credential_x509, vnc_connection_tls_initialize_cert_cred',
  needs: { client: vncClientFacts, server: vncServerFacts },
  take(question, { client, server }) {
    const display = displayOf(question, server);
    if (display === undefined) return noDisplay;
    // It looks for files only once the server has asked for TLS with certificates.
    if (display.tls.type !== 'x509') return withoutCertificates;
    return loadingOfViewer(question, client);
  },
});

/** What comes of it when the viewer looks for its files. */
export function loadingOfViewer(question: VncQuestion, client: VncClientFacts): Take {
  const outcome = credentialsOfViewer(question, client);
  switch (outcome.state) {
    case 'unknown':
      return cannotTell(outcome.because.detail);
    case 'refused': {
      const { path, text, kind } = outcome.refusal;
      return {
        outcome: 'fail',
        message: `the client cannot use ${path}: ${text.replace(/^.*: (?=[A-Z])/s, '')}`,
        clientText: 'Failed to allocate credentials',
        failure: {
          side: 'client',
          why: 'a file that is there and does not load ends the connection; that of the system hides the one of the user',
          rules: [
            ...(kind === 'unreadable'
              ? ['vnc-client-file-shadowed', 'private-key-unreadable', 'certificate-unreadable']
              : []),
            'certificate-malformed',
            'private-key-malformed',
            'private-key-mismatch',
            'private-key-encrypted',
            'crl-malformed',
          ],
          path,
        },
      };
    }
    case 'loaded': {
      const { identity } = outcome;
      const ca = outcome.usesSystemTrust === true ? "the system's trust store" : 'its own CA file';
      return pass(
        identity === undefined
          ? `it goes by ${ca} and has no certificate of its own`
          : `it goes by ${ca} and shows ${identity.certificatePath}`,
      );
    }
  }
}
