import type { HostReport } from '../engine/report.ts';
import { painter, signs } from '../report/color.ts';
import { fixLines } from '../report/fix-commands.ts';
import { printable } from '../report/printable.ts';
import { hostTitle } from '../report/text.ts';
import { wrap } from '../report/wrap.ts';
import type { FixStep } from '../rule/fix.ts';
import { severities } from '../rule/severity.ts';
import { subjectText } from '../rule/subject.ts';
import type { Expectation, PlannedFix, PlannedStep } from './plan.ts';
import type { ProvenPlan } from './simulate.ts';

const words: Readonly<Record<PlannedFix['applicability'], string>> = {
  safe: 'safe',
  unsafe: 'unsafe: interrupts or replaces something',
  manual: 'by hand',
};

/** A plan for a person: the steps in order, what they mend, what is left to do by hand, what is not offered, and what will remain. */
export function planText(
  host: HostReport,
  plan: ProvenPlan,
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const paint = painter(color);
  const prose = (text: string, indent: number): readonly string[] =>
    wrap(printable(text), Math.max(24, width - indent)).map((line) => ' '.repeat(indent) + line);
  const labelled = (label: string, text: string): readonly string[] =>
    wrap(printable(text), Math.max(24, width - 14)).map(
      (line, index) => `     ${paint('faint', (index === 0 ? label : '').padEnd(9))}${line}`,
    );
  const step = (one: PlannedStep, index: number): readonly string[] => [
    ...fixLines(one.step).map(
      ({ text }, line) => `${line === 0 ? String(index + 1).padStart(3) : '   '}  ${paint('strong', text)}`,
    ),
    ...labelled('is', expectationText(one.expects)),
    ...labelled('mends', [...new Set(mendedRules(plan, one))].join(', ')),
    ...(one.applicability === 'unsafe' ? labelled('unsafe', one.interrupts.join('; ') || 'think first') : []),
    ...labelled('undo', one.undo),
  ];
  const told = (steps: readonly FixStep[]): readonly string[] =>
    steps.flatMap(fixLines).flatMap(({ kind, text }) => (kind === 'paste' ? [`     ${text}`] : prose(text, 5)));
  const fix = (one: PlannedFix): readonly string[] => {
    const sign =
      signs[severities.find((severity) => one.findings.some((each) => each.severity === severity)) ?? 'note'];
    return [
      ...prose(`${sign} ${one.title} (${words[one.applicability]})`, 2),
      ...one.findings.flatMap(({ rule, subject }) => prose(`${rule}   ${subjectText(subject)}`, 5)),
      ...told(one.told),
      ...(one.untried === undefined ? [] : prose(`could not be tried beforehand: ${one.untried}`, 5)),
    ];
  };
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', paint('strong', title), ...lines];
  const byHand = plan.fixes.filter(({ told: instructions }) => instructions.length > 0);
  const untried = plan.fixes.filter(
    ({ told: instructions, untried: why }) => instructions.length === 0 && why !== undefined,
  );
  return `${[
    paint('strong', hostTitle(host)),
    ...section('Steps', plan.steps.flatMap(step)),
    ...section('To be done by a person', byHand.flatMap(fix)),
    ...section('Not tried beforehand', untried.flatMap(fix)),
    ...section(
      'Not offered',
      plan.withheld.flatMap(({ fix: one, because }) => [...prose(`· ${one.title}`, 2), ...prose(because, 5)]),
    ),
    '',
    remainsText(plan),
  ].join('\n')}\n`;
}

const mendedRules = ({ fixes }: ProvenPlan, step: PlannedStep): readonly string[] =>
  fixes.filter(({ id }) => step.fixes.includes(id)).flatMap(({ findings }) => findings.map(({ rule }) => rule));

function remainsText({ steps, remaining, emerging }: ProvenPlan): string {
  const counts = severities.flatMap((severity) => {
    const count = remaining.findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? '' : 's'}`];
  });
  const rest = counts.length === 0 ? 'nothing' : counts.join(', ');
  if (steps.length === 0) return `Nothing can be done by a program; found: ${rest}`;
  const fresh = emerging.length === 0 ? '' : `, ${emerging.length} of them new and milder than what is mended`;
  return `After these steps remains: ${rest}${fresh}`;
}

/** What a step must find, in a few words. */
export function expectationText(expects: Expectation): string {
  switch (expects.kind) {
    case 'entry':
      return `${expects.uid}:${expects.gid} ${expects.mode.toString(8).padStart(4, '0')}${expects.acl === undefined ? '' : ' with an access control list'}`;
    case 'absent':
      return 'not there';
    case 'setting': {
      if (expects.value === null) return 'not set';
      const at = expects.line === undefined ? '' : ` (line ${expects.line})`;
      const { value } = expects;
      if (value.type === 'redacted') return `set${at}`;
      return `${value.type === 'list' ? `a list of ${value.items.length}` : JSON.stringify(value.value)}${at}`;
    }
    case 'syntax-error':
      return `does not load (line ${expects.line}, column ${expects.column}: ${expects.expected})`;
    case 'anything':
      return '';
  }
}
