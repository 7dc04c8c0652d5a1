import type { ConnectionStage } from '../reference/connection-stages.ts';
import type { Fix } from '../rule/fix.ts';

export { connectionStages as stages } from '../reference/connection-stages.ts';
export type Stage = ConnectionStage;

export type Side = 'client' | 'server';

/** `skipped`: not reached, or without effect for this connection. */
export type StepOutcome = 'pass' | 'fail' | 'warning' | 'unknown' | 'skipped';

/** One of two answers to the same question. */
export interface Brief {
  readonly outcome: StepOutcome;
  readonly message: string;
}

/** One rung of the ladder. */
export interface StepReport {
  readonly stage: Stage;
  readonly side: Side;
  readonly question: string;
  readonly outcome: StepOutcome;
  /** The answer, one sentence without full stop. */
  readonly message: string;
  /** What the answer rests on: files, lines, certificates, for a person. */
  readonly evidence?: readonly string[];
  /** What follows from the files, where something was seen as well: `outcome` and `message` are what holds. */
  readonly predicted?: Brief;
  /** What was seen from the client. */
  readonly observed?: Brief;
  /** The rule of `scan` that says the same of one host. */
  readonly rule?: string;
  /** Where the behaviour is read: upstream file and function. */
  readonly source: string;
}

/** Why a connection fails, at the step that decides. */
export interface Failure {
  /** The machine on which it is mended. */
  readonly side: Side;
  /** Why the program does what it does, for a person. */
  readonly why: string;
  /** Rules of `scan` whose finding on that machine says more and mends it, the likeliest first. */
  readonly rules: readonly string[];
  /** The file that is at fault, where there is one. */
  readonly path?: string;
  /** The way out, where no rule of one host has it. */
  readonly fix?: Fix;
  /** Another one, which may be on the other machine. */
  readonly otherwise?: { readonly side: Side; readonly fix: Fix };
}

/** What a prediction says of one connection. */
export interface Prediction {
  readonly verdict: 'connects' | 'fails' | 'unknown';
  /** The first stage that fails. */
  readonly stage: Stage | null;
  /** The last error line that the client prints, without `error: `. */
  readonly clientError: string | null;
  /** The line in the server's log, without time and place. */
  readonly serverError: string | null;
  readonly steps: readonly StepReport[];
  readonly failure: Failure | null;
}
