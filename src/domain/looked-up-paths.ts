import type { Known } from '../facts/facts.ts';
import {
  clientAuthenticationFiles,
  configurationFiles,
  userClientConfiguration,
} from '../reference/configuration-files.ts';
import {
  defaultQemuTlsDirectory,
  flatPki,
  numberedFile,
  numberedIdentities,
  qemuPki,
  qemuTlsDirectory,
  qemuTlsUses,
  systemPki,
  usualCaKeyNames,
  type QemuTlsUse,
} from '../reference/pki-files.ts';
import { spiceDirectory, spiceTrust } from '../reference/spice-clients.ts';
import { gtkVncNames, gtkVncPki, gtkVncSystemDirectory, tigerVncPki } from '../reference/vnc-clients.ts';
import { userPkiFile, usersInScope } from './account.ts';
import { serverPathSettings } from './credentials.ts';
import { pkiDirectoriesOf } from './libvirt-uri.ts';
import { keytabFiles, saslConfigurationPaths, saslDatabaseFiles } from './sasl-files.ts';
import { remminaFiles } from './remmina-sets.ts';
import { runningTlsDirectories } from './running-tls-directories.ts';
import { effectiveSetting, stringListSetting } from './setting-value.ts';
import { tigerVncDirectoriesOf } from './tiger-vnc-sets.ts';
import { gtkVncDirectory } from './vnc-client-files.ts';

export const lookedUpFacts = [
  'configurations',
  'saslConfigurations',
  'accounts',
  'caller',
  'qemuProcesses',
  'remminaProfiles',
  'scope',
] as const;

/** What kind of content a path should hold, so that a collector knows which parser reads it. */
export interface LookedUpPaths {
  readonly certificates: readonly string[];
  readonly privateKeys: readonly string[];
  readonly revocationLists: readonly string[];
  /** Looked at from outside only: configuration, databases, keytabs, directories. */
  readonly others: readonly string[];
}

/**
 * Every path at which libvirt, QEMU, their clients or VNC clients may look for credentials on this host, and the files whose owner and mode
 * matter besides: defaults, what settings name, and every user's own. A superset of what is in use: which of them are is
 * `credentials()`. A host may have many users, of whom most have nothing: of those for whose directory `mayHold` is false no
 * more than that directory is named.
 */
export function lookedUpPaths(
  facts: Known<(typeof lookedUpFacts)[number]>,
  mayHold: (userDirectory: string) => boolean = () => true,
): LookedUpPaths {
  const certificates = new Set<string>();
  const privateKeys = new Set<string>();
  const revocationLists = new Set<string>();
  const others = new Set<string>(Object.values(configurationFiles));
  const homes = usersInScope(facts);
  const withFiles = homes.filter(({ home }) => mayHold(gtkVncDirectory(home)));
  const users = withFiles.filter(({ uid }) => uid !== 0);

  const layouts: readonly {
    readonly at: (name: string) => string;
    readonly names: typeof flatPki | typeof qemuPki | typeof systemPki;
  }[] = [
    { at: (path) => path, names: systemPki },
    ...users.map((user) => ({ at: (name: string) => userPkiFile(user, name), names: flatPki })),
    ...clientDirectories(facts).map((directory) => ({ at: (name: string) => `${directory}/${name}`, names: flatPki })),
    ...qemuDirectories(facts).map((directory) => ({ at: (name: string) => `${directory}/${name}`, names: qemuPki })),
  ];
  for (const { at, names } of layouts) {
    certificates.add(at(names['ca-certificate']));
    revocationLists.add(at(names['revocation-list']));
    for (const endpoint of ['server', 'client'] as const) {
      const [certificate, key] = [at(names[endpoint].certificate), at(names[endpoint]['private-key'])];
      certificates.add(certificate);
      privateKeys.add(key);
      for (const number of numberedIdentities) {
        const program = names === qemuPki ? 'qemu' : 'libvirt';
        certificates.add(numberedFile(certificate, number, program));
        privateKeys.add(numberedFile(key, number, program));
      }
    }
  }
  const gtkVncRoots = withFiles.map(({ home }) => gtkVncDirectory(home));
  for (const root of new Set([gtkVncSystemDirectory, ...gtkVncRoots])) {
    for (const name of gtkVncNames) {
      const files = gtkVncPki(name);
      certificates.add(`${root}/${files['ca-certificate']}`);
      certificates.add(`${root}/${files.certificate}`);
      privateKeys.add(`${root}/${files['private-key']}`);
      revocationLists.add(`${root}/${files['revocation-list']}`);
    }
  }
  for (const directory of homes.flatMap(({ home }) => tigerVncDirectoriesOf(home)).filter(mayHold)) {
    certificates.add(`${directory}/${tigerVncPki['ca-certificate']}`);
    revocationLists.add(`${directory}/${tigerVncPki['revocation-list']}`);
  }
  for (const directory of homes.map(({ home }) => spiceDirectory(home)).filter(mayHold))
    certificates.add(`${directory}/${spiceTrust['ca-certificate']}`);
  for (const daemon of ['libvirtd', 'virtproxyd'] as const) {
    for (const [kind, key] of Object.entries(serverPathSettings)) {
      const path = settingText(facts, configurationFiles[daemon], key);
      // A relative path counts from the daemon's working directory, which is the root.
      if (path === undefined || path === '') continue;
      (kind === 'private-key' ? privateKeys : kind === 'revocation-list' ? revocationLists : certificates).add(path);
    }
    for (const [key, paths] of [
      ['cert_files', certificates],
      ['key_files', privateKeys],
    ] as const)
      for (const path of settingTexts(facts, configurationFiles[daemon], key)) if (path !== '') paths.add(path);
  }
  const caDirectories = new Set(
    [...certificates]
      .filter((path) => /\/ca-?cert\.pem$/.test(path))
      .map((path) => path.slice(0, path.lastIndexOf('/'))),
  );
  for (const directory of caDirectories) for (const name of usualCaKeyNames) privateKeys.add(`${directory}/${name}`);

  // After the search for keys of CAs: these may lie anywhere.
  for (const { kind, path } of remminaFiles(facts))
    (kind === 'private-key' ? privateKeys : kind === 'revocation-list' ? revocationLists : certificates).add(path);

  for (const directory of qemuDirectories(facts)) others.add(directory);
  for (const user of homes) {
    const home = user.home.replace(/\/+$/, '');
    others.add(gtkVncDirectory(home));
    for (const directory of tigerVncDirectoriesOf(home)) others.add(directory);
    others.add(`${home}/${userClientConfiguration}`);
    others.add(`${home}/${clientAuthenticationFiles.user}`);
  }
  others.add(clientAuthenticationFiles.system);
  for (const path of saslConfigurationPaths(facts)) others.add(path);
  for (const { path } of [...saslDatabaseFiles(facts), ...keytabFiles(facts)]) others.add(path);
  return {
    certificates: [...certificates],
    privateKeys: [...privateKeys],
    revocationLists: [...revocationLists],
    others: [...others],
  };
}

/** Directories of a client's credentials that were asked for, or that an alias or the default URI of a libvirt.conf names. */
function clientDirectories({ configurations, scope }: Known<'configurations' | 'scope'>): readonly string[] {
  const named = Object.entries(configurations)
    .filter(([path, file]) => path.endsWith('/libvirt.conf') && file.known)
    .flatMap(([, file]) => (file.known ? file.value.settings : []))
    .filter(({ key }) => key === 'uri_aliases' || key === 'uri_default')
    .flatMap(({ value }) => (value.type === 'list' ? value.items : [value]))
    .flatMap((value) => (value.type === 'string' ? pkiDirectoriesOf(value.value.replace(/^[\w.-]+=/, '')) : []));
  return [...new Set([...scope.pkiDirectories, ...named])];
}

/** All directories that qemu.conf may mean for any use, without asking whether they exist, and those that guests run with. */
function qemuDirectories(facts: Known<'configurations' | 'qemuProcesses'>): readonly string[] {
  const uses = Object.keys(qemuTlsUses) as QemuTlsUse[];
  const named = ['default_tls_x509_cert_dir', ...uses.map((use) => `${use}_tls_x509_cert_dir`)]
    .map((key) => settingText(facts, configurationFiles.qemu, key)?.replace(/\/+$/, ''))
    .filter((path) => path?.startsWith('/') === true);
  const used = runningTlsDirectories(facts).map(({ directory }) => directory);
  return [...new Set([...uses.map(qemuTlsDirectory), defaultQemuTlsDirectory, ...(named as string[]), ...used])];
}

function settingTexts(facts: Known<'configurations'>, path: string, key: string): readonly string[] {
  const file = facts.configurations[path];
  if (file === undefined || !file.known) return [];
  const list = stringListSetting(file.value, key);
  return list.ok ? (list.value ?? []) : [];
}

function settingText(facts: Known<'configurations'>, path: string, key: string): string | undefined {
  const file = facts.configurations[path];
  if (file === undefined || !file.known) return undefined;
  const value = effectiveSetting(file.value, key)?.value;
  return value?.type === 'string' ? value.value : undefined;
}
