import type { Setting } from '../facts/configurations.ts';
import { unknown, type Unknown } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import type { QemuCommandLine } from '../facts/qemu-processes.ts';
import type { WalkStep } from './walk.ts';
import type { Role } from '../facts/role.ts';
import type { SaslConfiguration, SaslSetting } from '../facts/sasl.ts';
import {
  configurationFiles,
  defaultKeytab,
  defaultSaslDatabase,
  saslDirectories,
  saslServices as serviceFiles,
} from '../reference/configuration-files.ts';
import { serviceNames } from '../reference/kerberos.ts';
import { saslMechanism, type SaslMechanism } from '../reference/sasl-mechanisms.ts';
import { access, type Permission } from './access.ts';
import { rootAccount, userName, type Account } from './account.ts';
import { isDaemonUsed, qemuDaemon } from './configurations-in-use.ts';
import { guestName } from './guest-name.ts';
import { listening } from './listening.ts';
import { qemuAccount } from './qemu-account.ts';
import {
  configurationFacts,
  configurationOf,
  effectiveString,
  type LoadedConfiguration,
} from './remote-configuration.ts';
import { consoleSaslDirectories, namedPath, withoutComment } from './sasl-files.ts';
import { boolSetting, effectiveSetting } from './setting-value.ts';
import { walk } from './walk.ts';

export const saslFacts = [
  ...configurationFacts,
  'saslConfigurations',
  'files',
  'accounts',
  'operatingSystem',
  'qemuProcesses',
] as const;
export type SaslFacts = Known<(typeof saslFacts)[number]>;

/**
 * What SASL logins run over. On `tcp` SASL itself must encrypt (at least `minimumSsf` bits), and neither anonymous nor plaintext mechanisms
 * are offered; the others ask nothing of a mechanism.
 *
 * Source: libvirt src/remote/remote_daemon_dispatch.c: remoteDispatchAuthSaslInit; QEMU ui/vnc-auth-sasl.c: start_auth_sasl; spice-server
 * server/red-stream.cpp: red_sasl_start_auth.
 */
export interface SaslTransport {
  readonly kind: 'tls' | 'tcp' | 'unix';
  readonly minimumSsf: number;
  /** What asks for SASL there, as it stands in the configuration or by default: `auth_tls = "sasl"`. */
  readonly reason: string;
  readonly setting?: Setting;
}

/** The service file by which a program is held, or why there is none. */
export type SaslServiceFile =
  /** None of the files is there; the first of them is where it belongs. */
  | { readonly state: 'missing' }
  /** It is there, and the account that must read it cannot: for Cyrus SASL that is the same. */
  | {
      readonly state: 'closed';
      readonly path: string;
      readonly at: string;
      readonly permission: Permission;
      readonly stop: WalkStep | undefined;
    }
  | { readonly state: 'broken'; readonly path: string; readonly error: NonNullable<SaslConfiguration['error']> }
  | { readonly state: 'unknown'; readonly path: string; readonly because: Unknown }
  | { readonly state: 'loaded'; readonly path: string; readonly settings: readonly SaslSetting[] };

/** A program of this host that takes SASL logins. */
export interface SaslService {
  readonly program: 'libvirt' | 'qemu';
  /** For people: `libvirtd`, `VNC displays`. */
  readonly owner: string;
  /** The daemon to restart; guests are to be restarted for consoles. */
  readonly daemon: string;
  readonly kinds: readonly ('vnc' | 'spice')[];
  readonly transports: readonly SaslTransport[];
  /** Reads service file, database and keytab; undefined where the host does not know QEMU's account. */
  readonly reader: Account | undefined;
  /** Where the service file is looked for, the place where it belongs first. */
  readonly candidates: readonly string[];
  readonly file: SaslServiceFile;
  /** Kerberos service names that the keytab must hold. */
  readonly principals: readonly string[];
}

/** Programs that use SASL, and configurations that are closed to us and may ask for it. */
export interface SaslServices {
  readonly services: readonly SaslService[];
  readonly gaps: readonly { readonly path: string; readonly because: Unknown }[];
}

/** libvirt's tcp_min_ssf, and what QEMU has built in. */
const defaultMinimumSsf = 56;

/** The programs that take SASL logins on a host of these roles: a configuration that does not load asks for nothing. */
export function saslServices(facts: SaslFacts, roles: readonly Role[]): SaslServices {
  const gaps: { path: string; because: Unknown }[] = [];
  const services: SaslService[] = [];
  if (roles.includes('libvirt-server')) {
    const { transports, because, path, daemon } = libvirtTransports(facts);
    if (because !== undefined) gaps.push({ path, because });
    if (transports.length > 0) {
      const candidates = serviceFiles.libvirt.flatMap((name) => saslDirectories.map((at) => `${at}/${name}`));
      services.push({
        program: 'libvirt',
        owner: daemon,
        daemon,
        kinds: [],
        transports,
        reader: rootAccount,
        candidates,
        file: serviceFile(facts, candidates, rootAccount),
        principals: [serviceNames.libvirt],
      });
    }
  }
  const qemu = facts.configurations[configurationFiles.qemu];
  if (qemu !== undefined && !qemu.known) gaps.push({ path: configurationFiles.qemu, because: qemu });
  services.push(...withRunning(facts, consoleServices(facts)));
  return { services, gaps };
}

function libvirtTransports(facts: SaslFacts): {
  readonly daemon: string;
  readonly path: string;
  readonly transports: readonly SaslTransport[];
  readonly because?: Unknown;
} {
  const answer = listening(facts);
  const { daemon } = answer;
  if (answer.state !== 'determined') {
    const path = answer.state === 'unknown' ? answer.path : configurationFiles[daemon];
    return { daemon, path, transports: [], ...(answer.state === 'unknown' ? { because: answer.because } : {}) };
  }
  const { configuration } = answer;
  const transports: SaslTransport[] = [];
  for (const kind of ['tls', 'tcp'] as const) {
    const listener = answer[kind];
    if (listener?.authentication !== 'sasl') continue;
    const { authenticationSetting: setting } = listener;
    transports.push({
      kind,
      minimumSsf: kind === 'tcp' ? tcpMinimumSsf(configuration) : 0,
      reason: setting === undefined ? `auth_${kind} is "sasl" by default` : `auth_${kind} = "sasl"`,
      ...(setting === undefined ? {} : { setting }),
    });
  }
  const driver = qemuDaemon(facts);
  const others = driver !== daemon && isDaemonUsed(facts, driver) ? [configurationOf(facts, driver)] : [];
  for (const one of [configuration, ...others]) {
    if (one.state !== 'loaded') continue;
    for (const key of ['auth_unix_rw', 'auth_unix_ro']) {
      const { value, setting } = effectiveString(one, key);
      if (value === 'sasl' && setting !== undefined)
        transports.push({ kind: 'unix', minimumSsf: 0, reason: `${key} = "sasl"`, setting });
    }
  }
  return { daemon, path: configuration.path, transports };
}

function tcpMinimumSsf({ file }: LoadedConfiguration): number {
  const value = effectiveSetting(file, 'tcp_min_ssf')?.value;
  return value?.type === 'unsigned' ? value.value : defaultMinimumSsf;
}

/** Consoles by qemu.conf; where VNC and SPICE share their service file they are one service. */
function consoleServices(facts: SaslFacts): readonly SaslService[] {
  const fact = facts.configurations[configurationFiles.qemu];
  if (fact === undefined || !fact.known || fact.value.error !== undefined) return [];
  const content = fact.value;
  const isOn = (key: string): boolean => {
    const value = boolSetting(content, key);
    return value.ok && value.value === true;
  };
  const reader = qemuAccount(facts);
  const found: SaslService[] = [];
  for (const kind of ['vnc', 'spice'] as const) {
    const setting = effectiveSetting(content, `${kind}_sasl`);
    if (setting === undefined || !isOn(`${kind}_sasl`)) continue;
    // With a password QEMU's VNC server asks for that alone.
    if (kind === 'vnc' && effectiveSetting(content, 'vnc_password') !== undefined) continue;
    const over = isOn(`${kind}_auto_unix_socket`) ? 'unix' : isOn(`${kind}_tls`) ? 'tls' : 'tcp';
    const transport: SaslTransport = {
      kind: over,
      minimumSsf: over === 'tcp' ? defaultMinimumSsf : 0,
      reason: `${kind}_sasl = 1`,
      setting,
    };
    const candidates = qemuServiceFiles(facts).flatMap((name) =>
      consoleSaslDirectories(facts, kind).map((at) => `${at}/${name}`),
    );
    const shared = found.find((one) => one.candidates.join() === candidates.join());
    const principals = kind === 'vnc' ? [serviceNames.vnc] : [];
    if (shared === undefined) {
      found.push({
        program: 'qemu',
        owner: kind === 'vnc' ? 'VNC displays' : 'SPICE displays',
        daemon: qemuDaemon(facts),
        kinds: [kind],
        transports: [transport],
        reader,
        candidates,
        file: serviceFile(facts, candidates, reader),
        principals,
      });
    } else {
      found[found.indexOf(shared)] = {
        ...shared,
        owner: 'VNC and SPICE displays',
        kinds: [...shared.kinds, kind],
        transports: [...shared.transports, transport],
        principals: [...shared.principals, ...principals],
      };
    }
  }
  return found;
}

/** What running guests add to the configured consoles: other accounts, other transports, or SASL where qemu.conf asks for none. */
function withRunning(facts: SaslFacts, configured: readonly SaslService[]): readonly SaslService[] {
  const found = [...configured];
  for (const process of facts.qemuProcesses.observed ? facts.qemuProcesses.processes : []) {
    const { uid, gid, groups, commandLine } = process;
    if (commandLine.refusal !== undefined) continue;
    const reader: Account = { name: userName(facts.accounts, uid), uid, gids: [...new Set([gid, ...groups])] };
    for (const { kind, over } of runningSasl(commandLine)) {
      const candidates = qemuServiceFiles(facts).flatMap((name) =>
        consoleSaslDirectories(facts, kind).map((at) => `${at}/${name}`),
      );
      const transport: SaslTransport = {
        kind: over,
        minimumSsf: over === 'tcp' ? defaultMinimumSsf : 0,
        reason:
          kind === 'vnc' ? `sasl=on in -vnc of ${guestName(process)}` : `sasl=on in -spice of ${guestName(process)}`,
      };
      const at = found.findIndex(
        (one) => one.candidates.join() === candidates.join() && one.reader?.uid === uid && one.kinds.includes(kind),
      );
      const same = found[at];
      if (same === undefined) {
        found.push({
          program: 'qemu',
          owner: kind === 'vnc' ? 'VNC displays' : 'SPICE displays',
          daemon: qemuDaemon(facts),
          kinds: [kind],
          transports: [transport],
          reader,
          candidates,
          file: serviceFile(facts, candidates, reader),
          principals: kind === 'vnc' ? [serviceNames.vnc] : [],
        });
      } else if (!same.transports.some((one) => one.kind === over)) {
        found[at] = { ...same, transports: [...same.transports, transport] };
      }
    }
  }
  return found;
}

/** Displays of a running QEMU that ask for SASL, and what each of them runs over; anonymous TLS counts as none (vnc-auth-sasl.c). */
function runningSasl({ vnc, spice }: QemuCommandLine): readonly RunningSasl[] {
  const displays = vnc
    .filter(({ authentication, addresses }) => authentication === 'sasl' && addresses.length > 0)
    .map(({ addresses, tls }): RunningSasl => {
      const isUnix = addresses.every(({ type }) => type === 'unix');
      return { kind: 'vnc', over: isUnix ? 'unix' : tls.type === 'x509' ? 'tls' : 'tcp' };
    });
  if (spice?.sasl !== true) return displays;
  return [...displays, { kind: 'spice', over: spice.unix ? 'unix' : spice.port === undefined ? 'tls' : 'tcp' }];
}

interface RunningSasl {
  readonly kind: 'vnc' | 'spice';
  readonly over: SaslTransport['kind'];
}

/** Names of QEMU's service file: packages of RHEL call the application qemu-kvm, and its older VNC servers read the one of SPICE. */
export const qemuServiceFiles = ({ operatingSystem }: Known<'operatingSystem'>): readonly string[] =>
  operatingSystem.family === 'rhel'
    ? [...serviceFiles.qemu].sort((a, b) => Number(b === 'qemu-kvm.conf') - Number(a === 'qemu-kvm.conf'))
    : serviceFiles.qemu.slice(0, 1);

/** The first file that is there counts. */
function serviceFile(facts: SaslFacts, candidates: readonly string[], reader: Account | undefined): SaslServiceFile {
  const path = candidates.find((candidate) => facts.saslConfigurations[candidate] !== undefined);
  const content = path === undefined ? undefined : facts.saslConfigurations[path];
  if (path === undefined || content === undefined) return { state: 'missing' };
  if (reader === undefined) {
    return { state: 'unknown', path, because: unknown('not-collected', 'the account as which QEMU runs is not known') };
  }
  const way = walk(facts.files, path);
  if (way.outcome === 'found') {
    const answer = access(way, reader, 'read');
    if (answer.may === undefined) return { state: 'unknown', path, because: answer.because };
    if (!answer.may) {
      const stop = way.steps.find((step) => step.path === answer.at);
      return { state: 'closed', path, at: answer.at, permission: answer.permission, stop };
    }
  }
  if (!content.known) return { state: 'unknown', path, because: content };
  if (content.value.error !== undefined) return { state: 'broken', path, error: content.value.error };
  return { state: 'loaded', path, settings: content.value.settings };
}

/** What keeps us from judging a service: configurations and service files that are closed to us. */
export const unjudged = ({ services, gaps }: SaslServices): SaslServices['gaps'] => [
  ...gaps,
  ...services.flatMap(({ file }) => (file.state === 'unknown' ? [{ path: file.path, because: file.because }] : [])),
];

/** What asks for SASL, as a clause: `auth_tls = "sasl"`. */
export const reasonsOf = ({ transports }: SaslService): string => transports.map(({ reason }) => reason).join(', ');

/** Is SASL asked for where something else encrypts, or nothing needs to: there every mechanism is offered. */
export const isLenient = ({ transports }: SaslService): boolean => transports.some(({ kind }) => kind !== 'tcp');

/** One name of mech_list, as Cyrus would look it up, and what it is where it is known. */
export interface ListedMechanism {
  /** In lower case. */
  readonly name: string;
  readonly mechanism?: SaslMechanism;
}

/** A service whose file loads and has a mech_list. */
export interface RestrictedService extends SaslService {
  readonly path: string;
  readonly settings: readonly SaslSetting[];
  readonly list: SaslSetting;
  readonly listed: readonly ListedMechanism[];
  /** Those that some transport allows, whether their plug-ins are installed or not. */
  readonly offered: readonly SaslMechanism[];
}

/** Services that restrict their mechanisms: those of which the other questions can be asked. */
export function restrictedServices({ services }: SaslServices): readonly RestrictedService[] {
  return services.flatMap((service) => {
    if (service.file.state !== 'loaded') return [];
    const { path, settings } = service.file;
    const list = settings.find(({ key }) => key === 'mech_list');
    const listed = list === undefined ? [] : mechanismsOf(list);
    if (list === undefined || listed.length === 0) return [];
    const offered = listed.flatMap(({ mechanism }) =>
      mechanism !== undefined && service.transports.some((transport) => allows(transport, mechanism))
        ? [mechanism]
        : [],
    );
    return [{ ...service, path, settings, list, listed, offered }];
  });
}

/** The names of a mech_list, each once. */
export const mechanismsOf = ({ value }: SaslSetting): readonly ListedMechanism[] =>
  [...new Set(withoutComment(value).toLowerCase().split(/\s+/))]
    .filter((name) => name !== '')
    .map((name) => {
      const mechanism = saslMechanism(name);
      return { name, ...(mechanism === undefined ? {} : { mechanism }) };
    });

/** Does a transport allow a mechanism; EXTERNAL never, for no program tells SASL who the client is. */
export const allows = ({ kind, minimumSsf }: SaslTransport, mechanism: SaslMechanism): boolean =>
  mechanism.name !== 'EXTERNAL' &&
  (kind !== 'tcp' || (!mechanism.isAnonymous && !mechanism.isPlaintext && mechanism.maximumSsf >= minimumSsf));

/** Mechanisms that prove a client by Kerberos, with a keytab. */
export const usesKerberos = ({ name }: SaslMechanism): boolean => /^(GSSAPI|GSS-SPNEGO|GS2-.*)$/.test(name);

/** Mechanisms that look a password up; PLAIN and LOGIN leave that to pwcheck_method. */
export function usesDatabase({ name }: SaslMechanism, settings: readonly SaslSetting[]): boolean {
  const value = (key: string): string | undefined =>
    settings.find((setting) => setting.key === key)?.value.toLowerCase();
  const plugin = value('auxprop_plugin');
  if (plugin !== undefined && !plugin.split(/\s+/).includes('sasldb')) return false;
  if (name === 'PLAIN' || name === 'LOGIN')
    return (value('pwcheck_method') ?? 'auxprop').split(/\s+/).includes('auxprop');
  return /^(SCRAM-|DIGEST-MD5$|CRAM-MD5$|NTLM$|SRP$|OTP$)/.test(name);
}

/** The password database of a service and the line that names it. */
export const databaseOf = ({ settings }: RestrictedService): { readonly path: string; readonly line?: number } =>
  fileOf(settings, 'sasldb_path', defaultSaslDatabase);

/** The keytab of a service and the line that names it; undefined for one that is no file. */
export function keytabOf({
  settings,
}: RestrictedService): { readonly path: string; readonly line?: number } | undefined {
  const value = settings.find(({ key }) => key === 'keytab')?.value;
  return value !== undefined && namedPath(value) === undefined ? undefined : fileOf(settings, 'keytab', defaultKeytab);
}

function fileOf(settings: readonly SaslSetting[], key: string, byDefault: string) {
  const setting = settings.find((one) => one.key === key);
  const path = setting === undefined ? undefined : namedPath(setting.value);
  return setting === undefined || path === undefined ? { path: byDefault } : { path, line: setting.line };
}

/** Services that take Kerberos logins, with the keytab that they read. */
export const kerberosServices = (
  found: SaslServices,
): readonly (RestrictedService & { readonly keytab: { readonly path: string; readonly line?: number } })[] =>
  restrictedServices(found).flatMap((service) => {
    const keytab = keytabOf(service);
    return keytab === undefined || !service.offered.some(usesKerberos) ? [] : [{ ...service, keytab }];
  });
