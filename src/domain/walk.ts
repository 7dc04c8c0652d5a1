import { unknown, type Unknown } from '../facts/fact.ts';
import type { FileEntry, Files } from '../facts/files.ts';

export type ExistingEntry = Exclude<FileEntry, { readonly type: 'absent' }>;

/** One component that the kernel passes: a directory to search, a link to follow, or the object itself. */
export interface WalkStep {
  readonly path: string;
  readonly entry: ExistingEntry;
}

/** The way along a path, in the order of the kernel, symbolic links followed. */
export type Walk =
  | {
      readonly outcome: 'found';
      readonly path: string;
      readonly entry: ExistingEntry;
      readonly steps: readonly WalkStep[];
    }
  /**
   * `missing` is the first component that is not there. `link` is the symbolic link whose target it belongs to: absent where the path
   * itself names it, also below a link that leads somewhere.
   */
  | {
      readonly outcome: 'absent';
      readonly missing: string;
      readonly link?: string;
      readonly steps: readonly WalkStep[];
    }
  | { readonly outcome: 'loop'; readonly link: string; readonly steps: readonly WalkStep[] }
  /** We could not look at `at`. */
  | {
      readonly outcome: 'unknown';
      readonly at: string;
      readonly because: Unknown;
      readonly steps: readonly WalkStep[];
    };

/** path_resolution(7): ELOOP after 40 links. */
const maximumLinks = 40;

/** Follows `path` through the recorded entries; a component that was never recorded makes the walk unknown (`not-collected`). */
export function walk(files: Files, path: string): Walk {
  const steps: WalkStep[] = [];
  const pending = components(path).reverse();
  let directory = '';
  /** Links whose targets are being followed, and how much of the path comes after each. */
  const following: { link: string; rest: number }[] = [];
  let links = 0;

  const look = (at: string): { entry: FileEntry } | { because: Unknown } => {
    const fact = Object.hasOwn(files, at) ? files[at] : undefined;
    if (fact === undefined) return { because: unknown('not-collected', `${at} was not looked at`) };
    return fact.known ? { entry: fact.value } : { because: fact };
  };

  const absent = (missing: string): Walk => {
    const link = following.at(-1)?.link;
    return { outcome: 'absent', missing, ...(link === undefined ? {} : { link }), steps };
  };

  const root = look('/');
  if ('because' in root) return { outcome: 'unknown', at: '/', because: root.because, steps };
  if (root.entry.type === 'absent') return { outcome: 'absent', missing: '/', steps };
  steps.push({ path: '/', entry: root.entry });
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    while (pending.length < (following.at(-1)?.rest ?? 0)) following.pop();
    if (name === '..') {
      directory = directory.slice(0, Math.max(0, directory.lastIndexOf('/')));
      continue;
    }
    const at = `${directory}/${name}`;
    const seen = look(at);
    if ('because' in seen) return { outcome: 'unknown', at, because: seen.because, steps };
    const { entry } = seen;
    if (entry.type === 'absent') return absent(at);
    steps.push({ path: at, entry });
    if (entry.type === 'symlink') {
      following.push({ link: at, rest: pending.length });
      links += 1;
      if (links > maximumLinks) return { outcome: 'loop', link: at, steps };
      if (entry.target.startsWith('/')) directory = '';
      pending.push(...components(entry.target).reverse());
      continue;
    }
    if (pending.length > 0 && entry.type !== 'directory') {
      return absent(`${at}/${pending.at(-1)}`);
    }
    directory = at;
  }
  const last = directory === '' ? '/' : directory;
  const found = look(last);
  if ('because' in found) return { outcome: 'unknown', at: last, because: found.because, steps };
  if (found.entry.type === 'absent') return absent(last);
  // A path that ends in `..` ends in a directory that was passed before.
  if (steps.at(-1)?.path !== last) steps.push({ path: last, entry: found.entry });
  return { outcome: 'found', path: last, entry: found.entry, steps };
}

/** Is there anything at the end of the path: access(F_OK) by root; undefined when we could not look. */
export function exists(files: Files, path: string): boolean | undefined {
  const { outcome } = walk(files, path);
  return outcome === 'unknown' ? undefined : outcome === 'found';
}

/** Is there a symbolic link at the path, or on the way to it, that leads nowhere; undefined when we could not look. */
export function dangles(files: Files, path: string): boolean | undefined {
  const way = walk(files, path);
  if (way.outcome === 'unknown') return undefined;
  return way.outcome === 'loop' || (way.outcome === 'absent' && way.link !== undefined);
}

/** Is a name there, if only as a symbolic link to nothing, which somebody meant to be something; undefined when we could not look. */
export function meant(files: Files, path: string): boolean | undefined {
  const there = exists(files, path);
  return there === false ? dangles(files, path) : there;
}

/**
 * The components of the object's canonical path, without the links that led there: whoever gets at these gets at the object, whatever
 * stops others on the way through the links.
 */
export function canonicalSteps(way: Walk & { readonly outcome: 'found' }): readonly WalkStep[] {
  const passed = new Map(way.steps.map((step) => [step.path, step]));
  const steps: WalkStep[] = [];
  for (let at = way.path; ; at = parentOf(at)) {
    const step = passed.get(at);
    if (step !== undefined) steps.unshift(step);
    if (at === '/') return steps;
  }
}

/** The directory that holds a name; `/` holds itself. */
export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

const components = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.');
