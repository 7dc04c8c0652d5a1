import { sentChain } from '../../domain/peer-verification.ts';
import type { Certificate } from '../../facts/certificates.ts';
import type {
  ObservationFailure,
  ObservedPeer,
  Seen,
  TlsHandshake,
  TlsVersion,
  VncAnswer,
  VncAuthentication,
  VncSession,
} from '../../facts/observation.ts';
import { veNCryptSubTypes, vncSecurityName, vncSecurityTypes } from '../../reference/vnc-security.ts';
import { cannotTell, pass, skipped, warning, type Take } from '../step.ts';
import { authenticates, nobodyToAsk, saslTake } from '../vnc/authentication.ts';
import { handshakeFailed, handshakeSucceeds } from '../vnc/handshake.ts';
import {
  acceptedCertificate,
  beliefIn,
  clientCertificate,
  clientIsBelieved,
  serverIsBelieved,
} from '../vnc/identity.ts';
import { isReached, resolve, unable } from '../vnc/reach.ts';
import { clientLoads, loadingOfViewer } from '../vnc/viewer-files.ts';
import {
  credentialsOfViewer,
  displayCredentials,
  vncClientFacts,
  vncServerFacts,
  type VncQuestion,
} from '../vnc/question.ts';
import type { Snapshots } from '../walk.ts';
import { breakingOf } from './broken-handshake.ts';
import { handshakeText } from './handshake-text.ts';
import { reachOf } from './reach.ts';
import { Answers, factsOf, type Sight } from './sight.ts';

const { x509None, x509Vnc, x509Sasl, tlsSasl, tlsNone, tlsVnc, tlsPlain } = veNCryptSubTypes;

const passwordTypes: readonly number[] = [vncSecurityTypes.vnc, tlsVnc, x509Vnc];

const usesCertificates = (type: number | undefined): boolean =>
  type !== undefined && type >= x509None && type <= x509Sasl;
const isAnonymous = (type: number | undefined): boolean =>
  type === tlsSasl || (type !== undefined && type >= tlsNone && type <= tlsPlain);

/** What a look at a VNC display says to the questions of the steps. */
export function observeVnc(question: VncQuestion, snapshots: Snapshots, peer: ObservedPeer): Sight {
  const answers = new Answers('vnc');
  if (peer.asks !== 'vnc') return answers.sight();
  const identity = factsOf(snapshots.client, ['identity'])?.identity;
  const expected = identity === undefined ? undefined : resolve(question.host, identity);
  const reached = reachOf<VncAnswer>(
    peer.observation,
    {
      connect: (error) => unable(question, error),
      resolve: (error) => unable(question, `Error resolving “${question.host}”: ${error}`),
      server: 'a guest with a VNC display',
      start:
        'virsh domdisplay GUEST says where a guest has its display; one that listens on 127.0.0.1 is reached through ssh alone',
      rules: ['port-not-listening', 'port-loopback-only', 'port-blocked-by-firewall'],
    },
    expected?.state === 'resolved' ? expected.addresses : undefined,
  );
  answers.give(isReached, reached.name.outcome === 'fail' ? reached.name : reached.reach);
  const answer = reached.peer?.answer;
  if (answer === undefined) return answers.sight();
  const { withoutCertificate: session } = answer;
  const { followed, handshake, authentication } = session;
  if (session.version === undefined || session.securityTypes === undefined || followed === undefined) {
    answers.give(handshakeSucceeds, notSpoken(session, question));
    return answers.sight();
  }
  const client = factsOf(snapshots.client, vncClientFacts);
  const certificates = usesCertificates(followed);
  answers.give(
    clientLoads,
    certificates
      ? client === undefined
        ? cannotTell('what the client has is not known')
        : loadingOfViewer(question, client)
      : skipped('the display uses no certificates'),
  );
  answers.give(handshakeSucceeds, handshakeTake(session, question, answer.lowestVersion));
  const serves = 'it runs: its display answers';
  if (handshake !== undefined && !handshake.outcome.seen) return answers.sight(serves);
  if (handshake === undefined || !certificates) {
    const without = skipped('the display uses no certificates');
    answers.give(serverIsBelieved, without);
    answers.give(clientIsBelieved, without);
    answers.give(authenticates, authenticationTake(authentication, question, followed));
    return answers.sight(serves);
  }
  answers.give(serverIsBelieved, identityTake(question, snapshots, handshake));
  const admitted = admissionOf(question, snapshots, answer, handshake);
  answers.give(clientIsBelieved, admitted.take);
  if (admitted.authentication !== undefined)
    answers.give(authenticates, authenticationTake(admitted.authentication, question, followed));
  return answers.sight(serves);
}

/** A peer that does not come to its security types. */
function notSpoken({ version, authentication }: VncSession, { port }: VncQuestion): Take {
  if (authentication.seen) return cannotTell('what the display asks for is not known here');
  if (authentication.reason === 'cancelled' || authentication.reason === 'unsupported')
    return cannotTell(authentication.detail);
  const { message, failure } = breakingOf(authentication, port, 'a guest with a VNC display', 'VNC');
  const clientText =
    authentication.reason === 'garbage' && version === undefined
      ? 'Error while parsing server version'
      : brokenText(authentication.reason);
  return { outcome: 'fail', message, ...(clientText === undefined ? {} : { clientText }), failure };
}

/** What gtk-vnc says of a connection that ends where an answer should come (vncconnection.c: vnc_connection_read_wire). */
function brokenText(reason: ObservationFailure, isEncrypted = false): string | undefined {
  if (reason === 'reset' || (reason === 'closed' && isEncrypted)) return 'Unable to read from server';
  return reason === 'closed' ? 'Server closed the connection' : undefined;
}

function handshakeTake(
  { followed = 0, handshake }: VncSession,
  { port }: VncQuestion,
  lowest?: Seen<TlsVersion>,
): Take {
  const name = vncSecurityName(followed);
  if (handshake === undefined) return skipped(`the display uses no TLS (security type ${name})`);
  const { outcome } = handshake;
  if (outcome.seen) {
    const shown = `security type ${name}, ${handshakeText(handshake, lowest)}`;
    return isAnonymous(followed)
      ? warning(`anonymous TLS, ${shown}: whoever sits between both can read along`, 'vnc-anonymous-tls')
      : pass(shown);
  }
  if (outcome.reason === 'cancelled') return cannotTell(outcome.detail);
  const { message, gnutls, failure } = breakingOf(outcome, port, 'a guest with a VNC display', 'TLS');
  return {
    outcome: 'fail',
    message,
    ...(gnutls === undefined ? {} : { clientText: handshakeFailed(gnutls) }),
    failure,
  };
}

function identityTake(
  question: VncQuestion,
  snapshots: Snapshots,
  { chain, malformedCertificates }: TlsHandshake,
): Take {
  if (malformedCertificates > 0)
    return cannotTell(`${malformedCertificates} of the certificates that are served cannot be read here`);
  const client = factsOf(snapshots.client, vncClientFacts);
  const viewer = client === undefined ? undefined : credentialsOfViewer(question, client);
  if (client === undefined || viewer?.state !== 'loaded') return cannotTell('what the client trusts is not known');
  const take = beliefIn(question, client, viewer, chain);
  const [served] = chain;
  const server = factsOf(snapshots.server, vncServerFacts);
  const loaded = server === undefined ? undefined : displayCredentials(question, server);
  const onDisk = loaded?.state === 'loaded' ? loaded.identity?.chain[0] : undefined;
  if (served === undefined || onDisk === undefined || onDisk.fingerprint === served.fingerprint) return take;
  const differs = `the certificate that is served (${describe(served)}) is not the one on disk (${describe(onDisk)}): virsh domdisplay-reload GUEST has QEMU load it`;
  if (take.outcome === 'fail')
    return {
      ...take,
      message: `${take.message}; ${differs}`,
      failure: {
        side: 'server',
        why: `${take.failure.why}; ${differs}`,
        rules: ['served-certificate-differs-from-file'],
        fix: {
          title: 'Let QEMU load the certificate that is on disk',
          applicability: 'unsafe',
          steps: [{ kind: 'run', command: ['virsh', 'domdisplay-reload', 'GUEST', '--type', 'vnc'] }],
        },
      },
    };
  return take.outcome === 'pass'
    ? warning(`${take.message}; but ${differs}`, 'served-certificate-differs-from-file')
    : take;
}

const describe = ({ subject, fingerprint }: Certificate): string =>
  `${subject.text}, SHA-256 ${fingerprint.slice(0, 16)}…`;

/** What the viewer has to show to a display that asks as this one does; `nothing`, or undefined where its files are not known. */
export function shownByViewer(
  question: VncQuestion,
  { client }: Snapshots,
  { requestedAuthorities }: Pick<TlsHandshake, 'requestedAuthorities'>,
):
  | { readonly keyPath: string; readonly chain: readonly Certificate[]; readonly isNoPair?: true }
  | 'nothing'
  | undefined {
  const facts = factsOf(client, vncClientFacts);
  const viewer = facts === undefined ? undefined : credentialsOfViewer(question, facts);
  if (viewer?.state !== 'loaded') return undefined;
  const { identity } = viewer;
  if (identity === undefined || requestedAuthorities === undefined || requestedAuthorities === null) return 'nothing';
  const chain = sentChain(
    identity.chain,
    requestedAuthorities.map((subject) => ({ subject })),
  );
  return chain === undefined ? 'nothing' : { ...identity, chain };
}

interface Admission {
  readonly take: Take;
  readonly authentication?: VncSession['authentication'];
}

/** QEMU hangs up after the handshake on a client that it does not believe (ui/vnc-auth-vencrypt.c: vnc_tls_handshake_done). */
function admissionOf(
  question: VncQuestion,
  snapshots: Snapshots,
  { withoutCertificate, withCertificate, verifyPeer }: VncAnswer,
  handshake: TlsHandshake,
): Admission {
  if (verifyPeer === 'off') {
    const asks = withoutCertificate.authentication;
    const isOpen = asks.seen && asks.value.kind === 'none';
    return {
      take: warning(
        isOpen
          ? 'verify-peer is off and nothing else is asked: everybody gets in'
          : 'verify-peer is off: a client without a certificate gets on',
        'vnc-client-certificate-not-verified',
      ),
      authentication: asks,
    };
  }
  const { authentication: stranger } = withoutCertificate;
  if (verifyPeer === undefined)
    return stranger.seen || stranger.reason === 'cancelled' || stranger.reason === 'unsupported'
      ? { take: cannotTell('whether QEMU verifies its clients did not show'), authentication: stranger }
      : { take: brokenOff(stranger, question) };
  const shown = shownByViewer(question, snapshots, handshake);
  if (withCertificate !== undefined) {
    const { authentication } = withCertificate;
    if (authentication.seen) return { take: pass("QEMU lets the client's certificate in"), authentication };
    return ['closed', 'reset', 'alert'].includes(authentication.reason)
      ? { take: refusal(question, snapshots, shown, handshake, withoutCertificate.followed) }
      : { take: cannotTell(authentication.detail) };
  }
  if (shown === 'nothing') return { take: refusal(question, snapshots, shown, handshake, withoutCertificate.followed) };
  return {
    take: cannotTell(
      shown === undefined
        ? 'QEMU wants a certificate; what the client has is not known'
        : "QEMU wants a certificate, and the client's was not offered: only who may read its key can tell",
    ),
  };
}

function brokenOff(unseen: Extract<VncSession['authentication'], { seen: false }>, { port }: VncQuestion): Take {
  const { message, failure } = breakingOf(unseen, port, 'a guest with a VNC display', 'VNC');
  return { outcome: 'fail', message, failure };
}

function refusal(
  question: VncQuestion,
  { client }: Snapshots,
  shown: ReturnType<typeof shownByViewer>,
  { requestedAuthorities }: TlsHandshake,
  followed: number | undefined,
): Take {
  const asked = (requestedAuthorities ?? []).map(({ text }) => text).join('; ') || 'any';
  const facts = factsOf(client, vncClientFacts);
  const viewer = facts === undefined ? undefined : credentialsOfViewer(question, facts);
  const [own] = viewer?.state === 'loaded' ? (viewer.identity?.chain ?? []) : [];
  const why =
    own === undefined
      ? 'the client has no certificate that it could show, or not the key to it'
      : shown === 'nothing'
        ? `the client does not show its certificate ${own.subject.text}: QEMU asks for one of ${asked}, and it is one of ${own.issuer.text}, or its key usage does not allow signatures`
        : `${own.subject.text} has expired, is revoked, is of a CA that QEMU does not know (it asks for one of ${asked}), or is turned away by tls-authz`;
  return {
    outcome: 'fail',
    message: `QEMU turns the client away: ${why}`,
    evidence: [`asked for: ${asked}`],
    // For a VNC password gtk-vnc asks its user before it reads anything.
    ...(followed === veNCryptSubTypes.x509Vnc ? {} : { clientText: 'Unable to read from server' }),
    failure: {
      side: 'client',
      why,
      rules: [
        'certificate-expired',
        'certificate-not-yet-valid',
        'certificate-untrusted',
        'client-certificate-missing',
        'client-key-missing',
        'vnc-client-file-shadowed',
      ],
      fix: facts === undefined ? acceptedCertificate : clientCertificate(question, facts),
    },
  };
}

function authenticationTake(
  authentication: VncSession['authentication'],
  question: VncQuestion,
  followed: number,
): Take {
  if (!authentication.seen) {
    if (authentication.reason === 'cancelled' || authentication.reason === 'unsupported')
      return cannotTell(authentication.detail);
    const { message, failure } = breakingOf(authentication, question.port, 'a guest with a VNC display', 'VNC');
    // For a VNC password it asks its user before it reads anything, and gvnccapture has nobody to ask.
    const waits = question.application === 'gvnccapture' && passwordTypes.includes(followed);
    const isEncrypted = usesCertificates(followed) || isAnonymous(followed);
    const clientText = waits ? undefined : brokenText(authentication.reason, isEncrypted);
    return { outcome: 'fail', message, ...(clientText === undefined ? {} : { clientText }), failure };
  }
  return answerOf(authentication.value, question, followed);
}

/** Only what certificates do not answer is asked of a person; gvnccapture has nobody to ask. */
function answerOf(asked: VncAuthentication, { application }: VncQuestion, followed: number): Take {
  const asksNobody = application === 'gvnccapture';
  switch (asked.kind) {
    case 'none':
      return followed === 1
        ? warning(
            'nothing is asked, in the clear: whoever reaches the port has the console',
            'vnc-open-without-authentication',
          )
        : pass('nothing more is asked');
    case 'password': {
      const text = 'a VNC password is asked for';
      return asksNobody ? nobodyToAsk(text) : cannotTell(`${text}; whether it is right only its owner knows`);
    }
    case 'plain': {
      const text = 'a name and a password are asked for';
      return asksNobody
        ? nobodyToAsk(text, 'Failed to collect auth credentials')
        : cannotTell(`${text}; whether they are right only their owner knows`);
    }
    case 'sasl': {
      const { mechanisms } = asked;
      const tls = usesCertificates(followed) ? 'x509' : isAnonymous(followed) ? 'anonymous' : 'none';
      return saslTake({ tls, text: mechanisms.join(', ') || 'no mechanism', mechanisms }, asksNobody);
    }
  }
}
