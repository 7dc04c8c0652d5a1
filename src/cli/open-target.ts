import { readFileSync, statSync } from 'node:fs';
import { collectSnapshot } from '../collect/collect-snapshot.ts';
import type { FactName } from '../facts/facts.ts';
import type { Scope } from '../facts/host.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { AccessError } from '../host/access-error.ts';
import { describedHost } from '../host/described-host.ts';
import { directoryHost, localHost } from '../host/file-system-host.ts';
import type { HostAccess } from '../host/host-access.ts';
import { tool } from './tool.ts';
import { UsageError } from './usage-error.ts';

/** Snapshots are a few hundred KiB; this bounds what a hostile file can make us hold. */
const largestSnapshot = 256 * 1024 * 1024;

/** The ways in which something can be looked at: a host to collect from, or facts that were collected elsewhere. */
export type Opened =
  | {
      readonly kind: 'host';
      readonly host: HostAccess;
      collect(needs?: readonly FactName[], progress?: (fact: string) => void, scope?: Scope): Promise<Snapshot>;
    }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot };

/** Opens what the user named: `local`, a directory, or a snapshot file. @throws UsageError when it is none of them. */
export async function openTarget(target: string): Promise<Opened> {
  if (target !== 'local' && isFile(target)) {
    return { kind: 'snapshot', snapshot: await readSnapshot(target) };
  }
  try {
    const host = target === 'local' ? localHost() : (describedHost(target) ?? directoryHost(target));
    return {
      kind: 'host',
      host,
      collect: (needs, progress, scope) =>
        collectSnapshot(host, {
          tool,
          ...(needs === undefined ? {} : { needs }),
          ...(progress === undefined ? {} : { progress }),
          ...(scope === undefined ? {} : { scope }),
        }),
    };
  } catch (error) {
    if (error instanceof AccessError)
      throw new UsageError(`cannot look at ${target}: ${error.message}`, { cause: error });
    throw error;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false; // whoever opens it as a directory learns why
  }
}

async function readSnapshot(path: string): Promise<Snapshot> {
  if (statSync(path).size > largestSnapshot) throw new UsageError(`${path} is too large for a snapshot (over 256 MiB)`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const { parseSnapshot } = await import('./parse-snapshot.ts');
  return parseSnapshot(text, path);
}
