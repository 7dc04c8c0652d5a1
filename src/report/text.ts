import columnsOf from 'fast-string-width';
import type { Finding, HostReport, Report, Summary } from '../engine/report.ts';
import { roleNames } from '../rule/role-names.ts';
import { severities } from '../rule/severity.ts';
import { subjectText } from '../rule/subject.ts';
import { painter, signs, type Paint } from './color.ts';
import { evidenceLines, type Evidence } from './evidence/evidence.ts';
import { fixLines } from './fix-commands.ts';
import { foldGaps, gapRemedies } from './fold-gaps.ts';
import { printable, printableReport } from './printable.ts';
import type { Reporter, RenderOptions } from './reporter.ts';
import { wrap } from './wrap.ts';

/** Below this many columns prose is not squeezed further: lines of single words help nobody. */
const narrowest = 24;

const labelWidth = 8;

interface Page extends RenderOptions {
  readonly paint: Paint;
}

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

const paragraph = (text: string, indent: number, page: Page, keep: readonly string[] = []): readonly string[] =>
  wrap(text, Math.max(narrowest, page.width - indent), keep).map((line) => ' '.repeat(indent) + line);

/** A label in a column of its own, and lines beside it. */
const beside = (label: string, lines: readonly string[], page: Page): readonly string[] =>
  lines.map((line, index) => `    ${page.paint('faint', (index === 0 ? label : '').padEnd(labelWidth))}${line}`);

const labelled = (label: string, text: string, page: Page, keep: readonly string[] = []): readonly string[] =>
  text === '' ? [] : beside(label, wrap(text, Math.max(narrowest, page.width - 4 - labelWidth), keep), page);

/** What a person calls a host: its name, and what was looked at where that is not the running system. */
export const hostTitle = (host: HostReport): string => {
  if (host.hostname === null) return host.target === 'local' ? 'this host' : host.target;
  return host.target === 'local' || host.target === host.hostname ? host.hostname : `${host.hostname} (${host.target})`;
};

/** What runs on a host, in one line. */
export const softwareText = ({ software: { os, libvirt, qemu } }: HostReport): string =>
  [
    libvirt === null ? '' : `libvirt ${libvirt}`,
    qemu === null ? '' : `QEMU ${qemu}`,
    libvirt === null && qemu === null ? 'no libvirt or QEMU found' : '',
    os ?? '',
  ]
    .filter((part) => part !== '')
    .join(' · ');

const header = (host: HostReport, page: Page): readonly string[] => {
  const roles =
    host.roles.length === 0 ? 'no role found' : `roles: ${host.roles.map((role) => roleNames[role]).join(', ')}`;
  const [title, ...parts] = [hostTitle(host), softwareText(host), roles] as const;
  const oneLine = [title, ...parts].join('   ');
  if (columnsOf(oneLine) <= page.width) return [[page.paint('strong', title), ...parts].join('   ')];
  return [page.paint('strong', title), ...parts.flatMap((part) => paragraph(part, 2, page))];
};

/** How bad it is, in one line: faults first, then what passed, then what nobody knows. */
export function totalsText(summary: Summary): string {
  const faults = severities
    .filter((severity) => summary[severity] > 0)
    .map((severity) => counted(summary[severity], severity));
  if (faults.length === 0 && summary.pass === 0 && summary.unknown === 0)
    return 'Nothing was judged: no rule applies here';
  const worst = summary.unknown === 0 ? 'All is well: no fault found' : 'No fault found in what could be judged';
  return [
    faults.length === 0 ? worst : faults.join(', '),
    `${counted(summary.pass, 'rule')} passed`,
    ...(summary.unknown === 0 ? [] : [`${summary.unknown} could not be judged`]),
  ].join(' · ');
}

const totalsTone = (summary: Summary) =>
  severities.find((severity) => summary[severity] > 0) ?? (summary.unknown > 0 ? 'unknown' : 'pass');

const fixBlock = ({ fix }: Finding, page: Page, keep: readonly string[]): readonly string[] => {
  if (fix === null) return [];
  const width = Math.max(narrowest, page.width - 4 - labelWidth);
  const warning = { safe: '', unsafe: ' (interrupts or replaces something: think first)', manual: ' (by hand)' }[
    fix.applicability
  ];
  const steps = fix.steps.flatMap(fixLines);
  const title =
    fix.applicability === 'safe' && steps.length > 0 && !page.verbose ? [] : wrap(fix.title + warning, width, keep);
  return beside(
    'fix',
    [...title, ...steps.flatMap(({ kind, text }) => (kind === 'paste' ? [text] : wrap(text, width, keep)))],
    page,
  );
};

const evidenceBlock = (evidence: Evidence, indent: number, page: Page): readonly string[] =>
  evidenceLines(evidence, Math.max(narrowest, page.width - indent), wrap).map(
    (line) =>
      ' '.repeat(indent) +
      (typeof line === 'string'
        ? line
        : line.map(({ text: part, tone }) => (tone === undefined ? part : page.paint(tone, part))).join('')),
  );

const findingBlock = (finding: Finding, page: Page, evidence: readonly Evidence[] = []): readonly string[] => {
  const { rule, severity, subject, message, seen, needed, effect, references } = finding;
  const keep = 'path' in subject ? [subject.path] : [];
  return [
    `${page.paint(severity, signs[severity])} ${page.paint('strong', rule)}   ${subjectText(subject)}`,
    ...paragraph(message, 4, page, keep),
    ...labelled('seen', seen, page, keep),
    ...labelled('needed', needed, page, keep),
    ...labelled('effect', effect, page, keep),
    ...evidence.flatMap((one) => evidenceBlock(one, 4, page)),
    ...fixBlock(finding, page, keep),
    ...(page.verbose ? references.flatMap(({ title, url }) => labelled('more', `${title} ${url}`, page)) : []),
  ];
};

const gapsBlock = (host: HostReport, page: Page): readonly string[] => {
  const causes = foldGaps(host);
  const unexplained = host.verdicts.filter(
    (verdict) => verdict.outcome === 'unknown' && (verdict.gaps ?? []).length === 0,
  );
  if (causes.length === 0 && unexplained.length === 0) return [];
  return [
    `${page.paint('unknown', signs.unknown)} ${page.paint('strong', 'could not be judged')}`,
    ...causes.flatMap(({ reason, detail, rules }) => [
      ...paragraph(detail, 4, page),
      ...labelled('rules', rules.join(', '), page),
      ...labelled('to do', gapRemedies[reason], page),
    ]),
    ...unexplained.flatMap(({ rule, reason }) =>
      paragraph(reason === undefined ? rule : `${rule}: ${reason}`, 4, page),
    ),
  ];
};

const passedBlock = (host: HostReport, page: Page): readonly string[] => {
  const passed = host.verdicts.filter((verdict) => verdict.outcome === 'pass').map((verdict) => verdict.rule);
  return passed.length === 0
    ? []
    : [`${page.paint('pass', signs.pass)} ${page.paint('strong', 'passed')}`, ...paragraph(passed.join(', '), 4, page)];
};

const notApplicableBlock = (host: HostReport, page: Page): readonly string[] => {
  const others = host.verdicts.filter((verdict) => verdict.outcome === 'not-applicable');
  return others.length === 0
    ? []
    : [
        `· ${page.paint('strong', 'does not apply')}`,
        ...others.flatMap(({ rule, reason }) => paragraph(reason === undefined ? rule : `${rule}: ${reason}`, 4, page)),
      ];
};

const separated = (blocks: readonly (readonly string[])[]): readonly string[] =>
  blocks.filter((block) => block.length > 0).flatMap((block, index) => (index === 0 ? block : ['', ...block]));

const hostBlocks = (host: HostReport, index: number, page: Page): readonly (readonly string[])[] => [
  ...host.findings.map((finding, at) => findingBlock(finding, page, page.evidence?.of(index, at))),
  ...(page.quiet ? [] : [gapsBlock(host, page)]),
  ...(page.verbose && !page.quiet ? [passedBlock(host, page), notApplicableBlock(host, page)] : []),
];

/** Says of one host among several that nothing is at fault there, and claims no more than is known. */
const wellLine = (host: HostReport, page: Page): readonly string[] => {
  if (host.findings.length > 0) return [];
  if (host.verdicts.some((verdict) => verdict.outcome === 'unknown'))
    return ['No fault found here in what could be judged'];
  if (host.verdicts.every((verdict) => verdict.outcome === 'not-applicable'))
    return ['Nothing was judged: no rule applies here'];
  return [page.paint('pass', 'All is well: no fault found here')];
};

const document = (report: Report, page: Page): readonly string[] => {
  const several = report.hosts.length > 1;
  if (page.quiet) {
    return separated(
      report.hosts.flatMap((host, index) =>
        host.findings.length === 0
          ? []
          : [several ? [page.paint('strong', hostTitle(host))] : [], ...hostBlocks(host, index, page)],
      ),
    );
  }
  const totals = wrap(totalsText(report.summary), Math.max(narrowest, page.width)).map((line, index) =>
    index === 0 ? page.paint(totalsTone(report.summary), line) : line,
  );
  const first = report.hosts.find((host) => host.findings.length > 0)?.findings[0];
  const next =
    first === undefined
      ? []
      : [`Next: virt-pki-check explain ${printable(first.rule)}   says more about a rule, here the first`];
  const ends = page.evidence === undefined ? [] : evidenceBlock(page.evidence.endings, 0, page);
  if (several) {
    const all = [`${totals[0] ?? ''} · ${counted(report.hosts.length, 'host')}`, ...totals.slice(1)];
    return separated([
      all,
      ...report.hosts.flatMap((host, index) => {
        const blocks = hostBlocks(host, index, page);
        return [[...header(host, page), ...wellLine(host, page)], ...blocks];
      }),
      ends,
      next,
    ]);
  }
  return separated([
    [...report.hosts.flatMap((host) => header(host, page)), ...totals],
    ...report.hosts.flatMap((host, index) => hostBlocks(host, index, page)),
    ends,
    next,
  ]);
};

/** For a person who reads a log or a pipe: how bad it is, then each finding with its way out, then what nobody could judge. */
const text: Reporter = {
  name: 'text',
  render(report, options) {
    const lines = document(printableReport(report), { ...options, paint: painter(options.color) });
    return lines.length === 0 ? '' : `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
  },
};

export default text;
