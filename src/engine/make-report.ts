import type { Snapshot } from '../facts/snapshot.ts';
import type { Rule } from '../rule/define-rule.ts';
import { evaluate, type EvaluateOptions } from './evaluate.ts';
import { reportFormat, reportVersion, type HostReport, type Report, type Summary } from './report.ts';

/** Judges all hosts and sums up; `time` is the latest of the snapshots' clocks. */
export function makeReport(
  snapshots: readonly Snapshot[],
  rules: readonly Rule[],
  tool: Report['tool'],
  options: EvaluateOptions = {},
): Report {
  const hosts = snapshots.map((snapshot) => evaluate(snapshot, rules, options));
  const times = snapshots.flatMap(({ facts }) => (facts.clock.known ? [facts.clock.value.now] : []));
  return {
    format: reportFormat,
    version: reportVersion,
    tool,
    time: times.sort().at(-1) ?? '',
    summary: summaryOf(hosts),
    hosts,
  };
}

function summaryOf(hosts: readonly HostReport[]): Summary {
  const findings = hosts.flatMap((host) => host.findings);
  const verdicts = hosts.flatMap((host) => host.verdicts);
  const bySeverity = (severity: string): number => findings.filter((finding) => finding.severity === severity).length;
  const byOutcome = (outcome: string): number => verdicts.filter((verdict) => verdict.outcome === outcome).length;
  return {
    error: bySeverity('error'),
    warning: bySeverity('warning'),
    note: bySeverity('note'),
    pass: byOutcome('pass'),
    unknown: verdicts.filter(({ gaps }) => gaps !== undefined).length,
    notApplicable: byOutcome('not-applicable'),
  };
}
