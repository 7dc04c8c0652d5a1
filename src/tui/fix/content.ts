import { signs, type Tone } from '../../report/color.ts';
import type { DiffLine } from '../../fix/preview.ts';
import type { HostReport } from '../../engine/report.ts';
import type { FixLine } from '../../report/fix-commands.ts';
import { printable } from '../../report/printable.ts';
import { severities } from '../../rule/severity.ts';
import { keyLines, labelled, legendLines, prose } from '../content.ts';
import { breakText, type Line } from '../line.ts';
import type { FixOutcome } from './fixing.ts';
import { found, stepName, type Change, type Found, type Way } from './model.ts';

/** How each kind of way out is called. */
export const kindWords: Readonly<Record<Way['kind'], string>> = {
  safe: 'safe',
  unsafe: 'unsafe',
  manual: 'by hand',
  withheld: 'not offered',
};

const meanings: Readonly<Record<Way['kind'], string>> = {
  safe: 'safe: changes nothing that works',
  unsafe: 'unsafe: interrupts or replaces something',
  manual: 'by hand: no program can do it',
  withheld: 'not offered',
};

const labelWidth = 8;
const blank = '';

const indented = (lines: readonly Line[], indent: number): readonly Line[] =>
  lines.map((line) => [{ text: ' '.repeat(indent) }, ...(typeof line === 'string' ? [{ text: line }] : line)]);

const toned = (texts: readonly string[], tone: Tone): readonly Line[] => texts.map((text) => [{ text, tone }]);

const foundLines = ({ severity, rule, where, message }: Found, width: number): readonly Line[] => [
  [
    { text: `${signs[severity]} `, tone: severity },
    { text: rule, tone: 'strong' },
  ],
  ...indented([...breakText(where, width - 2), ...prose(message, width - 2)], 2),
];

const typedLines = (lines: readonly FixLine[], width: number): readonly string[] =>
  lines.flatMap(({ kind, text }) => (kind === 'paste' ? breakText(text, width) : prose(text, width)));

const diffTones: Readonly<Record<DiffLine['sign'], Tone | undefined>> = {
  '-': 'error',
  '+': 'pass',
  ' ': undefined,
  '@': 'faint',
};

const diffLines = (diff: readonly DiffLine[], width: number): readonly Line[] =>
  diff.flatMap(({ sign, text }): readonly Line[] =>
    breakText(text, width - 2).map((part, row): Line => {
      const tone = diffTones[sign];
      const drawn = sign === '@' ? part : `${row === 0 ? sign : ' '} ${part}`;
      return [tone === undefined ? { text: drawn } : { text: drawn, tone }];
    }),
  );

const changeLines = ({ typed, diff }: Change, width: number): readonly Line[] => [
  ...toned(typedLines(typed, width), 'strong'),
  ...indented(diffLines(diff, width - 2), 2),
];

const section = (label: string, texts: readonly string[], width: number): readonly Line[] =>
  labelled(
    label,
    texts.flatMap((text) => prose(text, width - labelWidth)),
  );

/** A way out with all that it changes, in lines of at most `width` columns. */
export function wayLines(way: Way, width: number): readonly Line[] {
  const { kind, changes, told, interrupts, undo, because, follows, mends } = way;
  return [
    ...(kind === 'withheld' ? [] : prose(meanings[kind], width)),
    ...(follows ? prose('comes to light when others are done, and is done with them', width) : []),
    ...(because === undefined ? [] : prose(because, width)),
    ...changes.flatMap((change) => [blank, ...changeLines(change, width)]),
    ...(changes.length === 0 ? [] : [blank]),
    ...section('stops', changes.length > 0 && interrupts.length === 0 ? ['nothing'] : interrupts, width),
    ...section('undo', undo, width),
    ...(told.length === 0
      ? []
      : [
          blank,
          ...toned([changes.length === 0 ? 'To do:' : 'Besides, by hand:'], 'strong'),
          ...indented(typedLines(told, width - 2), 2),
        ]),
    blank,
    ...toned(['It mends:'], 'strong'),
    ...mends.flatMap((one) => foundLines(one, width)),
  ];
}

const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`;

/** Findings by severity, in words. */
export function countsText(findings: readonly { readonly severity: (typeof severities)[number] }[]): string {
  const counts = severities.flatMap((severity) => {
    const number = findings.filter((one) => one.severity === severity).length;
    return number === 0 ? [] : [count(number, severity)];
  });
  return counts.length === 0 ? 'nothing' : counts.join(', ');
}

/** What is about to be applied: every step in order with what it changes, what stops meanwhile, and what will remain. */
export function questionLines(
  { changes, interrupts, withheld, remaining, emerging }: Question,
  width: number,
): readonly Line[] {
  return [
    ...changes.flatMap((change, index) => [...(index === 0 ? [] : [blank]), ...changeLines(change, width)]),
    blank,
    ...section('stops', interrupts.length === 0 ? ['nothing'] : interrupts, width),
    ...section('after', [`remains: ${remaining}`], width),
    ...(emerging.length === 0
      ? []
      : [
          ...section('new', ['what comes to light only then:'], width),
          ...emerging.flatMap((one) => foundLines(one, width)),
        ]),
    ...section('undo', ['each change stands in a journal before it is made; u takes all of it back'], width),
    ...withheld.flatMap(({ title, because = '' }) => prose(`${title}: ${because}`, width)),
  ];
}

/** What the user is asked about. */
export interface Question {
  readonly steps: number;
  readonly changes: readonly Change[];
  readonly interrupts: readonly string[];
  readonly withheld: readonly Way[];
  /** Counts in words. */
  readonly remaining: string;
  readonly emerging: readonly Found[];
}

/** What was done, and how the report is another one than before. */
export interface Result {
  readonly title: string;
  readonly outcome: FixOutcome;
  readonly before: HostReport;
}

/** The findings of a report that another one does not have. */
const without = (one: HostReport, other: HostReport): readonly Found[] => {
  const there = new Set(other.findings.map(({ fingerprint }) => fingerprint));
  return one.findings.filter(({ fingerprint }) => !there.has(fingerprint)).map(found);
};

/** What was done, what is gone, and what is new, in lines of at most `width` columns. */
export function resultLines({ outcome, before }: Result, width: number): readonly Line[] {
  if (outcome.kind === 'prepared') return [];
  if (outcome.kind === 'refused') {
    return [
      [{ text: `${signs.error} Nothing was changed`, tone: 'error' }],
      ...prose(printable(outcome.because), width),
    ];
  }
  const after = outcome.fixing.report;
  const [gone, fresh] = [without(before, after), without(after, before)];
  const list = (title: string, findings: readonly Found[]): readonly Line[] =>
    findings.length === 0
      ? []
      : [blank, ...toned([title], 'strong'), ...findings.flatMap((one) => foundLines(one, width))];
  return [
    ...doneLines(outcome, width),
    ...(gone.length + fresh.length === 0 ? ['The same is found as before'] : []),
    ...prose(`Found now: ${countsText(after.findings)}`, width),
    ...list(`Gone: ${countsText(gone)}`, gone),
    ...list(`New: ${countsText(fresh)}`, fresh),
  ];
}

function doneLines(outcome: Exclude<FixOutcome, { kind: 'prepared' | 'refused' }>, width: number): readonly Line[] {
  const pass = (text: string): Line => [{ text: `${signs.pass} `, tone: 'pass' }, { text }];
  if (outcome.kind === 'looked') return [];
  if (outcome.kind === 'undone') {
    const { undone } = outcome;
    if (undone === undefined) return ['There was nothing to take back'];
    const { restored, ran, left, of } = undone;
    return [
      ...prose(`Taken back: what was applied at ${of.time}${of.interrupted ? ', which was interrupted' : ''}`, width),
      ...restored.map((path) => pass(`restored ${printable(path)}`)),
      ...ran.map((command) => pass(`ran ${printable(command)}`)),
      ...left.flatMap(({ because }): readonly Line[] =>
        prose(`not taken back: ${printable(because)}`, width - 2).map((text, row): Line => [
          { text: row === 0 ? `${signs.error} ` : '  ', tone: 'error' },
          { text },
        ]),
      ),
      blank,
    ];
  }
  const { applied, plan } = outcome;
  const name = (id: string): string => {
    const step = plan.steps.find((one) => one.id === id)?.step;
    return step === undefined ? id : stepName(step);
  };
  const { done, failed, left, journal } = applied;
  return [
    ...done.map((id) => pass(name(id))),
    ...(failed === undefined
      ? []
      : [
          [{ text: `${signs.error} `, tone: 'error' as const }, { text: name(failed.step) }],
          ...indented(prose(`not done: ${printable(failed.because)}`, width - 2), 2),
        ]),
    ...left.map((id): Line => [{ text: '· ', tone: 'faint' }, { text: `${name(id)} (not tried)` }]),
    ...section('journal', [`${printable(journal)}; u takes it back`], width),
    blank,
  ];
}

const keys: readonly (readonly [string, string])[] = [
  ['↑ ↓, k j', 'one up, one down'],
  ['PgUp PgDn', 'a page up, a page down'],
  ['Home End', 'first, last'],
  ['Tab, → ←', 'go to what the marked way out changes, and back'],
  ['space', 'choose the marked way out, or not'],
  ['a', 'choose all that are safe, or none'],
  ['⏎', 'show what the chosen ones change together, and ask; without a choice the marked one'],
  ['y, n', 'do it, do not'],
  ['u', 'take back what was applied last; asks'],
  ['r', 'look again: what is gone, what is new'],
  ['c', 'copy what the marked way out has to type, to the terminal’s clipboard'],
  ['/', 'search; ⏎ keeps the search, Esc drops it'],
  ['?', 'these keys'],
  ['Esc', 'back'],
  ['q', 'leave'],
  ['Ctrl-C', 'quit; while it applies: stop after the step that is being done'],
];

const legend = [
  ['error', 'mends an error: libvirt or QEMU refuses, or an outsider gets in'],
  ['warning', 'mends a warning: a careful admin would act'],
  ['note', 'mends a note: worth knowing'],
] as const;

/** The keys and the signs. */
export const fixHelp = (width: number): readonly Line[] => [
  ...keyLines(keys, width),
  blank,
  ...legendLines(legend, width),
  ...prose(meanings.safe, width),
  ...prose(meanings.unsafe, width),
  ...prose('not offered: it would do harm, or has no place on this host', width),
];
