import type { Accounts } from '../facts/accounts.ts';
import type { Unknown } from '../facts/fact.ts';
import type { Files } from '../facts/files.ts';
import { confine, type AccessChange } from './access-change.ts';
import { audience, isEmpty, trusting, type Audience } from './access.ts';
import { groupNamed, type Account } from './account.ts';
import { walk, type Walk } from './walk.ts';

/** Who is meant to read a file with a secret. */
export interface Meant {
  /** To whom it should belong if its owner has no need of it. */
  readonly holder: Account;
  /** A service that must go on reading it, if there is one. */
  readonly reader?: Account | undefined;
  readonly others?: readonly Account[];
  /** Names of groups that may read it. */
  readonly groups: readonly string[];
}

/** What a look at a file with a secret gives. */
export type SecretFile =
  | { readonly state: 'absent' }
  | { readonly state: 'unknown'; readonly because: Unknown }
  | { readonly state: 'closed' }
  | {
      readonly state: 'exposed';
      readonly way: Walk & { readonly outcome: 'found' };
      readonly to: Audience;
      /** What shuts it; owner first, mode last. */
      readonly changes: readonly AccessChange[];
    };

/** Can anybody read the file who is not meant to. */
export function secretFile(files: Files, accounts: Accounts, path: string, meant: Meant): SecretFile {
  const { holder, reader, others = [], groups } = meant;
  const way = walk(files, path);
  if (way.outcome === 'unknown') return { state: 'unknown', because: way.because };
  if (way.outcome !== 'found' || way.entry.type !== 'file') return { state: 'absent' };
  const services = reader === undefined ? others : [reader, ...others];
  const trusted = trusting(
    accounts,
    [holder, ...services],
    [
      ...groups.flatMap((name) => groupNamed(accounts, name)?.gid ?? []),
      ...services.flatMap(({ gids }) => gids.slice(0, 1)),
    ],
  );
  const to = audience(way, accounts, 'read', trusted);
  if (isEmpty(to)) return to.because === undefined ? { state: 'closed' } : { state: 'unknown', because: to.because };
  const changes = confine(way.path, way.entry, accounts, {
    owner: holder,
    trusted,
    ...(reader === undefined ? {} : { reader }),
  });
  return { state: 'exposed', way, to, changes };
}
