import { signs, type Tone } from '../../report/color.ts';
import { otherClient } from '../../report/diagnosis-text.ts';
import { subjectText } from '../../rule/subject.ts';
import { applicability, keyLines, labelled, legendLines, prose, stepLines } from '../content.ts';
import { breakText, type Line, type Segment } from '../line.ts';
import type { Connection, Rung, Step } from './connection.ts';

/** How each outcome looks: its sign, one column wide, and its tone. */
export const outcomeMark: Readonly<Record<Step['outcome'], { readonly sign: string; readonly tone: Tone }>> = {
  pass: { sign: signs.pass, tone: 'pass' },
  fail: { sign: signs.error, tone: 'error' },
  warning: { sign: signs.warning, tone: 'warning' },
  unknown: { sign: signs.unknown, tone: 'unknown' },
  skipped: { sign: '·', tone: 'faint' },
};

/** A line of the ladder and the rung that it belongs to. */
export interface LadderLine {
  readonly rung: number;
  readonly line: readonly Segment[];
}

const stageWidth = 20;

const indented = (lines: readonly Line[], indent: number): readonly (readonly Segment[])[] =>
  lines.map((line) => [{ text: ' '.repeat(indent) }, ...(typeof line === 'string' ? [{ text: line }] : line)]);

/** One step: what was asked of whom, the answer, what that rests on, and where the behaviour is read. */
function stepOf(step: Step, width: number): readonly (readonly Segment[])[] {
  const { side, question, outcome, message, evidence, rule, source } = step;
  const { sign, tone } = outcomeMark[outcome];
  const room = Math.max(1, width - 4);
  const text = Math.max(1, room - 8);
  const [first = '', ...rest] = prose(`${side}: ${question}`, room);
  return [
    [{ text: '  ' }, { text: sign, tone }, { text: ' ' }, { text: first, tone: 'strong' }],
    ...indented(
      [
        ...rest.map((line): Line => [{ text: line, tone: 'strong' }]),
        ...prose(message, room),
        ...labelled(
          'seen',
          (evidence ?? []).flatMap((line) => breakText(line, text)),
        ),
        ...(rule === undefined ? [] : labelled('rule', prose(rule, text))),
        ...labelled('source', prose(source, text)),
      ],
      4,
    ),
  ];
}

/** The ladder in lines of at most `width` columns: a line for each rung, and below those that are open all of their steps. */
export const ladderLines = (rungs: readonly Rung[], open: readonly string[], width: number): readonly LadderLine[] =>
  rungs.flatMap(({ stage, outcome, message, steps }, rung): readonly LadderLine[] => {
    const { sign, tone } = outcomeMark[outcome];
    return [
      { rung, line: [{ text: sign, tone }, { text: ' ' }, { text: stage.padEnd(stageWidth) }, { text: message }] },
      ...(open.includes(stage) ? steps.flatMap((step) => stepOf(step, width)).map((line) => ({ rung, line })) : []),
    ];
  });

/** What happens, why, the way out, and what else was found, in lines of at most `width` columns. */
export function outcomeLines(connection: Connection, offline: boolean, width: number): readonly Line[] {
  const { report, isConsole, command, client, server } = connection;
  const { verdict, serverError, why, fix, mendedOn, warnings } = report;
  const room = Math.max(1, width - 8);
  const quoted = (text: string): readonly Line[] => indented(prose(text, width - 4), 4);
  const machine = (side: 'client' | 'server'): string => (side === 'client' ? client : server);
  return [
    ...verdictLines(connection, width),
    ...(report.clientError === null ? [] : quoted(report.clientError)),
    ...(serverError === null ? [] : [isConsole ? 'QEMU logs:' : 'The daemon logs:', ...quoted(serverError)]),
    ...(why === null ? [] : labelled('why', prose(why, room))),
    ...(fix === null
      ? []
      : labelled('mend', [
          ...prose(
            `${mendedOn === null ? '' : `on ${machine(mendedOn)}: `}${fix.title} (${applicability[fix.applicability]})`,
            room,
          ),
          ...stepLines(fix, room),
        ])),
    ...(verdict === 'fails' ? labelled('then', isConsole ? ['open the console again'] : breakText(command, room)) : []),
    ...(warnings.length === 0 ? [] : ['', [{ text: 'Beside this connection', tone: 'strong' as const }]]),
    ...warnings.flatMap(({ severity, rule, side, message, subject }): readonly Line[] => [
      [{ text: `${signs[severity]} `, tone: severity }, { text: rule }],
      ...indented(
        [...prose(`${subjectText(subject)} on ${machine(side)}`, width - 2), ...prose(message, width - 2)],
        2,
      ),
    ]),
    ...(offline ? [] : ['', ...prose('Nothing was sent: this is what follows from the files of both hosts', width)]),
  ];
}

/** The verdict in a sentence, with where it fails, or with what would settle it. */
function verdictLines({ report }: Connection, width: number): readonly Line[] {
  const { verdict, stage, clientError, steps } = report;
  const strong = (text: string): readonly Line[] =>
    prose(text, width).map((line): Line => [{ text: line, tone: 'strong' }]);
  if (verdict === 'connects') return strong('It connects');
  if (verdict === 'unknown') {
    const reasons = steps.filter(({ outcome }) => outcome === 'unknown').map(({ message }) => message);
    return [
      ...strong('Nobody can tell from here'),
      ...[...new Set(reasons)].flatMap((reason) =>
        prose(reason, width - 2).map((text, row): Line => [
          { text: row === 0 ? `${signs.unknown} ` : '  ', tone: 'unknown' },
          { text },
        ]),
      ),
    ];
  }
  const side = steps.find(({ outcome }) => outcome === 'fail')?.side ?? 'client';
  const prints = `${otherClient(report) ?? 'virsh'} prints ${clientError === null ? 'no reason' : 'this:'}`;
  return strong(`It fails on the ${side}'s side${stage === null ? '' : `, at ${stage}`}; ${prints}`);
}

const keys: readonly (readonly [string, string])[] = [
  ['↑ ↓, k j', 'one up, one down'],
  ['PgUp PgDn', 'a page up, a page down'],
  ['Home End', 'first, last'],
  ['⏎', 'open the rung, or close it'],
  ['→ ←', 'open it, close it'],
  ['o', 'open all rungs, or close them'],
  ['Tab', 'go to what happens, and back to the ladder'],
  ['r', 'look again at both hosts'],
  ['?', 'these keys'],
  ['Esc', 'back; on the ladder, close all'],
  ['q, Ctrl-C', 'quit'],
];

const legend: readonly (readonly [keyof typeof signs, string])[] = [
  ['error', 'the connection ends here'],
  ['unknown', 'nobody can tell from what was looked at'],
  ['warning', 'it goes on, and a careful admin would act'],
  ['pass', 'it goes on'],
];

/** The keys and the signs. */
export const connectionHelp = (width: number): readonly Line[] => [
  ...keyLines(keys, width),
  '',
  ...legendLines(legend, width),
  ...prose('· not reached, or without effect here', width),
];
