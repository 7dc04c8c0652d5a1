import type { Certificate, KeyUsage } from '../facts/certificates.ts';
import { ellipticGroups, finiteGroups, legacyMacs, type TlsVersion } from '../reference/gnutls-priorities.ts';
import { tlsPriority, type Suite, type TlsPriority } from './tls-priority.ts';

/** One end of a handshake. */
export interface HandshakeEnd {
  /** The priority string; GnuTLS' compiled default of distributions without a policy of their own is `NORMAL`. */
  readonly priority?: string;
  /** What it has to show of itself; `none` where it is known to have nothing, absent where that is not known or of no account. */
  readonly leaf?: Certificate | 'none';
  /** The key is not that of `leaf`. */
  readonly isNoPair?: true;
  /** GnuTLS' version, where known. */
  readonly gnutls?: string;
}

export type Handshake =
  | {
      readonly state: 'agreed';
      readonly version: TlsVersion;
      /**
       * Whether the client, once it is about to show its certificate, finds a signature of both ends to prove that it is its own: in TLS 1.3,
       * and where the server does not ask for its kind of key, it `withholds` the certificate, in TLS 1.2 it `gives-up` the connection. What
       * it signs with another key than the certificate's `is-wrong`.
       */
      readonly clientProof: ClientProof;
    }
  /** GnuTLS does not take the priority string of one end: no session is made there. */
  | { readonly state: 'refused-priority'; readonly end: 'client' | 'server'; readonly priority: string }
  /** `server` is what the server logs and `client` what the client prints, as far as they are not the other end's hanging up. */
  | { readonly state: 'failed'; readonly because: string; readonly server?: string; readonly client?: string }
  | { readonly state: 'unknown'; readonly detail: string };

export type ClientProof = 'found' | 'withholds' | 'gives-up' | 'is-wrong';

/** What the end prints that has to sign and finds no signature that both ends have enabled. */
export const unwantedAlgorithm = 'An algorithm that is not enabled was negotiated.';

/** What the end prints that finds the other end's signature wrong. */
export const wrongSignature = 'Public key signature verification has failed.';

export const defaultPriority = 'NORMAL';

type Valid = Extract<TlsPriority, { state: 'valid' }>;

/** A key usage extension that names no purpose forbids none: GnuTLS keeps both as zero. */
const mayBeUsedFor = (leaf: Certificate | undefined, usage: KeyUsage): boolean =>
  leaf?.keyUsage === undefined || leaf.keyUsage.usages.length === 0 || leaf.keyUsage.usages.includes(usage);

/**
 * What two ends that speak GnuTLS agree on. An end whose own certificate may not sign does not offer TLS 1.3. The newest version that both
 * offer is taken; then the server looks for a suite, a group and a signature of both for which its certificate serves, and gives up when
 * there is none. With `isAnonymous` ends neither has a certificate, and both have ANON-DH in their priorities.
 *
 * Source: gnutls lib/auth.c: gnutls_credentials_set; lib/algorithms/ciphersuites.c: _gnutls_figure_common_ciphersuite; lib/auth/cert.c:
 * cert_select_sign_algorithm; lib/algorithms/publickey.c: _gnutls_kx_supports_pk_usage (3.7.9, 3.8.9).
 */
export function handshake(
  client: HandshakeEnd,
  server: HandshakeEnd,
  { isAnonymous = false }: { readonly isAnonymous?: boolean } = {},
): Handshake {
  const ends = { client, server };
  const priorities = {} as Record<'client' | 'server', Valid>;
  for (const end of ['client', 'server'] as const) {
    const text = ends[end].priority ?? defaultPriority;
    const priority = tlsPriority(text, ends[end].gnutls);
    if (priority.state === 'invalid') return { state: 'refused-priority', end, priority: text };
    if (priority.state !== 'valid')
      return {
        state: 'unknown',
        detail: `the ${end}'s priority string ${text} depends on ${priority.state === 'unknown' ? `${priority.keyword} of its system` : 'the version of GnuTLS'}`,
      };
    priorities[end] = priority;
  }
  const offered = (end: 'client' | 'server'): readonly TlsVersion[] =>
    priorities[end].versions.filter(
      (version) => version !== 'TLS1.3' || mayBeUsedFor(known(ends[end].leaf), 'digitalSignature'),
    );
  const version = offered('server')
    .filter((each) => offered('client').includes(each))
    .at(-1);
  if (version === undefined) {
    return {
      state: 'failed',
      because: `the server speaks ${listed(offered('server'))}, the client ${listed(offered('client'))}`,
      server: offered('client').includes('TLS1.2')
        ? noCipherSuites
        : 'A packet with illegal or unsupported version was received.',
    };
  }
  const leaf = server.leaf;
  const clientLeaf = known(client.leaf);
  const shared = { client: priorities.client.algorithms, server: priorities.server.algorithms };
  if (isAnonymous && !hasAnonymousSuite(shared, version))
    return {
      state: 'failed',
      because: 'the priorities of both ends leave no anonymous suite, or no finite field for its exchange, in common',
      server: noCipherSuites,
    };
  if (leaf !== undefined) {
    const fault = serverFault(shared, version, known(leaf));
    if (fault !== undefined) return { state: 'failed', ...fault };
  }
  if (server.isNoPair === true)
    return { state: 'failed', because: "the server's key is not that of its certificate", client: wrongSignature };
  const proof = clientProof(shared, version, clientLeaf);
  return { state: 'agreed', version, clientProof: proof === 'found' && client.isNoPair === true ? 'is-wrong' : proof };
}

const known = (leaf: HandshakeEnd['leaf']): Certificate | undefined => (leaf === 'none' ? undefined : leaf);

const noCipherSuites = 'No supported cipher suites have been found.';

interface Fault {
  readonly because: string;
  readonly server?: string;
  readonly client?: string;
}

/** Why a server cannot serve a client in a version with what it has to show. */
function serverFault(shared: Shared, version: TlsVersion, leaf: Certificate | undefined): Fault | undefined {
  const { client, server } = shared;
  if (leaf === undefined) return { because: 'the server has no certificate to show', server: noCipherSuites };
  const suites = version === 'TLS1.3' ? [] : suitesFor(shared, version, leaf);
  if (version === 'TLS1.3' ? !hasSuite13(shared, leaf) : suites.length === 0) {
    const alone = { client: server, server };
    const unusable =
      !mayBeUsedFor(leaf, 'digitalSignature') && (version === 'TLS1.3' || suitesFor(alone, version, leaf).length === 0);
    return {
      because: unusable
        ? "the key usage of the server's certificate leaves no key exchange that its key can do"
        : `in ${version.replace('TLS', 'TLS ')} the priorities of both ends leave nothing in common that the server's ${leaf.publicKey.algorithm} key can do`,
      server: noCipherSuites,
    };
  }
  if (version === 'TLS1.3' && both(client.groups, server.groups).length === 0)
    return {
      because: 'no group for the key exchange is common to both ends',
      server: 'No common key share with peer.',
    };
  const isElliptic = suites.some(({ exchange }) => exchange.startsWith('ecdhe-'));
  // The server supposes a curve that this client then does not know; elliptic exchanges stand first in every keyword.
  if (isElliptic && client.groups.length === 0)
    return { because: "the client's priority leaves it no curve", client: 'The curve is unsupported' };
  if (isElliptic && version !== 'TLS1.2' && leaf.publicKey.algorithm.startsWith('Ed'))
    return {
      because: `${version.replace('TLS', 'TLS ')} has no signatures of ${leaf.publicKey.algorithm}`,
      server: unwantedAlgorithm,
    };
  if (version === 'TLS1.2' && !server.signatures.some((name) => /^(rsa|ecdsa|dsa)-/.test(name)))
    return {
      because:
        'the signatures that the server has enabled leave no kind of certificate that it could ask its client for',
      client: 'An unknown public key algorithm was encountered.',
    };
  return undefined;
}

const listed = (versions: readonly TlsVersion[]): string =>
  versions.length === 0 ? 'no TLS at all' : versions.join(', ');

interface Shared {
  readonly client: Valid['algorithms'];
  readonly server: Valid['algorithms'];
}

const both = (one: readonly string[], other: readonly string[]): readonly string[] =>
  one.filter((each) => other.includes(each));

/** The curves whose ECDSA signatures TLS 1.3 ties to one hash; on the wire they are those of TLS 1.2 with that hash. */
const curveSignatures: Readonly<Record<string, string>> = {
  'ecdsa-secp256r1-sha256': 'ecdsa-sha256',
  'ecdsa-secp384r1-sha384': 'ecdsa-sha384',
  'ecdsa-secp521r1-sha512': 'ecdsa-sha512',
};
const onTheWire = (name: string): string => curveSignatures[name] ?? name;

const curveNames: Readonly<Record<string, string>> = {
  prime256v1: 'secp256r1',
  secp384r1: 'secp384r1',
  secp521r1: 'secp521r1',
};

/** Signatures that a key can make in a version. */
function signaturesOf({ publicKey }: Certificate, version: TlsVersion, names: readonly string[]): readonly string[] {
  const is13 = version === 'TLS1.3';
  switch (publicKey.algorithm) {
    case 'RSA':
      return names.filter((name) => /^rsa-pss-rsae-/.test(name) || (!is13 && /^rsa-(sha|md5)/.test(name)));
    case 'RSA-PSS':
      return names.filter((name) => /^rsa-pss-sha/.test(name));
    case 'EC':
      return is13
        ? names.filter((name) => name.startsWith(`ecdsa-${curveNames[publicKey.curve ?? ''] ?? '?'}-`))
        : names.filter((name) => /^ecdsa-sha/.test(name));
    case 'Ed25519':
    case 'Ed448':
      return names.filter((name) => name === `eddsa-${publicKey.algorithm.toLowerCase()}`);
    case 'DSA':
    case 'other':
      return [];
  }
}

/** Can the owner of a certificate sign so that both ends have it enabled: `own` by its name, the peer's as it is on the wire. */
const canSign = (leaf: Certificate, version: TlsVersion, own: readonly string[], peer: readonly string[]): boolean => {
  const wire = peer.map(onTheWire);
  return signaturesOf(leaf, version, own).some((name) => wire.includes(onTheWire(name)));
};

function hasSuite13({ client, server }: Shared, leaf: Certificate): boolean {
  return (
    both(client.ciphers, server.ciphers).length > 0 &&
    mayBeUsedFor(leaf, 'digitalSignature') &&
    canSign(leaf, 'TLS1.3', server.signatures, client.signatures)
  );
}

/** The suites of both ends with which the server's certificate serves, in TLS before 1.3. */
function suitesFor({ client, server }: Shared, version: TlsVersion, leaf: Certificate): readonly Suite[] {
  const groups = both(client.groups, server.groups);
  // A client that names no group at all is taken to know one curve.
  const curve = client.groups.length === 0 || both(groups, ellipticGroups).length > 0;
  const finite = both(groups, finiteGroups).length > 0;
  const isRsa = leaf.publicKey.algorithm.startsWith('RSA');
  const signs =
    mayBeUsedFor(leaf, 'digitalSignature') &&
    (version !== 'TLS1.2' || canSign(leaf, version, server.signatures, client.signatures));
  const serves: Readonly<Record<string, boolean>> = {
    rsa: leaf.publicKey.algorithm === 'RSA' && mayBeUsedFor(leaf, 'keyEncipherment'),
    'dhe-rsa': isRsa && signs && finite,
    'ecdhe-rsa': isRsa && signs && curve,
    'ecdhe-ecdsa': ['EC', 'Ed25519', 'Ed448'].includes(leaf.publicKey.algorithm) && signs && curve,
  };
  return commonSuites({ client, server }, version).filter(({ exchange }) => serves[exchange] === true);
}

/** The suites that both ends have enabled and that exist in a version before TLS 1.3. */
const commonSuites = ({ client, server }: Shared, version: TlsVersion): readonly Suite[] =>
  client.suites.filter(
    ({ cipher, mac, exchange }) =>
      (version === 'TLS1.2' || legacyMacs.has(mac)) &&
      server.suites.some((each) => each.cipher === cipher && each.mac === mac && each.exchange === exchange),
  );

/**
 * Is there a suite of both ends with ANON-DH. To a client that names finite fields a server's own parameters are no good
 * (check_server_dh_params).
 */
function hasAnonymousSuite({ client, server }: Shared, version: TlsVersion): boolean {
  const named = both(client.groups, finiteGroups);
  if (named.length > 0 && both(named, server.groups).length === 0) return false;
  return commonSuites({ client, server }, version).some(({ exchange }) => exchange === 'anon-dh');
}

function clientProof({ client, server }: Shared, version: TlsVersion, leaf: Certificate | undefined): ClientProof {
  if (leaf === undefined) return 'found';
  const { algorithm } = leaf.publicKey;
  const signs = canSign(leaf, version, client.signatures, server.signatures);
  if (version === 'TLS1.3') {
    // The client takes the kinds of keys from the names of the signatures, where RSA with PSS is a kind of its own.
    const asked = algorithm !== 'RSA' || server.signatures.some((name) => /^rsa-sha/.test(name));
    return asked && signs ? 'found' : 'withholds';
  }
  // Before TLS 1.3 a server asks for kinds of certificates, and GnuTLS does not count Edwards curves among those of ECDSA.
  const kind = { RSA: 'rsa-', EC: 'ecdsa-' }[algorithm as string];
  if (kind === undefined) return 'withholds';
  if (version === 'TLS1.2' && !server.signatures.some((name) => name.startsWith(kind))) return 'withholds';
  return signs || version !== 'TLS1.2' ? 'found' : 'gives-up';
}
