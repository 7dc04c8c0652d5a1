import type { Finding, HostReport, Report } from '../engine/report.ts';
import { endings, type Ending } from '../report/evidence/endings.ts';
import type { Evidence } from '../report/evidence/evidence.ts';
import { evidenceOf } from '../report/evidence/evidence-of.ts';
import { printableReport } from '../report/printable.ts';
import { foldGaps, type GapCause } from '../report/fold-gaps.ts';
import { hostTitle } from '../report/text.ts';
import type { Severity } from '../rule/severity.ts';
import type { Scanned } from './scanned.ts';

/** A finding as the list shows it, with the host and the family that it belongs to. */
export interface Item {
  readonly finding: Finding;
  readonly host: string;
  /** Index of its host in the report. */
  readonly hostIndex: number;
  readonly family: string;
  /** Beside the report before: it was not there, or it was and is no more. */
  readonly change?: 'new' | 'gone';
  /** What was seen, drawn from the facts when it is first asked for. */
  readonly evidence: () => readonly Evidence[];
}

/** How many findings of each severity a family of rules or a host has. */
export interface Standing {
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
  /** How each family stands on all hosts together. */
  readonly families: readonly Standing[];
  /** How each host stands, and its families. */
  readonly standings: readonly { readonly host: Standing; readonly families: readonly Standing[] }[];
  readonly gaps: readonly HostGaps[];
  /** What ends some day, soonest first. */
  readonly endings: readonly Ending[];
  readonly judgeAt: Scanned['judgeAt'];
}

const standing = (name: string, hosts: readonly HostReport[], isOf: (rule: string) => boolean): Standing => {
  const counts = { error: 0, warning: 0, note: 0 };
  let unknown = 0;
  let applies = false;
  for (const host of hosts) {
    for (const { rule, severity } of host.findings) if (isOf(rule)) counts[severity] += 1;
    for (const { rule, outcome } of host.verdicts) {
      if (!isOf(rule)) continue;
      if (outcome === 'unknown') unknown += 1;
      if (outcome !== 'not-applicable') applies = true;
    }
  }
  return { name, counts, unknown, applies };
};

/** An answer that is worked out once, when it is first asked for. */
function once<T>(work: () => T): () => T {
  let answer: { readonly value: T } | undefined;
  return () => (answer ??= { value: work() }).value;
}

/** What hosts are called: by name alone where there are several of different names, for there is little room then. */
function namesOf(hosts: readonly HostReport[]): readonly string[] {
  const names = hosts.flatMap(({ hostname }) => hostname ?? []);
  return hosts.length > 1 && new Set(names).size === hosts.length ? names : hosts.map(hostTitle);
}

/** Arranges a scan as it came from the engine. `familyOf` gives the folder of a rule, by its id. */
export function makeModel(
  { report: raw, snapshots, judgeAt }: Scanned,
  familyOf: (rule: string) => string | undefined,
): Model {
  const report = printableReport(raw);
  const family = (rule: string): string => familyOf(rule) ?? 'other';
  const rules = report.hosts.flatMap((host) => [...host.verdicts, ...host.findings].map(({ rule }) => rule));
  const names = [...new Set(rules.map(family))].sort();
  const familiesOf = (hosts: readonly HostReport[]): readonly Standing[] =>
    names.map((name) => standing(name, hosts, (rule) => family(rule) === name));
  const hosts = namesOf(report.hosts);
  const evidence = (host: number, index: number) => (): readonly Evidence[] => {
    const snapshot = snapshots[host];
    const whole = raw.hosts[host];
    const finding = whole?.findings[index];
    return snapshot === undefined || finding === undefined ? [] : evidenceOf(snapshot, whole?.roles ?? [], finding);
  };
  return {
    report,
    hosts,
    items: report.hosts.flatMap((host, hostIndex) =>
      host.findings.map((finding, index) => ({
        finding,
        host: hosts[hostIndex] ?? '',
        hostIndex,
        family: family(finding.rule),
        evidence: once(evidence(hostIndex, index)),
      })),
    ),
    families: familiesOf(report.hosts),
    standings: report.hosts.map((host, index) => ({
      host: standing(hosts[index] ?? '', [host], () => true),
      families: familiesOf([host]),
    })),
    gaps: report.hosts
      .map((host, index) => ({ host: hosts[index] ?? '', causes: foldGaps(host) }))
      .filter(({ causes }) => causes.length > 0),
    endings: endings(snapshots),
    judgeAt,
  };
}

/** What makes two items the same fault. */
export const identityOf = ({ finding, hostIndex }: Item): string =>
  `${hostIndex} ${finding.rule} ${finding.fingerprint}`;

/** A model with what is new beside an earlier one marked, and what is gone listed last. */
export function compared(before: Model, after: Model): Model {
  const remaining = before.items.filter(({ change }) => change !== 'gone');
  const earlier = new Set(remaining.map(identityOf));
  const now = new Set(after.items.map(identityOf));
  return {
    ...after,
    items: [
      ...after.items.map((item) => (earlier.has(identityOf(item)) ? item : { ...item, change: 'new' as const })),
      ...remaining.filter((item) => !now.has(identityOf(item))).map((item) => ({ ...item, change: 'gone' as const })),
    ],
  };
}

/** A model as if it were the first: without marks, and without what is gone. */
export const unmarked = (model: Model): Model => ({
  ...model,
  items: model.items.filter(({ change }) => change !== 'gone').map(({ change: _, ...item }) => item),
});

/** How many items a comparison marked. */
export function changesOf({ items }: Model): { readonly new: number; readonly gone: number } {
  const counted = (wanted: Item['change']): number => items.filter(({ change }) => change === wanted).length;
  return { new: counted('new'), gone: counted('gone') };
}
