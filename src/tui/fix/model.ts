import type { HostReport } from '../../engine/report.ts';
import type { Mended, PlannedFix, Withheld } from '../../fix/plan.ts';
import type { DiffLine } from '../../fix/preview.ts';
import { fixLines, type FixLine } from '../../report/fix-commands.ts';
import { printable, printableLines } from '../../report/printable.ts';
import { severities, type Severity } from '../../rule/severity.ts';
import { subjectText } from '../../rule/subject.ts';
import type { Prepared } from './fixing.ts';

/** A finding in one line. */
export interface Found {
  readonly severity: Severity;
  readonly rule: string;
  readonly where: string;
  readonly message: string;
}

/** What is typed or done, and what that changes. */
export interface Change {
  readonly typed: readonly FixLine[];
  readonly diff: readonly DiffLine[];
}

/** A way out as the list shows it; every text is safe for a terminal. */
export interface Way {
  readonly id: string;
  readonly title: string;
  readonly kind: PlannedFix['applicability'] | 'withheld';
  readonly severity: Severity;
  readonly mends: readonly Found[];
  readonly changes: readonly Change[];
  /** What a person does besides. */
  readonly told: readonly FixLine[];
  readonly interrupts: readonly string[];
  readonly undo: readonly string[];
  /** Why its effect could not be tried, or why it is not offered. */
  readonly because?: string;
  /** Taken with what brings it to light, and never alone. */
  readonly follows: boolean;
  /** What can be pasted into a shell or an editor; empty where there is nothing. */
  readonly commands: string;
}

/** A step of a plan, or one that is told. */
export type AnyStep = Parameters<typeof fixLines>[0];

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts.filter((text) => text !== ''))];

/** A finding as one line says it. */
export const found = ({ severity, rule, subject, message }: Mended): Found => ({
  severity,
  rule: printable(rule),
  where: printable(subjectText(subject)),
  message: printable(message),
});

const worstOf = (mended: readonly Mended[]): Severity =>
  severities.find((severity) => mended.some((one) => one.severity === severity)) ?? 'note';

/** What a program can do first; then what comes with that, and what a person does. */
const rank = ({ kind, follows }: Way): number => (follows ? 2 : { safe: 0, unsafe: 1, manual: 3, withheld: 4 }[kind]);

/** The ways out of a plan: those that a program can take first, safe ones before all; among those the worst finding's first. */
export function waysOf({ plan, previews }: Prepared, { findings }: Pick<HostReport, 'findings'>): readonly Way[] {
  const reported = new Set(findings.map(({ fingerprint }) => fingerprint));
  const ways = [
    ...plan.fixes.map((fix) =>
      wayOf(fix, { plan, previews }, !fix.findings.some((one) => reported.has(one.fingerprint))),
    ),
    ...plan.withheld.map(withheldWay),
  ];
  return ways
    .map((way, index) => ({ way, index }))
    .sort(
      (a, b) =>
        rank(a.way) - rank(b.way) ||
        severities.indexOf(a.way.severity) - severities.indexOf(b.way.severity) ||
        a.index - b.index,
    )
    .map(({ way }) => way);
}

function wayOf(fix: PlannedFix, { plan, previews }: Prepared, follows: boolean): Way {
  const steps = plan.steps.filter(({ id }) => fix.steps.includes(id));
  const all: readonly AnyStep[] = [...steps.map(({ step }) => step), ...fix.told];
  return {
    id: fix.id,
    title: printable(fix.title),
    kind: fix.applicability,
    severity: worstOf(fix.findings),
    mends: fix.findings.map(found),
    changes: changesOf(fix.steps, { plan, previews }),
    told: fix.told.flatMap(fixLines),
    interrupts: unique(steps.flatMap(({ interrupts }) => interrupts.map(printable))),
    undo: unique(steps.map(({ undo }) => printable(undo))),
    ...(fix.untried === undefined ? {} : { because: `its effect could not be tried: ${printable(fix.untried)}` }),
    follows,
    commands: all.flatMap(pasteable).join('\n'),
  };
}

const withheldWay = ({ fix, because }: Withheld): Way => ({
  id: fix.id,
  title: printable(fix.title),
  kind: 'withheld',
  severity: worstOf(fix.findings),
  mends: fix.findings.map(found),
  changes: [],
  told: [],
  interrupts: [],
  undo: [],
  because: `not offered: ${printable(because)}`,
  follows: false,
  commands: '',
});

/** A step in one line, as it is called while it is done. */
export const stepName = (step: AnyStep): string => (fixLines(step)[0]?.text ?? step.kind).replace(/:$/, '');

/** What is typed for a step; of a file that is written whole the diff says what it holds. */
const typedFor = (step: AnyStep, diff: readonly DiffLine[]): readonly FixLine[] =>
  (step.kind === 'write' || step.kind === 'repair') && diff.length > 0
    ? [{ kind: 'paste', text: stepName(step) }]
    : fixLines(step);

/** What steps change, in their order; several in a row that change owner and mode of one path are one change. */
export function changesOf(ids: readonly string[], { plan, previews }: Prepared): readonly Change[] {
  const steps = plan.steps.filter(({ id }) => ids.includes(id));
  const changes: { typed: FixLine[]; diff: DiffLine[]; status: string | undefined }[] = [];
  for (const { id, step } of steps) {
    const preview = previews.find((one) => one.step === id);
    const status = preview?.of === 'status' ? preview.path : undefined;
    const lines = preview?.lines ?? [];
    const last = changes.at(-1);
    if (last !== undefined && status !== undefined && last.status === status) {
      last.typed.push(...typedFor(step, lines));
      last.diff = [
        ...last.diff.filter(({ sign }) => sign === '-'),
        ...(lines.length === 0 ? last.diff : lines).filter(({ sign }) => sign === '+'),
      ];
    } else {
      changes.push({ typed: [...typedFor(step, lines)], diff: [...lines], status });
    }
  }
  return changes;
}

/** What of a step can be pasted. */
function pasteable(step: AnyStep): readonly string[] {
  if (step.kind === 'set') return [printable(`${step.key} = ${step.value}`)];
  if (step.kind === 'text') return printableLines(step.text.replace(/\n$/, ''));
  // Nothing to paste: what is edited in place, and what a program writes.
  if (['unset', 'repair', 'write', 'write-key', 'trust', 'issue'].includes(step.kind)) return [];
  return fixLines(step).flatMap(({ kind, text }) => (kind === 'paste' ? [text] : []));
}
