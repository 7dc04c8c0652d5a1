import type { DiagnosisReport } from '../engine/diagnosis-report.ts';
import type { Applied } from './apply.ts';
import { outlook, type ConnectionPlan, type Mend, type Outlook } from './mend-connection.ts';
import { planDocument, type PlanDocument } from './plan-document.ts';

export const connectionPlanFormat = 'virt-pki-check/connection-plan';
export const connectionPlanVersion = 1;

/** A plan for one connection as JSON holds it. */
export interface ConnectionPlanDocument extends Pick<DiagnosisReport, 'tool' | 'uri' | 'time'> {
  readonly format: typeof connectionPlanFormat;
  readonly version: typeof connectionPlanVersion;
  /** The account that runs the client. */
  readonly user: string;
  /** What the walk says of the connection as it is … */
  readonly before: Outlook;
  /** … and when all steps were done. */
  readonly after: Outlook;
  /** In the order in which the failures are met. */
  readonly mends: readonly Mend[];
  /** Null where a program has nothing to do on that machine. */
  readonly server: PlanDocument | null;
  readonly client: PlanDocument | null;
  /** With `--apply`: what the walk said afterwards, of the hosts as they are then. */
  readonly found?: Outlook;
}

/** The document of a plan; `applied` says what became of it on each machine. */
export function connectionDocument(
  { before, after, mends, plans }: ConnectionPlan,
  applied: Readonly<Partial<Record<'client' | 'server', Applied>>> = {},
  found?: DiagnosisReport,
): ConnectionPlanDocument {
  const { tool, uri, time } = before;
  const planOf = (side: 'client' | 'server'): PlanDocument | null => {
    const [plan, done] = [plans[side], applied[side]];
    if (plan === undefined) return null;
    return { ...planDocument(plan.remaining, plan, tool), ...(done === undefined ? {} : { applied: done }) };
  };
  return {
    format: connectionPlanFormat,
    version: connectionPlanVersion,
    tool,
    uri,
    time,
    user: before.client.user,
    before: outlook(before),
    after: outlook(after),
    mends,
    server: planOf('server'),
    client: planOf('client'),
    ...(found === undefined ? {} : { found: outlook(found) }),
  };
}
