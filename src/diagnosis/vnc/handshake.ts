import { unwantedAlgorithm, wrongSignature } from '../../domain/tls-handshake.ts';
import type { Fix } from '../../rule/fix.ts';
import { cannotTell, pass, skipped, warning } from '../step.ts';
import { displayOf, handshakeOf, noDisplay, shownChain, unlogged } from './display.ts';
import { step, vncClientFacts, vncServerFacts } from './question.ts';

export const handshakeFailed = (reason = 'The TLS connection was non-properly terminated.'): string =>
  `Failed to complete handshake ${reason}`;

const otherPriority: Fix = {
  title: 'Start the guest with another priority string',
  applicability: 'manual',
  steps: [
    {
      kind: 'manual',
      instruction: `Take priority= out of the guest's tls-creds object, or write one that gnutls-cli --list --priority '…' takes, and start the guest again`,
    },
  ],
};

export const handshakeSucceeds = step({
  stage: 'handshake',
  side: 'server',
  question: 'Do both ends agree on TLS?',
  source: 'gnutls lib/handshake.c; QEMU crypto/tlssession.c: qcrypto_tls_session_new',
  needs: { client: vncClientFacts, server: vncServerFacts },
  take(question, { client, server }) {
    const display = displayOf(question, server);
    if (display === undefined) return noDisplay;
    const { tls } = display;
    if (tls.type === 'none') return skipped('the display uses no TLS');
    if (tls.type === 'unresolved') return noDisplay;
    const outcome = handshakeOf(question, client, server);
    switch (outcome.state) {
      case 'unknown':
        return cannotTell(outcome.detail);
      case 'agreed':
        if (outcome.clientProof === 'gives-up' && shownChain(question, client, server) !== undefined)
          return {
            outcome: 'fail',
            message: 'the client has no signature to prove that its certificate is its own that both ends have enabled',
            clientText: handshakeFailed(unwantedAlgorithm),
            failure: {
              side: 'server',
              why: "the priority of QEMU's credentials leaves no signature that the client's key can make",
              rules: [],
              fix: otherPriority,
            },
          };
        // In TLS 1.3 the client is through when QEMU finds out.
        if (
          outcome.clientProof === 'is-wrong' &&
          outcome.version !== 'TLS1.3' &&
          shownChain(question, client, server) !== undefined
        )
          return {
            outcome: 'fail',
            message: "the client's key is not that of its certificate",
            evidence: unlogged(`TLS handshake failed: ${wrongSignature}`),
            clientText: handshakeFailed(),
            failure: { side: 'client', why: 'QEMU checks the signature', rules: ['private-key-mismatch'] },
          };
        return tls.type === 'anonymous'
          ? warning('anonymous TLS: whoever sits between both can read along', 'vnc-anonymous-tls')
          : pass(outcome.version.replace('TLS', 'TLS '));
      case 'refused-priority':
        return {
          outcome: 'fail',
          message: `the priority ${outcome.priority} of QEMU's credentials is none that GnuTLS understands, and every connection ends`,
          clientText: handshakeFailed(),
          failure: {
            side: 'server',
            why: 'QEMU hands the string to GnuTLS for each connection, and only then learns that it is wrong',
            rules: ['tls-priority-invalid'],
            fix: otherPriority,
          },
        };
      case 'failed':
        return {
          outcome: 'fail',
          message: outcome.because,
          clientText: handshakeFailed(outcome.client),
          failure: {
            side: 'server',
            why: outcome.because,
            rules: ['key-usage-insufficient'],
            fix: {
              title: 'Let both ends speak the same TLS',
              applicability: 'manual',
              steps: [
                {
                  kind: 'manual',
                  instruction:
                    'Issue the display a certificate whose key usage has digital signature, take priority= out of its tls-creds object, and start the guest again',
                },
              ],
            },
          },
        };
    }
  },
});
