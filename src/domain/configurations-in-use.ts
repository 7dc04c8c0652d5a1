import type { ConfigurationFile } from '../facts/configurations.ts';
import type { Fact } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import type { Role } from '../facts/role.ts';
import type { Daemon } from '../facts/services.ts';
import {
  configurationFiles,
  userClientConfiguration,
  type ConfigurationName,
} from '../reference/configuration-files.ts';
import { isInUse, socketsInUse } from './listening.ts';
import { configurationFacts, type ConfigurationFacts } from './remote-configuration.ts';
import { remoteDaemon } from './remote-daemon.ts';

export const configurationsInUseFacts = [...configurationFacts, 'accounts'] as const;

/** A configuration file that a program of this host reads. */
export interface ConfigurationInUse {
  readonly name: ConfigurationName;
  readonly path: string;
  /** For people, to stand as a subject: `libvirtd`, `the QEMU driver of libvirtd`, `clients of alice`. */
  readonly reader: string;
  /** The daemon to restart when it changes; absent for clients, which read it each time. */
  readonly daemon?: Daemon;
  readonly content: Fact<ConfigurationFile>;
}

/** Is there any sign that a daemon is used here and not only its configuration file lies about. */
export const isDaemonUsed = (facts: ConfigurationFacts, daemon: Daemon): boolean =>
  facts.software.installed.includes(daemon) ||
  isInUse(facts.services.units[`${daemon}.service`]) ||
  socketsInUse(facts, daemon).length > 0 ||
  (facts.runtime.observed && facts.runtime.processes.some(({ program }) => program === daemon));

/** The daemon that runs the QEMU driver: virtqemud of the modular layout, else libvirtd. */
export const qemuDaemon = (facts: ConfigurationFacts): Daemon =>
  remoteDaemon(facts) === 'virtproxyd' || (isDaemonUsed(facts, 'virtqemud') && !isDaemonUsed(facts, 'libvirtd'))
    ? 'virtqemud'
    : 'libvirtd';

/** The files that exist and that programs of the given roles read, the daemons' first. */
export function configurationsInUse(
  facts: Known<(typeof configurationsInUseFacts)[number]>,
  roles: readonly Role[],
): readonly ConfigurationInUse[] {
  const server = roles.includes('libvirt-server');
  const remote = remoteDaemon(facts);
  const driver = qemuDaemon(facts);
  const daemons: readonly Daemon[] = server ? [...new Set([remote, driver])] : [];
  const driven = server || roles.includes('vnc-server') || roles.includes('migration');
  const candidates: readonly Omit<ConfigurationInUse, 'content'>[] = [
    ...daemons.map((daemon) => ({ name: daemon, path: configurationFiles[daemon], reader: daemon, daemon })),
    ...(driven
      ? [
          {
            name: 'qemu',
            path: configurationFiles.qemu,
            reader: `the QEMU driver of ${driver}`,
            daemon: driver,
          } as const,
        ]
      : []),
    { name: 'libvirt', path: configurationFiles.libvirt, reader: 'clients of root' },
    ...facts.accounts.users
      .filter(({ uid }) => uid !== 0)
      .map((user) => ({
        name: 'libvirt' as const,
        path: `${user.home.replace(/\/+$/, '')}/${userClientConfiguration}`,
        reader: `clients of ${user.name}`,
      })),
  ];
  const seen = new Set<string>();
  return candidates.flatMap((one) => {
    const content = facts.configurations[one.path];
    if (content === undefined || seen.has(one.path)) return [];
    seen.add(one.path);
    return [{ ...one, content }];
  });
}
