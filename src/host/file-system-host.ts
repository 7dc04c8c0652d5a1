import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdtempSync,
  opendirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Caller } from '../facts/accounts.ts';
import type { UnknownReason } from '../facts/fact.ts';
import type { FileEntry, FileMetadata } from '../facts/files.ts';
import { AccessError } from './access-error.ts';
import { readExtendedAttributes } from './extended-attributes.ts';
import type { ExtendedAttributes, HostAccess, ObservingProgram } from './host-access.ts';
import { decodeLatin1, encodePath } from './path-bytes.ts';
import { findProgram, runProgram } from './run-program.ts';

/** This machine as it runs. */
export const localHost = (): HostAccess => new FileSystemHost('local', '/', true);

/**
 * A directory that is a host's root: mounted image, `/host` in a container, chroot, unpacked sosreport.
 * @throws AccessError when it does not exist, is no directory or may not be entered.
 */
export const directoryHost = (directory: string): HostAccess => new FileSystemHost(directory, directory, false);

const defaultLimit = 16 << 20;

/** Bytes of a directory that are beyond any that is looked into; its names are counted before they are held in memory. */
const hugeDirectory = 256 << 10;
const maximumNames = 200_000;

/** Several times what the database of a well-filled host has. */
const maximumDatabase = 512 << 20;

/** A directory by its path, if no link leads there; undefined else. */
function realDirectory(path: string): string | undefined {
  try {
    return realpathSync.native(path) === path ? path : undefined;
  } catch {
    return undefined;
  }
}

const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * A host whose files this machine can see.
 *
 * Calls are synchronous inside: for a few hundred small files that is several times faster than the thread pool. Links are never
 * followed: not the last component (O_NOFOLLOW), and not one swapped in before it, for what was opened must lie where it was
 * looked for (/proc/self/fd).
 */
class FileSystemHost implements HostAccess {
  readonly target: string;
  readonly live: boolean;
  /** Prefix that makes a host path one of this machine: '' for `/` itself. */
  readonly #prefix: string;

  constructor(target: string, directory: string, live: boolean) {
    this.target = target;
    this.live = live;
    try {
      const root = realpathSync.native(directory);
      if (!statSync(root).isDirectory()) throw new AccessError('unreadable', `${directory}: not a directory`);
      accessSync(root, constants.X_OK);
      this.#prefix = root === '/' ? '' : root;
    } catch (error) {
      if (error instanceof AccessError) throw error;
      if (isAbsence(error)) throw new AccessError('unreadable', `${directory}: no such directory`, { cause: error });
      throw refusal(directory, error);
    }
  }

  async lstat(path: string): Promise<FileEntry> {
    const real = this.#real(path);
    try {
      const stats = lstatSync(encodePath(real), { throwIfNoEntry: false });
      if (stats === undefined) return { type: 'absent' };
      return stats.isSymbolicLink()
        ? { type: 'symlink', ...metadata(stats), target: decodeLatin1(readlinkSync(encodePath(real), 'latin1')) }
        : entry(stats);
    } catch (error) {
      if (isAbsence(error)) return { type: 'absent' };
      throw this.#refusal(path, error);
    }
  }

  async list(path: string): Promise<readonly string[]> {
    const names = this.#open(path, openFlags | constants.O_DIRECTORY, (descriptor, name) =>
      fstatSync(descriptor).size > hugeDirectory ? listUpTo(path, name) : readdirSync(name, 'latin1'),
    );
    return (names ?? []).map(decodeLatin1).sort();
  }

  async read(path: string, limit: number = defaultLimit): Promise<Uint8Array> {
    // Looked at before it is opened, because opening alone acts on some devices (a watchdog, a tape).
    const { type } = await this.lstat(path);
    if (type !== 'file')
      throw new AccessError('unreadable', type === 'absent' ? vanished(path) : `${path}: not a regular file`);
    const content = this.#open(path, openFlags, (descriptor) => {
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) throw new AccessError('unreadable', `${path}: not a regular file`);
      if (stats.size > limit) throw new AccessError('too-large', `${path}: larger than ${limit} bytes`);
      return readUpTo(descriptor, stats.size, limit);
    });
    if (content === undefined) throw new AccessError('unreadable', vanished(path));
    if (content.length > limit) throw new AccessError('too-large', `${path}: larger than ${limit} bytes`);
    return content;
  }

  async attributes(paths: readonly string[]): Promise<ReadonlyMap<string, ExtendedAttributes>> {
    const found = await readExtendedAttributes(
      paths.map((path) => this.#real(path)),
      { labels: await this.#hasLabels() },
    );
    return new Map([...found].map(([real, attributes]) => [this.#own(real), attributes]));
  }

  async run(program: ObservingProgram, args: readonly string[]): Promise<string | undefined> {
    const executable = findProgram(program);
    if (executable === undefined) return undefined;
    if (this.live) return new TextDecoder().decode(await runProgram(executable, args));
    const database = program === 'rpm' ? await this.#rpmDatabase() : undefined;
    if (database === undefined) return undefined;
    // rpm writes beside the database that it reads: it gets a copy, and the host stays as it is.
    const copy = mkdtempSync(join(tmpdir(), 'virt-pki-check-'));
    try {
      for (const { name, content } of database) writeFileSync(join(copy, name), content);
      return new TextDecoder().decode(await runProgram(executable, ['--dbpath', copy, ...args]));
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }

  caller(): Caller | null {
    if (!this.live) return null;
    const [uid, gid, groups] = [process.geteuid?.(), process.getegid?.(), process.getgroups?.()];
    if (uid === undefined || gid === undefined || groups === undefined) return null;
    const name = accountName();
    return { uid, gid, groups: [...groups].sort((a, b) => a - b), ...(name === undefined ? {} : { name }) };
  }

  now(): Date {
    return new Date();
  }

  /** A host path as one of this machine. */
  #real(path: string): string {
    if (path.includes('\0')) throw new AccessError('unreadable', `${path}: no file name can hold a NUL`);
    return path === '/' && this.#prefix !== '' ? this.#prefix : this.#prefix + path;
  }

  #own(real: string): string {
    return real === this.#prefix ? '/' : real.slice(this.#prefix.length);
  }

  /**
   * Opens, makes sure that what was opened lies where it was looked for, and closes; undefined when there is nothing.
   * `name` is a path by which the open object itself can be opened again.
   */
  #open<T>(path: string, flags: number, use: (descriptor: number, name: string | Buffer) => T): T | undefined {
    const real = this.#real(path);
    let descriptor: number | undefined;
    try {
      descriptor = openSync(encodePath(real), flags);
      return use(descriptor, this.#verify(path, real, descriptor));
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error instanceof AccessError ? error : this.#refusal(path, error);
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  #verify(path: string, real: string, descriptor: number): string | Buffer {
    const self = `/proc/self/fd/${descriptor}`;
    let place: string;
    let name: string | Buffer = self;
    try {
      place = decodeLatin1(readlinkSync(self, 'latin1'));
    } catch {
      // Without /proc a link that is swapped in and out again could go unseen; one that stays is seen.
      name = encodePath(real);
      place = decodeLatin1(realpathSync.native(name, 'latin1'));
    }
    if (place === real) return name;
    if (place === `${real} (deleted)`) throw new AccessError('unreadable', vanished(path));
    throw new AccessError('unreadable', `${path}: was moved or replaced while it was being read`);
  }

  /** The refusal for an errno, naming for EACCES the directory that may not be searched, if it is one. */
  #refusal(path: string, error: unknown): AccessError {
    if (errorCode(error) === 'EACCES') {
      for (let slash = path.indexOf('/', 1); slash !== -1; slash = path.indexOf('/', slash + 1)) {
        const directory = path.slice(0, slash);
        try {
          accessSync(encodePath(this.#real(directory)), constants.X_OK);
        } catch {
          return new AccessError('permission-denied', `${path}: no permission to search ${directory}`, {
            cause: error,
          });
        }
      }
    }
    return refusal(path, error);
  }

  /** Does the host label its files: a running one has selinuxfs mounted, an image has SELinux configured and not disabled. */
  async #hasLabels(): Promise<boolean> {
    if (this.live) return existsSync('/sys/fs/selinux/enforce');
    try {
      const configuration = await this.read('/etc/selinux/config');
      return /^\s*SELINUX\s*=\s*(?:enforcing|permissive)/im.test(new TextDecoder().decode(configuration));
    } catch {
      return false; // the usual case: no such file
    }
  }

  /** An image's RPM database: SQLite, ndb or Berkeley DB, the first that is there. */
  async #rpmDatabase(): Promise<readonly { readonly name: string; readonly content: Uint8Array }[] | undefined> {
    for (const directory of ['/usr/lib/sysimage/rpm', '/var/lib/rpm']) {
      if (realDirectory(this.#real(directory)) === undefined) continue;
      for (const name of ['rpmdb.sqlite', 'Packages.db', 'Packages']) {
        const path = `${directory}/${name}`;
        if ((await this.lstat(path)).type !== 'file') continue;
        const files = [{ name, content: await this.read(path, maximumDatabase) }];
        // Transactions that SQLite has not yet moved into the database.
        const log = `${name}-wal`;
        if ((await this.lstat(`${directory}/${log}`)).type === 'file') {
          files.push({ name: log, content: await this.read(`${directory}/${log}`, maximumDatabase) });
        }
        return files;
      }
    }
    return undefined;
  }
}

const entry = (stats: Stats): FileEntry => {
  if (stats.isFile()) return { type: 'file', ...metadata(stats), size: stats.size };
  if (stats.isDirectory()) return { type: 'directory', ...metadata(stats) };
  const type = stats.isFIFO()
    ? 'fifo'
    : stats.isSocket()
      ? 'socket'
      : stats.isBlockDevice()
        ? 'block-device'
        : 'character-device';
  return { type, ...metadata(stats) };
};

const metadata = (stats: Stats): FileMetadata => ({
  uid: stats.uid,
  gid: stats.gid,
  mode: stats.mode & 0o7777,
  modified: timestamp(stats.mtimeMs),
});

/** ISO 8601 with a four-digit year, for some file systems keep times beyond any calendar. */
export const timestamp = (milliseconds: number): string =>
  new Date(Math.min(Math.max(milliseconds, earliest), latest)).toISOString();

const earliest = Date.parse('0000-01-01T00:00:00.000Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

/** Most files fit in here; a buffer of its own for each of them would keep the garbage collector busy. */
const scratch = Buffer.allocUnsafeSlow(64 << 10);

/** Content from the start, at most `limit` + 1 bytes; files under /proc give 0 as their size and yet have content. */
const readUpTo = (descriptor: number, size: number, limit: number): Buffer => {
  let buffer = size < scratch.length ? scratch : Buffer.allocUnsafeSlow(size + 1);
  let length = 0;
  for (;;) {
    const count = readSync(descriptor, buffer, length, Math.min(buffer.length, limit + 1) - length, null);
    if (count === 0) break;
    length += count;
    if (length > limit) break;
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(limit + 1, length * 4));
  }
  return buffer === scratch ? Buffer.from(buffer.subarray(0, length)) : buffer.subarray(0, length);
};

/** Names in a directory, as latin1. */
const listUpTo = (path: string, name: string | Buffer): string[] => {
  const directory = opendirSync(name, { encoding: 'latin1', bufferSize: 512 });
  try {
    const names: string[] = [];
    for (let item = directory.readSync(); item !== null; item = directory.readSync()) {
      if (names.length === maximumNames) throw new AccessError('too-large', `${path}: more than ${maximumNames} names`);
      names.push(item.name);
    }
    return names;
  } finally {
    directory.closeSync();
  }
};

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const isAbsence = (error: unknown): boolean => {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
};

const vanished = (path: string): string => `${path}: vanished while it was being read`;

const refusals: Readonly<Record<string, readonly [UnknownReason, string]>> = {
  EACCES: ['permission-denied', 'permission denied'],
  EPERM: ['permission-denied', 'operation not permitted'],
  ELOOP: ['unreadable', 'became a symbolic link while it was looked at'],
  EINVAL: ['unreadable', 'changed while it was looked at'],
  EIO: ['unreadable', 'input or output error'],
  EAGAIN: ['unreadable', 'has no content to give without waiting'],
  ESTALE: ['unreadable', 'stale file handle of a network file system'],
  ENAMETOOLONG: ['unreadable', 'name too long'],
  ENXIO: ['unreadable', 'no device behind this name'],
  ENODEV: ['unreadable', 'no device behind this name'],
  ESRCH: ['unreadable', 'its process has ended'],
  EMFILE: ['unreadable', 'too many open files'],
  ENFILE: ['unreadable', 'too many open files'],
  ETIMEDOUT: ['timed-out', 'the file system did not answer in time'],
  EHOSTDOWN: ['unreachable', 'the file server is down'],
  EHOSTUNREACH: ['unreachable', 'the file server is unreachable'],
  ENOTCONN: ['unreachable', 'the file system is not connected'],
};

const refusal = (path: string, error: unknown): AccessError => {
  const code = errorCode(error);
  if (code === undefined) throw error;
  const [reason, text] = refusals[code] ?? ['unreadable' as const, code];
  return new AccessError(reason, `${path}: ${text}`, { cause: error });
};

const accountName = (): string | undefined => {
  try {
    return userInfo().username;
  } catch {
    return undefined; // an account without an entry in any database
  }
};
