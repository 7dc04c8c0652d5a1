import type { OsFamily } from '../facts/host.ts';
import type { Daemon } from '../facts/services.ts';

/** Units of the daemons that may serve remote clients (src/remote/*.in and src/rpc of libvirt; the -tcp and -tls sockets are of two of them). */
export const unitNames: readonly string[] = [
  ...(['libvirtd', 'virtproxyd'] satisfies Daemon[]).flatMap((daemon) => [
    `${daemon}.service`,
    ...['', '-ro', '-admin', '-tcp', '-tls'].map((kind) => `${daemon}${kind}.socket`),
  ]),
  'virtqemud.service',
  ...['', '-ro', '-admin'].map((kind) => `virtqemud${kind}.socket`),
];

/** Where systemd looks for the units of the system, the first to have a name wins (systemd.unit(5), table 1). */
export const unitDirectories: readonly string[] = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

/** The directory that sd_booted(3) looks for. */
export const systemdRuns = '/run/systemd/system';

/** Directories of arguments files (`libvirtd`, `virtproxyd` …): Debian's and Ubuntu's, the RPM world's, Arch's and Gentoo's (meson option initconfdir). */
export const argumentsDirectories: readonly string[] = ['/etc/default', '/etc/sysconfig', '/etc/conf.d'];

/** The variable with a daemon's arguments, as its unit file names it. */
export const argumentsVariable = (daemon: Daemon): string => `${daemon.toUpperCase()}_ARGS`;

/** Where a distribution's unit file looks for a daemon's arguments. */
export const conventionalArgumentsFile = (family: OsFamily, daemon: Daemon): string =>
  `${family === 'debian' || family === 'ubuntu' ? '/etc/default' : family === 'arch' || family === 'gentoo' ? '/etc/conf.d' : '/etc/sysconfig'}/${daemon}`;
