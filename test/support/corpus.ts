import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import type { Scope } from '../../src/facts/host.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { assume } from '../../src/engine/assume.ts';
import type { TreeEntry as DiskEntry } from './directory-tree.ts';
import { memoryHost } from './memory-host.ts';

/** One scenario: two hosts' trees, and by libvirt version what the real programs did with them. */
export interface Scenario {
  readonly name: string;
  readonly uri: string;
  readonly user: string;
  readonly server: readonly TreeEntry[];
  readonly client: readonly TreeEntry[];
  readonly truth: Readonly<Record<string, Truth>>;
}

export interface Truth {
  readonly daemon: 'running' | 'exits';
  readonly connects: boolean;
  readonly stage: string | null;
  readonly clientError: string | null;
  readonly daemonErrors: readonly string[];
}

/** A host as a literal: what stands under its names. */
export type HostTree = Readonly<Record<string, Exclude<DiskEntry, string>>>;

type TreeEntry = { readonly path: string } & (
  | { readonly type: 'symlink'; readonly target: string }
  | {
      readonly type: 'directory' | 'file';
      readonly mode: string;
      readonly owner: string;
      readonly group: string;
      readonly content?: string;
    }
);

/** One scenario of VNC: the server's tree holds the process as it was started. */
export interface VncScenario extends Omit<Scenario, 'truth'> {
  readonly viewer: string;
  readonly truth: Readonly<Record<string, VncTruth>>;
}

export interface VncTruth {
  readonly qemu: 'running' | 'exits';
  readonly connects: boolean;
  readonly stage: string | null;
  readonly clientError: string | null;
  readonly qemuErrors: readonly string[];
  readonly listening: readonly string[];
  /** The security type, or under VeNCrypt the sub-type, that the client chose. */
  readonly security: number | null;
}

const directory = join(import.meta.dirname, '../../fixtures/corpus');
const ids: Readonly<Record<string, number>> = { root: 0, qemu: 107, libvirt: 118, alice: 1000, bob: 1001 };

const blobs = JSON.parse(readFileSync(join(directory, 'blobs.json'), 'utf8')) as Record<
  string,
  { text?: string; base64?: string }
>;

const scenarios = (name: string): readonly unknown[] =>
  readFileSync(join(directory, name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

/** The scenarios of libvirt, in the order of the file. */
export const libvirtScenarios = scenarios('libvirt.jsonl') as readonly Scenario[];

/** The scenarios of VNC. */
export const vncScenarios = scenarios('vnc.jsonl') as readonly VncScenario[];

function contentOf(id: string): Uint8Array {
  const blob = blobs[id];
  if (blob === undefined) throw new Error(`no blob ${id}`);
  return blob.text === undefined ? Buffer.from(blob.base64 ?? '', 'base64') : Buffer.from(blob.text);
}

/** The content of a file of a scenario, as text. */
export const textOf = (entry: { readonly content?: string }): string =>
  Buffer.from(contentOf(entry.content ?? '')).toString();

/** One side of a scenario as a literal tree. */
export function treeOf(entries: readonly TreeEntry[]): HostTree {
  const tree: Record<string, Exclude<DiskEntry, string>> = {};
  for (const entry of entries) {
    if (entry.type === 'symlink') {
      tree[entry.path] = { link: entry.target };
      continue;
    }
    const attributes = {
      mode: Number.parseInt(entry.mode, 8),
      owner: ids[entry.owner] ?? 0,
      group: ids[entry.group] ?? 0,
    };
    tree[entry.path] =
      entry.type === 'directory'
        ? { type: 'directory', ...attributes }
        : { content: contentOf(entry.content ?? ''), ...attributes };
  }
  return tree;
}

/** The facts of a tree, for a version of libvirt or QEMU, as of a moment. */
export async function snapshotOf(
  tree: HostTree,
  version: string,
  program: 'libvirt' | 'qemu' = 'libvirt',
  now?: string,
  scope?: Scope,
): Promise<Snapshot> {
  const snapshot = await collectSnapshot(memoryHost(tree, now === undefined ? {} : { now }), {
    tool: { name: 'virt-pki-check', version: '0.0.0' },
    ...(scope === undefined ? {} : { scope }),
  });
  return assume(snapshot, { [program]: version });
}

/** The facts of one side of a scenario, for a version of libvirt or QEMU. */
export const snapshotOfTree = (
  entries: readonly TreeEntry[],
  version: string,
  program: 'libvirt' | 'qemu' = 'libvirt',
  scope?: Scope,
): Promise<Snapshot> => snapshotOf(treeOf(entries), version, program, undefined, scope);
