import type { FactName, Known } from '../facts/facts.ts';
import type { Failure, Side, Stage } from './diagnosis.ts';

/** The facts of both hosts that a step asked for, all known. */
export interface Sides<C extends FactName, S extends FactName> {
  readonly client: Known<C>;
  readonly server: Known<S>;
}

/** A step's answer. */
export type Take =
  | {
      readonly outcome: 'pass' | 'warning';
      readonly message: string;
      readonly evidence?: readonly string[];
      readonly rule?: string;
    }
  | { readonly outcome: 'skipped' | 'unknown'; readonly message: string }
  | {
      readonly outcome: 'fail';
      readonly message: string;
      readonly evidence?: readonly string[];
      /** What the client prints; absent where it only finds nobody listening. */
      readonly clientText?: string;
      /** What the server logs; absent where it says nothing. */
      readonly serverText?: string;
      readonly failure: Failure;
    };

/** One thing that has to go right; it knows its own facts and no other step. */
export interface StepDefinition<Q, C extends FactName, S extends FactName> {
  readonly stage: Stage;
  readonly side: Side;
  /** As an admin would ask, with a question mark. */
  readonly question: string;
  /** Upstream file and function, or `observed`, with versions. */
  readonly source: string;
  readonly needs: { readonly client?: readonly C[]; readonly server?: readonly S[] };
  take(question: Q, sides: Sides<C, S>): Take;
}

/** A step as the walk sees it: its own fact names no longer matter. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a definition is contravariant in its facts
export type Step<Q> = StepDefinition<Q, any, any>;

/** Ties a step's facts together for the compiler, and changes nothing. */
export const defineStep =
  <Q>() =>
  <const C extends FactName = never, const S extends FactName = never>(
    step: StepDefinition<Q, C, S>,
  ): StepDefinition<Q, C, S> =>
    step;

export const pass = (message: string, evidence?: readonly string[]): Take => ({
  outcome: 'pass',
  message,
  ...(evidence === undefined ? {} : { evidence }),
});
export const warning = (message: string, rule?: string): Take => ({
  outcome: 'warning',
  message,
  ...(rule === undefined ? {} : { rule }),
});
export const skipped = (message: string): Take => ({ outcome: 'skipped', message });
export const cannotTell = (message: string): Take => ({ outcome: 'unknown', message });
