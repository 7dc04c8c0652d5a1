import type { Caller } from '../../src/facts/accounts.ts';
import type { UnknownReason } from '../../src/facts/fact.ts';
import type { FileEntry } from '../../src/facts/files.ts';
import { AccessError } from '../../src/host/access-error.ts';
import type { ExtendedAttributes, HostAccess, ObservingProgram } from '../../src/host/host-access.ts';
import { now } from './facts.ts';

type Attributes = {
  mode?: number;
  owner?: number | string;
  group?: number | string;
  modified?: string;
} & ExtendedAttributes;

/** One name of a memory host: a file by its content, a link, a directory, something else, or what may not be looked at. */
export type MemoryEntry =
  | string
  | ({ content: string | Uint8Array } & Attributes)
  | ({ link: string } & Attributes)
  | ({ type: 'directory' | 'fifo' | 'socket' | 'block-device' | 'character-device' } & Attributes)
  | { refused: UnknownReason };

export interface MemoryHostOptions {
  target?: string;
  live?: boolean;
  /** Accounts by name: each gets a user and a group of this number in /etc/passwd and /etc/group, beside root, and may own files. */
  accounts?: Readonly<Record<string, number>>;
  caller?: Caller | null;
  now?: string;
  /** What programs print, by their command line (`rpm -q libvirt`); one that is not here is not installed. */
  outputs?: Readonly<Record<string, string>>;
}

/** A host that is a literal: `{ '/etc/hostname': 'kvm1\n', '/x': { link: '/y' } }`; directories above are made, root:root 0755. */
export const memoryHost = (
  tree: Readonly<Record<string, MemoryEntry>>,
  options: MemoryHostOptions = {},
): HostAccess => {
  const ids = { root: 0, ...options.accounts };
  const lines = (line: (name: string, id: number) => string) =>
    Object.entries(ids)
      .map(([name, id]) => `${line(name, id)}\n`)
      .join('');
  const databases: Record<string, MemoryEntry> =
    options.accounts === undefined
      ? {}
      : {
          '/etc/passwd': lines((name, id) => `${name}:x:${id}:${id}::/home/${name}:/bin/sh`),
          '/etc/group': lines((name, id) => `${name}:x:${id}:`),
        };
  const idOf = (account: number | string = 0): number =>
    typeof account === 'number' ? account : ((ids as Record<string, number>)[account] ?? NaN);
  const entries = new Map<string, MemoryEntry>([
    ['/', { type: 'directory' }],
    ...Object.entries({ ...databases, ...tree }),
  ]);
  for (const path of [...entries.keys()]) {
    for (let at = parentOf(path); !entries.has(at); at = parentOf(at)) entries.set(at, { type: 'directory' });
  }
  const look = (path: string): Exclude<MemoryEntry, string | { refused: UnknownReason }> | undefined => {
    const entry = entries.get(path);
    if (typeof entry === 'string') return { content: entry };
    if (entry !== undefined && 'refused' in entry) throw new AccessError(entry.refused, `${path}: refused`);
    return entry;
  };
  const lstat = async (path: string): Promise<FileEntry> => {
    const entry = look(path);
    if (entry === undefined) return { type: 'absent' };
    const [uid, gid] = [idOf(entry.owner), idOf(entry.group)];
    const { modified = '2026-01-01T00:00:00.000Z' } = entry;
    const metadata = (mode: number) => ({ uid, gid, mode: entry.mode ?? mode, modified });
    if ('link' in entry) return { type: 'symlink', ...metadata(0o777), target: entry.link };
    if ('content' in entry) return { type: 'file', ...metadata(0o644), size: Buffer.byteLength(entry.content) };
    return { type: entry.type, ...metadata(0o755) };
  };
  return {
    target: options.target ?? 'memory',
    live: options.live ?? false,
    lstat,
    list: async (path) => {
      if ((await lstat(path)).type !== 'directory') return [];
      const names = [...entries.keys()].filter((name) => name !== '/' && parentOf(name) === path);
      return names.map((name) => name.slice(name.lastIndexOf('/') + 1)).sort();
    },
    read: async (path, limit = 16 << 20) => {
      const entry = look(path);
      if (entry === undefined || !('content' in entry))
        throw new AccessError('unreadable', `${path}: not a regular file`);
      const content = Buffer.from(entry.content as string);
      if (content.length > limit) throw new AccessError('too-large', `${path}: larger than ${limit} bytes`);
      return content;
    },
    attributes: async (paths) =>
      new Map(
        paths.flatMap((path) => {
          const { acl, label } = (look(path) ?? {}) as Attributes;
          const found = { ...(acl === undefined ? {} : { acl }), ...(label === undefined ? {} : { label }) };
          return Object.keys(found).length === 0 ? [] : [[path, found] as const];
        }),
      ),
    run: async (program: ObservingProgram, args) => options.outputs?.[[program, ...args].join(' ')],
    caller: () => options.caller ?? null,
    now: () => new Date(options.now ?? now),
  };
};

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
