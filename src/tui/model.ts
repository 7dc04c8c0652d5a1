import type { Finding, HostReport, Report } from '../engine/report.ts';
import { printableReport } from '../report/printable.ts';
import { foldGaps, type GapCause } from '../report/fold-gaps.ts';
import { hostTitle } from '../report/text.ts';
import type { Severity } from '../rule/severity.ts';

/** A finding as the list shows it, with the host and the family that it belongs to. */
export interface Item {
  readonly finding: Finding;
  readonly host: string;
  readonly family: string;
}

/** A family of rules and how many findings of each severity it has. */
export interface FamilyRow {
  readonly name: string;
  readonly counts: Readonly<Record<Severity, number>>;
  /** Rules of it that could not be judged. */
  readonly unknown: number;
  /** Some rule of it judged, or would have, had it been able to. */
  readonly applies: boolean;
}

/** What could not be judged on one host. */
export interface HostGaps {
  readonly host: string;
  readonly causes: readonly GapCause[];
}

/** A report arranged for the screen; every text in it is printable, but the steps of fixes. */
export interface Model {
  readonly report: Report;
  readonly hosts: readonly string[];
  readonly items: readonly Item[];
  readonly families: readonly FamilyRow[];
  readonly gaps: readonly HostGaps[];
}

const familyRow = (name: string, hosts: readonly HostReport[], familyOf: (rule: string) => string): FamilyRow => {
  const counts = { error: 0, warning: 0, note: 0 };
  let unknown = 0;
  let applies = false;
  for (const host of hosts) {
    for (const { rule, severity } of host.findings) if (familyOf(rule) === name) counts[severity] += 1;
    for (const { rule, outcome } of host.verdicts) {
      if (familyOf(rule) !== name) continue;
      if (outcome === 'unknown') unknown += 1;
      if (outcome !== 'not-applicable') applies = true;
    }
  }
  return { name, counts, unknown, applies };
};

/** Arranges a report as it came from the engine. `familyOf` gives the folder of a rule, by its id. */
export function makeModel(raw: Report, familyOf: (rule: string) => string | undefined): Model {
  const report = printableReport(raw);
  const family = (rule: string): string => familyOf(rule) ?? 'other';
  const rules = report.hosts.flatMap((host) => [...host.verdicts, ...host.findings].map(({ rule }) => rule));
  const names = [...new Set(rules.map(family))].sort();
  return {
    report,
    hosts: report.hosts.map(hostTitle),
    items: report.hosts.flatMap((host) =>
      host.findings.map((finding) => ({ finding, host: hostTitle(host), family: family(finding.rule) })),
    ),
    families: names.map((name) => familyRow(name, report.hosts, family)),
    gaps: report.hosts
      .map((host) => ({ host: hostTitle(host), causes: foldGaps(host) }))
      .filter(({ causes }) => causes.length > 0),
  };
}
