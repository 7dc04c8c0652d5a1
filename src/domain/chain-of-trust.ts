import { X509Certificate } from 'node:crypto';
import type { Certificate, NameSubtree, RevocationList } from '../facts/certificates.ts';
import type { TlsProgram } from '../reference/pki-files.ts';
import { secondsOf, validityAt } from './certificate-validity.ts';
import { permitsNames } from './name-constraints.ts';

/** Bits of gnutls_certificate_status_t that a chain can get here. */
export type TrustStatus =
  | 'invalid'
  | 'revoked'
  | 'signer-not-found'
  | 'signer-not-ca'
  | 'insecure-algorithm'
  | 'not-activated'
  | 'expired'
  | 'signature-failure'
  | 'signer-constraints-failure'
  | 'unknown-critical-extensions';

/** Verification profiles of GnuTLS, weakest first. */
export type SecurityProfile = 'very-weak' | 'low' | 'legacy' | 'medium' | 'high' | 'ultra' | 'future';

/** Least hash strength, modulus and field size in bits of a profile (lib/algorithms/secparams.c, without FIPS). */
const profiles: Readonly<
  Record<SecurityProfile, { readonly hash: number; readonly modulus: number; readonly field: number }>
> = {
  'very-weak': { hash: 64, modulus: 767, field: 0 },
  low: { hash: 80, modulus: 1024, field: 160 },
  legacy: { hash: 96, modulus: 1776, field: 192 },
  medium: { hash: 112, modulus: 2048, field: 224 },
  high: { hash: 128, modulus: 3072, field: 256 },
  ultra: { hash: 192, modulus: 8192, field: 384 },
  future: { hash: 256, modulus: 15360, field: 512 },
};

/** Collision strength of a signature's hash in bits: half of its length. */
const hashStrength: Readonly<Record<string, number>> = {
  md2: 64,
  md5: 64,
  rmd160: 80,
  sha1: 80,
  sha224: 112,
  'sha3-224': 112,
  sha256: 128,
  'sha3-256': 128,
  sha384: 192,
  'sha3-384': 192,
  sha512: 256,
  'sha3-512': 256,
};

/** Hashes that GnuTLS takes for insecure in certificates (lib/algorithms/sign.c, _INSECURE_FOR_CERTS and _INSECURE). */
const insecureHashes: ReadonlySet<string | undefined> = new Set(['md2', 'md5', 'sha1', 'rmd160']);

/** Is a signature's hash too weak for GnuTLS wherever the certificate is not self-issued. */
export const isInsecureHash = (hash: string | undefined): boolean => insecureHashes.has(hash);

/** Why a chain is not trusted; `certificate` is the one at fault, `anchor` the trusted one that was tried for it. */
export type ChainFault =
  /** No trusted certificate has the issuer's name. */
  | { readonly kind: 'other-ca'; readonly certificate: Certificate; readonly issuer: string }
  /** As before, but one of the further certificates at hand would lead to a trusted one. */
  | {
      readonly kind: 'intermediate-missing';
      readonly certificate: Certificate;
      readonly issuer: string;
      readonly intermediate: Certificate;
    }
  /** A trusted certificate has the issuer's name, but not the key that signed. */
  | { readonly kind: 'same-name-other-key'; readonly certificate: Certificate; readonly anchor: Certificate }
  | {
      readonly kind:
        | 'expired'
        | 'not-yet-valid'
        | 'issuer-not-a-ca'
        | 'issuer-key-usage'
        | 'path-length'
        | 'name-constraints'
        | 'insecure-algorithm'
        | 'weak-key'
        | 'bad-signature'
        | 'unsupported-algorithm'
        | 'unknown-critical-extension'
        | 'revoked';
      readonly certificate: Certificate;
    };

/** What GnuTLS makes of a chain: its status bits, and the faults in the order in which they were met, the first of them decisive. */
export type ChainVerdict =
  | { readonly trusted: true }
  | {
      readonly trusted: false;
      readonly status: ReadonlySet<TrustStatus>;
      readonly fault: ChainFault;
      readonly faults: readonly ChainFault[];
    };

export interface ChainQuestion {
  /** As presented, leaf first; at least one. */
  readonly certificates: readonly Certificate[];
  /** Trusted certificates, in the order of the file. */
  readonly anchors: readonly Certificate[];
  /** The moment, ISO 8601. */
  readonly at: string;
  readonly options?: {
    /**
     * `list` is gnutls_x509_crt_list_verify, which libvirt and QEMU use on their own files (default); `session` is
     * gnutls_x509_trust_list_verify_crt2, which they use on a peer's certificates, and which sorts them first.
     */
    readonly algorithm?: 'list' | 'session';
    /** Least strength of keys and hashes; none by default. Sessions with priority NORMAL use `low`. */
    readonly profile?: SecurityProfile;
    /** Lists to look the certificates up in, whatever their own dates. */
    readonly revocationLists?: readonly RevocationList[];
    /** Certificates that the program does not look at; only for telling a missing intermediate from another CA. */
    readonly further?: readonly Certificate[];
  };
}

/**
 * Does a chain lead to a trusted certificate, as GnuTLS 3.7 and 3.8 decide with flags 0 (lib/x509/verify.c and verify-high.c).
 *
 * A trusted certificate need not be self-signed, and is itself held to its dates, CA flag and key usage, but not to its signature.
 */
export function verifyChain(question: ChainQuestion): ChainVerdict {
  const { certificates, anchors, at, options = {} } = question;
  const context: Context = { at, profile: options.profile, further: options.further ?? [], anchors };
  const outcome =
    (options.algorithm ?? 'list') === 'list'
      ? verifyList(certificates, anchors, context)
      : verifySession(certificates, anchors, context);
  const inList = (options.algorithm ?? 'list') === 'list' || outcome.status.size === 0;
  if (inList) addRevoked(outcome, certificates, options.revocationLists ?? []);
  const [fault] = outcome.faults;
  if (outcome.status.size === 0 || fault === undefined) return { trusted: true };
  return { trusted: false, status: outcome.status, fault, faults: outcome.faults };
}

interface Context {
  readonly at: string;
  readonly profile: SecurityProfile | undefined;
  readonly further: readonly Certificate[];
  /** All trusted certificates, for explanations; which of them are tried is the algorithm's affair. */
  readonly anchors: readonly Certificate[];
}

interface Outcome {
  readonly status: Set<TrustStatus>;
  readonly faults: ChainFault[];
}

/** What verify_crt carries from the trusted end of a chain to the leaf (verify_state_st). */
interface PathState {
  remaining: number;
  readonly constraints: NonNullable<Certificate['nameConstraints']>[];
}

/** MAX_VERIFY_DEPTH and DEFAULT_MAX_VERIFY_DEPTH of lib/gnutls_int.h. */
const maximumPath = 4096;
const maximumSorted = 16;

/** Same certificate, byte by byte. */
const sameCertificate = (one: Certificate, other: Certificate): boolean => one.der === other.der;

/** Same name and same key: a CA certificate that was issued anew (_gnutls_check_if_same_key). */
const sameAuthority = (one: Certificate, other: Certificate): boolean =>
  one.subject.der === other.subject.der && one.publicKey.fingerprint === other.publicKey.fingerprint;

/** Could `issuer` have issued `certificate`, by name and key identifiers alone (is_issuer of lib/x509/verify.c). */
export function isIssuer(certificate: Certificate, issuer: Certificate): boolean {
  if (certificate.issuer.der !== issuer.subject.der) return false;
  const { authorityKeyIdentifier } = certificate;
  const { subjectKeyIdentifier } = issuer;
  if (authorityKeyIdentifier === undefined || subjectKeyIdentifier === undefined) return true;
  return authorityKeyIdentifier === subjectKeyIdentifier;
}

/** find_issuer: the first that fits, unless a later one is in force, which then wins. */
function findIssuer(certificate: Certificate, candidates: readonly Certificate[], at: string): Certificate | undefined {
  const now = secondsOf(at);
  let issuer: Certificate | undefined;
  for (const candidate of candidates) {
    if (!isIssuer(certificate, candidate)) continue;
    const inForce = now < secondsOf(candidate.notAfter) && now >= secondsOf(candidate.notBefore);
    if (issuer === undefined || inForce) issuer = candidate;
  }
  return issuer;
}

/** _gnutls_verify_crt_status. */
function verifyList(presented: readonly Certificate[], anchors: readonly Certificate[], context: Context): Outcome {
  const outcome: Outcome = { status: new Set(), faults: [] };
  let chain = [...presented];
  const last = chain.at(-1);
  // A root that the peer sent proves nothing.
  if (chain.length > 1 && last !== undefined && isIssuer(last, last)) chain.pop();

  for (const [index, certificate] of chain.entries()) {
    const anchor = anchors.find((each) =>
      index === 0 ? sameCertificate(certificate, each) : sameAuthority(certificate, each),
    );
    if (anchor === undefined) continue;
    checkTime(outcome, anchor, context.at);
    if (!isKeyStrong(anchor, context.profile))
      mark(outcome, 'insecure-algorithm', { kind: 'weak-key', certificate: anchor });
    if (outcome.status.size > 0) return outcome;
    chain = chain.slice(0, index);
    break;
  }

  const state: PathState = { remaining: maximumPath, constraints: [] };
  for (let index = chain.length - 1; index >= 0; index -= 1) {
    const certificate = chain[index];
    const above = chain[index + 1];
    if (certificate === undefined) continue;
    const candidates = above === undefined ? anchors : [above];
    if (!verifyCertificate(outcome, certificate, candidates, state, context, above === undefined, index === 0)) {
      outcome.status.add('invalid');
      return outcome;
    }
  }
  return outcome;
}

function mark(outcome: Outcome, status: TrustStatus | undefined, fault: ChainFault): void {
  outcome.status.add('invalid');
  if (status !== undefined) outcome.status.add(status);
  outcome.faults.push(fault);
}

/** check_time_status: unlike the programs' own checks, it asks for the beginning first. */
function checkTime(outcome: Outcome, certificate: Certificate, at: string): void {
  const hasBegun = secondsOf(at) >= secondsOf(certificate.notBefore);
  const validity = hasBegun ? validityAt(certificate, at) : 'not-yet-valid';
  if (validity === 'valid') return;
  if (outcome.faults.some((fault) => fault.kind === validity && fault.certificate === certificate)) return;
  mark(outcome, validity === 'expired' ? 'expired' : 'not-activated', { kind: validity, certificate });
}

/** verify_crt: one certificate against those that may have issued it; true when nothing is wrong. */
function verifyCertificate(
  outcome: Outcome,
  certificate: Certificate,
  candidates: readonly Certificate[],
  state: PathState,
  context: Context,
  byAnchor: boolean,
  isLeaf: boolean,
): boolean {
  const before = outcome.faults.length;
  if (state.remaining === 0) {
    mark(outcome, 'signer-constraints-failure', { kind: 'path-length', certificate });
    return false;
  }
  state.remaining -= 1;

  const issuer = findIssuer(certificate, candidates, context.at);
  if (issuer === undefined) mark(outcome, 'signer-not-found', withoutIssuer(certificate, context));
  else {
    if (issuer.nameConstraints !== undefined) state.constraints.push(issuer.nameConstraints);
    const faulty = state.constraints.some(hasFaultySubtree);
    if (faulty || (isLeaf && !permitsNames(certificate, state.constraints)))
      mark(outcome, 'signer-constraints-failure', { kind: 'name-constraints', certificate });
    checkAuthority(outcome, certificate, issuer, state, byAnchor);
    checkSignature(outcome, certificate, issuer, byAnchor);
    if (issuer.unknownCriticalExtensions.length > 0) markExtension(outcome, issuer);
  }
  if (isLeaf && certificate.unknownCriticalExtensions.length > 0) markExtension(outcome, certificate);

  if (isKnownAlgorithm(certificate)) {
    const weak = [certificate, issuer].find((each) => each !== undefined && !isKeyStrong(each, context.profile));
    if (weak !== undefined) mark(outcome, 'insecure-algorithm', { kind: 'weak-key', certificate: weak });
    if (
      !isHashStrong(certificate, context.profile) ||
      (isInsecureHash(certificate.signatureHash) && !isIssuer(certificate, certificate))
    )
      mark(outcome, 'insecure-algorithm', { kind: 'insecure-algorithm', certificate });
  }

  if (issuer !== undefined) checkTime(outcome, issuer, context.at);
  checkTime(outcome, certificate, context.at);
  return outcome.faults.length === before;
}

const markExtension = (outcome: Outcome, certificate: Certificate): void =>
  mark(outcome, 'unknown-critical-extensions', { kind: 'unknown-critical-extension', certificate });

/** GnuTLS refuses a constraint on addresses with neither four nor sixteen octets or a mask with holes, and names with two dots in a row. */
function hasFaultySubtree(constraints: NonNullable<Certificate['nameConstraints']>): boolean {
  const isFaulty = ({ kind, value }: NameSubtree): boolean =>
    (kind === 'ip' && value.startsWith('0x')) ||
    ((kind === 'dns' || kind === 'email') && (value.includes('..') || value === '.'));
  return [...constraints.permitted, ...constraints.excluded].some(isFaulty);
}

/** CA flag and path length (check_if_ca), then key usage, of an issuer; version 1 anchors are exempt from both. */
function checkAuthority(
  outcome: Outcome,
  certificate: Certificate,
  issuer: Certificate,
  state: PathState,
  byAnchor: boolean,
): void {
  if (byAnchor && issuer.version === 1) return;
  if (!(byAnchor && sameCertificate(certificate, issuer))) {
    const constraints = issuer.basicConstraints;
    const { pathLength } = constraints ?? {};
    if (constraints?.ca === true && pathLength !== undefined) state.remaining = Math.min(state.remaining, pathLength);
    const tolerated = constraints === undefined && byAnchor && isIssuer(issuer, issuer);
    if (constraints?.ca !== true && !tolerated)
      mark(outcome, 'signer-not-ca', { kind: 'issuer-not-a-ca', certificate: issuer });
  }
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.usages.includes('keyCertSign'))
    mark(outcome, 'signer-constraints-failure', { kind: 'issuer-key-usage', certificate: issuer });
}

function checkSignature(outcome: Outcome, certificate: Certificate, issuer: Certificate, byAnchor: boolean): void {
  const verdict = signatureVerdict(certificate, issuer);
  if (verdict === 'good') return;
  if (verdict === 'unsupported') {
    mark(outcome, undefined, { kind: 'unsupported-algorithm', certificate });
    return;
  }
  // Matching key identifiers say that it is the right key, so that the certificate itself was altered.
  const identified = certificate.authorityKeyIdentifier !== undefined && issuer.subjectKeyIdentifier !== undefined;
  mark(
    outcome,
    'signature-failure',
    identified || !byAnchor
      ? { kind: 'bad-signature', certificate }
      : { kind: 'same-name-other-key', certificate, anchor: issuer },
  );
}

/** The likeliest reason why nobody is known to have issued a certificate. */
function withoutIssuer(certificate: Certificate, { anchors, further }: Context): ChainFault {
  const anchor = anchors.find(({ subject }) => subject.der === certificate.issuer.der);
  if (anchor !== undefined) return { kind: 'same-name-other-key', certificate, anchor };
  const issuer = certificate.issuer.text;
  const intermediate = further.find((each) => isIssuer(certificate, each) && leadsToAnchor(each, anchors, further));
  return intermediate === undefined
    ? { kind: 'other-ca', certificate, issuer }
    : { kind: 'intermediate-missing', certificate, issuer, intermediate };
}

function leadsToAnchor(start: Certificate, anchors: readonly Certificate[], further: readonly Certificate[]): boolean {
  let current: Certificate | undefined = start;
  for (let step = 0; step < maximumSorted && current !== undefined; step += 1) {
    const certificate: Certificate = current;
    if (anchors.some((anchor) => isIssuer(certificate, anchor))) return true;
    current = further.find((each) => !sameCertificate(each, certificate) && isIssuer(certificate, each));
  }
  return false;
}

/** gnutls_x509_trust_list_verify_crt2. */
function verifySession(presented: readonly Certificate[], anchors: readonly Certificate[], context: Context): Outcome {
  // Anchors are kept by name, without duplicates; only those of the right name are tried.
  const named = (der: string): readonly Certificate[] => anchors.filter(({ subject }) => subject.der === der);
  const chain = shorten(lineUp(presented, anchors), anchors);
  const last = chain.at(-1);
  if (last === undefined) return verifyList(presented, anchors, context);

  const first = verifyList(chain, named(last.issuer.der), context);
  const retry = (['signer-not-found', 'expired', 'insecure-algorithm'] as const).some((each) => first.status.has(each));
  if (!retry || last.subject.der === last.issuer.der) return first;
  const second = verifyList(chain, named(last.subject.der), context);
  return second.status.size === 0 || first.status.has('signer-not-found') ? second : first;
}

/**
 * The presented certificates as GnuTLS lines them up before it verifies: segments of each certificate and its issuers, repetitions left
 * out, up to the segment that a trusted certificate issued; strangers stay in the line otherwise, and break it.
 */
function lineUp(presented: readonly Certificate[], anchors: readonly Certificate[]): readonly Certificate[] {
  let line = [...presented];
  const seen = new Set<string>();
  for (let start = 0; start < line.length;) {
    const { sorted, length } = sortSegment(line.slice(start));
    line = [...line.slice(0, start), ...sorted];
    const repeated = sorted.slice(0, length).findIndex(({ der }) => seen.has(der));
    if (repeated !== -1) {
      // GnuTLS moves only the next one down and then cuts off the last (memmove of one element in 3.7 and 3.8).
      const next = line[start + repeated + 1];
      if (next !== undefined) line[start + repeated] = next;
      line.pop();
      continue;
    }
    for (const { der } of line.slice(start, start + length)) seen.add(der);
    start += length;
    const last = line[start - 1];
    if (last !== undefined && anchors.some((anchor) => isIssuer(last, anchor))) return line.slice(0, start);
  }
  return line;
}

/** _gnutls_sort_clist: the first certificate, then its issuers, then the others in their order; `length` counts the first kinds. */
function sortSegment(list: readonly Certificate[]): {
  readonly sorted: readonly Certificate[];
  readonly length: number;
} {
  if (list.length > maximumSorted) return { sorted: list, length: 1 };
  // By index, for the same certificate may be there twice.
  const chain = [0];
  for (let current = 0; ;) {
    const certificate = list[current];
    if (certificate === undefined || isIssuer(certificate, certificate)) break;
    const issuer = list.findIndex((each, index) => index > 0 && index !== current && isIssuer(certificate, each));
    if (issuer === -1 || chain.includes(issuer)) break;
    chain.push(issuer);
    current = issuer;
  }
  const order = [...chain, ...[...list.keys()].filter((index) => !chain.includes(index))];
  return { sorted: order.flatMap((index) => list[index] ?? []), length: chain.length };
}

/**
 * The certificates that GnuTLS sends of those in a certificate file: the first and its issuers after it, in order, of the first sixteen; the
 * others are dropped (cert-cred-x509.c: parse_pem_cert_mem; pcert.c: gnutls_pcert_import_x509_list with GNUTLS_X509_CRT_LIST_SORT).
 */
export function presentedChain(file: readonly Certificate[]): readonly Certificate[] {
  const { sorted, length } = sortSegment(file.slice(0, maximumSorted));
  return sorted.slice(0, length);
}

/** shorten_clist: nothing counts after the first presented certificate that is trusted as it is; only self-issued ones are looked up. */
function shorten(chain: readonly Certificate[], anchors: readonly Certificate[]): readonly Certificate[] {
  const last = chain.at(-1);
  const kept = chain.length > 1 && last !== undefined && isIssuer(last, last) ? chain.slice(0, -1) : chain;
  const trusted = kept.findIndex(
    (each, index) =>
      index > 0 && each.subject.der === each.issuer.der && anchors.some((anchor) => sameCertificate(anchor, each)),
  );
  return trusted === -1 ? kept : kept.slice(0, trusted + 1);
}

function addRevoked(outcome: Outcome, certificates: readonly Certificate[], lists: readonly RevocationList[]): void {
  for (const certificate of certificates) {
    if (!isRevoked(certificate, lists)) continue;
    mark(outcome, 'revoked', { kind: 'revoked', certificate });
  }
}

/**
 * Is a certificate on the list of its issuer's name; dates and signature of the list play no part (gnutls_x509_crt_check_revocation). Of
 * several lists of one issuer only the newest is kept (gnutls_x509_trust_list_add_crls).
 */
export function isRevoked(certificate: Certificate, lists: readonly RevocationList[]): boolean {
  const kept = lists
    .filter(({ issuer }) => issuer.der === certificate.issuer.der)
    .reduce<RevocationList | undefined>(
      (newest, each) => (newest !== undefined && each.thisUpdate < newest.thisUpdate ? newest : each),
      undefined,
    );
  return kept?.revoked.some(({ serial }) => serial === certificate.serial) === true;
}

const isKnownAlgorithm = ({ signatureAlgorithm }: Certificate): boolean => !/^[\d.]+$/.test(signatureAlgorithm);

/** Does a key reach a profile's size; keys of unknown kind do not. */
function isKeyStrong({ publicKey }: Certificate, profile: SecurityProfile | undefined): boolean {
  if (profile === undefined) return true;
  const isCurve = ['EC', 'Ed25519', 'Ed448'].includes(publicKey.algorithm);
  const { field, modulus } = profiles[profile];
  return publicKey.bits >= (isCurve ? field : modulus);
}

function isHashStrong({ signatureHash }: Certificate, profile: SecurityProfile | undefined): boolean {
  if (profile === undefined || signatureHash === undefined) return true;
  return (hashStrength[signatureHash] ?? 0) >= profiles[profile].hash;
}

type SignatureVerdict = 'good' | 'bad' | 'unsupported';

/** A pure function of two certificates, remembered: hosts share their CA, and rules ask about the same pairs again and again. */
const verdicts = new Map<string, SignatureVerdict>();
const maximumVerdicts = 10_000;

/** Did `issuer`'s key sign `certificate`. */
export function signatureVerdict(certificate: Certificate, issuer: Certificate): SignatureVerdict {
  const id = `${certificate.fingerprint} ${issuer.fingerprint}`;
  const remembered = verdicts.get(id);
  if (remembered !== undefined) return remembered;
  if (verdicts.size >= maximumVerdicts) verdicts.clear();
  const verdict = verifySignature(certificate, issuer);
  verdicts.set(id, verdict);
  return verdict;
}

function verifySignature(certificate: Certificate, issuer: Certificate): SignatureVerdict {
  if (!isKnownAlgorithm(certificate)) return 'unsupported';
  try {
    const [signed, signer] = [certificate, issuer].map(({ der }) => new X509Certificate(Buffer.from(der, 'base64')));
    return signed !== undefined && signer !== undefined && signed.verify(signer.publicKey) ? 'good' : 'bad';
  } catch {
    // OpenSSL does not read the certificate, the key or the algorithm.
    return 'unsupported';
  }
}

/**
 * The words that libvirt (with full stop) and QEMU (without) have for a status: later tests override earlier ones, and expiry has no
 * words of its own (virNetTLSCertCheckPair; qcrypto_tls_creds_check_cert_pair; both sessions alike).
 */
export function statusText(status: ReadonlySet<TrustStatus>, program: TlsProgram): string {
  const stop = program === 'libvirt' ? '.' : '';
  if (status.has('insecure-algorithm')) return 'The certificate uses an insecure algorithm';
  if (status.has('revoked')) return `The certificate has been revoked${stop}`;
  if (status.has('signer-not-found')) return `The certificate hasn't got a known issuer${stop}`;
  if (status.has('invalid')) return `The certificate is not trusted${stop}`;
  return 'Invalid certificate';
}
