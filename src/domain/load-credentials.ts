import type {
  Certificate,
  CertificateFile,
  PrivateKeyFile,
  RevocationList,
  RevocationListFile,
} from '../facts/certificates.ts';
import { unknown, type Unknown } from '../facts/fact.ts';
import type { ByPath, Known } from '../facts/facts.ts';
import type { Account } from './account.ts';
import { presentedChain } from './chain-of-trust.ts';
import { lookUp, noSuchFile, type Found } from './found-file.ts';
import { loadsIdentities } from './libvirt-version.ts';
import {
  checkLoading,
  checkOwnCertificate,
  isPair,
  type Endpoint,
  type OwnCertificateVerdict,
  type Program,
  type Refusal,
  type RefusalKind,
} from './own-certificate.ts';

/** The facts that tell what is in credential files and who may read them. */
export const loadingFacts = ['files', 'certificates', 'privateKeys', 'revocationLists'] as const;
export type LoadingFacts = Known<(typeof loadingFacts)[number]>;

/** The files that one program is to load; a file that it does not look for is absent. */
export interface CredentialPaths {
  readonly ca?: string;
  readonly revocationList?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** A certificate and its key. */
export interface IdentityPaths {
  readonly certificate: string;
  readonly key: string;
}

export interface LoadingOfCredentials {
  readonly program: Program;
  readonly endpoint: Endpoint;
  readonly paths: CredentialPaths;
  /** The account that reads them. */
  readonly account: Account;
  /** Does the program look at its own certificates before it loads them. */
  readonly checks: boolean;
  /** The moment, ISO 8601. */
  readonly at: string;
  /** Does this version demand key encipherment (`requiresKeyEncipherment`); undefined when the version is not known. */
  readonly requiresKeyEncipherment: boolean | undefined;
  /** The program's; null when it is not known, absent for one from before its program loaded several identities. */
  readonly version?: string | null | undefined;
  /** Identities besides the first, of which a version that loads several takes those up to the first that is not there. */
  readonly further?: readonly IdentityPaths[];
  /** The daemon's configuration names the files, so that each of them must be there. */
  readonly isNamed?: boolean;
  /** What is known of the pass phrase that is given for the key: never itself. Absent where none is given. */
  readonly passPhrase?: 'fits' | 'does-not-fit' | 'not-tried';
}

/** Why a program refuses its files: what it finds wrong in one of them, or that one is not there or closed to it. */
export type LoadingRefusal = Omit<Refusal, 'kind'> & {
  readonly kind: RefusalKind | 'missing' | 'unreadable' | 'not-a-file';
};

/** What a program has in its hands after loading. */
export interface LoadedCredentials {
  /** Everything that it trusts, in the order of the file. */
  readonly anchors: readonly Certificate[];
  readonly revocationLists: readonly RevocationList[];
  /** What it shows of itself, leaf first; absent when it has no certificate, or no key to it. */
  readonly identity?: {
    readonly certificatePath: string;
    readonly keyPath: string;
    readonly chain: readonly Certificate[];
    /** The key is not the certificate's, and the loader did not notice. */
    readonly isNoPair?: true;
  };
  /** What its own check only warns of. */
  readonly warnings: readonly Refusal[];
}

export type LoadingOutcome =
  | { readonly state: 'refused'; readonly refusal: LoadingRefusal }
  | { readonly state: 'unknown'; readonly because: Unknown }
  | ({ readonly state: 'loaded' } & LoadedCredentials);

/** A step of the loading: what ends it, or nothing. */
type Ending = Exclude<LoadingOutcome, { readonly state: 'loaded' }> | undefined;

/**
 * What comes of it when libvirt or QEMU, run by an account, loads its credentials: the first thing that it refuses, word for word, or what it
 * then has. A client without a certificate or key goes on without; a revocation list that is not there is passed over.
 *
 * Source: libvirt src/rpc/virnettlscontext.c: virNetTLSContextNew, virNetTLSContextLoadCredentials, virNetTLSContextCheckCertFile;
 * QEMU crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load; crypto/tlscreds.c: qcrypto_tls_creds_get_path (up to 10.1).
 */
export function loadCredentials(facts: LoadingFacts, question: LoadingOfCredentials): LoadingOutcome {
  const { version, program } = question;
  if (version === null) return ofEitherVersion(facts, question);
  return loadsIdentities(program, version) ? loadIdentities(facts, question) : loadPairOfCredentials(facts, question);
}

/** What all versions make of the files, where they agree; of a refusal, that there is one, in the older words. */
function ofEitherVersion(facts: LoadingFacts, question: LoadingOfCredentials): LoadingOutcome {
  const older = loadPairOfCredentials(facts, question);
  const newer = loadIdentities(facts, question);
  const isAgreed =
    newer.state === 'unknown' || older.state === 'unknown'
      ? older.state === newer.state || newer.state === 'unknown'
      : older.state === 'refused'
        ? newer.state === 'refused'
        : newer.state === 'loaded' && newer.identity?.certificatePath === older.identity?.certificatePath;
  if (isAgreed) return older;
  return {
    state: 'unknown',
    because: unknown(
      'not-collected',
      `what ${question.program} makes of its files depends on its version, which is not known (--${question.program}-version says it)`,
    ),
  };
}

function loadPairOfCredentials(facts: LoadingFacts, question: LoadingOfCredentials): LoadingOutcome {
  const { program, paths, account } = question;
  const find = <T>(contents: ByPath<T>, path: string | undefined): Found<T> => lookUp(facts, contents, path, account);
  const files: FoundFiles = {
    ca: find(facts.certificates, paths.ca),
    revocationList: find(facts.revocationLists, paths.revocationList),
    certificate: find(facts.certificates, paths.certificate),
    key: find(facts.privateKeys, paths.key),
  };
  const warnings: Refusal[] = [];
  const steps =
    program === 'libvirt'
      ? [ownCheck(warnings), loadCa, loadRevocationList, loadPair]
      : // QEMU looks for all of its files first, and reads the revocation list last.
        [lookForAll, ownCheck(warnings), loadCa, loadPair, loadRevocationList];
  for (const step of steps) {
    const ending = step(question, files);
    if (ending !== undefined) return ending;
  }
  return loaded(files, warnings);
}

/** What the program then has in its hands. */
function loaded({ ca, revocationList, certificate, key }: FoundFiles, warnings: readonly Refusal[]): LoadingOutcome {
  return {
    state: 'loaded',
    anchors: ca.state === 'content' ? ca.file.certificates : [],
    revocationLists: revocationList.state === 'content' ? revocationList.file.lists : [],
    ...(certificate.state === 'content' && key.state === 'content'
      ? {
          identity: {
            certificatePath: certificate.path,
            keyPath: key.path,
            chain: presentedChain(certificate.file.certificates),
            ...(key.file.state === 'encrypted' || isPair(certificate.file.certificates[0], key.file)
              ? {}
              : { isNoPair: true as const }),
          },
        }
      : {}),
    warnings,
  };
}

/**
 * The same where a program loads several identities. The first of them is what it shows: which one it is that a handshake takes, its
 * algorithms decide.
 *
 * Source: libvirt 11.10 src/rpc/virnettlsconfig.c, virnettlscontext.c; QEMU 10.2 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load.
 */
function loadIdentities(facts: LoadingFacts, question: LoadingOfCredentials): LoadingOutcome {
  const { program, paths, account, endpoint, further = [], isNamed = false } = question;
  const find = <T>(contents: ByPath<T>, path: string | undefined): Found<T> => lookUp(facts, contents, path, account);
  const ca = find(facts.certificates, paths.ca);
  const revocationList = find(facts.revocationLists, paths.revocationList);
  const candidates = [paths, ...further].map(({ certificate, key }) => ({
    certificate: find(facts.certificates, certificate),
    key: find(facts.privateKeys, key),
  }));
  const asked: LoadingOfCredentials = { ...question, version: newest[program] };
  const isQemu = program === 'qemu';

  if (isQemu) {
    const ending = lookForReadable(ca, true) ?? readCa(ca);
    if (ending !== undefined) return ending;
  } else {
    const ending = locateCa(ca, isNamed && paths.ca === '');
    if (ending !== undefined) return ending;
  }
  const present: FoundFiles[] = [];
  for (const [index, { certificate, key }] of candidates.entries()) {
    if (certificate.state === 'none' || key.state === 'none') continue;
    const files: FoundFiles = { ca, revocationList, certificate, key };
    const ending = isQemu ? lookForPair(files) : locatePair(files, isNamed);
    if (ending !== undefined) return ending;
    if (certificate.state === 'missing') {
      // The numbers end at the first that is not there; the pair without one may be left out.
      if (index > 0) break;
      continue;
    }
    const read = isQemu ? readPair(asked, files) : undefined;
    if (read !== undefined) return read;
    present.push(files);
  }
  const { certificate, key } = paths;
  if (present.length === 0 && endpoint === 'server' && certificate !== undefined)
    return refusedFile(
      'missing',
      certificate,
      isQemu
        ? `Missing server cert '${certificate}' & key '${key}'`
        : `Certificate '${certificate}' does not exist: ${noSuchFile}`,
    );

  const warnings: Refusal[] = [];
  const empty: FoundFiles = { ca, revocationList, certificate: { state: 'none' }, key: { state: 'none' } };
  const each = present.length === 0 ? [empty] : present;
  const check = (files: FoundFiles): Ending => ownCheck(warnings)(asked, files);
  const steps: readonly (() => Ending)[] = isQemu
    ? [
        () => (endpoint === 'server' ? lookForReadable(revocationList, false) : undefined),
        () => firstEnding(each, check),
        () => loadRevocationList(asked, empty),
      ]
    : [
        () => firstEnding(each, check),
        () => loadCa(asked, empty),
        () =>
          isNamed && revocationList.state === 'missing'
            ? refusedFile(
                'missing',
                revocationList.path,
                `Unable to set x509 certificate revocation list: ${revocationList.path}: ${unreadable}`,
              )
            : loadRevocationList(asked, empty),
        () => firstEnding(each, (files) => loadPair(asked, files)),
      ];
  for (const step of steps) {
    const ending = step();
    if (ending !== undefined) return ending;
  }
  return loaded(each[0] ?? empty, warnings);
}

/** A version of which everything here holds, for the texts. */
const newest = { libvirt: '11.10', qemu: '10.2' } as const;

type Refused = Exclude<Ending, undefined>;

const refusedFile = (kind: LoadingRefusal['kind'], path: string, text: string): Refused => ({
  state: 'refused',
  refusal: { kind, path, text },
});

function firstEnding(all: readonly FoundFiles[], step: (files: FoundFiles) => Ending): Ending {
  for (const files of all) {
    const ending = step(files);
    if (ending !== undefined) return ending;
  }
  return undefined;
}

/** virNetTLSConfigCheckTrust. */
function locateCa(ca: Found<unknown>, isSwitchedOff: boolean): Ending {
  // An empty string is a path like any other there.
  if (isSwitchedOff) return refusedFile('missing', '', `CA certificate '' does not exist: ${noSuchFile}`);
  if (ca.state === 'unknown') return ca;
  return ca.state === 'missing'
    ? refusedFile('missing', ca.path, `CA certificate '${ca.path}' does not exist: ${ca.error}`)
    : undefined;
}

/** virNetTLSConfigCheckIdentity: access(2) with F_OK, so that what cannot be read is there. */
function locatePair({ certificate, key }: FoundFiles, isNamed: boolean): Ending {
  const unseen = undecided(certificate, key);
  if (unseen !== undefined) return unseen;
  if (certificate.state === 'missing') {
    const { path, error } = certificate;
    if (isNamed) return refusedFile('missing', path, `Certificate '${path}' does not exist: ${error}`);
    return key.state === 'missing' || !('path' in key)
      ? undefined
      : refusedFile('missing', path, `Certificate '${path}' does not exist, but key '${key.path}' does: ${error}`);
  }
  return key.state === 'missing' && 'path' in certificate
    ? refusedFile(
        'missing',
        key.path,
        `Key '${key.path}' does not exist, but certificate '${certificate.path}' does: ${key.error}`,
      )
    : undefined;
}

/** qcrypto_tls_creds_get_path of QEMU 10.2: access(2) with R_OK. */
function lookForReadable(file: Found<unknown>, isRequired: boolean): Ending {
  if (file.state === 'unknown') return file;
  const error = file.state === 'missing' ? file.error : file.state === 'unreadable' ? 'Permission denied' : undefined;
  if (error === undefined || !('path' in file) || (error === noSuchFile && !isRequired)) return undefined;
  return refusedFile(
    file.state === 'unreadable' ? 'unreadable' : 'missing',
    file.path,
    `Unable to access credentials ${file.path}: ${error}`,
  );
}

/** qcrypto_tls_creds_x509_load_identity, as far as it looks for files. */
function lookForPair({ certificate, key }: FoundFiles): Ending {
  const ending = lookForReadable(certificate, false) ?? lookForReadable(key, false);
  if (ending !== undefined) return ending;
  if (!('path' in certificate) || !('path' in key)) return undefined;
  if (key.state === 'missing' && certificate.state !== 'missing')
    return refusedFile('missing', key.path, `Cert '${certificate.path}' without corresponding key '${key.path}'`);
  if (certificate.state === 'missing' && key.state !== 'missing')
    return refusedFile(
      'missing',
      certificate.path,
      `Key '${key.path}' without corresponding cert '${certificate.path}'`,
    );
  return undefined;
}

const directoryText = (path: string): string => `${path}: Error reading file “${path}”: Is a directory`;

function readCa(ca: FoundFiles['ca']): Ending {
  if (ca.state === 'not-a-file')
    return refusedFile('not-a-file', ca.path, `Cannot load CA cert list ${directoryText(ca.path)}`);
  return ca.state === 'content' ? firstOf(checkLoading({ program: 'qemu', ca, version: newest.qemu })) : undefined;
}

/** qcrypto_tls_creds_load_cert_list, qcrypto_tls_creds_load_privkey, gnutls_certificate_set_x509_key. */
function readPair(question: LoadingOfCredentials, { certificate, key }: FoundFiles): Ending {
  if (certificate.state === 'not-a-file')
    return refusedFile('not-a-file', certificate.path, `Cannot load CA cert list ${directoryText(certificate.path)}`);
  if (certificate.state !== 'content') return undefined;
  if (key.state === 'not-a-file')
    return refusedFile('not-a-file', key.path, `Cannot load private key ${directoryText(key.path)}`);
  if (key.state !== 'content') return undefined;
  return pairContent(question, certificate, key);
}

interface FoundFiles {
  readonly ca: Found<CertificateFile>;
  readonly revocationList: Found<RevocationListFile>;
  readonly certificate: Found<CertificateFile>;
  readonly key: Found<PrivateKeyFile>;
}

const refused = (kind: LoadingRefusal['kind'], path: string, text: string): Ending => ({
  state: 'refused',
  refusal: { kind, path, text },
});

const firstOf = ([refusal]: readonly Refusal[]): Ending =>
  refusal === undefined ? undefined : { state: 'refused', refusal };

const undecided = (...files: readonly Found<unknown>[]): Ending => files.find((file) => file.state === 'unknown');

const unreadable = 'Error while reading file.';

function lookForAll({ endpoint }: LoadingOfCredentials, files: FoundFiles): Ending {
  const required = endpoint === 'server';
  const order = [
    [files.ca, true],
    [files.revocationList, false],
    [files.certificate, required],
    [files.key, required],
  ] as const;
  for (const [file, isRequired] of order) {
    if (file.state === 'unknown') return file;
    if (file.state === 'missing' && (isRequired || file.error !== noSuchFile))
      return refused('missing', file.path, `Unable to access credentials ${file.path}: ${file.error}`);
  }
  return undefined;
}

/** The program's look at its own certificates; what it may not read it passes over (access(R_OK)), for the loader to find. */
const ownCheck =
  (warnings: Refusal[]) =>
  (question: LoadingOfCredentials, { certificate, ca }: FoundFiles): Ending => {
    const { program, endpoint, checks, at, requiresKeyEncipherment, version } = question;
    if (!checks) return undefined;
    const unseen = undecided(certificate, ca);
    if (unseen !== undefined) return unseen;
    for (const file of [certificate, ca]) {
      if (file.state !== 'not-a-file') continue;
      const text =
        program === 'libvirt'
          ? `Failed to read file '${file.path}': Is a directory`
          : `Cannot load CA cert list ${file.path}: Failed to read from file “${file.path}”: Is a directory`;
      return refused('not-a-file', file.path, text);
    }
    const judge = (demands: boolean): OwnCertificateVerdict =>
      checkOwnCertificate({
        program,
        endpoint,
        ...(certificate.state === 'content' ? { certificate } : {}),
        ...(ca.state === 'content' ? { ca } : {}),
        at,
        requiresKeyEncipherment: demands,
        version: version ?? undefined,
      });
    const verdict = judge(requiresKeyEncipherment ?? false);
    if (requiresKeyEncipherment === undefined && judge(true).refusals[0]?.text !== verdict.refusals[0]?.text)
      return { state: 'unknown', because: unknown('not-collected', versionDecides(program)) };
    warnings.push(...verdict.warnings);
    return firstOf(verdict.refusals);
  };

const versionDecides = (program: Program): string =>
  `the version decides whether key encipherment is demanded, and it is not known (--${program}-version says it)`;

function loadCa({ program }: LoadingOfCredentials, { ca }: FoundFiles): Ending {
  switch (ca.state) {
    case 'none':
      return undefined;
    case 'unknown':
      return ca;
    case 'missing':
      return refused('missing', ca.path, `Cannot read CA certificate '${ca.path}': ${ca.error}`);
    case 'unreadable':
    case 'not-a-file':
      return refused(
        ca.state,
        ca.path,
        program === 'libvirt'
          ? `Unable to set x509 CA certificate: ${ca.path}: ${unreadable}`
          : `Cannot load CA certificate '${ca.path}': ${unreadable}`,
      );
    case 'content':
      return firstOf(checkLoading({ program, ca }));
  }
}

function loadRevocationList({ program }: LoadingOfCredentials, { revocationList: list }: FoundFiles): Ending {
  switch (list.state) {
    case 'none':
    case 'missing':
      return undefined;
    case 'unknown':
      return list;
    case 'unreadable':
    case 'not-a-file':
      return refused(
        list.state,
        list.path,
        program === 'libvirt'
          ? `Unable to set x509 certificate revocation list: ${list.path}: ${unreadable}`
          : `Cannot load CRL '${list.path}': ${unreadable}`,
      );
    case 'content':
      return firstOf(checkLoading({ program, crl: list }));
  }
}

/** Certificate and key; that the certificate is there is asked first, and GnuTLS then reads the key first. */
function loadPair(question: LoadingOfCredentials, { certificate, key }: FoundFiles): Ending {
  const { program, endpoint } = question;
  if (certificate.state === 'none' || key.state === 'none') return undefined;
  const unseen = undecided(key, certificate);
  if (unseen !== undefined) return unseen;
  const missing = [certificate, key].find((file) => file.state === 'missing');
  if (missing !== undefined) {
    if (endpoint === 'client') return undefined;
    const what = missing === key ? 'private key' : 'certificate';
    return refused('missing', missing.path, `Cannot read ${what} '${missing.path}': ${missing.error}`);
  }
  const closed = [key, certificate].find(isClosed);
  if (closed !== undefined) {
    const paths = [key, certificate].map((file) => ('path' in file ? file.path : ''));
    return refused(
      closed.state,
      closed.path,
      program === 'libvirt'
        ? `Unable to set x509 key and certificate: ${paths.join(', ')}: ${unreadable}`
        : `Cannot load certificate '${paths[1]}' & key '${paths[0]}': ${unreadable}`,
    );
  }
  if (certificate.state !== 'content' || key.state !== 'content') return undefined;
  return pairContent(question, certificate, key);
}

/** What is wrong with a certificate and its key that can be read. */
function pairContent(
  { program, passPhrase, version }: LoadingOfCredentials,
  certificate: Content<CertificateFile>,
  key: Content<PrivateKeyFile>,
): Ending {
  if (passPhrase === 'not-tried' && key.file.state === 'encrypted') {
    return {
      state: 'unknown',
      because: unknown('unsupported', `whether the pass phrase that is given opens ${key.path} was not tried`),
    };
  }
  return firstOf(
    checkLoading({
      program,
      certificate,
      key,
      version: version ?? undefined,
      hasPassPhrase: passPhrase === 'fits',
    }),
  );
}

type Content<T> = Extract<Found<T>, { readonly state: 'content' }>;

type Closed = Extract<Found<unknown>, { readonly state: 'unreadable' | 'not-a-file' }>;
const isClosed = (file: Found<unknown>): file is Closed => file.state === 'unreadable' || file.state === 'not-a-file';
