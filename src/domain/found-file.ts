import { unknown, type Unknown } from '../facts/fact.ts';
import type { ByPath, Known } from '../facts/facts.ts';
import { access } from './access.ts';
import type { Account } from './account.ts';
import { walk } from './walk.ts';

/** What one account finds at a path. */
export type Found<T> =
  | { readonly state: 'none' }
  | { readonly state: 'unknown'; readonly because: Unknown }
  | { readonly state: 'missing'; readonly path: string; readonly error: string }
  | { readonly state: 'unreadable' | 'not-a-file'; readonly path: string }
  | { readonly state: 'content'; readonly path: string; readonly file: T };

/** What strerror has for ENOENT. */
export const noSuchFile = 'No such file or directory';

/** Looks at a path as the account; an empty one, or none, is not looked for. */
export function lookUp<T>(
  facts: Known<'files'>,
  contents: ByPath<T>,
  path: string | undefined,
  account: Account,
): Found<T> {
  if (path === undefined || path === '') return { state: 'none' };
  const way = walk(facts.files, path);
  const seen = access(way, account, 'see');
  if (seen.may === undefined) return { state: 'unknown', because: seen.because };
  if (!seen.may) return { state: 'missing', path, error: 'Permission denied' };
  if (way.outcome === 'loop') return { state: 'missing', path, error: 'Too many levels of symbolic links' };
  if (way.outcome !== 'found') return { state: 'missing', path, error: noSuchFile };
  const may = access(way, account, 'read');
  if (may.may === undefined) return { state: 'unknown', because: may.because };
  if (!may.may) return { state: 'unreadable', path };
  if (way.entry.type === 'directory') return { state: 'not-a-file', path };
  const content = Object.hasOwn(contents, path) ? contents[path] : undefined;
  if (content === undefined)
    return { state: 'unknown', because: unknown('not-collected', `the content of ${path} was not collected`) };
  return content.known ? { state: 'content', path, file: content.value } : { state: 'unknown', because: content };
}
