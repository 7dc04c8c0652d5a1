import type { Finding, HostReport } from '../engine/report.ts';
import type { Applied } from './apply.ts';
import type { Interruption } from './journal.ts';
import type { Plan, PlannedFix, PlannedStep, Withheld } from './plan.ts';
import type { ProvenPlan } from './simulate.ts';

export const planFormat = 'virt-pki-check/plan';
export const planVersion = 1;

/** A plan as JSON holds it. */
export interface PlanDocument {
  readonly format: typeof planFormat;
  readonly version: typeof planVersion;
  readonly tool: { readonly name: string; readonly version: string };
  readonly target: string;
  readonly hostname: string | null;
  readonly steps: readonly PlannedStep[];
  readonly fixes: readonly PlannedFix[];
  readonly withheld: readonly Withheld[];
  /** Findings that are left when all steps were done; `emerging` says which of them were not there before. */
  readonly remaining: readonly Pick<Finding, 'rule' | 'severity' | 'subject' | 'message' | 'fingerprint'>[];
  readonly emerging: readonly string[];
  /** An earlier apply that never came to its end, and is to be taken back first. */
  readonly interrupted?: Interruption;
  /** With `--apply`: what became of it. */
  readonly applied?: Applied;
}

/** The document of a plan. */
export const planDocument = (
  { target, hostname }: Pick<HostReport, 'target' | 'hostname'>,
  { steps, fixes, withheld, remaining, emerging }: Plan & Pick<ProvenPlan, 'remaining' | 'emerging'>,
  tool: PlanDocument['tool'],
): PlanDocument => ({
  format: planFormat,
  version: planVersion,
  tool,
  target,
  hostname,
  steps,
  fixes,
  withheld,
  remaining: remaining.findings.map(({ rule, severity, subject, message, fingerprint }) => ({
    rule,
    severity,
    subject,
    message,
    fingerprint,
  })),
  emerging,
});
