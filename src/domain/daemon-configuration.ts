import type { ConfigurationFile, Setting } from '../facts/configurations.ts';
import type { Daemon } from '../facts/services.ts';
import { settingsOf, type SettingDefinition, type SettingType } from '../reference/settings.ts';
import {
  boolSetting,
  effectiveSetting,
  refusalText,
  signedSetting,
  stringListSetting,
  stringSetting,
  unsignedLongSetting,
  unsignedSetting,
  type ErrorCategory,
  type Refusal,
  type SettingValue,
} from './setting-value.ts';
import { loadsIdentities } from './libvirt-version.ts';
import { isAtLeast } from './upstream-version.ts';

/** How far the daemon gets: in the order of main() of src/remote/remote_daemon.c. */
export type StartStage = 'load' | 'host-uuid' | 'logging' | 'access-drivers' | 'workers' | 'sockets';

/** A value that stops the daemon. */
export interface DaemonRefusal extends Refusal {
  readonly stage: StartStage;
  /** Status with which the daemon exits. */
  readonly exitStatus: number;
}

const exitStatusOf: Readonly<Record<StartStage, number>> = {
  load: 1,
  'host-uuid': 1,
  logging: 1,
  'access-drivers': 1,
  workers: 3,
  sockets: 6,
};

/** What a check of one setting finds: the text and how libvirt raises it. */
interface Complaint {
  readonly error: string;
  readonly category?: ErrorCategory;
  readonly namesFile?: boolean;
  /** The setting at fault, when it is not the one that was being read. */
  readonly setting?: Setting | undefined;
}

type Check = (file: ConfigurationFile, key: string) => Complaint | undefined;

const stringOf = (file: ConfigurationFile, key: string): string | undefined => {
  const read = stringSetting(file, key);
  return read.ok ? read.value : undefined;
};

const stringsOf = (
  file: ConfigurationFile,
  key: string,
  options: { acceptString?: boolean } = {},
): readonly string[] => {
  const read = stringListSetting(file, key, options);
  return read.ok ? (read.value ?? []) : [];
};

/** The number that holds: the file's, else the default of `program`. */
function numberOf(file: ConfigurationFile, program: keyof typeof settingsOf, key: string): number {
  const read = unsignedSetting(file, key);
  const byDefault = settingsOf[program][key]?.default;
  return (read.ok ? read.value : undefined) ?? (typeof byDefault === 'number' ? byDefault : 0);
}

/** virConfGetValueULLong, unless it is a string: that must be `unlimited` (virQEMUDriverConfigLoadProcessEntry). */
const coreSize = (file: ConfigurationFile, key: string): SettingValue<unknown> =>
  effectiveSetting(file, key)?.value.type === 'string' ? stringSetting(file, key) : unsignedLongSetting(file, key);

const getters: Readonly<Record<SettingType, (file: ConfigurationFile, key: string) => SettingValue<unknown>>> = {
  bool: boolSetting,
  string: stringSetting,
  'string-list': stringListSetting,
  'string-or-list': (file, key) => stringListSetting(file, key, { acceptString: true }),
  unsigned: unsignedSetting,
  signed: signedSetting,
  'core-size': coreSize,
};

/** Reads settings in the order of a table, each with the check that follows its getter, until one is refused. */
function firstRefused(
  file: ConfigurationFile,
  table: Readonly<Record<string, SettingDefinition>>,
  checks: Readonly<Record<string, Check>>,
  isRead: (definition: SettingDefinition) => boolean,
): Refusal | undefined {
  for (const [key, definition] of Object.entries(table)) {
    if (!isRead(definition)) continue;
    const read = getters[definition.type](file, key);
    if (!read.ok) {
      const { ok: _ok, ...refusal } = read;
      return refusal;
    }
    const refusal = raise(file, key, checks[key]);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** What `check` finds in one setting, as a refusal. A complaint needs a statement to be about: defaults are never refused. */
function raise(file: ConfigurationFile, key: string, check: Check | undefined): Refusal | undefined {
  const complaint = check?.(file, key);
  const setting = complaint?.setting ?? effectiveSetting(file, key);
  if (complaint === undefined || setting === undefined) return undefined;
  const { error, category, namesFile = false } = complaint;
  return { error, ...(category === undefined ? {} : { category }), namesFile, setting };
}

/** The settings that a version reads; without a version, those that any version reads. */
const readBy =
  (version: string | undefined) =>
  ({ since, until }: SettingDefinition): boolean =>
    version === undefined ||
    ((since === undefined || isAtLeast(version, since)) && (until === undefined || !isAtLeast(version, until)));

// libvirtd, virtproxyd, virtqemud: remote_daemon_config.c.

/** remoteConfigGetAuth. */
const knownAuthentication: Check = (file, key) => {
  const value = stringOf(file, key);
  if (value === undefined || ['none', 'sasl', 'polkit'].includes(value)) return undefined;
  return { error: `${key}: unsupported auth ${value}`, category: 'unsupported configuration', namesFile: true };
};

const loadChecks: Readonly<Record<string, Check>> = {
  auth_unix_rw: knownAuthentication,
  auth_unix_ro: knownAuthentication,
  auth_tcp: knownAuthentication,
  auth_tls: knownAuthentication,
  // SSF_WARNING_LEVEL; the built-in 56 is not held against it.
  tcp_min_ssf: (file, key) =>
    numberOf(file, 'libvirtd', key) < 112
      ? { error: 'minimum SSF levels lower than 112 are not supported', category: 'unsupported configuration' }
      : undefined,
  max_workers: (file, key) =>
    numberOf(file, 'libvirtd', key) < 1
      ? { error: "'max_workers' must be greater than 0", category: 'internal error' }
      : undefined,
};

/** One name or a list, of certificates and keys alike, whether or not TLS will listen (remote_daemon_config.c since 11.10; observed with 12.8.0). */
const matchingIdentities: Check = (file) => {
  const statement = (key: string): Setting | undefined => effectiveSetting(file, key);
  const pairs = [
    [statement('cert_file'), statement('cert_files')],
    [statement('key_file'), statement('key_files')],
  ] as const;
  const both = pairs.find(([one, list]) => one !== undefined && list !== undefined);
  if (both !== undefined)
    return {
      error: 'cert_file/key_file are mutually exclusive with cert_files/key_files',
      category: 'unsupported configuration',
      setting: both[1],
    };
  const [certificates = 0, keys = 0] = ['cert_file', 'key_file'].map((key) =>
    statement(key) === undefined ? stringsOf(file, `${key}s`).length : 1,
  );
  if (certificates === keys) return undefined;
  return {
    error: `Number of certificates (${certificates}) must match number of keys (${keys})`,
    category: 'unsupported configuration',
    setting: pairs.flat().find((one) => one !== undefined),
  };
};

/** strtoul in base 10 of a whole word without a minus sign (virStrToLong_uip), when it is one of libvirt's four priorities. */
const isLogPriority = (text: string): boolean => /^[\t\n\v\f\r ]*\+?0*[1-4]$/.test(text);

/** virLogParseFilters. */
const readableFilters: Check = (file, key) => {
  for (const filter of (stringOf(file, key) ?? '').split(' ')) {
    if (filter === '') continue;
    const [priority = '', match] = filter.split(':');
    if (match === undefined) return invalid(`Malformed format for filter '${filter}'`);
    if (!isLogPriority(priority)) return invalid(`Invalid priority '${priority}' for filter '${filter}'`);
    if (match === '' || match === '+') return invalid(`Invalid match string '${match}'`);
  }
  return undefined;
};

const invalid = (error: string): Complaint => ({ error, category: 'invalid argument' });

/** How many colon-separated parts an output has, by destination (virLogParseOutput). */
const partsOfOutput: ReadonlyMap<string, number> = new Map([
  ['stderr', 2],
  ['syslog', 3],
  ['file', 3],
  ['journald', 2],
]);

/** virLogParseOutputs; whether a file can be opened is not asked. */
const readableOutputs: Check = (file, key) => {
  for (const output of (stringOf(file, key) ?? '').split(' ')) {
    if (output === '') continue;
    const parts = output.split(':');
    const [priority = '', destination] = parts;
    if (destination === undefined) return invalid(`Malformed format for log output '${output}'`);
    if (!isLogPriority(priority)) return invalid(`Invalid log priority '${priority}' for log output '${output}'`);
    const wanted = partsOfOutput.get(destination);
    if (wanted === undefined) return invalid(`Invalid log destination '${destination}' for log output '${output}'`);
    if (parts.length !== wanted) {
      return invalid(
        `Log output '${output}' does not meet the format requirements for destination type '${destination}'`,
      );
    }
  }
  return undefined;
};

/** virLogSetDefaultPriority; 0 leaves the default. */
const knownLogLevel: Check = (file, key) => {
  const level = numberOf(file, 'libvirtd', key);
  return level > 4 ? invalid(`Failed to set logging priority, argument '${level}' is invalid`) : undefined;
};

/** virUUIDParse and virUUIDIsValid: 32 hexadecimal digits, pairs of them apart by `-` or blanks, not all bytes the same. */
function isHostUuid(text: string): boolean {
  const shape = /^[\t\n\v\f\r ]*[- ]*[0-9a-fA-F]{2}(?:[- ]*[0-9a-fA-F]{2}){15}[\t\n\v\f\r ]*$/;
  // Bounded before the pattern sees it: runs of separators of any length are allowed.
  if (text.length > 1024 || !shape.test(text)) return false;
  const digits = text.toLowerCase().replace(/[^0-9a-f]/g, '');
  return digits !== digits.slice(0, 2).repeat(16);
}

/** daemonSetupHostUUID, logged without a category. */
const hostUuid: Check = (file) => {
  const uuid = stringOf(file, 'host_uuid');
  if (uuid !== undefined) return isHostUuid(uuid) ? undefined : { error: `invalid host UUID: ${uuid}` };
  const setting = effectiveSetting(file, 'host_uuid_source');
  const source = stringOf(file, 'host_uuid_source');
  if (source === undefined || source === 'smbios' || source === 'machine-id') return undefined;
  return { error: `invalid UUID source: ${source}`, setting };
};

/** virAccessManagerNewStack; polkit is there in every distribution's build. */
const knownAccessDrivers: Check = (file, key) => {
  const stranger = stringsOf(file, key).find((name) => name !== 'none' && name !== 'polkit');
  return stranger === undefined
    ? undefined
    : { error: `Cannot find security driver '${stranger}'`, category: 'internal error' };
};

/** virNetServerNew. */
const enoughClients: Check = (file, key) => {
  if (numberOf(file, 'libvirtd', 'max_clients') >= numberOf(file, 'libvirtd', 'max_anonymous_clients'))
    return undefined;
  return {
    error:
      'The overall maximum number of clients must not be less than the number of clients waiting for authentication',
    category: 'internal error',
    setting: effectiveSetting(file, key) ?? effectiveSetting(file, 'max_anonymous_clients'),
  };
};

/** virStrToLong_i in base 8: the whole string, within an int. */
function isOctalMode(text: string): boolean {
  const digits = /^[\t\n\v\f\r ]*[+-]?0*([0-7]{0,11})$/.exec(text);
  if (digits === null || !/[0-7]$/.test(text)) return false;
  const magnitude = Number.parseInt(digits[1] === '' ? '0' : (digits[1] ?? '0'), 8);
  return text.includes('-') ? magnitude <= 0x8000_0000 : magnitude <= 0x7fff_ffff;
}

const octalMode: Check = (file, key) => {
  const mode = stringOf(file, key);
  return mode === undefined || isOctalMode(mode) ? undefined : { error: `Failed to parse mode '${mode}'` };
};

/** What is looked at once the file is loaded, in the order of main() and daemonSetupNetworking. */
const startChecks: readonly (readonly [StartStage, string, Check])[] = [
  ['host-uuid', 'host_uuid', hostUuid],
  ['logging', 'log_level', knownLogLevel],
  ['logging', 'log_filters', readableFilters],
  ['logging', 'log_outputs', readableOutputs],
  ['access-drivers', 'access_drivers', knownAccessDrivers],
  ['workers', 'max_clients', enoughClients],
  ['sockets', 'unix_sock_ro_perms', octalMode],
  ['sockets', 'unix_sock_admin_perms', octalMode],
  ['sockets', 'unix_sock_rw_perms', octalMode],
];

/**
 * The first value that stops a daemon, in the order in which it reads and uses them (daemonConfigLoadOptions, then main()); undefined
 * when the file alone does not. A file with a syntax error is not asked: no value of it is ever read.
 *
 * Not decided here: what depends on the host (accounts, addresses, files, audit), and the TLS paths, which count only when TLS listens
 * (`tlsPathRefusal`). `version` limits the settings to those that it reads.
 */
export function firstRefusal(file: ConfigurationFile, daemon: Daemon, version?: string): DaemonRefusal | undefined {
  if (file.error !== undefined) return undefined;
  const checks = loadsIdentities('libvirt', version) ? { ...loadChecks, cert_files: matchingIdentities } : loadChecks;
  const loading = firstRefused(file, settingsOf[daemon], checks, readBy(version));
  if (loading !== undefined) return { ...loading, stage: 'load', exitStatus: exitStatusOf.load };
  for (const [stage, key, check] of startChecks) {
    const refusal = raise(file, key, check);
    if (refusal !== undefined) return { ...refusal, stage, exitStatus: exitStatusOf[stage] };
  }
  return undefined;
}

/**
 * daemonSetupNetworking, when TLS will listen: of key_file, cert_file and ca_file all must be set or none; an empty string counts as set.
 * Since 11.10 lists may stand in the place of the first two, of which one without the other is refused before (`firstRefusal`).
 */
export function tlsPathRefusal(file: ConfigurationFile, version?: string): Refusal | undefined {
  const severally = loadsIdentities('libvirt', version);
  const named = (name: string): Setting | undefined =>
    effectiveSetting(file, name) ?? (severally ? effectiveSetting(file, `${name}s`) : undefined);
  const [ca, certificate, key] = [effectiveSetting(file, 'ca_file'), named('cert_file'), named('key_file')];
  const setting = certificate ?? key ?? ca;
  if (setting === undefined) return undefined;
  const refusal = (error: string): Refusal => ({
    error,
    category: 'unsupported configuration',
    namesFile: false,
    setting,
  });
  if (severally) {
    if (ca === undefined) return refusal('No CA certificate path set to match server key(s)/cert(s)');
    if (certificate === undefined) return refusal('No server certificate path(s) set to match server key(s)');
    return key === undefined ? refusal('No server key path(s) set to match server cert(s)') : undefined;
  }
  if (ca === undefined) return refusal('No CA certificate path set to match server key/cert');
  if (certificate === undefined) return refusal('No server certificate path set to match server key');
  if (key === undefined) return refusal('No server key path set to match server cert');
  return undefined;
}

/** The lines that the daemon logs for a refusal, without time and place, in order. */
export function loggedRefusal(refusal: DaemonRefusal, path: string): readonly string[] {
  const text = refusalText(refusal, path);
  switch (refusal.stage) {
    case 'load':
      return [`Can't load config file: ${text}: ${path}`];
    case 'host-uuid':
      return [text, "Can't setup host uuid"];
    case 'access-drivers':
      return [text, "Can't initialize access manager"];
    case 'logging':
    case 'workers':
    case 'sockets':
      return [text];
  }
}

// qemu.conf: qemu_conf.c virQEMUDriverConfigLoadFile.

const port = (file: ConfigurationFile, key: string): number => numberOf(file, 'qemu', key);

/** virQEMUDriverConfigLoadRemoteDisplayEntry. */
const portMinimum =
  (least: number): Check =>
  (file, key) =>
    port(file, key) < least
      ? { error: `${key}: port must be greater than or equal to ${least}`, category: 'internal error', namesFile: true }
      : undefined;

const portMaximum =
  (minimum: string): Check =>
  (file, key) =>
    port(file, key) > 65535 || port(file, key) < port(file, minimum)
      ? {
          error: `${key}: port must be between the minimal port and 65535`,
          category: 'internal error',
          namesFile: true,
          setting: effectiveSetting(file, key) ?? effectiveSetting(file, minimum),
        }
      : undefined;

/** inet_aton(3), as getaddrinfo(3) with AI_NUMERICHOST reads IPv4: `127.1` is 127.0.0.1. */
function isLoopback(host: string): boolean {
  if (host.length > 64) return false;
  if (/^[0:]*:0{0,3}1$/.test(host)) return true;
  const parts = host.split('.');
  const numbers = parts.map((part) =>
    /^0x[0-9a-f]+$/i.test(part) || /^(?:0|[1-9]\d*)$/.test(part)
      ? Number(part)
      : /^0[0-7]+$/.test(part)
        ? Number.parseInt(part, 8)
        : Number.NaN,
  );
  const last = numbers.pop() ?? Number.NaN;
  if (parts.length > 4 || numbers.some((number) => !(number <= 255))) return false;
  return numbers.reduce((sum, number, index) => sum + number * 256 ** (3 - index), last) === 0x7f00_0001;
}

/** virStringStripIPv6Brackets, then the test of virQEMUDriverConfigLoadNetworkEntry. */
const notLocal: Check = (file, key) => {
  const value = stringOf(file, key);
  if (value === undefined) return undefined;
  const host = /^\[.*:.*\]$/.test(value) ? value.slice(1, -1) : value;
  return host.startsWith('localhost') || isLoopback(host)
    ? {
        error: `${key} must not be the address of the local machine: ${host}`,
        category: 'configuration file syntax error',
      }
    : undefined;
};

const oneOf =
  (words: readonly string[], category: ErrorCategory, complain: (value: string) => string): Check =>
  (file, key) => {
    const value = stringOf(file, key);
    return value === undefined || words.includes(value) ? undefined : { error: complain(value), category };
  };

/** virCgroupController. */
const cgroupControllers = [
  'cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'net_cls', 'perf_event', 'name=systemd',
]; // prettier-ignore

/** virDomainDriverAutoShutdownScope. */
const shutdownScope: Check = (file, key) =>
  oneOf(
    ['none', 'persistent', 'transient', 'all'],
    'invalid argument',
    (value) => `unknown ${key} '${value}'`,
  )(file, key);

/** What depends on version and privilege is added by `qemuFirstRefusal`. */
const qemuChecks: Readonly<Record<string, Check>> = {
  remote_websocket_port_min: portMinimum(5700),
  remote_websocket_port_max: portMaximum('remote_websocket_port_min'),
  remote_display_port_min: portMinimum(5900),
  remote_display_port_max: portMaximum('remote_display_port_min'),
  auto_shutdown_try_save: (file, key) =>
    shutdownScope(file, key) ??
    (['all', 'transient'].includes(stringOf(file, key) ?? '')
      ? invalid('managed save cannot be requested for transient domains')
      : undefined),
  auto_shutdown_try_shutdown: shutdownScope,
  auto_shutdown_poweroff: shutdownScope,
  max_core: oneOf(['unlimited'], 'unsupported configuration', (value) => `Unknown core size '${value}'`),
  stdio_handler: oneOf(['logd', 'file'], 'unsupported configuration', (value) => `Unknown stdio handler ${value}`),
  sched_core: oneOf(
    ['none', 'vcpus', 'emulator', 'full'],
    'unsupported configuration',
    (value) => `Unknown sched_core value ${value}`,
  ),
  allow_disk_format_probing: (file, key) => {
    const read = boolSetting(file, key);
    return read.ok && read.value === true
      ? { error: 'allow_disk_format_probing is no longer supported', category: 'unsupported configuration' }
      : undefined;
  },
  migration_port_min: (file, key) =>
    port(file, key) < 1
      ? { error: `${key}: port must be greater than 0`, category: 'internal error', namesFile: true }
      : undefined,
  migration_port_max: (file, key) => {
    const least = port(file, 'migration_port_min');
    return port(file, key) > 65535 || port(file, key) < least
      ? {
          // %d of an unsigned int.
          error: `${key}: port must be between the minimal port ${least | 0} and 65535`,
          category: 'internal error',
          namesFile: true,
          setting: effectiveSetting(file, key) ?? effectiveSetting(file, 'migration_port_min'),
        }
      : undefined;
  },
  migration_host: notLocal,
  migration_address: notLocal,
  security_driver: (file, key) => {
    const names = stringsOf(file, key, { acceptString: true });
    const twice = names.find(
      (name, index) => names.indexOf(name) !== names.lastIndexOf(name) && index === names.indexOf(name),
    );
    return twice === undefined
      ? undefined
      : { error: `Duplicate security driver ${twice}`, category: 'configuration file syntax error' };
  },
  cgroup_controllers: (file, key) => {
    const stranger = stringsOf(file, key).find((name) => !cgroupControllers.includes(name));
    return stranger === undefined
      ? undefined
      : { error: `Unknown cgroup controller '${stranger}'`, category: 'configuration file syntax error' };
  },
};

/** The first of `namespaces` that is unknown, or any in a session driver. */
const knownNamespaces =
  (privileged: boolean): Check =>
  (file, key) => {
    for (const name of stringsOf(file, key)) {
      if (name !== 'mount') return { error: `Unknown namespace: ${name}`, category: 'configuration file syntax error' };
      if (!privileged) return { error: 'cannot use namespaces in session mode', category: 'unsupported configuration' };
    }
    return undefined;
  };

/** qemuSaveFormatTypeFromString; before 11.2 a format was looked at only when a guest was saved. */
const imageFormat: Check = (file, key) =>
  oneOf(
    ['raw', 'gzip', 'bzip2', 'xz', 'lzop', 'zstd', 'sparse'],
    'unsupported configuration',
    (value) => `Invalid ${key} '${value}'`,
  )(file, key);

export interface QemuDriver {
  /** The system driver, not a session's. Default true. */
  readonly privileged?: boolean;
  /** libvirt's version, upstream or a package's; without it all settings of any version are read. */
  readonly version?: string;
}

/**
 * The first value of qemu.conf that stops the QEMU driver (`Initialization of QEMU state driver failed: …`; the daemon then exits with
 * status 0), in the order of virQEMUDriverConfigLoadFile; undefined when the file alone does not.
 *
 * Not decided here: what depends on the host (directories, accounts, firmware, security drivers, core scheduling).
 */
export function qemuFirstRefusal(file: ConfigurationFile, driver: QemuDriver = {}): Refusal | undefined {
  if (file.error !== undefined) return undefined;
  const { privileged = true, version } = driver;
  const checksFormats = version === undefined || isAtLeast(version, '11.2');
  const checks = {
    ...qemuChecks,
    namespaces: knownNamespaces(privileged),
    ...(checksFormats
      ? { save_image_format: imageFormat, dump_image_format: imageFormat, snapshot_image_format: imageFormat }
      : {}),
  };
  return firstRefused(file, settingsOf.qemu, checks, readBy(version));
}
