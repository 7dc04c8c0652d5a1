import { severities, type Severity } from '../rule/severity.ts';
import type { Report } from './report.ts';

/** What the caller minds. */
export interface Demand {
  /** Findings at or above this fail; `never` lets all of them pass. */
  readonly failOn: Severity | 'never';
  readonly allowUnknown: boolean;
}

/**
 * The exit status that a report deserves: 2 a rule of ours crashed, 1 something fails at `failOn` or above, 3 nothing fails but
 * something could not be judged, 0 otherwise. `failOn: 'never'` is a look, not a gate: 0 whatever is found or not known.
 */
export function exitStatus(report: Report, { failOn, allowUnknown }: Demand): 0 | 1 | 2 | 3 {
  const crashed = report.hosts.some(({ verdicts }) =>
    verdicts.some(({ gaps }) => gaps?.some(({ reason }) => reason === 'rule-crashed') ?? false),
  );
  if (crashed) return 2;
  if (failOn === 'never') return 0;
  const minded = severities.slice(0, severities.indexOf(failOn) + 1);
  if (minded.some((severity) => report.summary[severity] > 0)) return 1;
  return report.summary.unknown > 0 && !allowUnknown ? 3 : 0;
}
