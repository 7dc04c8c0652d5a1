import type { Certificate } from '../../facts/certificates.ts';
import type { Known } from '../../facts/facts.ts';
import { certificateOrder, certificateWithCa } from '../../domain/certificate-order.ts';
import type { ChainFault } from '../../domain/chain-of-trust.ts';
import { certifiedNames } from '../../domain/certified-names.ts';
import { chainFaultText } from '../../domain/chain-fault-text.ts';
import { requiresKeyEncipherment } from '../../domain/libvirt-version.ts';
import { libvirtPeerRefusal, sentChain, type PeerRefusal } from '../../domain/peer-verification.ts';
import type { IdentityPaths } from '../../domain/load-credentials.ts';
import { credentials, type CredentialSet } from '../../domain/credentials.ts';
import { effectiveBool, effectiveList, type LoadedConfiguration } from '../../domain/remote-configuration.ts';
import { restart } from '../../domain/service-commands.ts';
import { literal } from '../../domain/setting-correction.ts';
import { sessionProfile } from '../../domain/session-verification.ts';
import { wrongSignature } from '../../domain/tls-handshake.ts';
import { flatPki, systemPki, userPkiDirectory } from '../../reference/pki-files.ts';
import type { Fix } from '../../rule/fix.ts';
import type { Failure } from '../diagnosis.ts';
import { isAffairOfTrust, rulesOfFault } from '../rules-of-fault.ts';
import { pass, warning, type Take } from '../step.ts';
import { hiddenFilesFix } from '../reading-fix.ts';
import { trustFix, type LackingTrust } from '../trust-fix.ts';
import {
  clientPriority,
  configurationIn,
  ends,
  notLoaded,
  serverPriority,
  withoutTls,
  type Loaded,
} from './both-ends.ts';
import { handshakeFailed, handshakeOf } from './handshake.ts';
import {
  clientCredentialFacts,
  pathsOfClient,
  pathsOfServer,
  serverCredentialFacts,
  step,
  type LibvirtQuestion,
  type ServerCredentialFacts,
} from './question.ts';

const versionOf = ({ software }: Known<'software'>): boolean =>
  requiresKeyEncipherment('libvirt', software.libvirt?.version) ?? false;

const ifAny = <K extends string, T>(name: K, value: T | undefined): Partial<Record<K, T>> =>
  (value === undefined ? {} : { [name]: value }) as Partial<Record<K, T>>;

export const serverIsBelieved = step({
  stage: 'server-identity',
  side: 'client',
  question: "Does the client believe the server's certificate?",
  source:
    'libvirt src/rpc/virnettlscontext.c: virNetTLSContextCheckCertificate; gnutls lib/x509/verify-high.c, lib/x509/hostname-verify.c',
  needs: { client: clientCredentialFacts, server: [...serverCredentialFacts, 'identity'] },
  take(question, { client, server }) {
    if (question.uri.transport !== 'tls') return withoutTls;
    const loaded = ends(question, client, server);
    if (loaded === undefined) return notLoaded;
    return beliefIn(
      question,
      client,
      loaded.client,
      loaded.server.identity?.chain ?? [],
      () =>
        // The daemon judges its client at the same time: only a client that it would let in is missed by it.
        refusalOfClient(question, client, server)?.text ?? 'Cannot recv data: Input/output error',
      { server, anchors: loaded.server.anchors },
    );
  },
});

/** What is known of a server beside what it shows. */
interface ServerBehind {
  readonly server: ServerFacts;
  readonly anchors: readonly Certificate[];
}

/**
 * What the client makes of a chain that a server shows it; `serverText` is what the server logs when it is not believed. `behind` is absent
 * where the chain was seen on the wire.
 */
export function beliefIn(
  question: LibvirtQuestion,
  client: Known<(typeof clientCredentialFacts)[number]>,
  { anchors, revocationLists }: Pick<Loaded, 'anchors' | 'revocationLists'>,
  chain: readonly Certificate[],
  serverText: () => string | undefined = () => undefined,
  behind?: ServerBehind,
): Take {
  const { uri } = question;
  const profile = sessionProfile(clientPriority(question));
  const refusal = libvirtPeerRefusal({
    chain,
    peer: 'server',
    anchors,
    revocationLists,
    ...ifAny('profile', profile),
    at: client.clock.now,
    host: uri.host,
    requiresKeyEncipherment: versionOf(client),
  });
  const [leaf] = chain;
  const names = leaf === undefined ? 'nothing' : certifiedNames(leaf).join(', ') || 'nobody';
  if (refusal === undefined)
    return pass(`it leads to a CA that the client trusts, and names ${uri.host}`, [`names: ${names}`]);
  if (uri.parameters.noVerify)
    return warning(
      `no_verify in the URI lets it pass although ${explained(refusal, leaf, uri.host)}: anyone on the way could pose as the server`,
    );
  return {
    outcome: 'fail',
    message: explained(refusal, leaf, uri.host),
    evidence: [`names: ${names}`, ...chain.map(({ subject, issuer }) => `${subject.text} by ${issuer.text}`)],
    clientText: "authentication failed: Failed to verify peer's certificate",
    ...ifAny('serverText', serverText()),
    failure: identityFailure(refusal, explained(refusal, leaf, uri.host), question, {
      chain,
      anchors,
      offered: behind?.anchors ?? [],
      at: client.clock.now,
      path: caOf(question, client),
      ...ifAny('server', behind?.server),
    }),
  };
}

const caOf = (question: LibvirtQuestion, client: Known<'files'>): string => {
  const found = pathsOfClient(question, client);
  return found.state === 'found' ? found.paths.ca : systemPki['ca-certificate'];
};

/** What a refusal of a peer means, for a person. */
function explained({ kind, text, fault }: PeerRefusal, leaf: Certificate | undefined, host: string): string {
  switch (kind) {
    case 'other-host':
      return `the certificate names ${leaf === undefined ? 'nothing' : certifiedNames(leaf).join(', ') || 'nobody'}, not ${host}`;
    case 'untrusted':
      return fault === undefined ? text : chainFaultText(fault);
    case 'not-allowed':
      return `no entry of tls_allowed_dn_list matches ${leaf?.subject.text ?? 'its name'}`;
    case 'no-certificate':
    case 'no-name':
    case 'is-a-ca':
    case 'key-usage':
    case 'key-purpose':
      return text;
  }
}

/** Where and how a server's certificate that its client refuses is mended. */
function identityFailure(
  refusal: PeerRefusal,
  why: string,
  { uri }: LibvirtQuestion,
  { server, ...lacking }: LackingTrust & { readonly server?: ServerFacts },
): Failure {
  const rules = rulesOf(refusal);
  const { kind, fault } = refusal;
  if (kind === 'untrusted' && fault !== undefined && isAffairOfTrust(fault)) {
    const missing = missingIssuer(fault);
    const title = `Let the client trust ${missing}`;
    return {
      side: 'client',
      why,
      rules,
      fix: trustFix(title, lacking) ?? {
        title,
        applicability: 'manual',
        steps: [
          {
            kind: 'manual',
            instruction: `If ${missing} is the right CA, which its administrator can tell by the fingerprint (certtool --fingerprint --hash sha256 --infile ca.pem), append its certificate to ${lacking.path} on the client`,
          },
          {
            kind: 'manual',
            instruction: 'If it is not, have the server a certificate issued by the CA that its clients trust',
          },
        ],
      },
      otherwise: { side: 'server', fix: newCertificate(uri.host, server, lacking.chain[0], false) },
    };
  }
  if (kind === 'other-host') {
    const isAddress = /^[\d.]+$|:/.test(uri.host);
    return {
      side: 'server',
      why: 'GnuTLS compares the name in the URI with the DNS names of the certificate, or the address with its IP addresses; the common name counts only where there are neither',
      rules,
      fix: {
        title: `Have the server a certificate issued that names ${uri.host}`,
        applicability: 'manual',
        steps: [
          {
            kind: 'manual',
            instruction: `Give the server a certificate with ${isAddress ? `the IP address ${uri.host}` : `the DNS name ${uri.host}`} among its alternative names, beside those it has, or open a URI with a name that it has`,
          },
        ],
        ...issuedForServer(server, lacking.chain[0], uri.host, false),
      },
    };
  }
  // Whoever revoked it may have done so because of its key.
  const newKey = fault?.kind === 'revoked' || fault?.kind === 'weak-key';
  // The client may have a bad certificate of the same CA.
  const trusting = trustFix(
    `Let the client trust ${lacking.chain.at(-1)?.issuer.text ?? 'the CA of the server'}`,
    lacking,
  );
  return {
    side: 'server',
    why,
    rules,
    fix: newCertificate(uri.host, server, lacking.chain[0], newKey),
    ...(trusting === undefined ? {} : { otherwise: { side: 'client', fix: trusting } }),
  };
}

const newCertificate = (
  host: string,
  server: ServerFacts | undefined,
  replaces: Certificate | undefined,
  newKey: boolean,
): Fix => ({
  title: 'Have the server a new certificate issued',
  applicability: 'manual',
  steps: [
    {
      kind: 'manual',
      instruction: `Issue one of the CA that its clients trust, which names ${host} and allows digital signature, key encipherment and TLS server, and restart the daemon`,
    },
  ],
  ...issuedForServer(server, replaces, host, newKey),
});

type ServerFacts = ServerCredentialFacts & Known<'identity'>;

/** The steps with the CA at hand: a certificate for the daemon that names what the client dials. */
function issuedForServer(
  server: ServerFacts | undefined,
  replaces: Certificate | undefined,
  host: string,
  newKey: boolean,
): Pick<Fix, 'withCa'> {
  const set = server && credentials(server, ['libvirt-server']).sets.find(({ id }) => id === 'libvirt-server');
  if (server === undefined || set === undefined) return {};
  return { withCa: certificateWithCa(server, set, { replaces, newKey, names: [host] }) };
}

const missingIssuer = (fault: ChainFault): string =>
  fault.kind === 'intermediate-missing' ? fault.issuer : fault.certificate.issuer.text;

/** Where and how a client's certificate that the daemon refuses is mended. */
function clientIdentityFailure(
  refusal: PeerRefusal,
  why: string,
  configuration: LoadedConfiguration,
  name: string,
  order: ClientOrder,
  lacking: LackingTrust,
  hidden: Fix | undefined,
): Failure {
  const { path } = configuration;
  const rules = rulesOf(refusal);
  const { kind, fault } = refusal;
  if (kind === 'not-allowed') {
    return {
      side: 'server',
      why: 'the whole name, as GnuTLS prints it, is compared with each entry; only * and ? stand for something else',
      rules,
      path,
      fix: allowingFix(configuration, name),
    };
  }
  if (kind === 'untrusted' && fault !== undefined && isAffairOfTrust(fault)) {
    const missing = missingIssuer(fault);
    const title = `Let the daemon trust ${missing}, or give the client a certificate of its CA`;
    return {
      side: 'client',
      why,
      rules,
      fix: {
        title,
        applicability: 'manual',
        steps: [
          {
            kind: 'manual',
            instruction: `Issue the client a certificate of the CA that the daemon trusts`,
          },
          {
            kind: 'manual',
            instruction: `Or, if whoever has a certificate of ${missing} may control the host, append its CA certificate to ${lacking.path} on the server, and restart the daemon`,
          },
        ],
        ...ifAny('withCa', order.withCa),
      },
      ...trustedByDaemon(configuration, lacking, missing),
    };
  }
  return {
    side: 'client',
    why,
    rules,
    path: order.path,
    fix: {
      title: 'Give the client a certificate that the daemon accepts',
      applicability: 'manual',
      steps: order.steps,
      ...ifAny('withCa', order.withCa),
    },
    ...(hidden === undefined
      ? trustedByDaemon(configuration, lacking, lacking.chain.at(-1)?.issuer.text ?? 'the CA of the client')
      : { otherwise: { side: 'client', fix: hidden } }),
  };
}

/** The daemon let to trust what the client goes by, which may be a sound certificate of the CA that the daemon has a bad one of. */
function trustedByDaemon(
  { daemon }: LoadedConfiguration,
  lacking: LackingTrust,
  missing: string,
): Pick<Failure, 'otherwise'> {
  const fix = trustFix(`Let the daemon trust ${missing}`, lacking);
  return fix === undefined
    ? {}
    : { otherwise: { side: 'server', fix: { ...fix, steps: [...fix.steps, ...restart(daemon)] } } };
}

/** A person's own pair that its client cannot see. */
function hiddenPair({ account }: LibvirtQuestion, client: Known<'files' | 'accounts'>): Fix | undefined {
  const own = ownPair(account);
  return own === undefined
    ? undefined
    : hiddenFilesFix(client, account, [
        { path: own.certificate, isKey: false },
        { path: own.key, isKey: true },
      ]);
}

/** Lets one name in: a decision, for whoever has a certificate of that name then controls the host. */
function allowingFix(configuration: LoadedConfiguration, name: string): Fix {
  const title = `Put ${name} on the list of allowed names`;
  const { path, daemon } = configuration;
  const key = 'tls_allowed_dn_list';
  const { value: names = [], setting } = effectiveList(configuration, key);
  const decision = {
    kind: 'manual',
    instruction: `Decide whether this client may have full control of the host${setting === undefined ? '' : ': until now it may not'}`,
  } as const;
  // * and ? of a name would stand for others, too.
  const value = /[*?]/.test(name)
    ? undefined
    : literal({ type: 'list', items: [...names, name].map((one) => ({ type: 'string', value: one })) });
  if (value === undefined || setting === undefined)
    return {
      title,
      applicability: 'manual',
      steps: [
        {
          kind: 'manual',
          instruction: `If this client may have full control of the host, add "${name.replaceAll('"', '')}" to ${key} in ${path}`,
        },
        { kind: 'manual', instruction: 'Then restart the daemon: the list is read when it starts' },
      ],
    };
  return {
    title,
    applicability: 'unsafe',
    steps: [decision, { kind: 'set', path, key, value, line: setting.line }, ...restart(daemon)],
  };
}

/** An order for a certificate of the client. */
export interface ClientOrder {
  /** Where the client looks for its certificate. */
  readonly path: string;
  readonly steps: Fix['steps'];
  /** The same with the CA at hand; absent where that would touch what is everybody's. */
  readonly withCa?: Fix['steps'];
}

/** Facts of the client that an order rests on. */
export const clientOrderFacts = [...clientCredentialFacts, 'identity'] as const;

/**
 * How a certificate is issued for the client, where it looks for it; for a person that has none, or only one that is everybody's, where a
 * person has its own.
 */
export function clientOrder(
  question: LibvirtQuestion,
  client: Known<'files' | 'identity'> & Partial<Known<(typeof clientOrderFacts)[number]>>,
  { newKey = false }: { readonly newKey?: boolean } = {},
): ClientOrder {
  const found = pathsOfClient(question, client);
  if (found.state !== 'found') return { path: '', steps: [] };
  const { account, uri } = question;
  const { ca, certificate, key } = found.paths;
  const set = (at: IdentityPaths): CredentialSet => ({
    id: account.uid === 0 ? 'libvirt-client' : `libvirt-client:${account.name}`,
    owner: 'libvirt clients',
    role: 'libvirt-client',
    endpoint: 'client',
    program: 'libvirt',
    readers: [account],
    ca: { kind: 'ca-certificate', path: ca },
    certificate: { kind: 'certificate', path: at.certificate },
    key: { kind: 'private-key', path: at.key },
  });
  const steps = certificateOrder(client, { ...set({ certificate, key }), id: 'libvirt-client' });
  const own = uri.parameters.pkipath === undefined ? ownPair(account) : undefined;
  const { certificates, privateKeys, revocationLists } = client;
  if (certificates === undefined || privateKeys === undefined || revocationLists === undefined)
    return { path: certificate, steps };
  const facts = { ...client, certificates, privateKeys, revocationLists };
  const pair = own ?? { certificate, key };
  // Of a certificate that is everybody's a person gets no second one: it gets its own name.
  const file = certificates[pair.certificate];
  const [replaces] = file?.known === true ? file.value.certificates : [];
  return {
    path: certificate,
    steps,
    withCa: certificateWithCa(facts, set(pair), { replaces, newKey }),
  };
}

/** Where a person has a pair of its own; root's is that of the system. */
function ownPair({ uid, home }: LibvirtQuestion['account']): IdentityPaths | undefined {
  if (uid === 0 || home === undefined || home === '') return undefined;
  const directory = `${home.replace(/\/+$/, '')}/${userPkiDirectory}`;
  return {
    certificate: `${directory}/${flatPki.client.certificate}`,
    key: `${directory}/${flatPki.client['private-key']}`,
  };
}

/** The client signs with a key that is not its certificate's: no setting of the daemon lets that pass. */
const wrongProof = (keyPath: string | undefined, order: ClientOrder): Take => {
  const why = `the client's key ${keyPath ?? ''} is not that of its certificate, which GnuTLS does not notice with keys of this kind`;
  return {
    outcome: 'fail',
    message: why,
    clientText: 'Unable to read TLS confirmation: Input/output error',
    serverText: handshakeFailed(wrongSignature),
    failure: {
      side: 'client',
      why,
      rules: ['private-key-mismatch'],
      ...(keyPath === undefined ? {} : { path: keyPath }),
      fix: {
        title: 'Give the client a certificate that belongs to its key',
        applicability: 'manual',
        steps: order.steps,
        ...ifAny('withCa', order.withCa),
      },
    },
  };
};

/** Rules of one host that find what a peer refuses. */
function rulesOf({ kind, fault }: PeerRefusal): readonly string[] {
  switch (kind) {
    case 'untrusted':
      return fault === undefined ? ['certificate-untrusted'] : rulesOfFault(fault);
    case 'no-certificate':
      return ['client-certificate-missing', 'client-key-missing', 'private-key-unreadable'];
    case 'not-allowed':
      return ['allowed-names-unmatchable', 'allowed-names-empty'];
    case 'other-host':
      return ['server-name-mismatch', 'server-name-address-without-san'];
    case 'is-a-ca':
      return ['certificate-is-a-ca'];
    case 'key-usage':
      return ['key-usage-insufficient'];
    case 'key-purpose':
      return ['key-purpose-mismatch'];
    case 'no-name':
      return [];
  }
}

/** What the daemon finds wrong with its client, whether or not that matters to it. */
function judgeClient(
  question: LibvirtQuestion,
  client: Parameters<typeof ends>[1],
  server: ServerCredentialFacts,
): PeerRefusal | undefined {
  const loaded = ends(question, client, server);
  const configuration = configurationIn(server);
  if (loaded === undefined || configuration === undefined) return undefined;
  const chain = withholds(question, client, server)
    ? undefined
    : sentChain(loaded.client.identity?.chain, loaded.server.anchors);
  return libvirtPeerRefusal({
    ...ifAny('chain', chain),
    peer: 'client',
    anchors: loaded.server.anchors,
    revocationLists: loaded.server.revocationLists,
    ...ifAny('profile', sessionProfile(serverPriority(server))),
    at: server.clock.now,
    ...ifAny('allowedNames', effectiveList(configuration, 'tls_allowed_dn_list').value),
    requiresKeyEncipherment: versionOf(server),
  });
}

/** Has the client no signature to show its certificate with. */
function withholds(...[question, client, server]: Parameters<typeof handshakeOf>): boolean {
  const outcome = handshakeOf(question, client, server);
  return outcome.state === 'agreed' && outcome.clientProof === 'withholds';
}

/** Why the daemon turns its client away; undefined where it lets it in, of its own accord or because it lets in everybody. */
function refusalOfClient(...[question, client, server]: Parameters<typeof judgeClient>): PeerRefusal | undefined {
  const configuration = configurationIn(server);
  const lenient = configuration !== undefined && effectiveBool(configuration, 'tls_no_verify_certificate').value;
  return lenient ? undefined : judgeClient(question, client, server);
}

export const clientIsBelieved = step({
  stage: 'client-identity',
  side: 'server',
  question: "Does the daemon let the client's certificate in?",
  source:
    'libvirt src/rpc/virnettlscontext.c: virNetTLSContextCheckCertificate; gnutls lib/auth/cert.c: find_x509_client_cert',
  needs: { client: [...clientOrderFacts, 'accounts'], server: serverCredentialFacts },
  take(question, { client, server }) {
    if (question.uri.transport !== 'tls') return withoutTls;
    const loaded = ends(question, client, server);
    const configuration = configurationIn(server);
    if (loaded === undefined || configuration === undefined) return notLoaded;
    const allowedNames = effectiveList(configuration, 'tls_allowed_dn_list').value;
    const outcome = handshakeOf(question, client, server);
    // The client is through with its part of the handshake of TLS 1.3 before the daemon looks at its signature, and finds the line dead.
    if (
      outcome.state === 'agreed' &&
      outcome.clientProof === 'is-wrong' &&
      sentChain(loaded.client.identity?.chain, loaded.server.anchors) !== undefined
    )
      return wrongProof(loaded.client.identity?.keyPath, clientOrder(question, client));
    const refusal = judgeClient(question, client, server);
    const [leaf] = loaded.client.identity?.chain ?? [];
    const name = leaf?.subject.text ?? '';
    if (refusal === undefined)
      return pass(
        `${name} leads to a CA that the daemon trusts`,
        allowedNames?.map((one) => `allowed: ${one}`),
      );
    const why =
      unsentReason(refusal, loaded.client, loaded.server, withholds(question, client, server)) ??
      explained(refusal, leaf, '');
    if (effectiveBool(configuration, 'tls_no_verify_certificate').value)
      return warning(
        `tls_no_verify_certificate = 1 lets everybody in, this client too, although ${why}`,
        'client-certificate-not-verified',
      );
    return {
      outcome: 'fail',
      message: why,
      evidence: [
        ...(leaf === undefined ? [] : [`client: ${name}`]),
        ...(allowedNames ?? []).map((one) => `allowed: ${one}`),
      ],
      clientText: 'Unable to read TLS confirmation: Input/output error',
      serverText: refusal.text,
      failure: clientIdentityFailure(
        refusal,
        why,
        configuration,
        name,
        clientOrder(question, client),
        {
          chain: loaded.client.identity?.chain ?? [],
          anchors: loaded.server.anchors,
          offered: loaded.client.anchors,
          at: server.clock.now,
          path: pathsOfServer(server).ca ?? 'its CA file',
        },
        refusal.kind === 'no-certificate' ? hiddenPair(question, client) : undefined,
      ),
    };
  },
});

/** Why a client shows no certificate although the daemon asks for one. */
function unsentReason(
  { kind }: PeerRefusal,
  client: Loaded,
  server: Loaded,
  lacksSignature: boolean,
): string | undefined {
  if (kind !== 'no-certificate') return undefined;
  const [leaf] = client.identity?.chain ?? [];
  if (leaf === undefined) return 'the client has no certificate that it could show, or not the key to it';
  const usages = leaf.keyUsage?.usages ?? [];
  if (usages.length > 0 && !usages.includes('digitalSignature'))
    return `the client does not show its certificate ${leaf.subject.text}, for its key usage does not allow digital signatures`;
  if (lacksSignature)
    return `the client does not show its certificate ${leaf.subject.text}, for the priorities of both ends leave no signature that its key can make`;
  return `the client does not show its certificate ${leaf.subject.text}, for ${leaf.issuer.text}, which issued it, is not among the CAs that the daemon trusts (${server.anchors.map(({ subject }) => subject.text).join('; ')})`;
}
