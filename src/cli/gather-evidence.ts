import type { Report } from '../engine/report.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { endings, endingsEvidence } from '../report/evidence/endings.ts';
import { evidenceOf } from '../report/evidence/evidence-of.ts';
import type { RenderOptions } from '../report/reporter.ts';

/** What was seen of each finding, and what ends when, for the report in text. */
export const gatherEvidence = (
  { time, hosts }: Report,
  snapshots: readonly Snapshot[],
): NonNullable<RenderOptions['evidence']> => ({
  of(host, index) {
    const snapshot = snapshots[host];
    const finding = hosts[host]?.findings[index];
    return snapshot === undefined || finding === undefined
      ? []
      : evidenceOf(snapshot, hosts[host]?.roles ?? [], finding);
  },
  endings: endingsEvidence(endings(snapshots), time),
});
