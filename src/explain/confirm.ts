import type { Finding, HostReport } from '../engine/report.ts';
import type { Cause, Side } from '../reference/messages/message.ts';
import { stagesOf, type Recognised } from './recognise.ts';

/** Reports of the two hosts of a connection, as far as they were looked at. */
export type Hosts = Readonly<Partial<Record<Side, HostReport>>>;

/**
 * What looking at the hosts makes of a cause: `confirmed`, a rule found it; `open`, nobody looked, or no rule sees it; `unknown`, it could
 * not be judged; `ruled-out`, every rule that sees it passed or does not apply.
 */
export type Standing = 'confirmed' | 'open' | 'unknown' | 'ruled-out';

export interface JudgedCause extends Cause {
  readonly standing: Standing;
  /** The findings that confirm it; those about the message's own files first. */
  readonly findings: readonly Finding[];
}

export interface Confirmed extends Omit<Recognised, 'causes'> {
  readonly causes: readonly JudgedCause[];
}

const ranks: Readonly<Record<Standing, number>> = { confirmed: 0, open: 1, unknown: 1, 'ruled-out': 2 };

const severityRanks = { error: 0, warning: 1, note: 2 } as const;

/** Holds the causes of messages against what was found on the hosts: causes that a rule found come first, those that none did last. */
export function confirm(recognised: readonly Recognised[], hosts: Hosts): readonly Confirmed[] {
  return recognised.map((one) => {
    const judged = one.causes.map((cause) => judge(cause, hosts[cause.look.side], Object.values(one.holes)));
    const causes = judged
      .map((cause, index) => ({ cause, index }))
      .sort(
        (a, b) =>
          ranks[a.cause.standing] - ranks[b.cause.standing] ||
          closeness(a.cause, one.holes) - closeness(b.cause, one.holes) ||
          a.index - b.index,
      )
      .map(({ cause }) => cause);
    return { ...one, causes, stages: stagesOf(causes) };
  });
}

function judge(cause: Cause, host: HostReport | undefined, values: readonly string[]): JudgedCause {
  if (host === undefined || cause.rules.length === 0) return { ...cause, standing: 'open', findings: [] };
  const findings = host.findings
    .filter(({ rule }) => cause.rules.includes(rule))
    .map((finding, index) => ({ finding, index, about: isAbout(finding, values) ? 0 : 1 }))
    .sort(
      (a, b) =>
        a.about - b.about || severityRanks[a.finding.severity] - severityRanks[b.finding.severity] || a.index - b.index,
    )
    .map(({ finding }) => finding);
  if (findings.length > 0) return { ...cause, standing: 'confirmed', findings };
  const outcomes = cause.rules.map((rule) => host.verdicts.find((verdict) => verdict.rule === rule));
  const judgedAll = outcomes.every(
    (verdict) =>
      (verdict?.outcome === 'pass' || verdict?.outcome === 'not-applicable') && (verdict.gaps ?? []).length === 0,
  );
  return { ...cause, standing: judgedAll ? 'ruled-out' : 'unknown', findings: [] };
}

/** Is a finding about a file that the message names. */
const isAbout = ({ subject }: Finding, values: readonly string[]): boolean =>
  'path' in subject && values.includes(subject.path);

/** Among confirmed causes those about the message's own files come first, then the graver ones. */
function closeness({ standing, findings }: JudgedCause, holes: Readonly<Record<string, string>>): number {
  const [first] = findings;
  if (standing !== 'confirmed' || first === undefined) return 0;
  return (isAbout(first, Object.values(holes)) ? 0 : 10) + severityRanks[first.severity];
}
