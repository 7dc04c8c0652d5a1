import { painter, signs } from '../report/color.ts';
import { fixLines } from '../report/fix-commands.ts';
import { printable } from '../report/printable.ts';
import { wrap } from '../report/wrap.ts';
import type { ConnectionPlan, Mend, Outlook } from './mend-connection.ts';
import { planText } from './plan-text.ts';

/** A plan for one connection, for a person: failure by failure what is done, then the steps of each machine in order. */
export function connectionText(
  plan: ConnectionPlan,
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const { before, after, mends, plans } = plan;
  const paint = painter(color);
  /** A line that goes on below its first words. */
  const marked = (mark: string, text: string): readonly string[] =>
    wrap(printable(text), Math.max(24, width - mark.length - 1)).map(
      (line, index) => ` ${index === 0 ? mark : ' '.repeat(mark.length)}${line}`,
    );
  const labelled = (label: string, text: string): readonly string[] =>
    wrap(printable(text), Math.max(24, width - 15)).map(
      (line, index) => `     ${paint('faint', (index === 0 ? label : '').padEnd(10))}${line}`,
    );
  const stepsOf = ({ side, steps }: Mend): readonly string[] =>
    (plans[side]?.steps ?? [])
      .filter(({ id }) => steps.includes(id))
      .map(({ step }, index) => fixLines(step)[0]?.text ?? String(index + 1));
  const mend = (one: Mend, index: number): readonly string[] => [
    ...marked(`${index + 1}. `, `${one.stage ?? ''}, on the ${one.side}: ${one.title ?? 'nobody knows a way out'}`),
    ...labelled('why', one.why ?? ''),
    ...stepsOf(one).flatMap((text, at) => labelled(at === 0 ? 'steps' : '', text)),
    ...one.told
      .flatMap(fixLines)
      .flatMap(({ kind, text }, at) =>
        kind === 'paste'
          ? [`     ${paint('faint', (at === 0 ? 'by hand' : '').padEnd(10))}${text}`]
          : labelled(at === 0 ? 'by hand' : '', text),
      ),
    ...one.withheld.flatMap(({ title, because }) => labelled('not', `${title}: ${because}`)),
    ...labelled('then', one.outcome === 'planned' ? outlookText(one.then) : 'what comes next shows when it is done'),
    '',
  ];
  const machine = (side: 'server' | 'client'): readonly string[] => {
    const own = plans[side];
    if (own === undefined) return [];
    return [paint('strong', `On the ${side}`), planText(own.remaining, own, { color, width })];
  };
  return `${[
    paint('strong', printable(`${before.uri} as ${before.client.user}`)),
    ...marked(`${before.verdict === 'fails' ? signs.error : signs.note} `, outlookText(before)),
    '',
    ...mends.flatMap(mend),
    ...machine('server'),
    ...machine('client'),
    ...(mends.length === 0 ? [] : [paint('strong', `After all steps: ${printable(outlookText(after))}`)]),
  ].join('\n')}\n`;
}

/** What a walk comes to, as a clause. */
export function outlookText({ verdict, stage, clientError }: Outlook): string {
  switch (verdict) {
    case 'connects':
      return 'it connects, by what the files say';
    case 'unknown':
      return 'nothing is found that would stop it, and not all is known';
    case 'fails':
      return `it fails at ${stage ?? 'an unknown stage'}${clientError === null ? '' : `: “${clientError}”`}`;
  }
}
