import type {
  Certificate,
  CertificateFile,
  Malformation,
  PrivateKeyFile,
  RevocationListFile,
} from '../facts/certificates.ts';
import { isIssuer, statusText, verifyChain, type ChainFault } from './chain-of-trust.ts';
import { validityAt } from './certificate-validity.ts';
import { allowedEndpoints } from './key-purpose.ts';
import { loadsIdentities, maximumCas } from './libvirt-version.ts';

export type Program = 'libvirt' | 'qemu';
export type Endpoint = 'server' | 'client';

/** Why a program refuses, or warns of, a file of its own. */
export type RefusalKind =
  | 'too-large'
  | 'certificate-malformed'
  | 'ca-malformed'
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'certificate-is-a-ca'
  | 'digital-signature-missing'
  | 'key-encipherment-missing'
  | 'purpose-mismatch'
  | 'ca-expired'
  | 'ca-not-yet-valid'
  | 'ca-not-a-ca'
  | 'ca-without-constraints'
  | 'ca-key-usage'
  | 'untrusted'
  | 'crl-malformed'
  | 'key-malformed'
  | 'key-encrypted'
  | 'key-mismatch';

export interface Refusal {
  readonly kind: RefusalKind;
  /** Literally what the program prints. */
  readonly text: string;
  /** The file at fault. */
  readonly path: string;
  /** The certificate at fault, where it is one of several. */
  readonly certificate?: Certificate;
  /** Why the pair does not verify, for `untrusted`. */
  readonly fault?: ChainFault;
}

export interface OwnCertificateQuestion {
  readonly program: Program;
  readonly endpoint: Endpoint;
  /** Absent where the program finds none; one that it may not read it skips as well. */
  readonly certificate?: { readonly path: string; readonly file: CertificateFile };
  readonly ca?: { readonly path: string; readonly file: CertificateFile };
  /** The moment, ISO 8601. */
  readonly at: string;
  /** Does this version demand key encipherment (`requiresKeyEncipherment`). */
  readonly requiresKeyEncipherment: boolean;
  /** The program's; absent for one from before its program loaded several identities. */
  readonly version?: string | undefined;
}

export interface OwnCertificateVerdict {
  /** In the program's order: it stops at the first, and would meet the next when that one is mended. */
  readonly refusals: readonly Refusal[];
  /** What it only logs (libvirt) or passes over in silence (QEMU). */
  readonly warnings: readonly Refusal[];
}

/**
 * The check that libvirt (virNetTLSCertSanityCheck of rpc/virnettlscert.c, in 9.0 virNetTLSContextSanityCheckCredentials of
 * rpc/virnettlscontext.c) and QEMU up to 10.1 (qcrypto_tls_creds_x509_sanity_check of crypto/tlscredsx509.c) make of their own files
 * before they load them: the first certificate of the leaf's file alone against the first 16 certificates of the CA file. QEMU 10.1 reads
 * all of the CA file, and 10.2 all of both (`checkChain`).
 */
export function checkOwnCertificate(question: OwnCertificateQuestion): OwnCertificateVerdict {
  const { program, certificate, ca, at, version } = question;
  if (program === 'qemu' && loadsIdentities(program, version)) return checkChain(question);
  const refusals: Refusal[] = [];
  const warnings: Refusal[] = [];
  const report = (refusal: Refusal, fatal = true): unknown => (fatal ? refusals : warnings).push(refusal);

  const leaf = certificate === undefined ? undefined : leafOf(certificate, question, report);
  const cas = ca === undefined ? undefined : casOf(ca, question, report);
  if (certificate !== undefined && leaf !== undefined) checkLeaf(leaf, certificate.path, question, report);
  if (ca !== undefined) for (const each of cas ?? []) checkCa(each, ca.path, at, report);
  if (certificate !== undefined && ca !== undefined && leaf !== undefined && cas !== undefined && cas.length > 0) {
    const further = [
      ...certificate.file.certificates.slice(1),
      ...ca.file.certificates.slice(maximumCas(program, version)),
    ];
    const verdict = verifyChain({ certificates: [leaf], anchors: cas, at, options: { algorithm: 'list', further } });
    if (!verdict.trusted)
      report({
        kind: 'untrusted',
        path: certificate.path,
        text: `Our own certificate ${certificate.path} failed validation against ${ca.path}: ${statusText(verdict.status, program)}`,
        certificate: leaf,
        fault: verdict.fault,
      });
  }
  return { refusals, warnings };
}

/**
 * The check of QEMU 10.2, made after loading: each certificate of the leaf's file, those behind the first as CAs; each issued by the next;
 * then from the last of them up, of the CA file only those that are on the way.
 *
 * Source: QEMU 10.2 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_sanity_check_identity, qcrypto_tls_creds_check_authority_chain.
 */
function checkChain(question: OwnCertificateQuestion): OwnCertificateVerdict {
  const { certificate, ca, at } = question;
  const [leaf, ...above] = certificate?.file.certificates ?? [];
  if (certificate === undefined || leaf === undefined) return { refusals: [], warnings: [] };
  const refusals: Refusal[] = [];
  const warnings: Refusal[] = [];
  const report = (refusal: Refusal, fatal = true): unknown => (fatal ? refusals : warnings).push(refusal);
  const cas = ca?.file.certificates ?? [];
  const verdict = verifyChain({ certificates: [leaf, ...above], anchors: cas, at, options: { algorithm: 'list' } });
  const untrusted = (text: string): unknown =>
    report({
      kind: 'untrusted',
      path: certificate.path,
      text,
      certificate: leaf,
      ...(verdict.trusted ? {} : { fault: verdict.fault }),
    });

  checkLeaf(leaf, certificate.path, question, report);
  for (const each of above) checkCa(each, certificate.path, at, report);
  const chain = [leaf, ...above];
  const broken = chain.findIndex((each, index) => {
    const next = chain[index + 1];
    return next !== undefined && !isIssuer(each, next);
  });
  if (broken !== -1)
    untrusted(
      `Cert '${chain[broken + 1]?.subject.text}' does not match issuer of cert '${chain[broken]?.subject.text}'`,
    );
  else {
    const { path, orphan } = wayUp(above.at(-1) ?? leaf, cas);
    if (ca !== undefined) for (const each of path) checkCa(each, ca.path, at, report);
    if (orphan !== undefined) untrusted(`Cert '${orphan.subject.text}' has no issuer in CA chain`);
  }
  if (!verdict.trusted && ca !== undefined)
    untrusted(
      `Our own certificate ${certificate.path} failed validation against ${ca.path}: ${statusText(verdict.status, 'qemu')}`,
    );
  return { refusals, warnings };
}

/** The CAs from a certificate up to a self-issued one, and the certificate whose issuer is not among them. */
function wayUp(
  start: Certificate,
  cas: readonly Certificate[],
): { readonly path: readonly Certificate[]; readonly orphan?: Certificate } {
  const path: Certificate[] = [];
  let current = start;
  // QEMU itself would go round for ever where CAs have issued one another.
  while (path.length <= cas.length) {
    const certificate = current;
    if (isIssuer(certificate, certificate)) return { path: [...path, certificate] };
    const issuer = cas.find((each) => isIssuer(certificate, each));
    if (issuer === undefined) return { path, orphan: certificate };
    path.push(issuer);
    current = issuer;
  }
  return { path };
}

type Report = (refusal: Refusal, fatal?: boolean) => unknown;
interface File {
  readonly path: string;
  readonly file: CertificateFile;
}

function leafOf(
  { path, file }: File,
  { program, endpoint }: OwnCertificateQuestion,
  report: Report,
): Certificate | undefined {
  if (tooLarge(path, file, program, report)) return undefined;
  // Only the first certificate is imported: what is wrong further on, the loader finds.
  const [leaf] = file.certificates;
  if (leaf !== undefined && file.malformation?.cause !== 'binary') return leaf;
  const detail =
    program === 'libvirt' ? '' : `: ${file.malformation?.gnutlsError ?? 'Base64 unexpected header error.'}`;
  report({ kind: 'certificate-malformed', path, text: `Unable to import ${endpoint} certificate ${path}${detail}` });
  return undefined;
}

function casOf(
  { path, file }: File,
  { program, version }: OwnCertificateQuestion,
  report: Report,
): readonly Certificate[] | undefined {
  if (tooLarge(path, file, program, report)) return undefined;
  // A block that is broken after the sixteenth is never reached.
  const limit = maximumCas(program, version);
  const reached = file.certificates.length < limit;
  if (file.malformation !== undefined && file.malformation.cause !== 'too-large' && reached) {
    const what = program === 'libvirt' && loadsIdentities(program, version) ? 'certificate' : 'CA certificate';
    report({ kind: 'ca-malformed', path, text: `Unable to import ${what} list ${path}` });
    return undefined;
  }
  return file.certificates.slice(0, limit);
}

function tooLarge(path: string, file: CertificateFile, program: Program, report: Report): boolean {
  if (program !== 'libvirt' || file.malformation?.cause !== 'too-large') return false;
  report({ kind: 'too-large', path, text: `Failed to read file '${path}': Value too large for defined data type` });
  return true;
}

function checkLeaf(leaf: Certificate, path: string, question: OwnCertificateQuestion, report: Report): void {
  const { program, endpoint, at, requiresKeyEncipherment } = question;
  const common = { path, certificate: leaf };
  const validity = validityAt(leaf, at);
  if (validity === 'expired')
    report({ kind: 'certificate-expired', text: `The ${endpoint} certificate ${path} has expired`, ...common });
  if (validity === 'not-yet-valid')
    report({
      kind: 'certificate-not-yet-valid',
      text: `The ${endpoint} certificate ${path} is not yet active`,
      ...common,
    });
  if (leaf.basicConstraints?.ca === true)
    report({
      kind: 'certificate-is-a-ca',
      text: `The certificate ${path} basic constraints show a CA, but we need one for a ${endpoint}`,
      ...common,
    });
  const { keyUsage } = leaf;
  if (keyUsage !== undefined && !keyUsage.usages.includes('digitalSignature'))
    report(
      {
        kind: 'digital-signature-missing',
        text: `Certificate ${path} usage does not permit digital signature`,
        ...common,
      },
      keyUsage.critical,
    );
  if (requiresKeyEncipherment && keyUsage !== undefined && !keyUsage.usages.includes('keyEncipherment'))
    report(
      {
        kind: 'key-encipherment-missing',
        text: `Certificate ${path} usage does not permit key encipherment`,
        ...common,
      },
      keyUsage.critical,
    );
  if (!allowedEndpoints(leaf, program)[endpoint]) {
    const use = program === 'libvirt' ? 'use for with' : 'use with';
    report(
      {
        kind: 'purpose-mismatch',
        text: `Certificate ${path} purpose does not allow ${use} a TLS ${endpoint}`,
        ...common,
      },
      leaf.extendedKeyUsage?.critical === true,
    );
  }
}

function checkCa(ca: Certificate, path: string, at: string, report: Report): void {
  const common = { path, certificate: ca };
  const validity = validityAt(ca, at);
  if (validity === 'expired') report({ kind: 'ca-expired', text: `The CA certificate ${path} has expired`, ...common });
  if (validity === 'not-yet-valid')
    report({ kind: 'ca-not-yet-valid', text: `The CA certificate ${path} is not yet active`, ...common });
  if (ca.basicConstraints === undefined)
    report({
      kind: 'ca-without-constraints',
      text: `The certificate ${path} is missing basic constraints for a CA`,
      ...common,
    });
  else if (!ca.basicConstraints.ca)
    report({ kind: 'ca-not-a-ca', text: `The certificate ${path} basic constraints do not show a CA`, ...common });
  if (ca.keyUsage !== undefined && !ca.keyUsage.usages.includes('keyCertSign'))
    report(
      { kind: 'ca-key-usage', text: `Certificate ${path} usage does not permit certificate signing`, ...common },
      ca.keyUsage.critical,
    );
}

export interface LoadingQuestion {
  readonly program: Program;
  readonly ca?: { readonly path: string; readonly file: CertificateFile };
  readonly crl?: { readonly path: string; readonly file: RevocationListFile };
  readonly certificate?: { readonly path: string; readonly file: CertificateFile };
  readonly key?: { readonly path: string; readonly file: PrivateKeyFile };
  /** The program's; absent for one from before its program loaded several identities. */
  readonly version?: string | undefined;
  /** A pass phrase is given (QEMU's passwordid): an encrypted key is then taken for one that opens, and whether it fits is not known. */
  readonly hasPassPhrase?: boolean;
}

/**
 * What stops GnuTLS when the program then loads the files, in its order: CA, revocation list and key pair (libvirt), or CA, key pair and
 * revocation list (QEMU). The key is read before the certificate; without both, no pair is loaded.
 * Source: virNetTLSContextLoadCredentials, qcrypto_tls_creds_x509_load; gnutls lib/cert-cred-x509.c.
 */
export function checkLoading(question: LoadingQuestion): readonly Refusal[] {
  const { program, ca, crl, certificate, key, version, hasPassPhrase = false } = question;
  if (program === 'qemu' && loadsIdentities(program, version)) return checkReading(question);
  const refusals: Refusal[] = [];
  const refuse = (kind: RefusalKind, path: string, text: string): unknown => refusals.push({ kind, path, text });
  const blocks = ca?.file.malformation;
  // A CA file without any certificate is no error to the loader: it trusts nobody.
  if (ca !== undefined && blocks !== undefined && !hasNoBlock(ca.file) && !isUnseenByLoader(blocks))
    refuse(
      'ca-malformed',
      ca.path,
      program === 'libvirt'
        ? `Unable to set x509 CA certificate: ${ca.path}: ${blocks.gnutlsError ?? unknownError}`
        : `Cannot load CA certificate '${ca.path}': ${blocks.gnutlsError ?? unknownError}`,
    );
  const list = (): void => {
    const error = crl?.file.malformation?.gnutlsError ?? unknownError;
    if (crl?.file.malformation === undefined) return;
    refuse(
      'crl-malformed',
      crl.path,
      program === 'libvirt'
        ? `Unable to set x509 certificate revocation list: ${crl.path}: ${error}`
        : `Cannot load CRL '${crl.path}': ${error}`,
    );
  };
  if (program === 'libvirt') list();
  const isOpened = hasPassPhrase && key?.file.state === 'encrypted';
  if (certificate !== undefined && key !== undefined && !isOpened) {
    const fault = pairFault(certificate.file, key.file);
    if (fault !== undefined)
      refuse(
        fault.kind,
        fault.kind === 'certificate-malformed' ? certificate.path : key.path,
        program === 'libvirt'
          ? `Unable to set x509 key and certificate: ${key.path}, ${certificate.path}: ${fault.error}`
          : `Cannot load certificate '${certificate.path}' & key '${key.path}': ${fault.error}`,
      );
  }
  if (program === 'qemu') list();
  return refusals;
}

/**
 * What stops QEMU 10.2, which reads CA, certificate and key itself, and the revocation list last. A file without any certificate is an error
 * there (gnutls_x509_crt_list_import2).
 */
function checkReading({ ca, crl, certificate, key, hasPassPhrase = false }: LoadingQuestion): readonly Refusal[] {
  const refusals: Refusal[] = [];
  const read = (kind: RefusalKind, file: File | undefined): void => {
    if (file === undefined) return;
    const { certificates, malformation } = file.file;
    const isEmpty = hasNoBlock(file.file) || certificates.length + (malformation === undefined ? 0 : 1) === 0;
    if (!isEmpty && (malformation === undefined || isUnseenByLoader(malformation))) return;
    const error = isEmpty ? 'No certificate was found.' : (malformation?.gnutlsError ?? unknownError);
    refusals.push({ kind, path: file.path, text: `Unable to import certificate ${file.path}: ${error}` });
  };
  read('ca-malformed', ca);
  if (certificate !== undefined && key !== undefined) {
    const before = refusals.length;
    read('certificate-malformed', certificate);
    const isOpened = hasPassPhrase && key.file.state === 'encrypted';
    const [leaf] = certificate.file.certificates;
    if (key.file.state !== 'readable') {
      if (!isOpened)
        refusals.push({
          kind: key.file.state === 'encrypted' ? 'key-encrypted' : 'key-malformed',
          path: key.path,
          text: `Unable to import private key ${key.path}`,
        });
    } else if (refusals.length === before && !isPair(leaf, key.file) && !goesUnnoticed(leaf, key.file))
      refusals.push({
        kind: 'key-mismatch',
        path: key.path,
        text: `Cannot set certificate '${certificate.path}' & key '${key.path}': The certificate and the given key do not match.`,
      });
  }
  if (crl?.file.malformation !== undefined)
    refusals.push({
      kind: 'crl-malformed',
      path: crl.path,
      text: `Cannot load CRL '${crl.path}': ${crl.file.malformation.gnutlsError ?? unknownError}`,
    });
  return refusals;
}

/** How many certificates of its own chain GnuTLS loads (DEFAULT_MAX_VERIFY_DEPTH); it stops reading there. */
const maximumChain = 16;

const unknownError = 'ASN1 parser: Error in DER parsing.';

/** Only the programs' own reading has a limit, and ends at a NUL. */
const isUnseenByLoader = ({ cause }: Malformation): boolean => cause === 'too-large' || cause === 'binary';

/** Is there no PEM header of a certificate at all. */
function hasNoBlock({ certificates, malformation }: CertificateFile): boolean {
  const causes = ['empty', 'no-pem', 'der', 'utf-16', 'trusted-certificate', 'wrong-label', 'binary'];
  return certificates.length === 0 && malformation !== undefined && causes.includes(malformation.cause);
}

function pairFault(
  certificate: CertificateFile,
  key: PrivateKeyFile,
): { readonly kind: RefusalKind; readonly error: string } | undefined {
  if (key.state === 'encrypted') return { kind: 'key-encrypted', error: 'Decryption has failed.' };
  if (key.state === 'malformed') return { kind: 'key-malformed', error: key.malformation.gnutlsError ?? unknownError };
  const { certificates, malformation } = certificate;
  if (hasNoBlock(certificate)) return { kind: 'certificate-malformed', error: 'Base64 decoding error.' };
  const stops = malformation !== undefined && !isUnseenByLoader(malformation);
  if (stops && certificates.length < maximumChain)
    return { kind: 'certificate-malformed', error: malformation.gnutlsError ?? unknownError };
  const [leaf] = certificates;
  return isPair(leaf, key) || goesUnnoticed(leaf, key)
    ? undefined
    : { kind: 'key-mismatch', error: 'The certificate and the given key do not match.' };
}

/** Is a key the one of a certificate. */
export const isPair = (leaf: Certificate | undefined, key: PrivateKeyFile): boolean =>
  key.state === 'readable' && leaf?.publicKey.fingerprint === key.publicKey.fingerprint;

/**
 * GnuTLS tries a pair by a signature with SHA-256. There is none of Edwards curves, so that these pairs pass untried and fail in each
 * handshake (_gnutls_check_key_cert_match, 3.7.9 and 3.8.9).
 */
export const goesUnnoticed = (leaf: Certificate | undefined, key: PrivateKeyFile & { state: 'readable' }): boolean =>
  key.publicKey.algorithm.startsWith('Ed') && leaf?.publicKey.algorithm === key.publicKey.algorithm;
