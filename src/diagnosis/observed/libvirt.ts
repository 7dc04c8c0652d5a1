import { connectionError, resolutionError, resolveName } from '../../domain/name-resolution.ts';
import { sentChain } from '../../domain/peer-verification.ts';
import { authenticationFacts, type OfferedAuthentication } from '../../domain/sasl-client.ts';
import type { Certificate } from '../../facts/certificates.ts';
import type {
  LibvirtAnswer,
  LibvirtAuthentication,
  LibvirtTlsAnswer,
  ObservationFailure,
  ObservedPeer,
  Seen,
  SshAnswer,
  Observation,
  TlsHandshake,
  TlsVersion,
} from '../../facts/observation.ts';
import { momentText } from '../../domain/moment-text.ts';
import { cannotTell, pass, warning, type Step, type Take } from '../step.ts';
import type { Snapshots } from '../walk.ts';
import { answerTo, authenticates } from '../libvirt/authentication.ts';
import { withoutTls } from '../libvirt/both-ends.ts';
import { handshakeFailed, handshakeSucceeds } from '../libvirt/handshake.ts';
import { beliefIn, clientIsBelieved, clientOrder, serverIsBelieved } from '../libvirt/identity.ts';
import {
  clientCredentialFacts,
  credentialsOfClient,
  credentialsOfServer,
  serverCredentialFacts,
  type LibvirtQuestion,
} from '../libvirt/question.ts';
import { isReached, nameResolves } from '../libvirt/reach.ts';
import { breakingOf } from './broken-handshake.ts';
import { handshakeText } from './handshake-text.ts';
import { reachOf, type ClientWords } from './reach.ts';
import { Answers, factsOf, type Sight } from './sight.ts';

/** What a look at a libvirt daemon, over TLS or plain TCP, says to the questions of the steps. */
export function observeLibvirt(question: LibvirtQuestion, snapshots: Snapshots, peer: ObservedPeer): Sight {
  const answers = new Answers('libvirt');
  if (peer.asks !== 'libvirt') return answers.sight();
  const { uri } = question;
  const identity = factsOf(snapshots.client, ['identity'])?.identity;
  const expected = identity === undefined ? undefined : resolveName(uri.host, identity);
  const reached = reachOf<LibvirtAnswer>(
    peer.observation,
    wordsOf(question),
    expected?.state === 'resolved' ? expected.addresses : undefined,
  );
  answers.give(nameResolves, reached.name);
  answers.give(isReached, reached.reach);
  const answer = reached.peer?.answer;
  if (answer === undefined) return answers.sight();

  if (answer.transport === 'tcp') {
    for (const step of [handshakeSucceeds, serverIsBelieved, clientIsBelieved]) answers.give(step, withoutTls);
    answers.give(authenticates, authenticationTake(question, snapshots, answer.authentication));
    return answers.sight(answer.authentication.seen ? 'it runs: it answers on the network' : undefined);
  }
  const { handshake } = answer.withoutCertificate;
  answers.give(handshakeSucceeds, handshakeTake(handshake, question, answer.lowestVersion));
  if (!handshake.outcome.seen) return answers.sight();
  answers.give(serverIsBelieved, identityTake(question, snapshots, handshake));
  const admission = admissionOf(question, snapshots, answer);
  answers.give(clientIsBelieved, admission.take);
  const authentication = admission.answer?.authentication;
  if (authentication !== undefined)
    answers.give(authenticates, authenticationTake(question, snapshots, authentication));
  const { verdict } = answer.withoutCertificate;
  return answers.sight(verdict.seen ? 'it runs: it answers on the network, with TLS' : undefined);
}

const portOf = ({ uri: { port = 0 } }: LibvirtQuestion): number => port;

const wordsOf = (question: LibvirtQuestion): ClientWords => ({
  connect: (error) => connectionError(question.uri.host, portOf(question), error),
  resolve: (error) => resolutionError(question.uri.host, portOf(question), error),
  server: 'the libvirt daemon',
  start: `systemctl status libvirtd ${question.uri.transport === 'tcp' ? 'libvirtd-tcp.socket' : 'libvirtd-tls.socket'} says whether it is to (virtproxyd where the daemons are modular); systemctl enable --now opens a socket`,
  rules: ['tls-not-listening', 'port-not-listening', 'port-loopback-only', 'port-blocked-by-firewall'],
});

function handshakeTake(handshake: TlsHandshake, question: LibvirtQuestion, lowest?: Seen<TlsVersion>): Take {
  const { outcome, version } = handshake;
  if (outcome.seen) {
    const shown = handshakeText(handshake, lowest);
    return version === 'TLS1.0' || version === 'TLS1.1'
      ? warning(`${shown}, which is outdated`, 'tls-priority-weak')
      : pass(shown);
  }
  if (outcome.reason === 'cancelled') return cannotTell(outcome.detail);
  const { message, gnutls, failure } = breakingOf(outcome, portOf(question), 'the libvirt daemon', 'TLS');
  return {
    outcome: 'fail',
    message,
    ...(gnutls === undefined ? {} : { clientText: handshakeFailed(gnutls) }),
    failure,
  };
}

function identityTake(question: LibvirtQuestion, snapshots: Snapshots, handshake: TlsHandshake): Take {
  const { chain, malformedCertificates } = handshake;
  const served = chain[0];
  if (malformedCertificates > 0)
    return cannotTell(`${malformedCertificates} of the certificates that are served cannot be read here`);
  const client = factsOf(snapshots.client, clientCredentialFacts);
  if (client === undefined) return cannotTell('what the client trusts is not known');
  const loaded = credentialsOfClient(question, client);
  if (loaded.state !== 'loaded') return cannotTell(notLoadedText(served));
  const take = beliefIn(question, client, loaded, chain);
  const onDisk = certificateOnDisk(snapshots);
  if (served === undefined || onDisk === undefined || onDisk.fingerprint === served.fingerprint) return take;
  const differs = `the certificate that is served (${describe(served)}) is not the one on disk (${describe(onDisk)}): virt-admin server-update-tls libvirtd has the daemon load it`;
  if (take.outcome === 'fail')
    return {
      ...take,
      message: `${take.message}; ${differs}`,
      failure: {
        side: 'server',
        why: `${take.failure.why}; ${differs}`,
        rules: ['served-certificate-differs-from-file', 'needs-restart'],
        fix: {
          title: 'Let the daemon load the certificate that is on disk',
          applicability: 'unsafe',
          steps: [{ kind: 'run', command: ['virt-admin', 'server-update-tls', 'libvirtd'] }],
        },
      },
    };
  return take.outcome === 'pass'
    ? warning(`${take.message}; but ${differs}`, 'served-certificate-differs-from-file')
    : take;
}

const describe = ({ subject, notAfter, fingerprint }: Certificate): string =>
  `${subject.text}, valid until ${momentText(notAfter)}, SHA-256 ${fingerprint.slice(0, 16)}…`;

const notLoadedText = (served: Certificate | undefined): string =>
  `${served === undefined ? 'no certificate is served' : `${describe(served)} is served`}; what the client trusts is not known`;

/** The certificate that the daemon would show if it started now. */
function certificateOnDisk({ server }: Snapshots): Certificate | undefined {
  const facts = factsOf(server, serverCredentialFacts);
  if (facts === undefined) return undefined;
  const outcome = credentialsOfServer(facts);
  return outcome.state === 'loaded' ? outcome.identity?.chain[0] : undefined;
}

/** What the client has to show to a server that asks as this one does: its chain, `nothing`, or undefined where its files are not known. */
export function shownTo(
  question: LibvirtQuestion,
  { client }: Snapshots,
  { requestedAuthorities }: Pick<TlsHandshake, 'requestedAuthorities'>,
):
  | { readonly keyPath: string; readonly chain: readonly Certificate[]; readonly isNoPair?: true }
  | 'nothing'
  | undefined {
  const facts = factsOf(client, clientCredentialFacts);
  if (facts === undefined) return undefined;
  const loaded = credentialsOfClient(question, facts);
  if (loaded.state !== 'loaded') return undefined;
  const { identity } = loaded;
  if (identity === undefined || requestedAuthorities === undefined || requestedAuthorities === null) return 'nothing';
  const chain = sentChain(
    identity.chain,
    requestedAuthorities.map((subject) => ({ subject })),
  );
  return chain === undefined ? 'nothing' : { ...identity, chain };
}

interface Admission {
  readonly take: Take;
  /** The connection that stands for the client's. */
  readonly answer?: LibvirtTlsAnswer;
}

/** Whether the daemon lets the client in: by the connection that was made with its certificate, or without one where it shows none. */
function admissionOf(
  question: LibvirtQuestion,
  snapshots: Snapshots,
  { withoutCertificate, withCertificate }: LibvirtAnswer & { readonly transport: 'tls' },
): Admission {
  const { verdict: stranger, handshake } = withoutCertificate;
  if (stranger.seen && stranger.value === 'accepted')
    return {
      take: warning(
        handshake.requestedAuthorities === null
          ? 'the daemon asks for no certificate and lets everybody in'
          : 'the daemon lets in a client without a certificate: it lets everybody in',
        'client-certificate-not-verified',
      ),
      answer: withCertificate?.authentication === undefined ? withoutCertificate : withCertificate,
    };
  const shown = shownTo(question, snapshots, handshake);
  if (withCertificate !== undefined) {
    const { verdict, handshake: own } = withCertificate;
    if (verdict.seen && verdict.value === 'accepted')
      return { take: pass("the daemon lets the client's certificate in"), answer: withCertificate };
    const isRefused = verdict.seen || (own.outcome.seen === false && own.outcome.reason === 'alert');
    if (isRefused && stranger.seen)
      return { take: refusal(question, snapshots, shown, handshake), answer: withCertificate };
    return { take: cannotTell(verdict.seen ? '' : verdict.detail) };
  }
  if (!stranger.seen) return { take: hungUp(stranger, question) };
  if (shown === 'nothing') return { take: refusal(question, snapshots, shown, handshake), answer: withoutCertificate };
  return {
    take: cannotTell(
      shown === undefined
        ? 'the daemon wants a certificate; what the client has is not known'
        : "the daemon wants a certificate, and the client's was not offered: only who may read its key can tell",
    ),
  };
}

/** A peer that speaks TLS and then gives no verdict. */
function hungUp(unseen: Extract<LibvirtTlsAnswer['verdict'], { seen: false }>, question: LibvirtQuestion): Take {
  if (unseen.reason === 'cancelled') return cannotTell(unseen.detail);
  const { message, failure } = breakingOf(unseen, portOf(question), 'the libvirt daemon', 'libvirt’s protocol');
  // virnetclient.c: virNetClientSetTLSSession.
  const clientText = 'server verification (of our certificate or IP address) failed';
  return { outcome: 'fail', message, ...(unseen.reason === 'garbage' ? { clientText } : {}), failure };
}

function refusal(
  question: LibvirtQuestion,
  { client }: Snapshots,
  shown: ReturnType<typeof shownTo>,
  { requestedAuthorities }: TlsHandshake,
): Take {
  const facts = factsOf(client, [...clientCredentialFacts, 'identity']);
  const order = facts === undefined ? undefined : clientOrder(question, facts);
  const asked = (requestedAuthorities ?? []).map(({ text }) => text).join('; ');
  const loaded = facts === undefined ? undefined : credentialsOfClient(question, facts);
  const [own] = loaded?.state === 'loaded' ? (loaded.identity?.chain ?? []) : [];
  const now = facts?.clock.now ?? '';
  const isClients = shown === 'nothing' || (own !== undefined && !(own.notBefore <= now && now <= own.notAfter));
  const why =
    shown !== 'nothing'
      ? `it may be on a revocation list of the server, or not on its tls_allowed_dn_list, or be of a CA that it does not know (it asks for ${asked || 'any'}); the daemon's log has the reason`
      : own === undefined
        ? 'the client has no certificate that it could show, or not the key to it'
        : `the client does not show its certificate ${own.subject.text}: the daemon asks for one of ${asked}, and it is one of ${own.issuer.text}, or its key usage does not allow signatures`;
  const expired =
    own !== undefined && now > own.notAfter
      ? `the client's certificate has expired on ${momentText(own.notAfter)}`
      : own !== undefined && now < own.notBefore
        ? `the client's certificate is not valid before ${momentText(own.notBefore)}`
        : undefined;
  return {
    outcome: 'fail',
    message:
      shown === 'nothing'
        ? `the daemon turns the client away: ${why}`
        : `the daemon turns the certificate ${own?.subject.text ?? ''} away${expired === undefined ? '' : `: ${expired}`}`,
    evidence: asked === '' ? [] : [`asked for: ${asked}`],
    clientText: 'Unable to read TLS confirmation: Input/output error',
    failure: {
      side: isClients ? 'client' : 'server',
      why: expired ?? why,
      rules: isClients
        ? [
            'certificate-expired',
            'certificate-not-yet-valid',
            'client-certificate-missing',
            'client-key-missing',
            'private-key-unreadable',
          ]
        : ['allowed-names-unmatchable', 'allowed-names-empty', 'certificate-revoked'],
      ...(order === undefined ? {} : { path: order.path }),
      fix:
        isClients && order !== undefined
          ? {
              title: 'Give the client a certificate that the daemon accepts',
              applicability: 'manual',
              steps: order.steps,
            }
          : {
              title: 'Find out on the server why it turns the client away',
              applicability: 'manual',
              steps: [
                {
                  kind: 'manual',
                  instruction: `On the server, journalctl -u libvirtd has the reason; the name that tls_allowed_dn_list must have is: ${own?.subject.text ?? ''}`,
                },
              ],
            },
    },
  };
}

/** Of SASL that lists nothing the daemon says no more than that it fails. */
const offeredBy = ({
  types,
  mechanisms,
}: LibvirtAuthentication): Exclude<OfferedAuthentication, { kind: 'nothing' }> => {
  if (types.includes('sasl'))
    return { kind: 'sasl', mechanisms: mechanisms?.seen === true ? mechanisms.value : [], assumed: false };
  if (types.includes('polkit'))
    return {
      kind: 'polkit',
      refusal:
        'error from service: GDBus.Error:org.freedesktop.PolicyKit1.Error.Failed: Unix process subject does not have uid set',
    };
  return { kind: 'none' };
};

/** What virsh prints when a connection ends where an answer should come (virnetclient.c: virNetClientIOReadMessage, virnettlscontext.c). */
function brokenAnswerText(reason: ObservationFailure, isPlain: boolean): string | undefined {
  if (reason !== 'closed' && reason !== 'reset') return undefined;
  if (!isPlain) return 'Cannot recv data: Input/output error';
  return reason === 'closed'
    ? 'End of file while reading data: Input/output error'
    : 'Cannot recv data: Connection reset by peer';
}

function authenticationTake(
  question: LibvirtQuestion,
  { client }: Snapshots,
  authentication: Seen<LibvirtAuthentication>,
): Take {
  if (!authentication.seen) {
    if (authentication.reason === 'cancelled') return cannotTell(authentication.detail);
    const { message, failure } = breakingOf(
      authentication,
      portOf(question),
      'the libvirt daemon',
      question.uri.transport === 'tcp' ? 'libvirt’s protocol without TLS' : 'libvirt’s protocol',
    );
    const clientText = brokenAnswerText(authentication.reason, question.uri.transport === 'tcp');
    return { outcome: 'fail', message, ...(clientText === undefined ? {} : { clientText }), failure };
  }
  const { value } = authentication;
  const isOdd =
    value.types.includes('unknown') || (value.mechanisms?.seen === false && value.mechanisms.reason !== 'rpc-error');
  if (isOdd) return cannotTell('what the daemon asks for is not known here');
  const facts = factsOf(client, authenticationFacts);
  if (facts === undefined) return cannotTell('what the client could answer is not known');
  return answerTo(offeredBy(value), question, facts);
}

/** What a look at an ssh port says to the questions of the steps. */
export function observeSsh(question: LibvirtQuestion, peer: ObservedPeer, tunnel: Step<LibvirtQuestion>): Sight {
  const answers = new Answers('libvirt');
  if (peer.asks === 'ssh') answers.give(tunnel, sshTake(question, peer.observation));
  return answers.sight();
}

/** What a look at an ssh port says to whether the tunnel opens; ssh's own configuration may lead elsewhere, names above all. */
function sshTake({ uri, account }: LibvirtQuestion, observation: Observation<SshAnswer>): Take {
  const { port } = observation;
  const target = `${uri.user ?? account.name}@${uri.host}`;
  const unseenBySsh = 'unless ~/.ssh/config leads elsewhere (Hostname, Port, ProxyJump)';
  const reached = reachOf<SshAnswer>(
    observation,
    {
      connect: (error) =>
        `Cannot recv data: ssh: connect to host ${uri.host} port ${port}: ${error}: Connection reset by peer`,
      resolve: (error) =>
        `Cannot recv data: ssh: Could not resolve hostname ${uri.host}: ${error}: Connection reset by peer`,
      server: 'sshd',
      start: 'systemctl enable --now ssh (sshd on Fedora, SUSE and Arch) starts it',
      rules: [],
    },
    undefined,
  );
  if (reached.reach === undefined)
    return cannotTell(`${'message' in reached.name ? reached.name.message : ''}, ${unseenBySsh}`);
  if (reached.reach.outcome === 'fail')
    return { ...reached.reach, message: `${reached.reach.message}, ${unseenBySsh}` };
  const banner = reached.peer?.answer.banner;
  if (banner?.seen !== true) {
    if (banner === undefined || banner.reason === 'cancelled') return cannotTell('ssh was not asked');
    const { message, failure } = breakingOf(banner, port, 'sshd', 'ssh');
    return { outcome: 'fail', message: `${message}, ${unseenBySsh}`, failure };
  }
  return cannotTell(
    `${banner.value} answers on port ${port}. Whether it lets ${target} in, ssh ${port === 22 ? '' : `-p ${port} `}${target} true tells, which must work without a question; then the likely hindrance is that virt-ssh-helper (libvirt 7.0 and later) or nc is missing on the server`,
  );
}
