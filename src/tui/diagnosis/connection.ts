import type { DiagnosisReport } from '../../engine/diagnosis-report.ts';
import { gravity, hostText, otherClient } from '../../report/diagnosis-text.ts';
import { shellCommand } from '../../report/fix-commands.ts';
import { printable, printableDiagnosis } from '../../report/printable.ts';

/** One thing that has to go right, and whether it does. */
export type Step = DiagnosisReport['steps'][number];

/** A stage of the connection, with its steps in their order. */
export interface Rung {
  readonly stage: Step['stage'];
  /** The gravest of its steps'. */
  readonly outcome: Step['outcome'];
  /** What decides it, and without a decision what says most. */
  readonly message: string;
  readonly steps: readonly Step[];
}

/** A diagnosis arranged for the screen; every text in it is printable, but the steps of its fix. */
export interface Connection {
  readonly report: DiagnosisReport;
  readonly isConsole: boolean;
  /** What shows that it works; for a console nothing that can be typed. */
  readonly command: string;
  readonly client: string;
  readonly server: string;
  readonly rungs: readonly Rung[];
}

const rungOf = (stage: Rung['stage'], steps: readonly Step[]): Rung => {
  const outcome = gravity.find((one) => steps.some((step) => step.outcome === one)) ?? 'skipped';
  const messages = [...new Set(steps.filter((step) => step.outcome === outcome).map(({ message }) => message))];
  const message = outcome === 'pass' ? messages.reduce((a, b) => (b.length > a.length ? b : a)) : messages.join('; ');
  return { stage, outcome, message, steps };
};

/** Arranges a diagnosis as it came from the engine. */
export function makeConnection(raw: DiagnosisReport): Connection {
  const safe = printableDiagnosis(raw);
  const report: DiagnosisReport = {
    ...safe,
    fix: safe.fix === null ? null : { ...safe.fix, title: printable(safe.fix.title) },
  };
  const isConsole = otherClient(report) !== undefined;
  const stages = [...new Set(report.steps.map(({ stage }) => stage))];
  return {
    report,
    isConsole,
    command: isConsole ? '' : shellCommand(['virsh', '-c', raw.uri, 'uri']),
    client: hostText(report.client, 'this machine'),
    server: report.server === null ? 'the server' : hostText(report.server, 'the server'),
    rungs: stages.map((stage) =>
      rungOf(
        stage,
        report.steps.filter((step) => step.stage === stage),
      ),
    ),
  };
}

/** The rung that decides: the first that fails, without one the first that nobody could judge; else none. */
export function decidingRung({ rungs }: Connection): number | undefined {
  for (const outcome of ['fail', 'unknown'] as const) {
    const index = rungs.findIndex((rung) => rung.outcome === outcome);
    if (index !== -1) return index;
  }
  return undefined;
}
