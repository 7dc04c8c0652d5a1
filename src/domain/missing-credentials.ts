import type { Known } from '../facts/facts.ts';
import type { Role } from '../facts/role.ts';
import { flatPki, type CredentialKind, type Endpoint } from '../reference/pki-files.ts';
import { credentialContents, gapsIn, type ContentFacts, type Gap, type SetContents } from './credential-contents.ts';
import type { CredentialFile, CredentialSet } from './credentials.ts';
import { tlsWanted } from './listening.ts';
import { consequenceOf } from './own-credentials.ts';
import { isGtkVncSystemFile } from './vnc-client-files.ts';
import { exists, parentOf } from './walk.ts';

/** A file that a program needs, or could use, and that is not there. */
export interface MissingFile {
  readonly set: CredentialSet;
  readonly file: CredentialFile;
  /** The other half of the pair is there. */
  readonly half: boolean;
  /** Does the program refuse to go on without it. */
  readonly fatal: boolean;
  /** What the program prints, where it prints anything. */
  readonly text?: string;
  /** What comes of it, as a clause. */
  readonly consequence: string;
  /** Where the user's libvirt client has the like, at which this program does not look. */
  readonly elsewhere?: string;
}

/**
 * The files of one kind that are wanted and are not there. A daemon wants its files where it is meant to serve TLS; QEMU where a
 * directory holds part of them; a client where anything shows one, unless users have what they need of their own. A dangling
 * link is not missing.
 */
export function missingFiles(
  facts: ContentFacts,
  roles: readonly Role[],
  kind: Exclude<CredentialKind, 'revocation-list'>,
  endpoint?: Endpoint,
): { readonly missing: readonly MissingFile[]; readonly gaps: readonly Gap[]; readonly asked: boolean } {
  const { sets, gaps } = credentialContents(facts, roles);
  const asked = sets.filter(
    (contents) => (endpoint === undefined || contents.set.endpoint === endpoint) && isWanted(facts, contents, sets),
  );
  const missing = asked.flatMap((contents) => {
    const content = contentOf(contents, kind);
    if (content.state !== 'absent' || content.dangling || isShadowed(contents)) return [];
    // The CA is wanted once, however many identities there are.
    if (kind === 'ca-certificate' && contents.set.besides !== undefined) return [];
    return [describe(facts, contents, kind, content.file)];
  });
  return {
    missing,
    gaps: [
      ...gaps,
      ...asked.flatMap((contents) => gapsIn(contentOf(contents, kind)).filter(({ path }) => isHidden(facts, path))),
    ],
    asked: asked.length > 0,
  };
}

/** A file that may not be read is still seen to be there. */
const isHidden = ({ files }: Known<'files'>, path: string): boolean => exists(files, path) === undefined;

const contentOf = (contents: SetContents, kind: Exclude<CredentialKind, 'revocation-list'>) =>
  kind === 'ca-certificate' ? contents.ca : kind === 'certificate' ? contents.certificate : contents.key;

const isThere = ({ state }: SetContents['key'] | SetContents['certificate']): boolean =>
  state !== 'absent' && state !== 'none';

function isWanted(facts: ContentFacts, contents: SetContents, all: readonly SetContents[]): boolean {
  const { set } = contents;
  if (set.role === 'libvirt-server') return tlsWanted(facts);
  // What a console's directory lacks is one fault of its own.
  if (set.consoleDirectory !== undefined) return false;
  if (set.id !== 'libvirt-client') return true;
  // A user without a pair of their own falls back to the system's.
  const users = all.filter(({ set: { id } }) => id.startsWith('libvirt-client:'));
  const served = users.length > 0 && users.every(({ certificate }) => certificate.state !== 'none');
  return isThere(contents.certificate) || isThere(contents.key) || !served;
}

function describe(
  facts: ContentFacts,
  { set, certificate, key }: SetContents,
  kind: Exclude<CredentialKind, 'revocation-list'>,
  file: CredentialFile,
): MissingFile {
  const half = kind === 'certificate' ? isThere(key) : kind === 'private-key' ? isThere(certificate) : false;
  const common = { set, file, half };
  const isOptional = set.endpoint === 'client' && kind !== 'ca-certificate' && !half;
  if (set.severalIdentities === true && !isOptional) {
    const text = strictText(set, kind, file.path, half);
    return { ...common, fatal: true, ...(text === undefined ? {} : { text }), consequence: consequenceOf(set) };
  }
  if (set.program === 'qemu' && (set.endpoint === 'server' || kind === 'ca-certificate'))
    return {
      ...common,
      fatal: true,
      text: `Unable to access credentials ${file.path}: No such file or directory`,
      consequence: consequenceOf(set),
    };
  if (set.program === 'gtk-vnc') return { ...common, ...describeForViewer(facts, set, kind, half) };
  if (kind === 'ca-certificate' || set.endpoint === 'server')
    return {
      ...common,
      fatal: true,
      text: `Cannot read ${libvirtNames[kind]} '${file.path}': No such file or directory`,
      consequence: consequenceOf(set),
    };
  return {
    ...common,
    fatal: false,
    consequence: `${half ? unusedPair(set) : ''}a connection by ${set.owner} carries no certificate, which a server that verifies its clients refuses`,
  };
}

/**
 * What a program prints that loads several identities (`loadsIdentities`); undefined where it stops at the certificate already.
 * Source: libvirt src/rpc/virnettlsconfig.c; QEMU crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load_identity.
 */
function strictText(
  { program, certificate, key }: CredentialSet,
  kind: Exclude<CredentialKind, 'revocation-list'>,
  path: string,
  half: boolean,
): string | undefined {
  const isQemu = program === 'qemu';
  if (kind === 'ca-certificate')
    return isQemu
      ? `Unable to access credentials ${path}: No such file or directory`
      : `CA certificate '${path}' does not exist: No such file or directory`;
  if (half && kind === 'certificate')
    return isQemu
      ? `Key '${key?.path}' without corresponding cert '${path}'`
      : certificate?.setting === undefined
        ? `Certificate '${path}' does not exist, but key '${key?.path}' does: No such file or directory`
        : `Certificate '${path}' does not exist: No such file or directory`;
  if (half)
    return isQemu
      ? `Cert '${certificate?.path}' without corresponding key '${path}'`
      : `Key '${path}' does not exist, but certificate '${certificate?.path}' does: No such file or directory`;
  if (isQemu) return `Missing server cert '${certificate?.path}' & key '${key?.path}'`;
  return kind === 'certificate' ? `Certificate '${path}' does not exist: No such file or directory` : undefined;
}

/** Of a pair that a user's VNC client takes from two places the half that is not there is `vnc-client-file-shadowed`. */
const isShadowed = ({ set: { program, certificate, key } }: SetContents): boolean =>
  program === 'gtk-vnc' &&
  certificate !== undefined &&
  key !== undefined &&
  isGtkVncSystemFile(certificate.path) !== isGtkVncSystemFile(key.path);

/** What a user types to let a program that looks at one path find what lies at another. */
export const linkCommands = (
  { readers }: Pick<CredentialSet, 'readers'>,
  links: readonly { readonly at: string; readonly target: string }[],
): string =>
  [
    `as ${readers[0]?.name ?? 'the user'}: mkdir -p -m 0700 ${[...new Set(links.map(({ at }) => parentOf(at)))].join(' ')}`,
    ...links.map(({ at, target }) => `ln -s ${target} ${at}`),
  ].join('; ');

/** The links that give a VNC client the pair of the same user's libvirt client. */
export const libvirtsPair = ({
  libvirtDirectory = '',
  certificate,
  key,
}: CredentialSet): readonly { readonly at: string; readonly target: string }[] =>
  [certificate, key].flatMap((file) =>
    file === undefined
      ? []
      : {
          at: file.path,
          target: `${libvirtDirectory}/${flatPki.client[file.kind === 'certificate' ? 'certificate' : 'private-key']}`,
        },
  );

/** gtk-vnc goes on without any of its files. */
function describeForViewer(
  facts: Known<'files'>,
  set: CredentialSet,
  kind: Exclude<CredentialKind, 'revocation-list'>,
  half: boolean,
): Pick<MissingFile, 'fatal' | 'text' | 'consequence' | 'elsewhere'> {
  const { owner, libvirtDirectory, certificate } = set;
  const name = kind === 'ca-certificate' ? flatPki[kind] : flatPki.client[kind];
  // To one half that is there only the half of the same pair helps.
  const fits =
    !half || (kind === 'private-key' && certificate?.path === `${libvirtDirectory}/${flatPki.client.certificate}`);
  const path = libvirtDirectory === undefined || !fits ? undefined : `${libvirtDirectory}/${name}`;
  const elsewhere = path !== undefined && exists(facts.files, path) === true ? { elsewhere: path } : {};
  return kind === 'ca-certificate'
    ? {
        fatal: false,
        text: 'The certificate is not trusted',
        consequence: `${owner} trusts the CAs of the system alone, and refuses consoles whose certificate another CA has issued`,
        ...elsewhere,
      }
    : {
        fatal: false,
        consequence: `${half ? 'the pair is not used, and ' : ''}a connection by ${owner} carries no certificate, which a server that verifies its clients refuses`,
        ...elsewhere,
      };
}

/** A user's client falls back to the pair of the system, which it may not have. */
const unusedPair = ({ id, program }: CredentialSet): string =>
  program === 'libvirt' && id !== 'libvirt-client'
    ? "the pair is not used; unless the system's pair is there, "
    : 'the pair is not used, and ';

const libvirtNames = {
  'ca-certificate': 'CA certificate',
  certificate: 'certificate',
  'private-key': 'private key',
} as const;
