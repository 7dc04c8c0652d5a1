import { closeSync, constants, lstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileEntry } from '../facts/files.ts';
import { AccessError } from './access-error.ts';
import { directoryHost } from './file-system-host.ts';
import type { HostAccess } from './host-access.ts';

/** What a file tree under version control cannot hold of a host. Paths are the host's own. */
interface Description {
  /** When the host is looked at, ISO 8601. */
  readonly now: string;
  /** Owner, group and mode (octal digits) of names that are not root's with 0644 (files) or 0755 (directories); dates that matter. */
  readonly entries: Readonly<
    Record<string, { readonly uid?: number; readonly gid?: number; readonly mode?: string; readonly modified?: string }>
  >;
}

/** Dates of files that the description does not mention: checkouts have none worth keeping. */
const undated = '2026-01-01T00:00:00.000Z';

/** A description names a few dozen paths. */
const largestDescription = 1024 * 1024;

/**
 * A directory with nothing of a host's but `host.json` beside `root/`: a host whose tree was checked out, its owners, modes and clock
 * described. Undefined for any other directory; a real root has a `/root` too, but also an `/etc`. Neither name may be a link, for the
 * directory may be somebody else's and nothing outside it is to be read.
 * @throws AccessError when the description is none, or the tree may not be entered.
 */
export function describedHost(directory: string): HostAccess | undefined {
  const descriptionFile = join(directory, 'host.json');
  const root = join(directory, 'root');
  const typeOf = (path: string) => lstatSync(path, { throwIfNoEntry: false });
  try {
    if (typeOf(descriptionFile)?.isFile() !== true || typeOf(root)?.isDirectory() !== true) return undefined;
    if (typeOf(join(directory, 'etc')) !== undefined) return undefined;
  } catch {
    return undefined; // whoever opens the directory itself learns why
  }
  const { now, entries } = readDescription(descriptionFile);
  const host = directoryHost(root);
  return {
    target: directory,
    live: false,
    async lstat(path): Promise<FileEntry> {
      const entry = await host.lstat(path);
      if (entry.type === 'absent') return entry;
      const { uid = 0, gid = 0, mode, modified = undated } = entries[path] ?? {};
      const usual = entry.type === 'symlink' ? 0o777 : entry.type === 'directory' ? 0o755 : 0o644;
      return { ...entry, uid, gid, mode: mode === undefined ? usual : Number.parseInt(mode, 8), modified };
    },
    list: (path) => host.list(path),
    read: (path, limit) => host.read(path, limit),
    attributes: async () => new Map(),
    run: async () => undefined,
    caller: () => null,
    now: () => new Date(now),
  };
}

function readDescription(path: string): Description {
  const complaint = (what: string, cause?: unknown) => new AccessError('unreadable', `${path}: ${what}`, { cause });
  let text: string;
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (lstatSync(path).size > largestDescription) throw complaint('larger than 1 MiB');
      text = readFileSync(descriptor, 'utf8');
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof AccessError) throw error;
    throw complaint(error instanceof Error && 'code' in error ? String(error.code) : 'cannot be read', error);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw complaint('not JSON', error);
  }
  if (!isObject(document)) throw complaint('an object is needed');
  const { now, entries } = document;
  if (!isTime(now)) throw complaint('"now" must be a time as in ISO 8601');
  if (!isObject(entries)) throw complaint('"entries" must be an object');
  for (const [name, entry] of Object.entries(entries)) {
    if (!isObject(entry)) throw complaint(`${name}: an object is needed`);
    for (const id of [entry['uid'], entry['gid']]) {
      if (id !== undefined && !(Number.isInteger(id) && Number(id) >= 0))
        throw complaint(`${name}: uid and gid are numbers`);
    }
    const { mode, modified } = entry;
    if (mode !== undefined && !(typeof mode === 'string' && /^[0-7]{3,4}$/.test(mode))) {
      throw complaint(`${name}: mode is three or four octal digits`);
    }
    if (modified !== undefined && !isTime(modified)) throw complaint(`${name}: modified must be a time as in ISO 8601`);
  }
  return { now, entries } as Description;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTime = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && !Number.isNaN(Date.parse(value));
