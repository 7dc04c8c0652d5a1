import type { Certificate } from '../../facts/certificates.ts';
import type { Known } from '../../facts/facts.ts';
import type { QemuAddress, VncDisplay } from '../../facts/qemu-processes.ts';
import { certifiedNames } from '../../domain/certified-names.ts';
import { chainFaultText } from '../../domain/chain-fault-text.ts';
import { statusText, verifyChain } from '../../domain/chain-of-trust.ts';
import { consoleMechanisms } from '../../domain/console-mechanisms.ts';
import { coversName } from '../../domain/covers-name.ts';
import { resolveName, type NameResolution } from '../../domain/name-resolution.ts';
import type { LoadedCredentials, LoadingOutcome } from '../../domain/load-credentials.ts';
import { installedMechanisms } from '../../domain/sasl-client.ts';
import { sentChain } from '../../domain/peer-verification.ts';
import { authorize } from '../../domain/qemu-authorization.ts';
import { sessionProfile } from '../../domain/session-verification.ts';
import {
  defaultPriority,
  handshake,
  unwantedAlgorithm,
  wrongSignature,
  type Handshake,
  type HandshakeEnd,
} from '../../domain/tls-handshake.ts';
import type { Fix } from '../../rule/fix.ts';
import type { Failure } from '../diagnosis.ts';
import { isAffairOfTrust, rulesOfFault } from '../rules-of-fault.ts';
import { cannotTell, pass, skipped, warning, type Step, type Take } from '../step.ts';
import {
  addressText,
  askedGuest,
  credentialsOfViewer,
  displayCredentials,
  step,
  vncClientFacts,
  vncServerFacts,
  type VncClientFacts,
  type VncQuestion,
  type VncServerFacts,
} from './question.ts';

/** GLib knows localhost by itself, whatever the hosts file says (gresolver.c). */
export function resolve(host: string, identity: Known<'identity'>['identity']): NameResolution {
  return /^(.+\.)?localhost\.?$/i.test(host)
    ? { state: 'resolved', addresses: ['::1', '127.0.0.1'] }
    : resolveName(host, identity);
}

export const unable = ({ host, port }: VncQuestion, error: string): string =>
  `Unable to connect to ${host}:${port}: ${error}`;

/** What the client prints when it dials and nobody answers. */
export function unansweredText(question: VncQuestion, identity: Known<'identity'>['identity']): string {
  const resolution = resolve(question.host, identity);
  return resolution.state === 'resolved'
    ? unable(question, 'Connection refused')
    : unable(question, `Error resolving “${question.host}”: ${resolution.error}`);
}

function arrives(address: string, port: number, at: QemuAddress, server: Known<'identity'>['identity']): boolean {
  if (at.type === 'unix' || at.port !== port) return false;
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  if (at.host === '') return at.families.includes(family);
  if (at.host === '0.0.0.0') return family === 'ipv4';
  // Without another listener on the port the socket takes IPv4 as well.
  if (at.host === '::') return true;
  if (at.host === address) return true;
  const named = resolveName(at.host, server);
  return named.state === 'resolved' && named.addresses.includes(address);
}

const nothingSeen = cannotTell('no running QEMU was seen on the server');

export const isReached = step({
  stage: 'reach',
  side: 'client',
  question: 'Does the client knock where the display listens?',
  source: 'gtk-vnc src/vncconnection.c: vnc_connection_open_host; QEMU util/qemu-sockets.c',
  needs: { client: ['identity'], server: vncServerFacts },
  take(question, { client, server }) {
    const { host, port } = question;
    const resolution = resolve(host, client.identity);
    if (resolution.state !== 'resolved') {
      return {
        outcome: 'fail',
        message: `${host} is not in the client's hosts file`,
        clientText: unansweredText(question, client.identity),
        failure: {
          side: 'client',
          why: 'without asking the network, only the hosts file tells what a name means; DNS may know it',
          rules: [],
          fix: {
            title: `Make ${host} known to the client`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `Give ${host} a DNS record, or a line with its address in /etc/hosts of the client; getent ahosts ${host} shows what the client makes of it`,
              },
            ],
          },
        },
      };
    }
    if (!server.qemuProcesses.observed) return nothingSeen;
    const displays = server.qemuProcesses.processes.flatMap(({ commandLine }) => commandLine.vnc);
    const places = displays.flatMap(({ addresses }) => addresses);
    if (resolution.addresses.some((address) => places.some((place) => arrives(address, port, place, server.identity))))
      return pass(`${host} is ${resolution.addresses.join(', ')}, and a display listens there on port ${port}`);
    const seen =
      places.length === 0 ? 'no display listens' : `displays listen on ${places.map(addressText).join('; ')}`;
    return {
      outcome: 'fail',
      message: `the client dials ${resolution.addresses.join(', ')}, port ${port}, and ${seen}`,
      clientText: unable(question, 'Connection refused'),
      failure: {
        side: 'client',
        why: 'an address or port that nobody listens on refuses the connection; display N is port 5900 + N',
        rules: [],
        fix: {
          title: 'Let address and port of client and display agree',
          applicability: 'manual',
          steps: [
            {
              kind: 'manual',
              instruction: `On the server, virsh vncdisplay GUEST says which display a guest has; ${seen}. To open one that listens on loopback, go through ssh: virt-viewer -c qemu+ssh://root@${host}/system GUEST`,
            },
          ],
        },
      },
    };
  },
});

const displayOf = (question: VncQuestion, server: VncServerFacts): VncDisplay | undefined =>
  askedGuest(question, server)?.display;

const noDisplay = cannotTell('which display answers is not known');
const withoutCertificates = skipped('the display uses no certificates');

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

/** What the two ends make of each other's priorities and keys. */
function handshakeOf(question: VncQuestion, client: VncClientFacts, server: VncServerFacts): Handshake {
  const tls = displayOf(question, server)?.tls;
  const priority = tls === undefined || !('credentials' in tls) ? undefined : tls.credentials.priority;
  const usesCertificates = tls?.type === 'x509';
  // Both append the exchange that does without certificates, which TLS 1.3 does not have.
  const isAnonymous = tls?.type === 'anonymous';
  const [viewer, guest] = [credentialsOfViewer(question, client), displayCredentials(question, server)];
  const end = (outcome: LoadingOutcome | undefined, gnutls: string | undefined): HandshakeEnd => ({
    ...(usesCertificates && outcome?.state === 'loaded'
      ? {
          leaf: outcome.identity?.chain[0] ?? 'none',
          ...(outcome.identity?.isNoPair === true ? { isNoPair: true } : {}),
        }
      : {}),
    ...(gnutls === undefined ? {} : { gnutls }),
  });
  return handshake(
    {
      ...end(viewer, client.software.gnutls?.version),
      ...(isAnonymous ? { priority: `${defaultPriority}:-VERS-TLS1.3:+ANON-DH` } : {}),
    },
    {
      ...end(guest, server.software.gnutls?.version),
      ...(isAnonymous
        ? { priority: `${priority ?? defaultPriority}:+ANON-DH` }
        : priority === undefined
          ? {}
          : { priority }),
    },
  );
}

export const handshakeFailed = (reason = 'The TLS connection was non-properly terminated.'): string =>
  `Failed to complete handshake ${reason}`;

/** QEMU tells nobody why it turns a client away, but its trace event vnc_client_auth_fail (ui/vnc-auth-vencrypt.c: vnc_tls_handshake_done). */
const unlogged = (reason: string): readonly string[] => [`trace event vnc_client_auth_fail of QEMU: ${reason}`];

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

const namesOf = (leaf: Certificate | undefined): string =>
  (leaf === undefined ? '' : certifiedNames(leaf).join(', ')) || 'nobody';

const trustDisplay: Fix = {
  title: 'Let the client trust the CA of the display',
  applicability: 'manual',
  steps: [
    {
      kind: 'manual',
      instruction: `Copy the CA certificate of the server (ca-cert.pem of the display's directory) to /etc/pki/CA/cacert.pem on the client, or to ~/.pki/CA/cacert.pem where the system has none; compare its fingerprint first`,
    },
  ],
};

const newCertificate = (host: string, names?: string): Fix => ({
  title: `Have the display a certificate issued that names ${host}`,
  applicability: 'manual',
  steps: [
    {
      kind: 'manual',
      instruction: `Issue a certificate with ${host} among its alternative names${names === undefined ? '' : `, or dial a name that it has (${names})`}`,
    },
    { kind: 'manual', instruction: 'Put it and its key into the directory of the display, and start the guest again' },
  ],
});

export const serverIsBelieved = step({
  stage: 'server-identity',
  side: 'client',
  question: "Does the client believe the server's certificate?",
  source: 'gtk-vnc src/vncconnection.c: vnc_connection_validate_certificate; gnutls lib/x509/verify-high.c',
  needs: { client: vncClientFacts, server: vncServerFacts },
  take(question, { client, server }) {
    const display = displayOf(question, server);
    if (display === undefined) return noDisplay;
    if (display.tls.type !== 'x509') return withoutCertificates;
    const [viewer, guest] = [credentialsOfViewer(question, client), displayCredentials(question, server)];
    if (viewer.state !== 'loaded' || guest?.state !== 'loaded')
      return cannotTell('what both ends have loaded is not known');
    return beliefIn(question, client, viewer, guest.identity?.chain ?? []);
  },
});

/** What a viewer goes by. */
export type ViewerTrust = Pick<LoadedCredentials, 'anchors' | 'revocationLists'> & {
  readonly usesSystemTrust?: boolean;
};

/** What the viewer makes of a chain that a display shows it. */
export function beliefIn(
  question: VncQuestion,
  client: VncClientFacts,
  { anchors, revocationLists, usesSystemTrust }: ViewerTrust,
  chain: readonly Certificate[],
): Take {
  const [leaf] = chain;
  const verdict = verifyChain({
    certificates: chain,
    anchors,
    at: client.clock.now,
    options: { algorithm: 'session', profile: 'low', revocationLists },
  });
  const evidence = [
    `names: ${namesOf(leaf)}`,
    ...chain.map(({ subject, issuer }) => `${subject.text} by ${issuer.text}`),
  ];
  if (!verdict.trusted) {
    const why = chainFaultText(verdict.fault);
    return {
      outcome: 'fail',
      message: why,
      evidence,
      clientText: 'The certificate is not trusted',
      failure: {
        ...(isAffairOfTrust(verdict.fault)
          ? {
              side: 'client',
              // The client's system store stands in for a CA file that is not there.
              rules: usesSystemTrust === true ? ['ca-certificate-missing'] : [],
              fix: trustDisplay,
            }
          : { side: 'server', rules: rulesOfFault(verdict.fault), fix: newCertificate(question.host) }),
        why,
      },
    };
  }
  if (leaf !== undefined && !coversName(leaf, question.host)) {
    return {
      outcome: 'fail',
      message: `the certificate names ${namesOf(leaf)}, not ${question.host}`,
      evidence,
      clientText: `The certificate's owner does not match hostname '${question.host}'`,
      failure: {
        side: 'server',
        why: 'GnuTLS compares the name that was dialled with the DNS names of the certificate, or the address with its IP addresses',
        rules: ['server-name-mismatch', 'server-name-address-without-san'],
        fix: newCertificate(question.host, namesOf(leaf)),
      },
    };
  }
  return pass(`it leads to a CA that the client trusts, and names ${question.host}`, evidence);
}

/** What the client sees when QEMU closes the connection after the handshake, by what it waits for. */
const closedText = ({ vencryptSubtype }: VncDisplay): string | undefined =>
  // For a VNC password it asks its user before it reads anything.
  vencryptSubtype === 261 ? undefined : 'Unable to read from server';

/** What the client shows of itself: nothing where QEMU would not take it, or it cannot sign as both have enabled. */
function shownChain(
  question: VncQuestion,
  client: VncClientFacts,
  server: VncServerFacts,
): readonly Certificate[] | undefined {
  const [viewer, own] = [credentialsOfViewer(question, client), displayCredentials(question, server)];
  if (viewer.state !== 'loaded' || own?.state !== 'loaded') return undefined;
  const outcome = handshakeOf(question, client, server);
  if (outcome.state === 'agreed' && outcome.clientProof === 'withholds') return undefined;
  return sentChain(viewer.identity?.chain, own.anchors);
}

const clientCertificate: Fix = {
  title: 'Give the client a certificate that QEMU accepts',
  applicability: 'manual',
  steps: [
    {
      kind: 'manual',
      instruction:
        'Issue the client a certificate of the CA that the display trusts, for digital signature and TLS client, and put it with its key where the client looks: ~/.pki/CA/cacert.pem, ~/.pki/libvirt-vnc/clientcert.pem and ~/.pki/libvirt-vnc/private/clientkey.pem, unless the system has its own',
    },
  ],
};

export const clientIsBelieved = step({
  stage: 'client-identity',
  side: 'server',
  question: "Does QEMU let the client's certificate in?",
  source:
    'QEMU crypto/tlssession.c: qcrypto_tls_session_check_certificate; gnutls lib/auth/cert.c: find_x509_client_cert',
  needs: { client: vncClientFacts, server: vncServerFacts },
  take(question, { client, server }) {
    const guest = askedGuest(question, server);
    const display = guest?.display;
    if (guest === undefined || display === undefined) return noDisplay;
    const { tls } = display;
    if (tls.type !== 'x509') return withoutCertificates;
    const outcome = handshakeOf(question, client, server);
    const isForged =
      outcome.state === 'agreed' &&
      outcome.clientProof === 'is-wrong' &&
      shownChain(question, client, server) !== undefined;
    if (!tls.credentials.verifyPeer && !isForged)
      return warning(
        display.authentication === 'none'
          ? 'verify-peer is off and nothing else is asked: everybody gets in'
          : 'verify-peer is off: no certificate is asked for',
        'vnc-client-certificate-not-verified',
      );
    const [viewer, own] = [credentialsOfViewer(question, client), displayCredentials(question, server)];
    if (viewer.state !== 'loaded' || own?.state !== 'loaded')
      return cannotTell('what both ends have loaded is not known');
    const chain = shownChain(question, client, server);
    const [leaf] = chain ?? [];
    const clientText = closedText(display);
    const refuse = (message: string, reason: string, failure: Omit<Failure, 'why'>): Take => ({
      outcome: 'fail',
      message,
      evidence: unlogged(reason),
      ...(clientText === undefined ? {} : { clientText }),
      failure: { why: message, ...failure },
    });
    // QEMU asks every client for its certificate, also where it then believes everybody.
    if (isForged)
      return refuse("the client's key is not that of its certificate", `TLS handshake failed: ${wrongSignature}`, {
        side: 'client',
        rules: ['private-key-mismatch'],
        fix: clientCertificate,
      });
    if (chain === undefined || leaf === undefined) {
      const [unsent] = viewer.identity?.chain ?? [];
      return refuse(
        unsent === undefined
          ? 'the client has no certificate that it could show, or not the key to it'
          : `the client does not show its certificate ${unsent.subject.text}: ${unsent.issuer.text} is none of QEMU's CAs, or its key may not or cannot sign as QEMU asks`,
        'Verify failed: No certificate was found.',
        {
          side: 'client',
          rules: ['client-certificate-missing', 'client-key-missing', 'vnc-client-file-shadowed'],
          fix: clientCertificate,
        },
      );
    }
    const priority = tls.credentials.priority ?? defaultPriority;
    const profile = sessionProfile(priority);
    const verdict = verifyChain({
      certificates: chain,
      anchors: own.anchors,
      at: server.clock.now,
      options: {
        algorithm: 'session',
        revocationLists: own.revocationLists,
        ...(profile === undefined ? {} : { profile }),
      },
    });
    if (!verdict.trusted)
      return refuse(chainFaultText(verdict.fault), statusText(verdict.status, 'qemu'), {
        side: 'client',
        rules: rulesOfFault(verdict.fault),
        fix: clientCertificate,
      });
    const name = leaf.subject.text;
    if (name === '')
      return refuse(
        "the client's certificate has no name, or one that GnuTLS cannot spell out",
        'Cannot get client distinguished name',
        { side: 'client', rules: [], fix: clientCertificate },
      );
    if (display.tlsAuthz !== undefined) {
      const { allowed, because } = authorize(guest.process.commandLine.objects, display.tlsAuthz, name);
      if (allowed === undefined) return cannotTell(because);
      if (!allowed)
        return refuse(because, `TLS x509 authz check for ${name} is denied`, {
          side: 'server',
          rules: [],
          fix: {
            title: `Let ${display.tlsAuthz} let ${name} in`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `If this client may use the console, give the guest an authorization object with the id ${display.tlsAuthz} that allows exactly ${name}, in this order of its parts, and start the guest again`,
              },
            ],
          },
        });
    }
    return pass(`${name} leads to a CA that QEMU trusts`);
  },
});

const nobodyToAsk = (message: string, clientText?: string): Take => ({
  outcome: 'fail',
  message: `${message}, and the client has nobody to ask`,
  ...(clientText === undefined ? {} : { clientText }),
  failure: {
    side: 'client',
    why: 'it takes no name and no password, and has no window that could ask',
    rules: [],
    fix: {
      title: 'Open the console with a client that asks',
      applicability: 'manual',
      steps: [{ kind: 'manual', instruction: 'remote-viewer and virt-viewer ask for name and password' }],
    },
  },
});

export const authenticates = step({
  stage: 'auth',
  side: 'client',
  question: 'Does authentication succeed?',
  source:
    'gtk-vnc src/vncconnection.c: vnc_connection_perform_auth; QEMU ui/vnc.c: vnc_connect, vnc_display_setup_auth; ui/vnc-auth-sasl.c',
  needs: { server: [...vncServerFacts, 'saslConfigurations', 'saslPlugins'] },
  take(question, { server }) {
    const display = displayOf(question, server);
    if (display === undefined) return noDisplay;
    const asksNobody = question.application === 'gvnccapture';
    if (display.connections === 0) return turnedAway('connections=0 lets nobody in', ['qemu-argument-invalid']);
    switch (display.authentication) {
      case 'none':
        // It asks to be alone, which virt-viewer does not.
        return asksNobody && display.share === 'force-shared'
          ? turnedAway(
              'share=force-shared turns away whoever wants the display for himself',
              [],
              display.tls.type !== 'none',
            )
          : pass('nothing more is asked');
      case 'vnc-password':
        return asksNobody
          ? nobodyToAsk('a VNC password is asked for')
          : cannotTell('a VNC password is asked for; whether it is right only its owner knows');
      case 'sasl':
        return saslLogin(display, server, asksNobody);
    }
  },
});

/** A closed socket is an error to TLS, and an end without it. */
const turnedAway = (message: string, rules: readonly string[], isEncrypted = false): Take => ({
  outcome: 'fail',
  message,
  clientText: isEncrypted ? 'Unable to read from server' : 'Server closed the connection',
  failure: { side: 'server', why: message, rules },
});

/**
 * What becomes of a SASL login. Without X.509 QEMU asks of SASL that it encrypts; gtk-vnc asks that only where there is no TLS at all, so
 * that over anonymous TLS the two cannot agree on a layer.
 */
function saslLogin(display: VncDisplay, facts: Known<'saslConfigurations' | 'saslPlugins'>, asksNobody: boolean): Take {
  const named = consoleMechanisms(facts);
  const installed = installedMechanisms(facts).mechanisms;
  const listed = named.length === 0 ? installed : installed.filter(({ name }) => named.includes(name.toLowerCase()));
  const text = named.length === 0 ? 'all that is installed' : named.join(', ');
  const refuse = (message: string, clientText: string): Take => ({
    outcome: 'fail',
    message,
    clientText,
    failure: {
      side: 'server',
      why: message,
      rules: ['sasl-mechanism-not-installed', 'sasl-mechanism-unusable', 'sasl-mechanism-without-encryption'],
    },
  });
  if (listed.length === 0)
    return refuse(
      `SASL offers ${text}, of which nothing is installed`,
      display.tls.type === 'none' ? 'Server closed the connection' : 'Unable to read from server',
    );
  const usable =
    display.tls.type === 'x509'
      ? listed
      : listed.filter(
          ({ isAnonymous, isPlaintext, maximumSsf }) => !isAnonymous && !isPlaintext && maximumSsf >= minimumSsf,
        );
  if (usable.length === 0)
    return refuse(
      `SASL offers ${text}, none of which encrypts, as QEMU demands without certificates`,
      'Failed to start SASL negotiation: -4 (SASL(-4): no mechanism available: )',
    );
  if (usable.every(({ isAnonymous }) => isAnonymous))
    return warning('SASL offers ANONYMOUS, which lets everybody in', 'sasl-mechanisms-unrestricted');
  if (display.tls.type === 'anonymous')
    return refuse(
      `SASL is to encrypt (${text}) what anonymous TLS encrypts already, and the client does not want both`,
      `Failed SASL step: -1 (SASL(-1): generic failure: Server doesn't support "no layer")`,
    );
  return asksNobody
    ? nobodyToAsk(`SASL asks for a login (${text})`, 'Failed to collect auth credentials')
    : cannotTell(`SASL asks for a login (${text}); whether it is right only its owner knows`);
}

/** What QEMU asks of SASL without X.509, in bits (vnc-auth-sasl.c: start_auth_sasl). */
const minimumSsf = 56;

/** In the order of gtk-vnc, which looks for its files only when the server has asked for TLS. */
export const connection: readonly Step<VncQuestion>[] = [
  isReached,
  clientLoads,
  handshakeSucceeds,
  serverIsBelieved,
  clientIsBelieved,
  authenticates,
];
