import type { RemoteDaemon } from './remote-daemon.ts';
import type { ConfigurationFacts } from './remote-configuration.ts';
import { socketUnit, type Transport } from './listening.ts';

/** A command to run as root, in the shape of a fix's step. */
export interface CommandStep {
  readonly kind: 'run';
  readonly command: readonly string[];
}

const run = (...command: readonly string[]): CommandStep => ({ kind: 'run', command });

/** What makes a changed configuration count: SIGHUP reloads neither the daemon's own file nor its credentials. */
export const restart = (daemon: string): readonly CommandStep[] => [run('systemctl', 'restart', daemon)];

/** Lets systemd open a daemon's network socket; it refuses to while the service is active, so the order matters. */
export function openSocket(
  facts: ConfigurationFacts,
  daemon: RemoteDaemon,
  transport: Transport,
): readonly CommandStep[] {
  const name = `${daemon}-${transport}.socket`;
  const unmask = socketUnit(facts, daemon, transport)?.masked === true ? [run('systemctl', 'unmask', name)] : [];
  return [
    ...unmask,
    run('systemctl', 'stop', daemon),
    run('systemctl', 'enable', '--now', name),
    run('systemctl', 'start', daemon),
  ];
}
