import { known, unknown, type Fact } from '../facts/fact.ts';
import { AccessError } from '../host/access-error.ts';
import type { HostView } from '../host/host-view.ts';

/**
 * Reads many files and parses each: what does not exist has no entry, what may not be read is an unknown entry, and what is not a
 * regular file, or is larger than `limit` bytes, is what `misfit` makes of it. A parser that throws costs its own file's entry, not
 * the fact; what it says is not kept, for it may quote a key.
 */
export async function contentsByPath<T>(
  view: HostView,
  paths: readonly string[],
  limit: number,
  parse: (content: Uint8Array, path: string) => T | Promise<T>,
  misfit: (cause: 'not-a-file' | 'too-large') => T,
): Promise<Record<string, Fact<T>>> {
  const contents: Record<string, Fact<T>> = {};
  for (const path of [...new Set(paths)].sort()) {
    const fact = await contentOf(view, path, limit, parse, misfit);
    if (fact !== undefined) contents[path] = fact;
  }
  return contents;
}

async function contentOf<T>(
  view: HostView,
  path: string,
  limit: number,
  parse: (content: Uint8Array, path: string) => T | Promise<T>,
  misfit: (cause: 'not-a-file' | 'too-large') => T,
): Promise<Fact<T> | undefined> {
  const walked = await view.walk(path);
  if (walked.outcome === 'absent' || walked.outcome === 'loop') return undefined;
  if (walked.outcome === 'refused') return unknown(walked.error.reason, walked.error.message);
  if (walked.entry.type !== 'file') return known(misfit('not-a-file'));
  let content: Uint8Array | undefined;
  try {
    content = await view.read(path, limit);
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    return error.reason === 'too-large' ? known(misfit('too-large')) : unknown(error.reason, error.message);
  }
  if (content === undefined) return undefined;
  try {
    return known(await parse(content, path));
  } catch (error) {
    return unknown(
      'collector-failed',
      `${path}: its parser failed (${error instanceof Error ? error.name : typeof error})`,
    );
  }
}
