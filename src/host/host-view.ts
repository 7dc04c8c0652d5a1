import { known, unknown, type Fact } from '../facts/fact.ts';
import type { FileEntry } from '../facts/files.ts';
import type { Scope } from '../facts/host.ts';
import { AccessError } from './access-error.ts';
import type { HostAccess } from './host-access.ts';

/** How a walk along a path ended; `absent` also stands for a component that is no directory (ENOTDIR). */
export type Walked =
  | { readonly outcome: 'found'; readonly path: string; readonly entry: FileEntry }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'loop' }
  | { readonly outcome: 'refused'; readonly error: AccessError };

/** The kernel gives up after 40 links (path_resolution(7)). */
const maximumLinks = 40;

/** PATH_MAX, with the NUL that ends a path: what is longer the kernel refuses unseen. */
const maximumPath = 4096;

/**
 * A host access with memory: walks symbolic links inside the host's own root, asks for each name once and keeps what it saw, so
 * that collectors that run side by side agree and cost nothing twice.
 */
export class HostView {
  readonly host: HostAccess;
  readonly #entries = new Map<string, Promise<Fact<FileEntry>>>();
  readonly #contents = new Map<string, Promise<Uint8Array>>();

  /** What is to be looked at beside what every host has. */
  readonly scope: Scope;

  constructor(host: HostAccess, scope: Scope = { pkiDirectories: [] }) {
    this.host = host;
    this.scope = scope;
  }

  /** lstat of a canonical path, remembered. */
  entry(path: string): Promise<Fact<FileEntry>> {
    let entry = this.#entries.get(path);
    if (entry === undefined) {
      entry = this.host.lstat(path).then(known, (error: unknown) => {
        if (error instanceof AccessError) return unknown(error.reason, error.message);
        throw error;
      });
      this.#entries.set(path, entry);
    }
    return entry;
  }

  /**
   * Follows `path` as the kernel would (path_resolution(7), fs/namei.c); `visit` sees the canonical path of every component on the
   * way, links included. A relative path starts at `/`, where daemons run. With `followLast` false a link at the very end is
   * what is found, as by lstat(2).
   */
  async walk(
    path: string,
    visit: (path: string, entry: Fact<FileEntry>) => void = () => {},
    { followLast = true }: { followLast?: boolean } = {},
  ): Promise<Walked> {
    if (path === '') return { outcome: 'absent' };
    if (Buffer.byteLength(path) >= maximumPath) {
      return { outcome: 'refused', error: new AccessError('unreadable', `${path.slice(0, 80)}…: path too long`) };
    }
    const pending = components(path).reverse();
    let current = '';
    let links = 0;
    let entry = await this.entry('/');
    visit('/', entry);
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (entry.known && entry.value.type !== 'directory') return { outcome: 'absent' };
      if (name === '.') continue;
      if (name === '..') {
        current = current.slice(0, Math.max(0, current.lastIndexOf('/')));
        entry = await this.entry(current === '' ? '/' : current);
        continue;
      }
      const next = `${current}/${name}`;
      const found = await this.entry(next);
      visit(next, found);
      if (!found.known) return refused(found);
      if (found.value.type === 'absent') return { outcome: 'absent' };
      if (found.value.type === 'symlink' && (followLast || pending.length > 0)) {
        links += 1;
        if (links > maximumLinks) return { outcome: 'loop' };
        const { target } = found.value;
        pending.push(...components(target).reverse());
        if (target.startsWith('/')) {
          current = '';
          entry = await this.entry('/');
        }
        continue;
      }
      current = next;
      entry = found;
    }
    return entry.known
      ? { outcome: 'found', path: current === '' ? '/' : current, entry: entry.value }
      : refused(entry);
  }

  /**
   * Content behind a path, links followed; undefined when there is nothing.
   * @throws AccessError for what may not be, or cannot be, read.
   */
  async read(path: string, limit?: number): Promise<Uint8Array | undefined> {
    const walked = await this.#follow(path);
    if (walked === undefined) return undefined;
    const key = `${limit ?? ''}:${walked.path}`;
    let content = this.#contents.get(key);
    if (content === undefined) {
      content = this.host.read(walked.path, limit);
      this.#contents.set(key, content);
    }
    return content;
  }

  /** Content behind a path as text (UTF-8, faults replaced); undefined when there is nothing. @throws AccessError as `read` does. */
  async readText(path: string, limit?: number): Promise<string | undefined> {
    const content = await this.read(path, limit);
    return content === undefined ? undefined : new TextDecoder().decode(content);
  }

  /** Names in the directory behind a path, links followed, sorted; empty when there is none. @throws AccessError when it may not be listed. */
  async list(path: string): Promise<readonly string[]> {
    const walked = await this.#follow(path);
    return walked?.entry.type === 'directory' ? this.host.list(walked.path) : [];
  }

  /** Is there something behind a path, links followed, as access(2) with F_OK tells. @throws AccessError when that cannot be told. */
  async exists(path: string): Promise<boolean> {
    const walked = await this.walk(path);
    if (walked.outcome === 'refused') throw walked.error;
    return walked.outcome === 'found';
  }

  async #follow(path: string): Promise<(Walked & { outcome: 'found' }) | undefined> {
    const walked = await this.walk(path);
    switch (walked.outcome) {
      case 'found':
        return walked;
      case 'absent':
        return undefined;
      case 'loop':
        throw new AccessError('unreadable', `${path}: too many levels of symbolic links`);
      case 'refused':
        throw walked.error;
    }
  }
}

/** Names of a path or link target; a `.` stays, and ends what ends in a slash, for before both there must be a directory. */
const components = (path: string): string[] => {
  const names = path.split('/').filter((name) => name !== '');
  return path.endsWith('/') && names.length > 0 ? [...names, '.'] : names;
};

const refused = ({ reason, detail }: { reason: AccessError['reason']; detail: string }): Walked => ({
  outcome: 'refused',
  error: new AccessError(reason, detail),
});
