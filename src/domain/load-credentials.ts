import type {
  Certificate,
  CertificateFile,
  PrivateKeyFile,
  RevocationList,
  RevocationListFile,
} from '../facts/certificates.ts';
import { unknown, type Unknown } from '../facts/fact.ts';
import type { ByPath, Known } from '../facts/facts.ts';
import { access } from './access.ts';
import type { Account } from './account.ts';
import { presentedChain } from './chain-of-trust.ts';
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
import { walk } from './walk.ts';

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

/** What one account finds at a path. */
type Found<T> =
  | { readonly state: 'none' }
  | { readonly state: 'unknown'; readonly because: Unknown }
  | { readonly state: 'missing'; readonly path: string; readonly error: string }
  | { readonly state: 'unreadable' | 'not-a-file'; readonly path: string }
  | { readonly state: 'content'; readonly path: string; readonly file: T };

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
  const { ca, revocationList, certificate, key } = files;
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

const noSuchFile = 'No such file or directory';
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
    const { program, endpoint, checks, at, requiresKeyEncipherment } = question;
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
function loadPair({ program, endpoint, passPhrase }: LoadingOfCredentials, { certificate, key }: FoundFiles): Ending {
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
  if (passPhrase === 'not-tried' && key.file.state === 'encrypted') {
    return {
      state: 'unknown',
      because: unknown('unsupported', `whether the pass phrase that is given opens ${key.path} was not tried`),
    };
  }
  return firstOf(checkLoading({ program, certificate, key, hasPassPhrase: passPhrase === 'fits' }));
}

type Closed = Extract<Found<unknown>, { readonly state: 'unreadable' | 'not-a-file' }>;
const isClosed = (file: Found<unknown>): file is Closed => file.state === 'unreadable' || file.state === 'not-a-file';

function lookUp<T>(facts: LoadingFacts, contents: ByPath<T>, path: string | undefined, account: Account): Found<T> {
  if (path === undefined || path === '') return { state: 'none' };
  const way = walk(facts.files, path);
  const seen = access(way, account, 'see');
  if (seen.may === undefined) return { state: 'unknown', because: seen.because };
  if (!seen.may) return { state: 'missing', path, error: 'Permission denied' };
  if (way.outcome === 'loop') return { state: 'missing', path, error: 'Too many levels of symbolic links' };
  if (way.outcome !== 'found') return { state: 'missing', path, error: noSuchFile };
  const may = access(way, account, 'read');
  if (may.may === undefined) return { state: 'unknown', because: may.because };
  if (!may.may) return { state: 'unreadable', path };
  if (way.entry.type === 'directory') return { state: 'not-a-file', path };
  const content = Object.hasOwn(contents, path) ? contents[path] : undefined;
  if (content === undefined)
    return { state: 'unknown', because: unknown('not-collected', `the content of ${path} was not collected`) };
  return content.known ? { state: 'content', path, file: content.value } : { state: 'unknown', because: content };
}
