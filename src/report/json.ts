import type { Finding, Gap, HostReport, Report, Verdict } from '../engine/report.ts';
import type { Subject } from '../rule/subject.ts';
import type { Reporter } from './reporter.ts';

/** What JSON allows unescaped and a terminal should not meet: DEL, C1, and characters that hide or reorder what is shown. */
const unsafe = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const escape = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');

/** Any value as a JSON document: two spaces an indentation, a line feed at the end, and nothing that steers a terminal. */
export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`.replace(unsafe, escape);

/** The given keys first, in that order, then whatever else there is: the order is the contract's, not the accident of construction. */
const ordered = <T extends object>(value: T, keys: readonly (keyof T)[]): T =>
  Object.fromEntries([
    ...keys.filter((key) => value[key] !== undefined).map((key) => [key, value[key]]),
    ...Object.entries(value).filter(([key]) => !keys.includes(key as keyof T)),
  ]) as T;

const subjectKeys = ['kind', 'path', 'line', 'key', 'pid', 'program', 'host', 'port'] as const;

const orderedSubject = (subject: Subject): Subject =>
  ordered(subject as Subject & Record<(typeof subjectKeys)[number], unknown>, subjectKeys);

const orderedFinding = (finding: Finding): Finding =>
  ordered(
    {
      ...finding,
      subject: orderedSubject(finding.subject),
      references: finding.references.map((reference) => ordered(reference, ['title', 'url'])),
      fix: finding.fix === null ? null : ordered(finding.fix, ['title', 'applicability', 'steps']),
    },
    ['rule', 'severity', 'subject', 'message', 'seen', 'needed', 'effect', 'fingerprint', 'references', 'fix'],
  );

const orderedGap = (gap: Gap): Gap =>
  ordered(gap.subject === undefined ? gap : { ...gap, subject: orderedSubject(gap.subject) }, [
    'subject',
    'reason',
    'detail',
  ]);

const orderedVerdict = (verdict: Verdict): Verdict =>
  ordered(verdict.gaps === undefined ? verdict : { ...verdict, gaps: verdict.gaps.map(orderedGap) }, [
    'rule',
    'outcome',
    'reason',
    'gaps',
  ]);

const orderedHost = (host: HostReport): HostReport =>
  ordered(
    {
      ...host,
      software: ordered(host.software, ['os', 'libvirt', 'qemu', 'gnutls']),
      findings: host.findings.map(orderedFinding),
      verdicts: host.verdicts.map(orderedVerdict),
    },
    ['target', 'hostname', 'roles', 'software', 'findings', 'verdicts'],
  );

const orderedReport = (report: Report): Report =>
  ordered(
    {
      ...report,
      tool: ordered(report.tool, ['name', 'version']),
      summary: ordered(report.summary, ['error', 'warning', 'note', 'pass', 'unknown', 'notApplicable']),
      hosts: report.hosts.map(orderedHost),
    },
    ['format', 'version', 'tool', 'time', 'summary', 'hosts'],
  );

/** The report as it is, for programs: format `virt-pki-check/report`. */
const json: Reporter = { name: 'json', render: (report) => toJson(orderedReport(report)) };

export default json;
