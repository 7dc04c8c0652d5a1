import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
  type BigIntStats,
} from 'node:fs';
import { parentOf } from '../domain/walk.ts';
import type { AclEntry } from '../facts/files.ts';
import { AccessError } from '../host/access-error.ts';
import { directoryHost, localHost, timestamp } from '../host/file-system-host.ts';
import type { HostAccess } from '../host/host-access.ts';
import { HostView } from '../host/host-view.ts';
import { decodeLatin1, encodePath } from '../host/path-bytes.ts';
import { findProgram } from '../host/run-program.ts';

/** A change that is not made: what stands there is not what was expected, or it cannot be made safely. The message names the path. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** What is kept of a name before and after a change. */
export type Kept =
  | { readonly type: 'absent' }
  | { readonly type: 'symlink'; readonly target: string; readonly uid: number; readonly gid: number }
  | {
      readonly type: 'file' | 'directory';
      readonly uid: number;
      readonly gid: number;
      readonly mode: number;
      readonly acl?: readonly AclEntry[];
      /** Of a file whose content is changed. */
      readonly sha256?: string;
      /** Seconds since 1970, of a file whose content is changed. */
      readonly modified?: number;
    };

type KeptObject = Extract<Kept, { readonly type: 'file' | 'directory' }>;

/** Called with what is about to be done to the file system, before each single change. */
export type Watch = (operation: string) => void;

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Begins the names of files that exist only until they are renamed. */
const temporaryPrefix = '.virt-pki-check-';

export const digestOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/**
 * The only door by which anything is written: the files below one root, `/` or a directory that is a host's root.
 *
 * A name is reached through its parent directory, opened and found to lie where it was looked for; what is done then is done through
 * descriptors (/proc/self/fd), so that no link that is swapped in leads anything out of the root. Links on the way are followed inside
 * the root, as a scan does.
 */
export class WritableTree {
  readonly live: boolean;
  readonly #host: HostAccess;
  /** Prefix that makes a host path one of this machine: '' for `/` itself. */
  readonly #prefix: string;
  readonly #watch: Watch;

  /** @throws AccessError when the target is no directory or may not be entered. */
  constructor(target: string, watch: Watch = () => {}) {
    this.live = target === 'local';
    this.#host = this.live ? localHost() : directoryHost(target);
    const root = this.live ? '/' : realpathSync.native(target);
    this.#prefix = root === '/' ? '' : root;
    this.#watch = watch;
  }

  /** Says that something is about to be done which no method here does. */
  announce(operation: string): void {
    this.#watch(operation);
  }

  /** The canonical path behind a path, links on the way followed inside the root; the last component need not exist. @throws Refused */
  async resolve(path: string, { followLast = true } = {}): Promise<string> {
    const view = new HostView(this.#host);
    const found = await view.walk(path, () => {}, { followLast });
    if (found.outcome === 'found') return found.path;
    if (found.outcome === 'refused') throw new Refused(found.error.message);
    if (found.outcome === 'loop') throw new Refused(`${path}: too many levels of symbolic links`);
    const above = await view.walk(parentOf(path));
    if (above.outcome !== 'found' || above.entry.type !== 'directory')
      throw new Refused(`${parentOf(path)} is no directory`);
    const canonical = `${above.path === '/' ? '' : above.path}/${path.slice(path.lastIndexOf('/') + 1)}`;
    if ((await view.walk(canonical, () => {}, { followLast: false })).outcome !== 'absent')
      throw new Refused(`${path} leads to nothing`);
    return canonical;
  }

  /** What stands at a canonical path now; with `content`, also the digest of a file. @throws Refused */
  async look(path: string, { content = false } = {}): Promise<Kept> {
    const directory = this.#tryDirectory(parentOf(path));
    if (directory === undefined) return { type: 'absent' };
    try {
      const stats = lstatSync(inside(directory, path), { throwIfNoEntry: false });
      if (stats === undefined) return { type: 'absent' };
      if (stats.isSymbolicLink()) {
        const target = decodeLatin1(readlinkSync(inside(directory, path), 'latin1'));
        return { type: 'symlink', target, uid: stats.uid, gid: stats.gid };
      }
    } catch (error) {
      throw refused(path, error);
    } finally {
      closeSync(directory);
    }
    const acl = await this.#aclOf(path);
    return this.#withOpen(path, (descriptor, { isFile, uid, gid, mode, modified }) => ({
      type: isFile ? 'file' : 'directory',
      uid,
      gid,
      mode,
      ...(acl === undefined ? {} : { acl }),
      ...(content && isFile ? { sha256: digestOf(readFileSync(descriptor)), modified } : {}),
    }));
  }

  /** Size of a file, and when it was last changed, as a scan has it. @throws Refused */
  timeOf(path: string): { readonly size: number; readonly modified: string } {
    return this.#withOpen(path, (descriptor) => {
      const { size, mtimeMs } = fstatSync(descriptor);
      return { size, modified: timestamp(mtimeMs) };
    });
  }

  /** Content of the regular file at a canonical path. @throws Refused */
  read(path: string): Uint8Array {
    return this.#withOpen(path, (descriptor, { isFile }) => {
      if (!isFile) throw new Refused(`${path}: not a regular file`);
      return readFileSync(descriptor);
    });
  }

  /** Gives a file or directory owner, group, ACL and mode; what it is to lose goes first, what it is to gain comes last. @throws Refused */
  setMetadata(path: string, now: KeptObject, to: KeptObject): void {
    this.#withOpen(path, (descriptor, { isFile, links }) => {
      // A second name of a file may lie anywhere, also outside the root.
      if (isFile && links > 1) throw new Refused(`${path}: has ${links} names, and others would change with it`);
      this.#metadata(path, descriptor, now, to);
      fsyncSync(descriptor);
    });
  }

  #metadata(path: string, descriptor: number, now: KeptObject, to: KeptObject): void {
    const isOwned = now.uid === to.uid && now.gid === to.gid;
    const sameAcl = JSON.stringify(now.acl ?? []) === JSON.stringify(to.acl ?? []);
    const narrow = now.mode & to.mode;
    if (!isOwned && narrow !== now.mode) this.#do(path, 'chmod', () => fchmodSync(descriptor, narrow));
    if (!isOwned) this.#do(path, 'chown', () => fchownSync(descriptor, to.uid, to.gid));
    if (!sameAcl) {
      this.#watch(`setfacl ${path}`);
      const setting = to.acl === undefined ? ['--remove-all'] : ['--set-file=-'];
      runOn('setfacl', [...setting, '--', '/proc/self/fd/3'], [descriptor], path, to.acl && aclText(to.acl));
    }
    if ((fstatSync(descriptor).mode & 0o7777) !== to.mode) {
      this.#do(path, 'chmod', () => fchmodSync(descriptor, to.mode));
    }
  }

  /** A name beside a path that nothing else uses. */
  temporaryFor(path: string, id: string): string {
    return `${parentOf(path) === '/' ? '' : parentOf(path)}/${temporaryPrefix}${id}`;
  }

  /**
   * Puts content in the place of a file, as one step: written to `temporary` beside it, brought to the disk, renamed. Owner, mode, ACL,
   * SELinux label and other attributes are those of the file, unless `to` says otherwise; the time is now unless `to` has one. `now` is what must still stand there.
   * @throws Refused, also for a full disk; the file is then as it was, and the temporary one gone.
   */
  replace(
    path: string,
    content: Uint8Array,
    { temporary, now, to }: { temporary: string; now: Kept; to?: KeptObject },
  ): void {
    const directory = this.#directory(parentOf(path));
    let made = false;
    try {
      const before = this.#stamp(directory, path);
      if ((before === undefined) !== (now.type === 'absent')) throw new Refused(`${path} has changed meanwhile`);
      this.#watch(`create ${temporary}`);
      const descriptor = openSync(inside(directory, temporary), createFlags, 0o600);
      made = true;
      try {
        this.#watch(`write ${temporary}`);
        // Written first as a file for its owner alone, given away when it is whole.
        writeAll(descriptor, content);
        this.#withOpen(path, (model) => copyAttributes(model, descriptor, path));
        if (to !== undefined) {
          const stats = fstatSync(descriptor);
          const bare: KeptObject = { type: 'file', uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o7777 };
          this.#metadata(temporary, descriptor, bare, to);
        }
        const seconds = to?.modified ?? Date.now() / 1000;
        futimesSync(descriptor, seconds, seconds);
        if (now.type === 'file' && to === undefined) mustBe(path, descriptor, now);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      if (
        this.#stamp(directory, path) !== before ||
        (now.type === 'file' && digestOf(this.#peek(path)) !== now.sha256)
      ) {
        throw new Refused(`${path} was changed by somebody else meanwhile`);
      }
      this.#do(path, 'rename', () => renameSync(inside(directory, temporary), inside(directory, path)));
      made = false;
      fsyncSync(directory);
    } catch (error) {
      if (made) unlinkIfThere(inside(directory, temporary));
      throw refused(path, error);
    } finally {
      closeSync(directory);
    }
  }

  /**
   * Puts a new file in a place, as one step, with owner, mode and ACL as `to` says. What stands there gets a second name, `aside`, and gives
   * the new one its SELinux label and other attributes; without `aside`, nothing may stand there.
   * @throws Refused, also for a full disk; what stood there is then as it was.
   */
  put(
    path: string,
    content: Uint8Array,
    { temporary, aside, to }: { temporary: string; aside?: string; to: KeptObject },
  ): void {
    const directory = this.#directory(parentOf(path));
    let made = false;
    try {
      const before = this.#stamp(directory, path);
      if ((before === undefined) !== (aside === undefined)) throw new Refused(`${path} has changed meanwhile`);
      this.#watch(`create ${temporary}`);
      const descriptor = openSync(inside(directory, temporary), createFlags, 0o600);
      made = true;
      try {
        if (aside !== undefined) this.#withOpen(path, (model) => copyAttributes(model, descriptor, path));
        // It is what it will be before there is anything in it: a key is never open to more than it is to be in the end.
        const { uid, gid, mode } = fstatSync(descriptor);
        this.#metadata(temporary, descriptor, { type: 'file', uid, gid, mode: mode & 0o7777 }, to);
        this.#watch(`write ${temporary}`);
        writeAll(descriptor, content);
        mustBe(path, descriptor, to);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      if (this.#stamp(directory, path) !== before) throw new Refused(`${path} was changed by somebody else meanwhile`);
      if (aside === undefined) {
        // Unlike a rename, it fails where something has come to stand.
        this.#do(path, 'link', () => linkSync(inside(directory, temporary), inside(directory, path)));
        this.#do(path, 'unlink temporary of', () => unlinkSync(inside(directory, temporary)));
      } else {
        this.#do(path, 'link aside', () => linkSync(inside(directory, path), inside(directory, aside)));
        fsyncSync(directory);
        this.#do(path, 'rename', () => renameSync(inside(directory, temporary), inside(directory, path)));
      }
      made = false;
      fsyncSync(directory);
    } catch (error) {
      if (made) {
        unlinkIfThere(inside(directory, temporary));
        if (aside !== undefined && this.#isOne(directory, path, aside)) unlinkIfThere(inside(directory, aside));
      }
      throw refused(path, error);
    } finally {
      closeSync(directory);
    }
  }

  /** Are two names in one directory those of one file. @throws Refused */
  isSame(path: string, other: string): boolean {
    return this.#inDirectory(path, (_, directory) => this.#isOne(directory, path, other));
  }

  #isOne(directory: number, path: string, other: string): boolean {
    const [a, b] = [path, other].map((name) =>
      lstatSync(inside(directory, name), { throwIfNoEntry: false, bigint: true }),
    );
    return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
  }

  /** Gives a file another name in its directory, in the place of what has it. @throws Refused */
  rename(from: string, to: string): void {
    this.#inDirectory(to, (name, directory) => {
      this.#do(to, 'rename', () => renameSync(inside(directory, from), name));
      fsyncSync(directory);
    });
  }

  #peek(path: string): Uint8Array {
    return this.#withOpen(path, (descriptor) => readFileSync(descriptor));
  }

  /** Makes a symbolic link where nothing is. @throws Refused */
  link(path: string, target: string, owner: { uid: number; gid: number } = { uid: 0, gid: 0 }): void {
    this.#inDirectory(path, (name, directory) => {
      this.#do(path, 'symlink', () => symlinkSync(encodePath(target), name));
      if (process.geteuid?.() === 0) lchownSync(name, owner.uid, owner.gid);
      fsyncSync(directory);
    });
  }

  /** Takes a file or link away. @throws Refused */
  unlink(path: string): void {
    this.#inDirectory(path, (name, directory) => {
      this.#do(path, 'unlink', () => unlinkSync(name));
      fsyncSync(directory);
    });
  }

  /** Takes away a temporary file that was left behind. */
  discard(temporary: string): void {
    if (!temporary.slice(temporary.lastIndexOf('/') + 1).startsWith(temporaryPrefix)) return;
    this.#inDirectory(temporary, (name) => unlinkIfThere(name));
  }

  /** Makes a directory for the caller alone. @throws Refused */
  makeDirectory(path: string, mode: number): void {
    this.#inDirectory(path, (name, directory) => {
      this.#do(path, 'mkdir', () => mkdirSync(name, { mode }));
      fsyncSync(directory);
    });
  }

  /** Takes an empty directory away. @throws Refused */
  unmakeDirectory(path: string): void {
    this.#inDirectory(path, (name, directory) => {
      this.#do(path, 'rmdir', () => rmdirSync(name));
      fsyncSync(directory);
    });
  }

  /** Takes a directory away if it is empty. */
  removeDirectory(path: string): void {
    try {
      this.#inDirectory(path, (name) => this.#do(path, 'rmdir', () => rmdirSync(name)));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** A new file of the caller's alone with this content, on the disk when this returns. @throws Refused */
  create(path: string, content: Uint8Array): void {
    this.#inDirectory(path, (name, directory) => {
      this.#watch(`create ${path}`);
      const descriptor = openSync(name, createFlags, 0o600);
      try {
        this.#watch(`write ${path}`);
        writeAll(descriptor, content);
        fsyncSync(descriptor);
      } catch (error) {
        unlinkIfThere(name);
        throw error;
      } finally {
        closeSync(descriptor);
      }
      fsyncSync(directory);
    });
  }

  /** A path of this machine by which a directory of the tree can be used while `use` runs. @throws Refused */
  withDirectory<T>(path: string, use: (real: string) => T): T {
    const directory = this.#directory(path);
    try {
      return use(`/proc/self/fd/${directory}`);
    } finally {
      closeSync(directory);
    }
  }

  #inDirectory<T>(path: string, use: (name: string | Buffer, directory: number) => T): T {
    const directory = this.#directory(parentOf(path));
    try {
      return use(inside(directory, path), directory);
    } catch (error) {
      throw refused(path, error);
    } finally {
      closeSync(directory);
    }
  }

  #do(path: string, operation: string, act: () => void): void {
    this.#watch(`${operation} ${path}`);
    try {
      act();
    } catch (error) {
      throw refused(path, error);
    }
  }

  /** Identity and times of what a name stands for: unlike when anybody wrote to it. */
  #stamp(directory: number, path: string): string | undefined {
    const stats = lstatSync(inside(directory, path), { throwIfNoEntry: false, bigint: true });
    return stats && stampOf(stats);
  }

  async #aclOf(path: string): Promise<readonly AclEntry[] | undefined> {
    try {
      const acl = (await this.#host.attributes([path])).get(path)?.acl;
      if (acl === 'unread') throw new Refused(`${path}: its access control list cannot be read`);
      return acl;
    } catch (error) {
      if (error instanceof AccessError) throw new Refused(error.message);
      throw error;
    }
  }

  #real(path: string): string {
    if (!path.startsWith('/') || path.includes('\0') || path.split('/').includes('..'))
      throw new Refused(`${path}: no canonical path`);
    return path === '/' && this.#prefix !== '' ? this.#prefix : this.#prefix + path;
  }

  #directory(path: string): number {
    return this.#openVerified(path, readFlags | constants.O_DIRECTORY);
  }

  #tryDirectory(path: string): number | undefined {
    try {
      return this.#directory(path);
    } catch (error) {
      if (error instanceof Refused && /ENOENT|ENOTDIR/.test(codeOf(error.cause) ?? '')) return undefined;
      throw error;
    }
  }

  #openVerified(path: string, flags: number): number {
    const real = this.#real(path);
    let descriptor: number;
    try {
      descriptor = openSync(encodePath(real), flags);
    } catch (error) {
      throw refused(path, error);
    }
    try {
      // Not where it was looked for: a component before the last was a link, or was swapped for one.
      const place = decodeLatin1(readlinkSync(`/proc/self/fd/${descriptor}`, 'latin1'));
      if (place !== real) throw new Refused(`${path}: was moved or replaced meanwhile`);
      return descriptor;
    } catch (error) {
      closeSync(descriptor);
      throw refused(path, error);
    }
  }

  #withOpen<T>(
    path: string,
    use: (
      descriptor: number,
      seen: { isFile: boolean; uid: number; gid: number; mode: number; links: number; modified: number },
    ) => T,
  ): T {
    const descriptor = this.#openVerified(path, readFlags);
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile() && !stats.isDirectory()) throw new Refused(`${path}: neither a file nor a directory`);
      return use(descriptor, {
        isFile: stats.isFile(),
        uid: stats.uid,
        gid: stats.gid,
        mode: stats.mode & 0o7777,
        links: stats.nlink,
        modified: stats.mtimeMs / 1000,
      });
    } catch (error) {
      throw refused(path, error);
    } finally {
      closeSync(descriptor);
    }
  }
}

/** The last component of a path, reached through its opened directory. */
function inside(directory: number, path: string): string | Buffer {
  const name = encodePath(path.slice(path.lastIndexOf('/') + 1));
  const place = `/proc/self/fd/${directory}/`;
  return typeof name === 'string' ? place + name : Buffer.concat([Buffer.from(place), name]);
}

const stampOf = ({ dev, ino, size, mtimeNs, ctimeNs, mode }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs, mode].join(' ');

function writeAll(descriptor: number, content: Uint8Array): void {
  for (let at = 0; at < content.length;) at += writeSync(descriptor, content, at);
}

function unlinkIfThere(name: string | Buffer): void {
  try {
    unlinkSync(name);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function mustBe(path: string, descriptor: number, { uid, gid, mode }: KeptObject): void {
  const stats = fstatSync(descriptor);
  if (stats.uid !== uid || stats.gid !== gid || (stats.mode & 0o7777) !== mode)
    throw new Refused(`${path}: its owner and mode cannot be kept`);
}

const copying = ['--attributes-only', '--preserve=all', '--no-target-directory', '--'];

/** Owner, mode, ACL, SELinux label and extended attributes: coreutils copies them all, Node knows of the first two. */
function copyAttributes(from: number, to: number, path: string): void {
  runOn('cp', [...copying, '/proc/self/fd/3', '/proc/self/fd/4'], [from, to], path);
}

/** Runs a program of this machine on opened files, its descriptors 3 and up. @throws Refused when it is not installed or fails. */
function runOn(name: string, args: readonly string[], descriptors: readonly number[], path: string, input = ''): void {
  const program = findProgram(name);
  if (program === undefined) throw new Refused(`${path}: ${name} is not installed`);
  const { status, stderr } = spawnSync(program, args, {
    cwd: '/',
    env: { LC_ALL: 'C' },
    input,
    stdio: ['pipe', 'ignore', 'pipe', ...descriptors],
    timeout: 10_000,
  });
  if (status !== 0) throw new Refused(`${path}: ${name} fails: ${stderr.toString().trim().split('\n')[0] ?? ''}`);
}

const letters = (permissions: number): string =>
  `${permissions & 4 ? 'r' : '-'}${permissions & 2 ? 'w' : '-'}${permissions & 1 ? 'x' : '-'}`;

/** An ACL as setfacl reads it. */
const aclText = (acl: readonly AclEntry[]): string =>
  acl.map(({ tag, id, permissions }) => `${tag.replace('-object', '')}:${id ?? ''}:${letters(permissions)}\n`).join('');

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const complaints: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'is not there',
  ENOTDIR: 'is not there',
  EEXIST: 'is there already',
  ENOTEMPTY: 'is not empty',
  ELOOP: 'is a symbolic link',
  EIO: 'input or output error',
};

const refused = (path: string, error: unknown): unknown => {
  const code = codeOf(error);
  return error instanceof Refused || code === undefined
    ? error
    : new Refused(`${path}: ${complaints[code] ?? code}`, { cause: error });
};
