import type { Options } from 'fast-glob';
import type { FileEntry } from '../facts/files.ts';
import { AccessError } from './access-error.ts';
import type { HostView } from './host-view.ts';

/** More names than this are not gone through: directories of credentials and guests hold a few, thousands at most. */
const maximumNames = 50_000;

/**
 * Paths of files that match glob patterns, sorted. Links inside are not followed; the fixed part of each pattern is walked as the
 * host sees it, so nothing outside the host's root is ever listed. What may not be listed is left out: who asks for certain paths
 * learns of refusals by walking them.
 * @throws AccessError `too-large` where there are more names than can be gone through, for then nobody knows what was missed.
 */
export async function glob(view: HostView, patterns: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  // Most hosts have none of the places: spare them the library.
  const promising: string[] = [];
  for (const pattern of patterns) {
    if (await isDirectory(view, fixedPart(pattern))) promising.push(pattern);
  }
  if (promising.length === 0) return [];
  const { default: fastGlob } = await import('fast-glob');
  const door = adapter(view);
  const matches = await fastGlob(promising, {
    absolute: true,
    // Patterns are absolute; our own working directory, which may be gone, is nobody's business.
    cwd: '/',
    dot: true,
    deep: 6,
    followSymbolicLinks: false,
    onlyFiles: false,
    suppressErrors: true,
    fs: door.fs,
  });
  const overflow = door.overflow();
  if (overflow !== undefined) {
    throw new AccessError('too-large', `${overflow}: more than ${maximumNames} names to go through`);
  }
  for (const match of matches) found.add(match);
  return [...found].sort();
}

const fixedPart = (pattern: string): string =>
  pattern.slice(0, pattern.search(/[^/]*[*?{[]/)).replace(/\/+$/, '') || '/';

async function isDirectory(view: HostView, path: string): Promise<boolean> {
  const walked = await view.walk(path);
  return walked.outcome === 'found' && walked.entry.type === 'directory';
}

type Callback<T> = (error: NodeJS.ErrnoException | null, result: T) => void;

/** What fast-glob asks of a directory entry. */
const direntOf = (name: string, type: FileEntry['type'] | undefined) => ({
  name,
  isFile: () => type === 'file',
  isDirectory: () => type === 'directory',
  isSymbolicLink: () => type === 'symlink',
  isFIFO: () => type === 'fifo',
  isSocket: () => type === 'socket',
  isBlockDevice: () => type === 'block-device',
  isCharacterDevice: () => type === 'character-device',
});

/**
 * fast-glob's door to the outside: every directory is listed through the view, never by the path of our own machine. `overflow` is
 * the directory in which there were too many names, if there was one.
 */
function adapter(view: HostView): { readonly fs: NonNullable<Options['fs']>; overflow(): string | undefined } {
  let names = 0;
  let overflow: string | undefined;
  const readdir = async (directory: string) => {
    // Its canonical path: a link on the way to it is followed by the view, inside the host, and not by our own kernel.
    const walked = await view.walk(directory);
    if (walked.outcome !== 'found' || walked.entry.type !== 'directory') return [];
    const parent = walked.path === '/' ? '' : walked.path;
    const entries = [];
    for (const name of await view.list(walked.path)) {
      names += 1;
      if (names > maximumNames) {
        overflow ??= directory;
        break;
      }
      const entry = await view.entry(`${parent}/${name}`);
      entries.push(direntOf(name, entry.known ? entry.value.type : undefined));
    }
    return entries;
  };
  const stat = async (path: string) => {
    const walked = await view.walk(path);
    if (walked.outcome !== 'found') throw Object.assign(new Error(`${path}: not found`), { code: 'ENOENT' });
    return direntOf(path.slice(path.lastIndexOf('/') + 1), walked.entry.type);
  };
  const answer = <T>(promise: Promise<T>, callback: Callback<T>): void => {
    promise.then(
      (result) => callback(null, result),
      (error: NodeJS.ErrnoException) => callback(error, undefined as T),
    );
  };
  const fs = {
    readdir: (directory: string, _options: unknown, callback: Callback<unknown>) =>
      answer(readdir(directory), callback),
    lstat: (path: string, callback: Callback<unknown>) => answer(stat(path), callback),
    stat: (path: string, callback: Callback<unknown>) => answer(stat(path), callback),
  } as unknown as NonNullable<Options['fs']>;
  return { fs, overflow: () => overflow };
}
