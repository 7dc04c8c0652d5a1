import type { Unknown } from '../facts/fact.ts';
import type { Console, Consoles } from './consoles.ts';
import { processSubject, type ConsoleSubject } from './console-fix.ts';

type GapSubject = ConsoleSubject | { readonly kind: 'file'; readonly path: string };

/** Asks one question of every console, and says what could not be asked: `judge` gives what is wrong, or nothing. */
export function judgeConsoles<V, U, N>(
  { consoles, gaps, unread }: Consoles,
  notApplicable: (reason: string) => N,
  undetermined: (subject: GapSubject, because: Unknown) => U,
  judge: (console: Console) => V | undefined,
): readonly (V | U)[] | N {
  if (consoles.length === 0 && gaps.length === 0 && unread.length === 0)
    return notApplicable('no console is configured or runs here');
  return [
    ...consoles.flatMap((console) => judge(console) ?? []),
    ...gaps.map(({ path, because }) => undetermined({ kind: 'file', path }, because)),
    ...unread.map(({ process, because }) => undetermined(processSubject(process), because)),
  ];
}
