import type { Certificate } from '../../facts/certificates.ts';
import type { VncDisplay } from '../../facts/qemu-processes.ts';
import { certifiedNames } from '../../domain/certified-names.ts';
import { chainFaultText } from '../../domain/chain-fault-text.ts';
import { statusText, verifyChain } from '../../domain/chain-of-trust.ts';
import { coversName } from '../../domain/covers-name.ts';
import type { LoadedCredentials } from '../../domain/load-credentials.ts';
import { certificateWithCa } from '../../domain/certificate-order.ts';
import type { CredentialSet } from '../../domain/credentials.ts';
import { gtkVncFiles, gtkVncPaths, type GtkVncFiles } from '../../domain/vnc-client-files.ts';
import { authorize } from '../../domain/qemu-authorization.ts';
import { sessionProfile } from '../../domain/session-verification.ts';
import { defaultPriority, wrongSignature } from '../../domain/tls-handshake.ts';
import type { CredentialKind } from '../../reference/pki-files.ts';
import type { Fix } from '../../rule/fix.ts';
import type { Failure } from '../diagnosis.ts';
import { isAffairOfTrust, rulesOfFault } from '../rules-of-fault.ts';
import { cannotTell, pass, warning, type Take } from '../step.ts';
import { hiddenFilesFix } from '../reading-fix.ts';
import { trustFix } from '../trust-fix.ts';
import { displayOf, handshakeOf, noDisplay, shownChain, unlogged, withoutCertificates } from './display.ts';
import {
  askedGuest,
  credentialsOfViewer,
  displayCredentials,
  setOfDisplay,
  step,
  vncClientFacts,
  vncServerFacts,
  type VncClientFacts,
  type VncQuestion,
  type VncServerFacts,
} from './question.ts';

const namesOf = (leaf: Certificate | undefined): string =>
  (leaf === undefined ? '' : certifiedNames(leaf).join(', ')) || 'nobody';

const trustTitle = 'Let the client trust the CA of the display';

const trustDisplay: Fix = {
  title: trustTitle,
  applicability: 'manual',
  steps: [
    {
      kind: 'manual',
      instruction: `Copy the CA certificate of the server (ca-cert.pem of the display's directory) to /etc/pki/CA/cacert.pem on the client, or to ~/.pki/CA/cacert.pem where the system has none; compare its fingerprint first`,
    },
  ],
};

/** What is known of a display beside what it shows. */
interface DisplayBehind {
  readonly server: VncServerFacts;
  readonly anchors: readonly Certificate[];
}

const caKind: CredentialKind = 'ca-certificate';

/** The CA file of a viewer: the one that it has found, else the first that it looks for. */
function caOfViewer({ account, application }: VncQuestion, { files }: VncClientFacts): string {
  const { ca } = gtkVncFiles(files, account, account.home, application);
  return ca.state === 'absent' ? gtkVncPaths(account.home ?? '/', application, caKind).system : ca.path;
}

const newCertificate = (
  question: VncQuestion,
  {
    leaf,
    server,
    newKey = false,
  }: { leaf: Certificate | undefined; server: VncServerFacts | undefined; newKey?: boolean },
  names?: string,
): Fix => {
  const { host } = question;
  const set = server && setOfDisplay(question, server);
  return {
    title: `Have the display a certificate issued that names ${host}`,
    applicability: 'manual',
    steps: [
      {
        kind: 'manual',
        instruction: `Issue a certificate with ${host} among its alternative names${names === undefined ? '' : `, or dial a name that it has (${names})`}`,
      },
      {
        kind: 'manual',
        instruction: 'Put it and its key into the directory of the display, and start the guest again',
      },
    ],
    ...(server === undefined || set === undefined
      ? {}
      : { withCa: certificateWithCa(server, set, { replaces: leaf, newKey, names: [host] }) }),
  };
};

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
    return beliefIn(question, client, viewer, guest.identity?.chain ?? [], { server, anchors: guest.anchors });
  },
});

/** What a viewer goes by. */
export type ViewerTrust = Pick<LoadedCredentials, 'anchors' | 'revocationLists'> & {
  readonly usesSystemTrust?: boolean;
};

/** What the viewer makes of a chain that a display shows it; `behind` is absent where the chain was seen on the wire. */
export function beliefIn(
  question: VncQuestion,
  client: VncClientFacts,
  { anchors, revocationLists, usesSystemTrust }: ViewerTrust,
  chain: readonly Certificate[],
  behind?: DisplayBehind,
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
    const trusting = trustFix(trustTitle, {
      chain,
      // The system's store is not the file that is written.
      anchors: usesSystemTrust === true ? [] : anchors,
      offered: behind?.anchors ?? [],
      at: client.clock.now,
      path: caOfViewer(question, client),
    });
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
              fix: hidden(question, client, ['ca-certificate']) ?? trusting ?? trustDisplay,
              ...(behind === undefined
                ? {}
                : { otherwise: { side: 'server', fix: newCertificate(question, { leaf, server: behind.server }) } }),
            }
          : {
              side: 'server',
              rules: rulesOfFault(verdict.fault),
              // Whoever revoked it may have done so because of its key.
              fix: newCertificate(question, {
                leaf,
                server: behind?.server,
                newKey: verdict.fault.kind === 'revoked' || verdict.fault.kind === 'weak-key',
              }),
              // The client may have a bad certificate of the same CA.
              ...(trusting === undefined ? {} : { otherwise: { side: 'client', fix: trusting } }),
            }),
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
        fix: newCertificate(question, { leaf, server: behind?.server }, namesOf(leaf)),
      },
    };
  }
  return pass(`it leads to a CA that the client trusts, and names ${question.host}`, evidence);
}

/** What the client sees when QEMU closes the connection after the handshake, by what it waits for. */
const closedText = ({ vencryptSubtype }: VncDisplay): string | undefined =>
  // For a VNC password it asks its user before it reads anything.
  vencryptSubtype === 261 ? undefined : 'Unable to read from server';

/** A person's own files that its viewer cannot see. */
function hidden(question: VncQuestion, client: VncClientFacts, kinds: readonly CredentialKind[]): Fix | undefined {
  const { account, application } = question;
  if (account.home === undefined) return undefined;
  const { home } = account;
  const paths = kinds.map((kind) => ({
    path: gtkVncPaths(home, application, kind).user,
    isKey: kind === 'private-key',
  }));
  return hiddenFilesFix(client, account, paths);
}

/** A certificate for the viewer where it looks for its own: the user's, unless the system has one. */
export function clientCertificate(question: VncQuestion, client: VncClientFacts, newKey = false): Fix {
  const { account, application } = question;
  const found = gtkVncFiles(client.files, account, account.home, application);
  const at = whereFound(found);
  const path = (kind: CredentialKind): string => gtkVncPaths(account.home ?? '/', application, kind)[at];
  const file = client.certificates[path('certificate')];
  const [replaces] = file?.known === true ? file.value.certificates : [];
  const set: CredentialSet = {
    id: `vnc-client:${application}:${account.name}`,
    owner: 'the viewer',
    role: 'vnc-client',
    endpoint: 'client',
    program: 'gtk-vnc',
    readers: [account],
    ca: { kind: 'ca-certificate', path: caOfViewer(question, client) },
    certificate: { kind: 'certificate', path: path('certificate') },
    key: { kind: 'private-key', path: path('private-key') },
  };
  return { ...acceptedCertificate, withCa: certificateWithCa(client, set, { replaces, newKey }) };
}

const ifHidden = (fix: Fix | undefined): Pick<Failure, 'otherwise'> =>
  fix === undefined ? {} : { otherwise: { side: 'client', fix } };

const startAgain: Fix['steps'] = [{ kind: 'manual', instruction: 'Start the guest again: QEMU has read its CA file' }];

/** The system's files hide those of the user one by one, so that a pair must be where the first half was found. */
const whereFound = ({ certificate, key }: GtkVncFiles): 'system' | 'user' =>
  [certificate, key].some((file) => file.state === 'found' && file.at === 'system') ? 'system' : 'user';

/** The same where nothing is known of the client's files. */
export const acceptedCertificate: Fix = {
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
        fix: clientCertificate(question, client, true),
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
          fix: clientCertificate(question, client),
          ...ifHidden(hidden(question, client, ['certificate', 'private-key'])),
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
    if (!verdict.trusted) {
      const ca = setOfDisplay(question, server)?.ca?.path;
      const trusting =
        ca === undefined
          ? undefined
          : trustFix('Let QEMU trust the CA of the client', {
              chain,
              anchors: own.anchors,
              offered: viewer.anchors,
              at: server.clock.now,
              path: ca,
            });
      return refuse(chainFaultText(verdict.fault), statusText(verdict.status, 'qemu'), {
        ...(trusting === undefined
          ? {}
          : { otherwise: { side: 'server', fix: { ...trusting, steps: [...trusting.steps, ...startAgain] } } }),
        side: 'client',
        rules: rulesOfFault(verdict.fault),
        fix: clientCertificate(question, client, verdict.fault.kind === 'revoked' || verdict.fault.kind === 'weak-key'),
      });
    }
    const name = leaf.subject.text;
    if (name === '')
      return refuse(
        "the client's certificate has no name, or one that GnuTLS cannot spell out",
        'Cannot get client distinguished name',
        { side: 'client', rules: [], fix: clientCertificate(question, client) },
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
