import type { HostReport } from '../../engine/report.ts';
import type { Applied } from '../../fix/apply.ts';
import type { StepPreview } from '../../fix/preview.ts';
import type { ProvenPlan } from '../../fix/simulate.ts';
import type { Undone } from '../../fix/undo.ts';

/** A plan and what each of its steps changes. */
export interface Prepared {
  readonly plan: ProvenPlan;
  readonly previews: readonly StepPreview[];
}

/** A host as it was looked at last, and all ways out of what was found. */
export interface Fixing extends Prepared {
  readonly report: HostReport;
  /** Why nothing can be changed here; absent where it can. */
  readonly readOnly?: string;
  /** What an undo would take back. */
  readonly latest?: { readonly time: string; readonly interrupted: boolean; readonly paths: readonly string[] };
}

/** What the screen asks to be done. */
export type FixRequest =
  /** Plan these ways out alone, and try them. */
  | { readonly kind: 'prepare'; readonly fixes: readonly string[] }
  | { readonly kind: 'apply'; readonly plan: ProvenPlan }
  | { readonly kind: 'undo' }
  | { readonly kind: 'look' };

/** What became of it; whatever changed the host looked at it again. */
export type FixOutcome =
  | ({ readonly kind: 'prepared' } & Prepared)
  | { readonly kind: 'applied'; readonly applied: Applied; readonly plan: ProvenPlan; readonly fixing: Fixing }
  /** Undone is absent when there was nothing to take back. */
  | { readonly kind: 'undone'; readonly undone?: Undone; readonly fixing: Fixing }
  | { readonly kind: 'looked'; readonly fixing: Fixing }
  /** Nothing was changed. */
  | { readonly kind: 'refused'; readonly because: string };

/** Where the screen of fixes has its host from, and who does what it asks for. */
export interface FixSource {
  load(progress: (what: string) => void): Promise<Fixing>;
  /** `stop` ends an apply before its next step. */
  act(request: FixRequest, progress: (what: string) => void, stop: AbortSignal): Promise<FixOutcome>;
}
