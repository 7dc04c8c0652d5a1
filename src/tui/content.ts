import { signs } from '../report/color.ts';
import { evidenceLines, type Evidence } from '../report/evidence/evidence.ts';
import { fixLines } from '../report/fix-commands.ts';
import { gapRemedies } from '../report/fold-gaps.ts';
import { totalsText } from '../report/text.ts';
import { wrap } from '../report/wrap.ts';
import type { Fix } from '../rule/fix.ts';
import { subjectText } from '../rule/subject.ts';
import { breakText, type Line } from './line.ts';
import type { Item, Model } from './model.ts';

const labelWidth = 8;

/** Prose in lines of at most `width` columns; where a word is wider, `↩` says that it goes on. */
export const prose = (text: string, width: number): readonly string[] =>
  wrap(text, width).flatMap((line) => breakText(line, width));

/** Lines with a label before the first and its space before the others. */
export const labelled = (label: string, texts: readonly string[], columns = labelWidth): readonly Line[] =>
  texts.map((text, index) => [{ text: (index === 0 ? label : '').padEnd(columns), tone: 'faint' }, { text }]);

/** How much thought a fix asks for, in words. */
export const applicability = {
  safe: 'safe',
  unsafe: 'interrupts or replaces something: think first',
  manual: 'by hand',
} as const;

/** The steps of a fix in lines of at most `width` columns: commands whole or broken with `↩`, instructions wrapped. */
export const stepLines = (fix: Fix, width: number): readonly string[] =>
  fix.steps
    .flatMap(fixLines)
    .flatMap(({ kind, text }) => (kind === 'paste' ? breakText(text, width) : prose(text, width)));

const changes = { new: 'new since the last look', gone: 'gone since the last look' } as const;

/** What was seen, drawn, a blank line before each. */
const evidenceBlocks = (evidence: readonly Evidence[], width: number): readonly Line[] =>
  evidence.flatMap((one) => ['', ...evidenceLines(one, width, prose)]);

/** All that is known of one finding: effect, evidence and the way out, in lines of at most `width` columns. */
export function detailLines(
  { finding, host, family, change }: Item,
  hosts: number,
  width: number,
  evidence: readonly Evidence[] = [],
): readonly Line[] {
  const { severity, subject, message, seen, needed, effect, fix, references } = finding;
  const room = width - labelWidth;
  const section = (label: string, text: string): readonly Line[] =>
    text === '' ? [] : labelled(label, prose(text, room));
  return [
    [
      { text: `${signs[severity]} ${severity}`, tone: severity },
      { text: ` · ${family}${hosts > 1 ? ` · ${host}` : ''}${change === undefined ? '' : ` · ${changes[change]}`}` },
    ],
    ...breakText(subjectText(subject), width),
    '',
    ...prose(message, width),
    '',
    ...section('seen', seen),
    ...section('needed', needed),
    ...section('effect', effect),
    ...evidenceBlocks(evidence, width),
    ...(fix === null
      ? []
      : [
          '',
          ...labelled('fix', [
            ...prose(`${fix.title} (${applicability[fix.applicability]})`, room),
            ...stepLines(fix, room),
          ]),
        ]),
    ...(references.length === 0
      ? []
      : [
          '',
          ...labelled(
            'more',
            references.flatMap(({ title, url }) => [...prose(title, room), ...breakText(url, room)]),
          ),
        ]),
  ];
}

/** What could not be judged, by cause, and how to make it judgeable. */
export function gapLines({ gaps, hosts, report }: Model, width: number): readonly Line[] {
  if (gaps.length === 0) {
    return prose(
      report.summary.unknown === 0 ? 'Everything that applies could be judged' : totalsText(report.summary),
      width,
    );
  }
  return gaps.flatMap(({ host, causes }, index) => [
    ...(index === 0 ? [] : ['']),
    ...(hosts.length > 1 ? [[{ text: host, tone: 'strong' as const }]] : []),
    ...causes.flatMap(({ reason, detail, rules }, at): readonly Line[] => [
      ...(at === 0 ? [] : ['']),
      ...prose(detail, width - 2).map((line, row): Line => [
        { text: row === 0 ? `${signs.unknown} ` : '  ', tone: 'unknown' },
        { text: line },
      ]),
      ...labelled('  rules', prose(rules.join(', '), width - labelWidth)),
      ...labelled('  to do', prose(gapRemedies[reason], width - labelWidth)),
    ]),
  ]);
}

const keys: readonly (readonly [string, string])[] = [
  ['↑ ↓, k j', 'one up, one down'],
  ['PgUp PgDn', 'a page up, a page down (also Space)'],
  ['Home End, g G', 'first, last'],
  ['⏎', 'open the finding, with the evidence'],
  ['Esc', 'back; at the list, drop all filters'],
  ['/', 'search; ⏎ keeps the search, Esc drops it'],
  ['e w n', 'errors, warnings or notes only; once more: all'],
  ['a', 'all severities'],
  ['Tab ⇧Tab, → ←', 'next or previous family; → ← in a finding: next or previous one'],
  ['h H', 'next or previous host, where there are several'],
  ['f', 'mend it: preview, choose, apply, undo'],
  ['c', "copy a command of the finding's fix; once more: the next one"],
  ['t', 'time line: what ends when, and what is found then'],
  ['r', 'look again, and mark what is new and what is gone'],
  ['u', 'what could not be judged'],
  ['?', 'these keys'],
  ['q, Ctrl-C', 'quit'],
];

const timeKeys: readonly (readonly [string, string])[] = [
  ['→ ←, l h', 'a step later, a step earlier'],
  ['d w m y', 'step by a day, week, month or year'],
  ['Tab ⇧Tab', 'to the next or previous end'],
  ['0', 'back to now, or to the moment of --at'],
  ['t, Esc', 'back to the list'],
];

const legend: readonly (readonly [keyof typeof signs, string])[] = [
  ['error', 'error: libvirt or QEMU refuses, or an outsider gets in'],
  ['warning', 'warning: a careful admin would act'],
  ['note', 'note: worth knowing'],
  ['pass', 'all rules passed'],
  ['unknown', 'could not be judged'],
];

const idle = '· no rule of this family applies here';

/** Keys and what they do. */
export const keyLines = (meanings: readonly (readonly [string, string])[], width: number): readonly Line[] =>
  meanings.flatMap(([key, meaning]) =>
    prose(meaning, width - 16).map((text, row): Line => [
      { text: (row === 0 ? key : '').padEnd(16), tone: 'strong' },
      { text },
    ]),
  );

/** Signs and what they mean. */
export const legendLines = (
  meanings: readonly (readonly [keyof typeof signs, string])[],
  width: number,
): readonly Line[] =>
  meanings.flatMap(([sign, meaning]) =>
    prose(meaning, width - 2).map((text, row): Line => [
      { text: row === 0 ? `${signs[sign]} ` : '  ', tone: sign },
      { text },
    ]),
  );

const marks: readonly (readonly [string, string])[] = [
  ['+', 'new: not found before'],
  ['-', 'gone: no longer found'],
];

/** The keys and the signs. */
export const helpLines = (width: number): readonly Line[] => [
  ...keyLines(keys, width),
  '',
  [{ text: 'Time line', tone: 'strong' }],
  ...keyLines(timeKeys, width),
  '',
  ...legendLines(legend, width),
  ...prose(idle, width),
  ...marks.flatMap(([sign, meaning]) => prose(`${sign} ${meaning}`, width)),
];
