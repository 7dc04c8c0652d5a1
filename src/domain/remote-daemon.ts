import type { Known } from '../facts/facts.ts';
import { configurationFiles } from '../reference/configuration-files.ts';

export type RemoteDaemon = 'libvirtd' | 'virtproxyd';

/**
 * The daemon that serves remote clients here: the monolithic libvirtd, or virtproxyd of the modular layout.
 *
 * What runs decides; then which TLS or TCP socket is enabled, which main socket or service is enabled, which program is installed, and
 * last which configuration is there (libvirtd when nothing tells).
 */
export function remoteDaemon(facts: Known<'runtime' | 'services' | 'software' | 'configurations'>): RemoteDaemon {
  const { runtime, services, software, configurations } = facts;
  const both: readonly RemoteDaemon[] = ['libvirtd', 'virtproxyd'];
  const isUp = (name: string): boolean => services.units[name]?.active === true;
  const isEnabled = (name: string): boolean => services.units[name]?.enabled === true;
  const evidence: readonly ((daemon: RemoteDaemon) => boolean)[] = [
    (daemon) => runtime.observed && runtime.processes.some(({ program }) => program === daemon),
    (daemon) => isUp(`${daemon}-tls.socket`) || isUp(`${daemon}-tcp.socket`),
    (daemon) => isEnabled(`${daemon}-tls.socket`) || isEnabled(`${daemon}-tcp.socket`),
    (daemon) => isEnabled(`${daemon}.socket`) || isEnabled(`${daemon}.service`),
    (daemon) => software.installed.includes(daemon),
    (daemon) => configurations[configurationFiles[daemon]] !== undefined,
  ];
  for (const speaksFor of evidence) {
    const found = both.filter(speaksFor);
    if (found.length === 1 && found[0] !== undefined) return found[0];
  }
  return 'libvirtd';
}
