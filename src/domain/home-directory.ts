import type { Known } from '../facts/facts.ts';
import { homeOf, type Account } from './account.ts';
import type { CredentialSet } from './credentials.ts';
import { walk } from './walk.ts';

/** Is a canonical path an account's home directory or below it, wherever links lead to that; of `/` as a home nothing is. */
export function inHome(facts: Known<'files' | 'accounts'>, account: Pick<Account, 'uid'>): (path: string) => boolean {
  const home = homeOf(facts.accounts, account) ?? '';
  const way = walk(facts.files, home === '' ? '/' : home);
  const roots = [home, way.outcome === 'found' ? way.path : ''].filter((root) => root !== '' && root !== '/');
  return (path) => roots.some((root) => path === root || path.startsWith(`${root}/`));
}

/**
 * Has a person chosen what is at `path`, and chosen something outside of the home directory: by a name in a profile of Remmina, or by a
 * link. What root changes there for that person's sake the person could turn against others.
 */
export function isChosenElsewhere(
  facts: Known<'files' | 'accounts'>,
  { program, readers: [reader, ...others] }: Pick<CredentialSet, 'program' | 'readers'>,
  path: string,
): boolean {
  if (program === 'qemu' || reader === undefined || reader.uid === 0 || others.length > 0) return false;
  const isOwn = inHome(facts, reader);
  if (program !== 'remmina' && !isOwn(path)) return false;
  const way = walk(facts.files, path);
  return !isOwn(way.outcome === 'found' ? way.path : way.outcome === 'absent' ? way.missing : path);
}
