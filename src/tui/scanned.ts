import type { Report } from '../engine/report.ts';
import type { Snapshot } from '../facts/snapshot.ts';

/** What a scan gives the screen: the judgement, what was judged, and how to judge it as of another moment. */
export interface Scanned {
  readonly report: Report;
  /** The facts of each host of the report, in its order; empty where they are not at hand. */
  readonly snapshots: readonly Snapshot[];
  /** The same hosts judged as of a moment, ISO 8601 in UTC: pure, and slow enough to be asked only when needed. */
  judgeAt(moment: string): Scanned;
}
