import type { Known } from '../facts/facts.ts';
import type { Role } from '../facts/role.ts';
import { flatPki, systemPki, type CredentialKind, type Endpoint } from '../reference/pki-files.ts';
import { remminaSettings } from '../reference/vnc-clients.ts';
import { credentialContents, gapsIn, type ContentFacts, type Gap, type SetContents } from './credential-contents.ts';
import type { CredentialFile, CredentialSet } from './credentials.ts';
import { tlsWanted } from './listening.ts';
import { remminaRefusal } from './remmina-sets.ts';
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
  /** Nothing names the file, where one must be named: by this key, beside the statement of the other half, which is `file`'s setting. */
  readonly unnamed?: string;
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
    if (contents.set.program === 'remmina' && content.state === 'none') return unnamedHalf(contents.set, kind);
    if (content.state !== 'absent' || content.dangling || isShadowed(contents) || isUnused(contents.set, kind))
      return [];
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
  if (set.program === 'remmina')
    return {
      ...common,
      fatal: true,
      text: remminaRefusal(kind, 'Error while reading file.'),
      consequence: consequenceOf(set),
      ...libvirtsOwn(facts, set, kind, half),
    };
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

/** A file of a pair of which a profile names no other half is not looked at. */
const isUnused = ({ program, certificate, key }: CredentialSet, kind: CredentialKind): boolean =>
  program === 'remmina' && kind !== 'ca-certificate' && (certificate === undefined || key === undefined);

/** Of certificate and key a profile of Remmina names but one: neither is used. */
function unnamedHalf(set: CredentialSet, kind: Exclude<CredentialKind, 'revocation-list'>): readonly MissingFile[] {
  const other = kind === 'certificate' ? set.key : kind === 'private-key' ? set.certificate : undefined;
  if (other === undefined) return [];
  return [
    {
      set,
      file: other,
      half: true,
      fatal: false,
      text: 'No client certificate or key provided.',
      consequence: `the pair is not used, and a connection by ${set.owner} carries no certificate, which a server that verifies its clients refuses`,
      unnamed: remminaSettings[kind],
    },
  ];
}

/** What gives a program that misses files those which lie elsewhere: links, or for Remmina, which has no place of its own, other paths. */
export const useInstead = (
  set: CredentialSet,
  files: readonly { readonly at: string; readonly target: string }[],
): string => {
  const named = files.flatMap(({ at, target }) => {
    const setting = [set.ca, set.certificate, set.key].find((file) => file?.path === at)?.setting;
    return setting === undefined ? [] : [{ ...setting, target }];
  });
  const [first] = named;
  return first === undefined
    ? linkCommands(set, files)
    : `with Remmina closed, in ${first.path}: ${named.map(({ key, target, line }) => `${key}=${target} (line ${line})`).join(' and ')}`;
};

/** The line that a profile of Remmina lacks. */
export const nameInProfile = ({ file, unnamed }: MissingFile): string =>
  `with Remmina closed, in ${file.setting?.path} after line ${file.setting?.line}: ${unnamed}=, and the path of the file that belongs to ${file.path}; or take out line ${file.setting?.line}, if servers ask for no certificate`;

/** What is seen of a file that is not there. */
export const absenceText = ({ file: { path, setting }, elsewhere, unnamed }: MissingFile): string =>
  unnamed !== undefined
    ? `${setting?.key} in line ${setting?.line} of ${setting?.path}, and no ${unnamed}`
    : `nothing at ${path}${namedBy(setting)}${elsewhere === undefined ? '' : `; libvirt's client has ${elsewhere}`}`;

/** Only of Remmina's files does anybody have to be told who wants them there. */
const namedBy = (setting: CredentialFile['setting']): string =>
  setting?.path.endsWith('.remmina') === true ? `, which ${setting.path} names as ${setting.key}` : '';

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

/** The like of a missing file that the same user's libvirt client has: the user's own, or the CA of the system. */
function libvirtsOwn(
  { files }: Known<'files'>,
  { program, libvirtDirectory, certificate }: CredentialSet,
  kind: Exclude<CredentialKind, 'revocation-list'>,
  half: boolean,
): Pick<MissingFile, 'elsewhere'> {
  const name = kind === 'ca-certificate' ? flatPki[kind] : flatPki.client[kind];
  // To one half that is there only the half of the same pair helps.
  const fits =
    !half || (kind === 'private-key' && certificate?.path === `${libvirtDirectory}/${flatPki.client.certificate}`);
  const paths = [
    ...(libvirtDirectory === undefined || !fits ? [] : [`${libvirtDirectory}/${name}`]),
    // gtk-vnc has looked there.
    ...(program === 'remmina' && kind === 'ca-certificate' ? [systemPki[kind]] : []),
  ];
  const elsewhere = paths.find((path) => exists(files, path) === true);
  return elsewhere === undefined ? {} : { elsewhere };
}

/** gtk-vnc goes on without any of its files. */
function describeForViewer(
  facts: Known<'files'>,
  set: CredentialSet,
  kind: Exclude<CredentialKind, 'revocation-list'>,
  half: boolean,
): Pick<MissingFile, 'fatal' | 'text' | 'consequence' | 'elsewhere'> {
  const { owner } = set;
  const elsewhere = libvirtsOwn(facts, set, kind, half);
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
