import type { Setting } from '../facts/configurations.ts';
import type { Unknown } from '../facts/fact.ts';
import type { Process, SystemdUnit } from '../facts/services.ts';
import { credentials, type CredentialFacts } from './credentials.ts';
import {
  configurationOf,
  effectiveBool,
  effectiveString,
  remoteConfiguration,
  type ConfigurationFacts,
  type LoadedConfiguration,
} from './remote-configuration.ts';
import { remoteDaemon, type RemoteDaemon } from './remote-daemon.ts';
import { effectiveSetting } from './setting-value.ts';
import { exists } from './walk.ts';
import { systemPki } from '../reference/pki-files.ts';
import { servicePorts } from '../reference/service-ports.ts';

/**
 * Who opens the sockets: systemd, the daemon itself, or nobody, because libvirtd refuses `--listen` beside sockets of systemd
 * (remote_daemon.c: daemonSetupNetworking).
 */
export type Activation = 'sockets' | 'traditional' | 'conflict';

export type Transport = 'tls' | 'tcp';

/** Where something listens. */
export interface ListenAddress {
  /** A numeric address or a name; absent for all addresses. */
  readonly address?: string;
  /** Absent when it is given as the name of a service, which only the host can resolve. */
  readonly port?: number;
  /** Port or service as it is written. */
  readonly service: string;
}

/** A network socket that the daemon will serve. */
export interface Listener {
  readonly transport: Transport;
  readonly addresses: readonly ListenAddress[];
  readonly authentication: 'none' | 'sasl' | 'polkit';
  /** The statement for auth_tls or auth_tcp; absent for the default. */
  readonly authenticationSetting?: Setting;
  /** The socket unit under activation. */
  readonly unit?: SystemdUnit;
  /** The statement for listen_tls or listen_tcp without activation; absent for the default. */
  readonly setting?: Setting;
}

/** What the daemon that serves remote clients will listen on once it runs. */
export interface Listening {
  readonly daemon: RemoteDaemon;
  readonly configuration: LoadedConfiguration<RemoteDaemon>;
  readonly activation: Activation;
  /** `--listen` is among libvirtd's arguments; virtproxyd has no such option. */
  readonly listenFlag: boolean;
  readonly tls?: Listener;
  readonly tcp?: Listener;
}

/** What will be listened on, or why nobody can say: the configuration is closed to us, or does not parse (`broken`). */
export type ListeningAnswer =
  | ({ readonly state: 'determined' } & Listening)
  | { readonly state: 'broken'; readonly daemon: RemoteDaemon; readonly path: string }
  | { readonly state: 'unknown'; readonly daemon: RemoteDaemon; readonly path: string; readonly because: Unknown };

/** Ports that libvirt and its units come with (remote_protocol.h). */
export const defaultPorts: Readonly<Record<Transport, number>> = { tls: 16514, tcp: 16509 };

/** Will systemd open this socket, at the next start of the system or already. */
export const isInUse = (unit: SystemdUnit | undefined): boolean =>
  unit !== undefined && (unit.active === true || (unit.enabled && !unit.masked));

/** The socket unit of a daemon: `libvirtd-tls.socket`, or `libvirtd.socket` without a suffix. */
export const socketUnit = (
  { services }: ConfigurationFacts,
  daemon: string,
  suffix?: 'tls' | 'tcp' | 'ro' | 'admin',
): SystemdUnit | undefined => services.units[`${daemon}${suffix === undefined ? '' : `-${suffix}`}.socket`];

/** The sockets of a daemon that systemd opens, its main one first. */
export const socketsInUse = (facts: ConfigurationFacts, daemon: string): readonly SystemdUnit[] =>
  ([undefined, 'ro', 'admin', 'tls', 'tcp'] as const)
    .map((suffix) => socketUnit(facts, daemon, suffix))
    .filter((unit) => unit !== undefined)
    .filter(isInUse);

/** The running daemon, if it was seen. */
export const daemonProcess = ({ runtime }: ConfigurationFacts, daemon: string): Process | undefined =>
  runtime.observed ? runtime.processes.find(({ program }) => program === daemon) : undefined;

const hasListenFlag = (words: readonly string[]): boolean =>
  words.some((word) => /^--l(i(s(t(e(n)?)?)?)?)?$/.test(word) || /^-[dvl]*l[dvl]*$/.test(word));

/** Is libvirtd told to listen, by its arguments file or by the command line with which it runs. */
export const listenFlag = (facts: ConfigurationFacts, daemon: RemoteDaemon): boolean =>
  daemon === 'libvirtd' &&
  (hasListenFlag(facts.services.daemonArguments[daemon].arguments) ||
    hasListenFlag(daemonProcess(facts, daemon)?.arguments ?? []));

/**
 * Does systemd hand sockets to a daemon: its environment tells when it runs; else sockets that are enabled or active, or a main
 * socket that the enabled service wants (a unit's Wants= start disabled sockets too, so only masking keeps them away).
 */
function isActivated(facts: ConfigurationFacts, daemon: string): boolean {
  const process = daemonProcess(facts, daemon);
  const sockets = socketsInUse(facts, daemon);
  if (process?.socketActivated === true) return true;
  if (process?.socketActivated === false) {
    // Sockets that became active later are what counts at the next start; without systemd nobody opens those that are enabled.
    return sockets.some(({ active }) => active === true);
  }
  const service = facts.services.units[`${daemon}.service`];
  const main = socketUnit(facts, daemon);
  const pulledIn = isInUse(service) && service?.path !== undefined && main?.path !== undefined && !main.masked;
  return sockets.length > 0 || pulledIn;
}

/** Whether systemd or a daemon opens its sockets; virtqemud as well as those that serve remote clients. */
export function activationOf(facts: ConfigurationFacts, daemon: RemoteDaemon | 'virtqemud'): Activation {
  if (!isActivated(facts, daemon)) return 'traditional';
  return daemon === 'libvirtd' && listenFlag(facts, daemon) ? 'conflict' : 'sockets';
}

/**
 * What the daemon that serves remote clients will listen on, from configuration, arguments, units and what runs.
 *
 * Without sockets libvirtd listens with `--listen` and listen_tls (default 1) or listen_tcp; virtproxyd with listen_tls (default 0) or
 * listen_tcp alone. With sockets of systemd the `-tls` and `-tcp` units decide, and listen_*, *_port and listen_addr count for
 * nothing. Source: src/remote/remote_daemon.c: daemonSetupNetworking (9.0, 11.3).
 */
export function listening(facts: ConfigurationFacts): ListeningAnswer {
  const configuration = remoteConfiguration(facts);
  const { daemon, path } = configuration;
  if (configuration.state === 'unknown') return { state: 'unknown', daemon, path, because: configuration.because };
  if (configuration.state === 'broken') return { state: 'broken', daemon, path };
  const activation = activationOf(facts, daemon);
  const flag = listenFlag(facts, daemon);
  const listener = (transport: Transport): Listener | undefined => {
    const { value, setting } = effectiveString(configuration, `auth_${transport}`);
    const authentication = {
      authentication: value === 'none' || value === 'polkit' ? value : 'sasl',
      ...(setting === undefined ? {} : { authenticationSetting: setting }),
    } as const;
    if (activation === 'conflict') return undefined;
    if (activation === 'sockets') {
      const unit = socketUnit(facts, daemon, transport);
      return unit !== undefined && isInUse(unit)
        ? { transport, addresses: unitAddresses(unit, transport), unit, ...authentication }
        : undefined;
    }
    const wanted = effectiveBool(configuration, `listen_${transport}`);
    if (!wanted.value || (daemon === 'libvirtd' && !flag)) return undefined;
    const address = effectiveString(configuration, 'listen_addr').value;
    const service = effectiveString(configuration, `${transport}_port`).value ?? String(defaultPorts[transport]);
    return {
      transport,
      addresses: [{ ...(address === undefined ? {} : { address }), ...portOf(service), service }],
      ...(wanted.setting === undefined ? {} : { setting: wanted.setting }),
      ...authentication,
    };
  };
  const tls = listener('tls');
  const tcp = listener('tcp');
  return {
    state: 'determined',
    daemon,
    configuration,
    activation,
    listenFlag: flag,
    ...(tls === undefined ? {} : { tls }),
    ...(tcp === undefined ? {} : { tcp }),
  };
}

/** glibc's getaddrinfo: what strtoul reads to the end is a number, cut to 16 bits unless it is negative as an int; anything else the name of a service, of which the common ones are known. */
export function portOf(service: string): { readonly port?: number } {
  const digits = /^\s*([+-]?)(\d{0,18})$/.exec(service);
  if (digits === null || (service !== '' && digits[2] === '')) {
    return Object.hasOwn(servicePorts, service) ? { port: servicePorts[service] ?? 0 } : {};
  }
  const number = BigInt(digits[2] === '' ? '0' : (digits[2] ?? '0'));
  // As an int: what is then negative counts as the name of a service, of which there is none.
  const asInt = BigInt.asIntN(32, digits[1] === '-' ? -number : number);
  return asInt < 0n ? {} : { port: Number(BigInt.asUintN(16, asInt)) };
}

/** ListenStream= of a unit: a port, an address with a port, or a path, which is left out. Without any (no unit file was seen) libvirt's own. */
function unitAddresses(unit: SystemdUnit, transport: Transport): readonly ListenAddress[] {
  if (unit.listenStreams.length === 0)
    return [{ port: defaultPorts[transport], service: String(defaultPorts[transport]) }];
  return unit.listenStreams.flatMap((stream): readonly ListenAddress[] => {
    if (/^\d{1,5}$/.test(stream)) return [{ port: Number(stream), service: stream }];
    const parts = /^(?:\[([^\]]{1,64})\]|([^:[\]/@]{1,64})):(\d{1,5})$/.exec(stream);
    const address = parts?.[1] ?? parts?.[2];
    return address === undefined ? [] : [{ address, port: Number(parts?.[3]), service: parts?.[3] ?? '' }];
  });
}

/** A daemon's Unix socket for reading and writing. */
export interface UnixSocket {
  /** Permission bits; absent when libvirt refuses the string. */
  readonly mode?: number;
  /** A name, or absent for root's own group. */
  readonly group?: string;
  readonly authentication: 'none' | 'sasl' | 'polkit';
  readonly authenticationSetting?: Setting;
  /** The statement that sets the mode; absent for a default or under activation. */
  readonly modeSetting?: Setting;
  /** The socket unit under activation. */
  readonly unit?: SystemdUnit;
}

/** SocketMode= of systemd.socket(5), and of libvirt's own unit when built with polkit. */
const defaultSocketMode = '0666';

/** The read-write Unix socket of a daemon whose configuration loads. */
export function unixSocket(
  facts: ConfigurationFacts,
  configuration: LoadedConfiguration<RemoteDaemon | 'virtqemud'>,
): UnixSocket {
  const auth = effectiveString(configuration, 'auth_unix_rw');
  const authentication = {
    authentication: auth.value === 'none' || auth.value === 'sasl' ? auth.value : 'polkit',
    ...(auth.setting === undefined ? {} : { authenticationSetting: auth.setting }),
  } as const;
  const unit = socketUnit(facts, configuration.daemon);
  if (activationOf(facts, configuration.daemon) !== 'traditional' && unit !== undefined) {
    const group = unit.socketGroup;
    return {
      ...octal(unit.socketMode ?? defaultSocketMode),
      ...(group === undefined ? {} : { group }),
      unit,
      ...authentication,
    };
  }
  const mode = effectiveString(configuration, 'unix_sock_rw_perms');
  const group = effectiveString(configuration, 'unix_sock_group').value;
  return {
    ...octal(mode.value ?? ''),
    ...(mode.setting === undefined ? {} : { modeSetting: mode.setting }),
    ...(group === undefined ? {} : { group }),
    ...authentication,
  };
}

const octal = (text: string): { readonly mode?: number } =>
  /^[0-7]{1,6}$/.test(text) ? { mode: Number.parseInt(text, 8) & 0o7777 } : {};

/** What says outright that this host is to serve TLS, as a clause: its socket, listen_tls, or --listen. */
export function tlsIntention(facts: CredentialFacts): string | undefined {
  const daemon = remoteDaemon(facts);
  const unit = socketUnit(facts, daemon, 'tls');
  if (isInUse(unit)) return `${unit?.name} is enabled`;
  const configuration = configurationOf(facts, daemon);
  if (configuration.state === 'loaded') {
    const explicit = effectiveSetting(configuration.file, 'listen_tls');
    if (explicit?.value.type === 'unsigned' && explicit.value.value === 1)
      return `listen_tls is 1 in ${configuration.path}`;
    // A daemon that is to listen for TCP alone says so.
    if (listenFlag(facts, daemon) && effectiveBool(configuration, 'listen_tls').value) return '--listen is given';
  }
  return undefined;
}

/** What shows that this host is meant to serve TLS, as a clause; undefined when nothing does. */
export function tlsEvidence(facts: CredentialFacts): string | undefined {
  const intention = tlsIntention(facts);
  if (intention !== undefined) return intention;
  const server = credentials(facts, ['libvirt-server']).sets.find(({ id }) => id === 'libvirt-server');
  // A configuration that cannot be read names no paths: then the default ones speak.
  const { certificate, 'private-key': key } = systemPki.server;
  const paths = server === undefined ? [certificate, key] : [server.certificate?.path, server.key?.path];
  const present = paths.find((path) => path !== undefined && exists(facts.files, path) === true);
  return present === undefined ? undefined : `there is ${present}`;
}

/**
 * Does anything show that this host is meant to serve TLS: it will listen, or the server's certificate or key exists, or listen_tls is
 * set to 1, or the TLS socket is enabled.
 */
export const tlsWanted = (facts: CredentialFacts): boolean => tlsEvidence(facts) !== undefined;
