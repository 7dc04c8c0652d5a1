import type { Fix } from '../../rule/fix.ts';
import { sentChain } from '../../domain/peer-verification.ts';
import { handshake, unwantedAlgorithm, type Handshake, type HandshakeEnd } from '../../domain/tls-handshake.ts';
import { tlsPriority } from '../../domain/tls-priority.ts';
import { cannotTell, pass, warning } from '../step.ts';
import { both, clientPriority, ends, serverPriority, withoutTls, type Loaded } from './both-ends.ts';
import { step, type credentialsOfClient, type LibvirtQuestion, type ServerCredentialFacts } from './question.ts';

/** What the two ends make of each other's priorities and keys. */
export function handshakeOf(
  question: LibvirtQuestion,
  client: Parameters<typeof credentialsOfClient>[1],
  server: ServerCredentialFacts,
): Handshake {
  const loaded = ends(question, client, server);
  const shownBy = ({ identity }: Loaded): HandshakeEnd => ({
    leaf: identity?.chain[0] ?? 'none',
    ...(identity?.isNoPair === undefined ? {} : { isNoPair: identity.isNoPair }),
  });
  const gnutls = { client: client.software.gnutls?.version, server: server.software.gnutls?.version };
  return handshake(
    {
      priority: clientPriority(question),
      ...(loaded === undefined ? {} : shownBy(loaded.client)),
      ...(gnutls.client === undefined ? {} : { gnutls: gnutls.client }),
    },
    {
      priority: serverPriority(server),
      ...(loaded === undefined ? {} : shownBy(loaded.server)),
      ...(gnutls.server === undefined ? {} : { gnutls: gnutls.server }),
    },
  );
}

/** What each end has to say when the other one hangs up. */
export const closed = 'The TLS connection was non-properly terminated.';
/** What the client prints, and likewise the daemon, when GnuTLS gives that reason. */
export const handshakeFailed = (reason: string): string => `authentication failed: TLS handshake failed ${reason}`;

/** The way out where the ends have no TLS in common. */
export const speakTheSame: Fix = {
  title: 'Let both ends speak the same TLS',
  applicability: 'manual',
  steps: [
    {
      kind: 'manual',
      instruction:
        'Issue the server a certificate whose key usage has digital signature, and give both ends a tls_priority with TLS 1.2 or 1.3 (or none)',
    },
  ],
};

/** The client makes its session, and with it tells GnuTLS its priorities, only when it is connected. */
export const clientMakesSession = step({
  stage: 'client-credentials',
  side: 'client',
  question: "Does GnuTLS take the client's priority string?",
  source: 'libvirt src/rpc/virnettlscontext.c: virNetTLSSessionNew; gnutls lib/priority.c: gnutls_priority_init',
  needs: { client: ['software'] },
  take(question, { client }) {
    if (question.uri.transport !== 'tls') return withoutTls;
    const priority = clientPriority(question);
    const read = tlsPriority(priority, client.software.gnutls?.version);
    if (read.state !== 'invalid')
      return pass(`${priority}${question.tlsPriority === undefined ? ', as compiled in' : ''}`);
    return {
      outcome: 'fail',
      message: `the client's TLS priority ${priority} is none that GnuTLS understands`,
      clientText: `Failed to set TLS session priority to ${priority}: The request is invalid.`,
      serverText: handshakeFailed(closed),
      failure: {
        side: 'client',
        why: 'the string is handed to GnuTLS as it stands, when the connection is made',
        rules: ['tls-priority-invalid'],
        fix: {
          title: 'Leave the TLS priority out',
          applicability: 'manual',
          steps: [
            {
              kind: 'manual',
              instruction: `Take tls_priority out of the URI or of the client's libvirt.conf, or write one that gnutls-cli --list --priority '…' takes`,
            },
          ],
        },
      },
    };
  },
});

export const handshakeSucceeds = step({
  stage: 'handshake',
  side: 'server',
  question: 'Do both ends agree on TLS?',
  source:
    'gnutls lib/handshake.c, lib/auth.c: gnutls_credentials_set, lib/algorithms/publickey.c; libvirt src/rpc/virnettlscontext.c: virNetTLSSessionHandshake',
  needs: both,
  take(question, { client, server }) {
    if (question.uri.transport !== 'tls') return withoutTls;
    const outcome = handshakeOf(question, client, server);
    switch (outcome.state) {
      case 'unknown':
        return cannotTell(outcome.detail);
      case 'agreed': {
        const loaded = ends(question, client, server);
        const sent = loaded && sentChain(loaded.client.identity?.chain, loaded.server.anchors);
        if (outcome.clientProof === 'gives-up' && sent !== undefined)
          return {
            outcome: 'fail',
            message: `the client has no signature to prove that ${sent[0]?.subject.text} is its own that both ends have enabled, and hangs up`,
            clientText: handshakeFailed(unwantedAlgorithm),
            serverText: handshakeFailed(closed),
            failure: {
              side: 'client',
              why: "the priorities of both ends leave no signature that the client's key can make",
              rules: ['tls-priority-weak'],
              fix: speakTheSame,
            },
          };
        return outcome.version === 'TLS1.0' || outcome.version === 'TLS1.1'
          ? warning(`${outcome.version.replace('TLS', 'TLS ')}, which is outdated`, 'tls-priority-weak')
          : pass(outcome.version.replace('TLS', 'TLS '));
      }
      case 'refused-priority':
        return {
          outcome: 'fail',
          message: `the daemon's tls_priority ${outcome.priority} is none that GnuTLS understands, and every connection ends`,
          clientText: handshakeFailed(closed),
          serverText: `Failed to set TLS session priority to ${outcome.priority}: The request is invalid.`,
          failure: {
            side: 'server',
            why: 'the daemon hands the string to GnuTLS for each connection, and only then learns that it is wrong',
            rules: ['tls-priority-invalid'],
          },
        };
      case 'failed':
        return {
          outcome: 'fail',
          message: outcome.because,
          clientText: handshakeFailed(outcome.client ?? closed),
          serverText: handshakeFailed(outcome.server ?? closed),
          failure: {
            side: 'server',
            why: outcome.because,
            rules: ['key-usage-insufficient', 'tls-priority-weak'],
            fix: speakTheSame,
          },
        };
    }
  },
});
