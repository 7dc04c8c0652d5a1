import type { Report } from '../engine/report.ts';
import type { Evidence } from './evidence/evidence.ts';

/** How a report is to be drawn; a reporter that has no use for one of these ignores it. */
export interface RenderOptions {
  readonly color: boolean;
  /** Columns of the terminal; prose is wrapped at it. */
  readonly width: number;
  /** Also what passed, what does not apply, and references. */
  readonly verbose: boolean;
  /** Findings only. */
  readonly quiet: boolean;
  /** What was seen of each finding, by the indices of host and finding, and what ends when; absent where the facts are not at hand. */
  readonly evidence?: {
    of(host: number, finding: number): readonly Evidence[];
    readonly endings: Evidence;
  };
}

/** Turns a report into a document: data in, text out. */
export interface Reporter {
  readonly name: string;
  render(report: Report, options: RenderOptions): string;
}
