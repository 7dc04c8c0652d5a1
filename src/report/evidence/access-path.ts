import { access, audience, audienceText, isEmpty, trusting } from '../../domain/access.ts';
import { ownershipText } from '../../domain/access-change.ts';
import type { Account } from '../../domain/account.ts';
import { walk, type WalkStep } from '../../domain/walk.ts';
import type { Known } from '../../facts/facts.ts';
import type { Evidence, EvidenceRow } from './evidence.ts';

/** A component by its name; the first below the root with its slash, for a link may lead there from anywhere. */
const nameOf = (path: string): string => {
  const slash = path.lastIndexOf('/');
  return slash === 0 ? path : path.slice(slash + 1);
};

const targetText = ({ entry }: WalkStep): string => (entry.type === 'symlink' ? ` → ${entry.target}` : '');

/**
 * The way along a path as one account goes it: owner, group and mode of each component, the one that stops the reader marked, and who
 * reads the file. Without a reader, only what is there and who can read it.
 */
export function accessPathEvidence(
  { files, accounts }: Known<'files' | 'accounts'>,
  path: string,
  {
    reader,
    readers,
    isExposed = false,
  }: {
    readonly reader?: Account | undefined;
    /** All who are meant to read it. */
    readonly readers: readonly Account[];
    /** That others can read it is the fault. */
    readonly isExposed?: boolean;
  },
): Evidence {
  const way = walk(files, path);
  const answer = reader === undefined ? undefined : access(way, reader, 'read');
  const stop = answer?.may === false ? answer.at : undefined;
  const rows: EvidenceRow[] = [];
  let stopped = false;
  for (const [index, step] of way.steps.entries()) {
    const isEnd = way.outcome === 'found' && index === way.steps.length - 1;
    const isStop = !stopped && step.path === stop;
    const ownership = step.entry.type === 'symlink' ? 'symbolic link' : ownershipText(accounts, step.entry);
    const can = isEnd ? 'read it' : 'pass';
    const verdict =
      reader === undefined || step.entry.type === 'symlink' || stopped
        ? ''
        : ` · ${reader.name} may ${isStop ? 'not ' : ''}${can}`;
    rows.push({
      ...(isStop ? { sign: 'error' as const } : verdict === '' ? {} : { sign: 'pass' as const }),
      label: `${nameOf(step.path)}${targetText(step)}`,
      text: `${ownership}${verdict}`,
    });
    if (isStop) stopped = true;
  }
  if (way.outcome === 'absent') rows.push({ sign: 'error', label: nameOf(way.missing), text: 'is not there' });
  if (way.outcome === 'loop') rows.push({ sign: 'error', label: nameOf(way.link), text: 'leads in a circle' });
  if (way.outcome === 'unknown') rows.push({ sign: 'unknown', label: nameOf(way.at), text: way.because.detail });
  if (way.outcome === 'found' && way.entry.type !== 'directory') rows.push(readersRow());
  const names = way.steps.map(({ path: at }) => `${nameOf(at)}${at === stop ? ' ✖' : ''}`);
  const crumbs = names.length > 1 && stop !== '/' ? names.slice(1) : names;
  return { title: `path ${[...crumbs, ...(way.outcome === 'found' ? [] : ['…'])].join(' → ')}`, rows };

  function readersRow(): EvidenceRow {
    const able = readers.filter((one) => access(way, one, 'read').may === true).map(({ name }) => name);
    const others = audience(way, accounts, 'read', trusting(accounts, readers));
    const rest = isEmpty(others) ? [] : [audienceText(accounts, others)];
    const who = [...new Set(['root', ...able, ...rest])];
    return {
      ...(isExposed && !isEmpty(others) ? { sign: 'error' as const } : {}),
      label: 'who reads it',
      text: `${who.join(', ')}${others.because === undefined ? '' : ', perhaps others'}`,
    };
  }
}
