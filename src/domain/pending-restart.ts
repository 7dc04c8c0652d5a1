import type { Known } from '../facts/facts.ts';
import type { Daemon, Process } from '../facts/services.ts';
import { configurationFiles } from '../reference/configuration-files.ts';
import { qemuDaemon } from './configurations-in-use.ts';
import { credentials, filesOf, type CredentialFacts } from './credentials.ts';
import { daemonProcess, listening } from './listening.ts';
import { remoteDaemon } from './remote-daemon.ts';
import { walk } from './walk.ts';

/** A file that a running daemon read when it started and that has changed since. */
export interface NewerFile {
  readonly path: string;
  readonly modified: string;
  readonly kind: 'configuration' | 'credential' | 'unit' | 'arguments';
}

/** A running daemon and what it has not read yet. */
export interface PendingRestart {
  readonly daemon: Daemon;
  readonly process: Process;
  /** Absent when its start is not known. */
  readonly newer?: readonly NewerFile[];
}

/** Start times come in ticks of the clock since boot, and may be off by this much (ms). */
const tolerance = 1_000;

/** Latest change of what a path leads to, links on the way included; absent where nothing is there or can be seen. */
function modifiedOf(files: Known<'files'>['files'], path: string): string | undefined {
  const way = walk(files, path);
  if (way.outcome !== 'found') return undefined;
  const changes = way.steps.filter(({ entry }) => entry.type === 'symlink').map(({ entry }) => entry.modified);
  return [...changes, way.entry.modified].sort().at(-1);
}

/**
 * The daemons of this host that run, with the files that changed after they started: their configuration, qemu.conf for the one that
 * runs the QEMU driver, credentials where TLS is served, units and arguments. Empty when none runs or nothing was observed.
 */
export function pendingRestarts(facts: CredentialFacts): readonly PendingRestart[] {
  const remote = remoteDaemon(facts);
  const driver = qemuDaemon(facts);
  return [...new Set<Daemon>([remote, driver])].flatMap((daemon) => {
    const process = daemonProcess(facts, daemon);
    if (process === undefined) return [];
    const { started } = process;
    if (started === undefined) return [{ daemon, process }];
    const at = (path: string | undefined, kind: NewerFile['kind']): readonly NewerFile[] => {
      const modified = path === undefined ? undefined : modifiedOf(facts.files, path);
      return path === undefined || modified === undefined ? [] : [{ path, modified, kind }];
    };
    const answer = daemon === remote ? listening(facts) : undefined;
    const servesTls = answer?.state === 'determined' && answer.tls !== undefined;
    const set = servesTls
      ? credentials(facts, ['libvirt-server']).sets.find(({ id }) => id === 'libvirt-server')
      : undefined;
    const units = Object.values(facts.services.units).filter(
      ({ name, masked }) => !masked && new RegExp(`^${daemon}(-[a-z]+)?\\.(service|socket)$`).test(name),
    );
    const candidates: readonly NewerFile[] = [
      ...at(configurationFiles[daemon], 'configuration'),
      ...(daemon === driver ? at(configurationFiles.qemu, 'configuration') : []),
      ...(set === undefined ? [] : filesOf(set).flatMap(({ path }) => at(path, 'credential'))),
      ...units.flatMap(({ name, path, modified, enabled, active }) =>
        modified === undefined || !(enabled || active === true || name.endsWith('.service'))
          ? []
          : [{ path: path ?? name, modified, kind: 'unit' as const }],
      ),
      ...at(facts.services.daemonArguments[daemon].path, 'arguments'),
    ];
    const isNewer = ({ modified }: NewerFile): boolean => Date.parse(modified) > Date.parse(started) + tolerance;
    return [{ daemon, process, newer: candidates.filter(isNewer) }];
  });
}

/** Does the daemon for remote clients run with another configuration than the files hold, as far as can be told. */
export const hasPendingRestart = (facts: CredentialFacts): boolean =>
  pendingRestarts(facts).some(
    ({ daemon, newer }) => daemon === remoteDaemon(facts) && newer !== undefined && newer.length > 0,
  );
