import { letIn } from '../domain/access-change.ts';
import type { ClientAccount } from '../domain/client-paths.ts';
import { sees } from '../domain/access.ts';
import { inHome } from '../domain/home-directory.ts';
import { walk } from '../domain/walk.ts';
import type { Known } from '../facts/facts.ts';
import type { Fix } from '../rule/fix.ts';

/**
 * Lets the account of a client read a file of its own, or one that is public, at every component that stops it. Undefined for a key that is not
 * its own: who may use that is not ours to say.
 */
export function readingFix(
  { files, accounts }: Known<'files' | 'accounts'>,
  path: string,
  account: ClientAccount,
  { isKey }: { readonly isKey: boolean },
): Fix | undefined {
  const way = walk(files, path);
  const isOwn = inHome({ files, accounts }, account);
  if (way.outcome !== 'found' || way.entry.type !== 'file') return undefined;
  // A link of the account's that leads elsewhere would have root open to it whatever it likes.
  if (!isOwn(way.path) && (isKey || isOwn(path))) return undefined;
  const steps = letIn(way, accounts, account, { belongs: isOwn, person: true, isPublic: !isKey });
  // A directory that is closed may be so for what else lies in it; and who owns a directory gives any file in it what name he likes.
  const isNarrow =
    steps.every((step) => step.path === way.path || isOwn(step.path)) &&
    (!isOwn(way.path) || way.entry.uid === account.uid);
  return steps.length === 0
    ? undefined
    : { title: `Let ${account.name} read ${path}`, applicability: isNarrow ? 'safe' : 'unsafe', steps };
}

/** The same for files of the account's own that are there and that it cannot see, so that its client goes on without them. */
export function hiddenFilesFix(
  facts: Known<'files' | 'accounts'>,
  account: ClientAccount,
  paths: readonly { readonly path: string; readonly isKey: boolean }[],
): Fix | undefined {
  const hidden = paths.filter(({ path }) => sees(facts.files, account, path) === false);
  const fixes = hidden.flatMap(({ path, isKey }) => readingFix(facts, path, account, { isKey }) ?? []);
  const steps = new Map(fixes.flatMap((fix) => fix.steps).map((step) => [JSON.stringify(step), step]));
  const isSafe = fixes.every(({ applicability }) => applicability === 'safe');
  return fixes.length === 0
    ? undefined
    : {
        title: `Let ${account.name} have the files that are its own`,
        applicability: isSafe ? 'safe' : 'unsafe',
        steps: [...steps.values()],
      };
}
