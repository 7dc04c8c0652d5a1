import type { DiagnosisReport } from '../engine/diagnosis-report.ts';
import type { Finding, Gap, HostReport, Report } from '../engine/report.ts';
import type { Subject } from '../rule/subject.ts';

/**
 * Everything that could steer a terminal or hide from its reader: controls (C0, DEL, C1), format characters (bidi overrides, zero
 * width, tags), line and paragraph separators, lone surrogates, and whatever Unicode lets a renderer draw as nothing.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** The byte that a lone surrogate U+DC80 to U+DCFF stands for: file names that are not UTF-8 come as Python's `surrogateescape`. */
export const byteOf = (character: string): number | undefined => {
  const code = character.codePointAt(0) ?? 0;
  return code >= 0xdc80 && code <= 0xdcff ? code - 0xdc00 : undefined;
};

const escape = (character: string): string => {
  const code = byteOf(character) ?? character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
};

/** Text from a host as one line that is safe for a terminal: what would not show becomes an escape that does, such as `\x1b`. */
export const printable = (text: string): string => text.replace(unprintable, escape);

/** The same for text of several lines: line feeds divide, a tab becomes two spaces, all else is escaped. */
export const printableLines = (text: string): readonly string[] =>
  text.split('\n').map((line) => printable(line.replaceAll('\t', '  ')));

const orNull = (text: string | null): string | null => (text === null ? null : printable(text));

const printableSubject = (subject: Subject): Subject => {
  switch (subject.kind) {
    case 'file':
      return { ...subject, path: printable(subject.path) };
    case 'setting':
      return { ...subject, path: printable(subject.path), key: printable(subject.key) };
    case 'process':
      return { ...subject, program: printable(subject.program) };
    case 'endpoint':
      return { ...subject, host: printable(subject.host) };
    case 'host':
      return subject;
  }
};

const printableFinding = (finding: Finding): Finding => ({
  ...finding,
  rule: printable(finding.rule),
  subject: printableSubject(finding.subject),
  message: printable(finding.message),
  seen: printable(finding.seen),
  needed: printable(finding.needed),
  effect: printable(finding.effect),
  references: finding.references.map(({ title, url }) => ({ title: printable(title), url: printable(url) })),
  fix: finding.fix === null ? null : { ...finding.fix, title: printable(finding.fix.title) },
});

const printableGap = (gap: Gap): Gap => ({
  ...gap,
  ...(gap.subject === undefined ? {} : { subject: printableSubject(gap.subject) }),
  detail: printable(gap.detail),
});

const printableSoftware = ({ os, libvirt, qemu, gnutls }: HostReport['software']): HostReport['software'] => ({
  os: orNull(os),
  libvirt: orNull(libvirt),
  qemu: orNull(qemu),
  gnutls: orNull(gnutls),
});

const printableHost = (host: HostReport): HostReport => ({
  ...host,
  target: printable(host.target),
  hostname: orNull(host.hostname),
  software: printableSoftware(host.software),
  findings: host.findings.map(printableFinding),
  verdicts: host.verdicts.map((verdict) => ({
    ...verdict,
    rule: printable(verdict.rule),
    ...(verdict.reason === undefined ? {} : { reason: printable(verdict.reason) }),
    ...(verdict.gaps === undefined ? {} : { gaps: verdict.gaps.map(printableGap) }),
  })),
});

/**
 * A report whose every text is safe for a terminal: the one seam where hosts meet terminals. Only the steps of fixes stay as
 * they are, because `fixLines` must quote the real paths for a shell; what it gives is safe as well.
 */
export const printableReport = (report: Report): Report => ({
  ...report,
  tool: { name: printable(report.tool.name), version: printable(report.tool.version) },
  time: printable(report.time),
  hosts: report.hosts.map(printableHost),
});

const printableStep = (step: DiagnosisReport['steps'][number]): DiagnosisReport['steps'][number] => ({
  ...step,
  message: printable(step.message),
  ...(step.predicted === undefined
    ? {}
    : { predicted: { ...step.predicted, message: printable(step.predicted.message) } }),
  ...(step.observed === undefined ? {} : { observed: { ...step.observed, message: printable(step.observed.message) } }),
  ...(step.evidence === undefined ? {} : { evidence: step.evidence.map(printable) }),
});

const printableEnd = <H extends DiagnosisReport['client'] | NonNullable<DiagnosisReport['server']>>(host: H): H => ({
  ...host,
  target: orNull(host.target),
  hostname: orNull(host.hostname),
  software: host.software === null ? null : printableSoftware(host.software),
  ...('user' in host ? { user: printable(host.user) } : {}),
});

/** A diagnosis in which nothing that came from a host can steer a terminal; the steps of the fix are left as they are, for `fixLines` quotes them. */
export const printableDiagnosis = (report: DiagnosisReport): DiagnosisReport => ({
  ...report,
  uri: printable(report.uri),
  client: printableEnd(report.client),
  server: report.server === null ? null : printableEnd(report.server),
  wire: { ...report.wire, notes: report.wire.notes.map(printable) },
  clientError: orNull(report.clientError),
  serverError: orNull(report.serverError),
  why: orNull(report.why),
  fix: report.fix === null ? null : { ...report.fix, title: printable(report.fix.title) },
  steps: report.steps.map(printableStep),
  warnings: report.warnings.map((finding) => ({ ...printableFinding(finding), side: finding.side })),
});
