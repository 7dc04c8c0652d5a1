import type { User } from '../facts/accounts.ts';
import type { Unknown } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import type { Files } from '../facts/files.ts';
import type { Role } from '../facts/role.ts';
import { configurationFiles } from '../reference/configuration-files.ts';
import {
  defaultQemuTlsDirectory,
  flatPki,
  isViewer,
  numberedFile,
  numberedIdentities,
  qemuPki,
  qemuTlsDirectory,
  qemuTlsUses,
  systemPki,
  type CredentialKind,
  type Endpoint,
  type QemuTlsUse,
  type TlsProgram,
} from '../reference/pki-files.ts';
import { accountOf, callerAccount, rootAccount, userPkiFile, usersInScope, type Account } from './account.ts';
import { isChosenElsewhere } from './home-directory.ts';
import { qemuAccount } from './qemu-account.ts';
import { loadsIdentities } from './libvirt-version.ts';
import { remembering } from './remembering.ts';
import { effectiveSetting, stringListSetting } from './setting-value.ts';
import { remoteDaemon } from './remote-daemon.ts';
import { remminaSets } from './remmina-sets.ts';
import { runningTlsDirectories, type RunningTlsDirectory } from './running-tls-directories.ts';
import { boolSetting } from './setting-value.ts';
import { tigerVncSets } from './tiger-vnc-sets.ts';
import { vncClientSets } from './vnc-client-sets.ts';
import { exists, meant, walk } from './walk.ts';

/** The facts from which it follows who looks for which credentials where. */
export const credentialFacts = [
  'configurations',
  'files',
  'accounts',
  'caller',
  'operatingSystem',
  'software',
  'services',
  'runtime',
  'qemuProcesses',
  'remminaProfiles',
] as const;
export type CredentialFacts = Known<(typeof credentialFacts)[number]>;

/** One file that a program looks up, and the setting that named it (none: a default). */
export interface CredentialFile {
  readonly kind: CredentialKind;
  readonly path: string;
  readonly setting?: { readonly path: string; readonly key: string; readonly line: number };
}

/** One identity with what it trusts, as one program looks it up for one account. */
export interface CredentialSet {
  /** `libvirt-server`, `libvirt-client`, `libvirt-client:alice`, `vnc-server`, `migrate-client`, `vnc-client:libvirt-vnc:alice` … */
  readonly id: string;
  /** For people, to stand after "of" or "for": `libvirtd`, `alice's libvirt client`, `QEMU's VNC server`. */
  readonly owner: string;
  readonly role: Role;
  readonly endpoint: Endpoint;
  readonly program: TlsProgram;
  /** Accounts that must be able to read all of it; empty where QEMU's is nobody that this host knows. */
  readonly readers: readonly Account[];
  readonly ca?: CredentialFile;
  readonly certificate?: CredentialFile;
  readonly key?: CredentialFile;
  /** Where a revocation list would be read from; absent where the program reads none. */
  readonly crl?: CredentialFile;
  /** Its program loads several identities, each of them whole or not there at all (`loadsIdentities`). */
  readonly severalIdentities?: true;
  /** It is another identity beside that of the set of this id, which trusts the same. */
  readonly besides?: string;
  /** How running guests use it, whatever qemu.conf says now. */
  readonly running?: RunningTlsDirectory;
  /**
   * The directory of a VNC server that is in use, configured or running: what it lacks is one fault, `vnc-tls-directory-incomplete`,
   * even when it lacks everything.
   */
  readonly consoleDirectory?: string;
  /** Where the same user's libvirt client has its files, at which this VNC client does not look. */
  readonly libvirtDirectory?: string;
  /** Its user has led it to files outside of the home directory (`isChosenElsewhere`): no fix writes them. */
  readonly isElsewhere?: true;
}

/** The sets in use, and what could not be learnt about where they are. */
export interface Credentials {
  readonly sets: readonly CredentialSet[];
  readonly gaps: readonly CredentialGap[];
}

/** A path at which we could not look, so that nobody can say whether a set is there. */
export interface CredentialGap {
  readonly path: string;
  readonly because: Unknown;
}

/** All files of a set, in the order in which programs load them. */
export const filesOf = (set: CredentialSet): readonly CredentialFile[] =>
  [set.ca, set.certificate, set.key, set.crl].filter((file) => file !== undefined);

/**
 * Who looks for which credentials on this host: the daemon, clients of the system and of each user, and QEMU for each use that has a
 * directory. Whether the files exist is another question.
 *
 * Source: libvirt src/rpc/virnettlsconfig.c, virnettlscontext.c: virNetTLSContextLocateCredentials (9.0);
 * src/remote/remote_daemon.c: daemonSetupNetworking; src/qemu/qemu_conf.c: virQEMUDriverConfigSetDefaults.
 */
export const credentials = remembering(credentialFacts, (facts, roles: readonly Role[]): Credentials => {
  const gaps: CredentialGap[] = [];
  const sets: CredentialSet[] = [];
  if (roles.includes('libvirt-server')) {
    const { set, gap } = serverSet(facts);
    if (gap !== undefined) gaps.push(gap);
    if (set !== undefined) sets.push(...eachIdentity(facts, set, namedServerFiles(facts)?.further));
  }
  if (roles.includes('libvirt-client')) {
    const users = usersInScope(facts)
      .filter(({ uid }) => uid !== 0)
      .map((user) => ({ user, ...userClientSet(facts, user) }));
    const withPair = users.filter(({ set }) => set?.key !== undefined).map(({ user }) => user.uid);
    for (const set of [systemClientSet(facts, withPair), ...users.flatMap(({ set }) => set ?? [])])
      sets.push(...eachIdentity(facts, set));
    gaps.push(...users.flatMap(({ gap }) => gap ?? []));
  }
  if (roles.includes('vnc-server') || roles.includes('migration')) {
    const qemu = facts.configurations[configurationFiles.qemu];
    if (qemu !== undefined && !qemu.known) gaps.push({ path: configurationFiles.qemu, because: qemu });
    else {
      const found = qemuSets(facts);
      sets.push(...found.sets.flatMap((set) => eachIdentity(facts, set)));
      gaps.push(...found.gaps);
    }
  }
  if (roles.includes('vnc-client')) {
    for (const found of [vncClientSets(facts), tigerVncSets(facts), remminaSets(facts)]) {
      sets.push(...found.sets);
      gaps.push(...found.gaps);
    }
  }
  return {
    sets: sets.map((set) =>
      filesOf(set).some(({ path }) => isChosenElsewhere(facts, set, path)) ? { ...set, isElsewhere: true } : set,
    ),
    gaps,
  };
});

/**
 * A set for each identity that a version takes up which loads several: that without a number, where anything shows it or there is no other,
 * and the numbered ones up to the first that is not there; of a configuration that names them, all that it names.
 */
function eachIdentity(
  facts: CredentialFacts,
  set: CredentialSet,
  named?: readonly { readonly certificate: CredentialFile; readonly key: CredentialFile }[],
): readonly CredentialSet[] {
  const { program, certificate, key } = set;
  if (isViewer(program) || !loadsIdentities(program, facts.software[program]?.version)) return [set];
  const first: CredentialSet = { ...set, severalIdentities: true };
  if (certificate === undefined || key === undefined) return [first];
  const isThere = (pair: { readonly certificate: CredentialFile; readonly key: CredentialFile }): boolean =>
    meant(facts.files, pair.certificate.path) === true || meant(facts.files, pair.key.path) === true;
  const numbered = numberedIdentities.map((number) => ({
    certificate: { ...certificate, path: numberedFile(certificate.path, number, program) },
    key: { ...key, path: numberedFile(key.path, number, program) },
  }));
  const end = numbered.findIndex((pair) => !isThere(pair));
  const others = named ?? numbered.slice(0, end === -1 ? numbered.length : end);
  const pairs =
    named !== undefined || others.length === 0 || isThere({ certificate, key })
      ? [{ certificate, key }, ...others]
      : others;
  return pairs.map((pair, index) =>
    index === 0 ? { ...first, ...pair } : { ...first, ...pair, id: `${set.id}-${index}`, besides: set.id },
  );
}

/** What the daemon's configuration names in place of the default paths. */
export interface NamedServerFiles {
  readonly ca?: CredentialFile;
  readonly certificate?: CredentialFile;
  readonly key?: CredentialFile;
  readonly crl?: CredentialFile;
  /** Identities after the first, which a list names. */
  readonly further: readonly { readonly certificate: CredentialFile; readonly key: CredentialFile }[];
}

/** The files that the daemon's configuration names; undefined where it names none or does not load. */
export function namedServerFiles(
  facts: Known<'configurations' | 'software' | 'services' | 'runtime'>,
): NamedServerFiles | undefined {
  const path = configurationFiles[remoteDaemon(facts)];
  const configuration = facts.configurations[path];
  if (configuration === undefined || !configuration.known || configuration.value.error !== undefined) return undefined;
  const file = configuration.value;
  const named = (kind: CredentialKind): readonly CredentialFile[] => {
    const key = serverPathSettings[kind];
    const setting = effectiveSetting(file, key);
    if (setting?.value.type === 'string')
      return [{ kind, path: setting.value.value, setting: { path, key, line: setting.line } }];
    const list = `${key}s`;
    const paths = stringListSetting(file, list);
    const statement = effectiveSetting(file, list);
    if (
      statement === undefined ||
      !paths.ok ||
      !hasLists(kind) ||
      !loadsIdentities('libvirt', facts.software.libvirt?.version)
    )
      return [];
    return (paths.value ?? []).map((one) => ({ kind, path: one, setting: { path, key: list, line: statement.line } }));
  };
  const [certificates, keys] = [named('certificate'), named('private-key')];
  const [[ca], [crl]] = [named('ca-certificate'), named('revocation-list')];
  const [certificate, key] = [certificates[0], keys[0]];
  if ([ca, certificate, key, crl].every((one) => one === undefined)) return undefined;
  return {
    ...optional('ca', ca),
    ...optional('certificate', certificate),
    ...optional('key', key),
    ...optional('crl', crl),
    further: certificates.slice(1).flatMap((one, index) => {
      const other = keys[index + 1];
      return other === undefined ? [] : [{ certificate: one, key: other }];
    }),
  };
}

const hasLists = (kind: CredentialKind): boolean => kind === 'certificate' || kind === 'private-key';

/** The settings that replace the daemon's default paths, by kind of file. */
export const serverPathSettings: Readonly<Record<CredentialKind, string>> = {
  'ca-certificate': 'ca_file',
  certificate: 'cert_file',
  'private-key': 'key_file',
  'revocation-list': 'crl_file',
};

/**
 * The daemon's own set; undefined when its configuration does not load or names only part of the files (it refuses to start then).
 * With any of the three settings the defaults are off, the revocation list's too; crl_file counts only beside all three.
 */
function serverSet(facts: CredentialFacts): { set?: CredentialSet; gap?: CredentialGap } {
  const daemon = remoteDaemon(facts);
  const path = configurationFiles[daemon];
  const configuration = facts.configurations[path];
  if (configuration !== undefined && !configuration.known) return { gap: { path, because: configuration } };
  if (configuration?.value.error !== undefined) return {};
  const { ca, certificate, key, crl } = namedServerFiles(facts) ?? {};
  const overridden = [ca, certificate, key];
  const base = {
    id: 'libvirt-server',
    owner: daemon,
    role: 'libvirt-server',
    endpoint: 'server',
    program: 'libvirt',
    readers: [rootAccount],
  } as const;
  if (overridden.every((file) => file === undefined)) {
    return {
      set: {
        ...base,
        ca: { kind: 'ca-certificate', path: systemPki['ca-certificate'] },
        certificate: { kind: 'certificate', path: systemPki.server.certificate },
        key: { kind: 'private-key', path: systemPki.server['private-key'] },
        crl: { kind: 'revocation-list', path: systemPki['revocation-list'] },
      },
    };
  }
  if (ca === undefined || certificate === undefined || key === undefined) return {};
  // An empty string switches the loading of that item off.
  const loaded = (file: CredentialFile | undefined): CredentialFile | undefined =>
    file?.path === '' ? undefined : file;
  return {
    set: {
      ...base,
      ...optional('ca', loaded(ca)),
      ...optional('certificate', loaded(certificate)),
      ...optional('key', loaded(key)),
      ...optional('crl', loaded(crl)),
    },
  };
}

const optional = <K extends string>(name: K, file: CredentialFile | undefined): Partial<Record<K, CredentialFile>> =>
  file === undefined ? {} : ({ [name]: file } as Record<K, CredentialFile>);

/** What root's clients use, and other users' where they have nothing of their own: of those we know only the one who runs us. */
function systemClientSet(facts: CredentialFacts, withPair: readonly number[]): CredentialSet {
  const { caller } = facts;
  const needsIt = caller !== null && caller.uid !== 0 && !withPair.includes(caller.uid);
  return {
    id: 'libvirt-client',
    owner: 'libvirt clients',
    role: 'libvirt-client',
    endpoint: 'client',
    program: 'libvirt',
    readers: [rootAccount, ...(needsIt ? [callerAccount(caller)] : [])],
    ca: { kind: 'ca-certificate', path: systemPki['ca-certificate'] },
    certificate: { kind: 'certificate', path: systemPki.client.certificate },
    key: { kind: 'private-key', path: systemPki.client['private-key'] },
    crl: { kind: 'revocation-list', path: systemPki['revocation-list'] },
  };
}

const gapAt = (files: Files, paths: readonly string[]): CredentialGap | undefined => {
  for (const path of paths) {
    const way = walk(files, path);
    if (way.outcome === 'unknown') return { path, because: way.because };
  }
  return undefined;
};

/**
 * A user's client set, when any file of it is there. CA and revocation list fall back to the system's one by one; certificate and
 * key only as a pair. root never looks into its home directory.
 */
function userClientSet(facts: CredentialFacts, user: User): { set?: CredentialSet; gap?: CredentialGap } {
  const has = (name: string): boolean => meant(facts.files, userPkiFile(user, name)) === true;
  const { certificate, 'private-key': key } = flatPki.client;
  const severally = loadsIdentities('libvirt', facts.software.libvirt?.version);
  const halves = [
    certificate,
    key,
    ...(severally ? [numberedFile(certificate, 0, 'libvirt'), numberedFile(key, 0, 'libvirt')] : []),
  ];
  const names = [flatPki['ca-certificate'], ...halves];
  const gap = gapAt(
    facts.files,
    names.map((name) => userPkiFile(user, name)),
  );
  if (!names.some(has)) return gap === undefined ? {} : { gap };
  const account = accountOf(facts.accounts, user);
  const own = (kind: CredentialKind, name: string): CredentialFile => ({ kind, path: userPkiFile(user, name) });
  const shared = (kind: 'ca-certificate' | 'revocation-list'): CredentialFile =>
    has(flatPki[kind]) ? own(kind, flatPki[kind]) : { kind, path: systemPki[kind] };
  const pair = halves.some(has);
  const set: CredentialSet = {
    id: `libvirt-client:${user.name}`,
    owner: `${user.name}'s libvirt client`,
    role: 'libvirt-client',
    endpoint: 'client',
    program: 'libvirt',
    readers: [account],
    ca: shared('ca-certificate'),
    // Half a pair is kept, so that the missing half can be named; libvirt then looks for the system's pair.
    ...(pair ? { certificate: own('certificate', certificate), key: own('private-key', key) } : {}),
    crl: shared('revocation-list'),
  };
  return gap === undefined ? { set } : { set, gap };
}

/** The directory in which libvirt looks for a use's files, and the setting that says so. */
export function qemuTlsDirectoryOf(
  facts: Known<'configurations' | 'files'>,
  use: QemuTlsUse,
): { readonly path: string; readonly setting?: CredentialFile['setting'] } {
  const specific = pathSetting(facts, `${use}_tls_x509_cert_dir`);
  if (specific !== undefined) return specific;
  const conventional = qemuTlsDirectory(use);
  if (exists(facts.files, conventional) === true) return { path: conventional };
  return pathSetting(facts, 'default_tls_x509_cert_dir') ?? { path: defaultQemuTlsDirectory };
}

function pathSetting(
  facts: Known<'configurations'>,
  key: string,
): { readonly path: string; readonly setting: NonNullable<CredentialFile['setting']> } | undefined {
  const path = configurationFiles.qemu;
  const file = facts.configurations[path];
  if (file === undefined || !file.known || file.value.error !== undefined) return undefined;
  const setting = effectiveSetting(file.value, key);
  return setting?.value.type === 'string'
    ? { path: setting.value.value.replace(/\/+$/, ''), setting: { path, key, line: setting.line } }
    : undefined;
}

/** A switch of qemu.conf, off by default. */
function boolOf({ configurations }: Known<'configurations'>, key: string): boolean {
  const file = configurations[configurationFiles.qemu];
  if (file === undefined || !file.known || file.value.error !== undefined) return false;
  const value = boolSetting(file.value, key);
  return value.ok && value.value === true;
}

/** One set for each end that QEMU plays in each use whose directory holds any of that end's files. */
function qemuSets(facts: CredentialFacts): Credentials {
  const account = qemuAccount(facts);
  const running = runningTlsDirectories(facts);
  const sets: CredentialSet[] = [];
  const gaps: CredentialGap[] = [];
  const configured = facts.configurations[configurationFiles.qemu] !== undefined;
  // Where guests run and nothing shows libvirt, nobody but those who run reads anything.
  const { runtime, software } = facts;
  const startsGuests =
    configured ||
    software.libvirt !== undefined ||
    software.installed.some((program) => /^(libvirtd|virtqemud)$/.test(program)) ||
    !runtime.observed ||
    runtime.processes.every(({ program }) => !program.startsWith('qemu-'));
  const vncTls = boolOf(facts, 'vnc_tls');
  const seen = new Set<string>();
  for (const [use, endpoints] of Object.entries(qemuTlsUses) as [QemuTlsUse, readonly Endpoint[]][]) {
    const { path: directory, setting } = qemuTlsDirectoryOf(facts, use);
    for (const endpoint of endpoints) {
      // Uses without a directory of their own share the default one: judge it once.
      if (seen.has(`${directory}:${endpoint}`)) continue;
      seen.add(`${directory}:${endpoint}`);
      const at = (kind: CredentialKind, name: string): CredentialFile => ({
        kind,
        path: `${directory}/${name}`,
        ...(setting === undefined ? {} : { setting }),
      });
      const names = qemuPki[endpoint];
      const whole = [`${directory}/${names.certificate}`, `${directory}/${names['private-key']}`];
      const pair = loadsIdentities('qemu', software.qemu?.version)
        ? [...whole, ...whole.map((path) => numberedFile(path, 0, 'qemu'))]
        : whole;
      const gap = gapAt(facts.files, pair);
      if (gap !== undefined) gaps.push(gap);
      const used = running.find((one) => one.directory === directory && one.endpoint === endpoint);
      const console = use === 'vnc' && (vncTls || used?.vnc === true);
      if (!console && used === undefined && !pair.some((path) => meant(facts.files, path) === true)) continue;
      sets.push({
        id: `${use}-${endpoint}`,
        owner: `QEMU's ${qemuUseNames[use]} ${endpoint}`,
        role: use === 'vnc' || use === 'spice' ? 'vnc-server' : 'migration',
        endpoint,
        program: 'qemu',
        readers: readersOf(
          used,
          account === undefined || (used !== undefined && !configured) || !startsGuests ? [] : [account],
        ),
        ca: at('ca-certificate', qemuPki['ca-certificate']),
        certificate: at('certificate', names.certificate),
        key: at('private-key', names['private-key']),
        // A client reads no revocation list, and neither does SPICE.
        ...(endpoint === 'server' && use !== 'spice' ? { crl: at('revocation-list', qemuPki['revocation-list']) } : {}),
        ...(used === undefined ? {} : { running: used }),
        ...(console ? { consoleDirectory: directory } : {}),
      });
    }
  }
  for (const used of running) {
    const { directory, endpoint } = used;
    if (seen.has(`${directory}:${endpoint}`)) continue;
    seen.add(`${directory}:${endpoint}`);
    const at = (kind: CredentialKind, name: string): CredentialFile => ({ kind, path: `${directory}/${name}` });
    const names = qemuPki[endpoint];
    const hasPair = [names.certificate, names['private-key']].some(
      (name) => meant(facts.files, `${directory}/${name}`) !== false,
    );
    sets.push({
      id: `vnc:${directory}-${endpoint}`,
      owner: `the running ${used.vnc ? 'VNC' : 'QEMU'} ${endpoint} of ${used.guests.join(', ')}`,
      role: 'vnc-server',
      endpoint,
      program: 'qemu',
      readers: readersOf(used, []),
      ca: at('ca-certificate', qemuPki['ca-certificate']),
      // A client may do without a pair.
      ...(endpoint === 'server' || hasPair
        ? { certificate: at('certificate', names.certificate), key: at('private-key', names['private-key']) }
        : {}),
      ...(endpoint === 'server' ? { crl: at('revocation-list', qemuPki['revocation-list']) } : {}),
      running: used,
      ...(used.vnc ? { consoleDirectory: directory } : {}),
    });
  }
  return { sets, gaps };
}

/** Those of running guests, and the one that new guests get. */
const readersOf = (used: RunningTlsDirectory | undefined, configured: readonly Account[]): readonly Account[] => [
  ...configured,
  ...(used?.accounts ?? []).filter(({ uid }) => configured.every((account) => account.uid !== uid)),
];

const qemuUseNames: Readonly<Record<QemuTlsUse, string>> = {
  vnc: 'VNC',
  spice: 'SPICE',
  chardev: 'character device',
  migrate: 'migration',
  backup: 'backup',
  nbd: 'NBD',
};
