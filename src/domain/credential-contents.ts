import type {
  Certificate,
  CertificateFile,
  Malformation,
  PrivateKeyFile,
  RevocationListFile,
} from '../facts/certificates.ts';
import { unknown, type Unknown } from '../facts/fact.ts';
import type { ByPath, Known } from '../facts/facts.ts';
import type { Role } from '../facts/role.ts';
import { credentialFacts, credentials, type CredentialFile, type CredentialSet } from './credentials.ts';
import { remembering } from './remembering.ts';
import { walk } from './walk.ts';

/** The facts from which it follows who looks for which credentials, and what is in them. */
export const contentFacts = [...credentialFacts, 'certificates', 'privateKeys', 'revocationLists'] as const;
export type ContentFacts = Known<(typeof contentFacts)[number]>;
/** The part of them that tells what is in the files. */
export type FileContentFacts = Known<'files' | 'certificates' | 'privateKeys' | 'revocationLists'>;

/** What stands where a program looks. */
export type Content<T> =
  /** The program does not look for it. */
  | { readonly state: 'none' }
  /** Nothing is there; `dangling` when a symbolic link leads to nothing or in a circle. */
  | { readonly state: 'absent'; readonly file: CredentialFile; readonly dangling: boolean }
  | { readonly state: 'unknown'; readonly file: CredentialFile; readonly because: Unknown }
  /** The program would refuse it; `readable` is what stands before the damage. */
  | {
      readonly state: 'malformed';
      readonly file: CredentialFile;
      readonly malformation: Malformation;
      readonly readable: number;
      /** The certificates that can be made of it: all where only its form is at fault, else those before the damage. */
      readonly salvaged: readonly Certificate[];
    }
  | { readonly state: 'loaded'; readonly file: CredentialFile; readonly value: T };

export type SoundKey = Exclude<PrivateKeyFile, { readonly state: 'malformed' }>;

/** A credential set with what its files hold. */
export interface SetContents {
  readonly set: CredentialSet;
  readonly ca: Content<CertificateFile>;
  readonly certificate: Content<CertificateFile>;
  readonly key: Content<SoundKey>;
  readonly crl: Content<RevocationListFile>;
}

export interface Gap {
  readonly path: string;
  readonly because: Unknown;
}

export interface CredentialContents {
  readonly sets: readonly SetContents[];
  readonly gaps: readonly Gap[];
}

/**
 * The contents of all sets in use, and where sets could not be learnt. TigerVNC's are left to those who know that nothing stops it
 * (`viewerTrust`).
 */
export const credentialContents = remembering(contentFacts, (facts, roles: readonly Role[]): CredentialContents => {
  const { sets, gaps } = credentials(facts, roles);
  return { sets: sets.filter(({ program }) => program !== 'tigervnc').map((set) => contentsOf(facts, set)), gaps };
});

/** What viewers trust that have no identity of their own: TigerVNC's files, of which none is fatal. */
export const viewerTrust = remembering(contentFacts, (facts, roles: readonly Role[]): readonly SetContents[] =>
  credentials(facts, roles)
    .sets.filter(({ program }) => program === 'tigervnc')
    .map((set) => contentsOf(facts, set)),
);

/** What one set's files hold, be it in use or still to come about. */
export const contentsOf = (facts: FileContentFacts, set: CredentialSet): SetContents => ({
  set,
  ca: certificateContent(facts, set, set.ca),
  certificate: certificateContent(facts, set, set.certificate),
  key: keyContent(facts, set.key),
  crl: revocationListContent(facts, set.crl),
});

/** What could not be learnt of some of a set's files. */
export const gapsIn = (...contents: readonly Content<unknown>[]): readonly Gap[] =>
  contents.flatMap((content) =>
    content.state === 'unknown' ? [{ path: content.file.path, because: content.because }] : [],
  );

function certificateContent(
  facts: FileContentFacts,
  set: CredentialSet,
  file: CredentialFile | undefined,
): Content<CertificateFile> {
  const found = lookUp(facts, facts.certificates, file);
  if (found.state !== 'loaded') return found;
  const { malformation, certificates, recovered, privateKeyLine } = found.value;
  // Only libvirt has a limit of size.
  if (malformation === undefined || (malformation.cause === 'too-large' && set.program !== 'libvirt')) return found;
  // What is made of it goes into the same file, where a key would be lost.
  const salvaged = privateKeyLine === undefined ? (recovered ?? certificates) : [];
  return { state: 'malformed', file: found.file, malformation, readable: certificates.length, salvaged };
}

function keyContent(facts: FileContentFacts, file: CredentialFile | undefined): Content<SoundKey> {
  const found = lookUp(facts, facts.privateKeys, file);
  if (found.state !== 'loaded') return found;
  const { value } = found;
  return value.state === 'malformed'
    ? { state: 'malformed', file: found.file, malformation: value.malformation, readable: 0, salvaged: [] }
    : { ...found, value };
}

function revocationListContent(facts: FileContentFacts, file: CredentialFile | undefined): Content<RevocationListFile> {
  const found = lookUp(facts, facts.revocationLists, file);
  if (found.state !== 'loaded') return found;
  const { malformation, lists } = found.value;
  return malformation === undefined
    ? found
    : { state: 'malformed', file: found.file, malformation, readable: lists.length, salvaged: [] };
}

function lookUp<T>(
  { files }: Known<'files'>,
  contents: ByPath<T>,
  file: CredentialFile | undefined,
): Exclude<Content<T>, { state: 'malformed' }> {
  if (file === undefined) return { state: 'none' };
  const { path } = file;
  const way = walk(files, path);
  if (way.outcome === 'unknown') return { state: 'unknown', file, because: way.because };
  if (way.outcome === 'loop') return { state: 'absent', file, dangling: true };
  if (way.outcome === 'absent') return { state: 'absent', file, dangling: way.link !== undefined };
  const content = Object.hasOwn(contents, path) ? contents[path] : undefined;
  if (content === undefined)
    return { state: 'unknown', file, because: unknown('not-collected', `the content of ${path} was not collected`) };
  return content.known ? { state: 'loaded', file, value: content.value } : { state: 'unknown', file, because: content };
}

/** The place of a certificate among a set's files: its own, one that its file adds to it, or a member of the CA file. */
export type Place = 'leaf' | 'chain' | 'ca';

/** One certificate that a program loads. */
export interface CertificateInUse {
  readonly set: CredentialSet;
  readonly file: CredentialFile;
  readonly place: Place;
  readonly certificate: Certificate;
}

/** Every certificate that a set's program loads, from files that are sound: its own first. */
export function certificatesOf({ set, ca, certificate }: SetContents): readonly CertificateInUse[] {
  const inFile = (content: Content<CertificateFile>, place: (index: number) => Place): readonly CertificateInUse[] =>
    content.state === 'loaded'
      ? content.value.certificates.map((one, index) => ({
          set,
          file: content.file,
          place: place(index),
          certificate: one,
        }))
      : [];
  return [...inFile(certificate, (index) => (index === 0 ? 'leaf' : 'chain')), ...inFile(ca, () => 'ca')];
}

/** Is a certificate's issuer its own subject, as a root's is. */
export const isSelfIssued = ({ subject, issuer }: Pick<Certificate, 'subject' | 'issuer'>): boolean =>
  subject.der === issuer.der;

/** What a certificate is called in a sentence: by its place among the files and, where there may be several, its subject. */
export function certificateTitle({ set, place, certificate }: CertificateInUse): string {
  switch (place) {
    case 'leaf':
      return `The ${set.endpoint} certificate`;
    case 'chain':
      return `The further certificate ${subjectTitle(certificate)}`;
    case 'ca':
      return `The CA certificate ${subjectTitle(certificate)}`;
  }
}

/** A certificate's subject, or its serial number where the subject is empty. */
export const subjectTitle = ({ subject, serial }: Pick<Certificate, 'subject' | 'serial'>): string =>
  subject.text === '' ? `with serial number ${serial}` : subject.text;

/** The certificates of a file that the program loads; none where it does not. */
export const membersOf = (content: Content<CertificateFile>): readonly Certificate[] =>
  content.state === 'loaded' ? content.value.certificates : [];

/** A set's own certificate: the first of its file. */
export const leafOf = ({ certificate }: SetContents): Certificate | undefined => membersOf(certificate)[0];

/** The leaf unless it is a CA certificate, which cannot be judged as a leaf. */
export function endEntityOf(contents: SetContents): Certificate | undefined {
  const leaf = leafOf(contents);
  return leaf?.basicConstraints?.ca === true ? undefined : leaf;
}

/** Gaps of the files that a question needs. */
export const contentGaps = (
  sets: readonly SetContents[],
  ...which: readonly ('ca' | 'certificate' | 'key' | 'crl')[]
): readonly Gap[] => sets.flatMap((contents) => gapsIn(...which.map((name) => contents[name])));

/** Every certificate in use on a host, once per set, and the files that could not be looked at. */
export function certificatesInUse(
  facts: ContentFacts,
  roles: readonly Role[],
): { readonly certificates: readonly CertificateInUse[]; readonly gaps: readonly Gap[] } {
  const { sets, gaps } = credentialContents(facts, roles);
  return { certificates: sets.flatMap(certificatesOf), gaps: [...gaps, ...contentGaps(sets, 'ca', 'certificate')] };
}
