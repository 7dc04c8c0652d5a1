import type { FactName, Facts, Known } from '../facts/facts.ts';
import type { HostView } from '../host/host-view.ts';

/**
 * Turns looking into one fact: which file, which setting names it, which parser reads it; never what should be.
 *
 * `after` lists the facts that it builds on: it is called when all of them are known, and where one is unknown, so is this one,
 * for the same reason. An `AccessError` that escapes makes the fact unknown with that error's reason; any other error makes it
 * `collector-failed`. What cannot be learnt of one path of many is an unknown entry, not an unknown fact.
 */
export interface Collector<N extends FactName, D extends FactName = never> {
  readonly fact: N;
  readonly after: readonly D[];
  collect(view: HostView, known: Known<D>): Promise<Facts[N]>;
}

/** Ties a collector's fact and dependencies together for the compiler, and changes nothing. */
export const defineCollector = <const N extends FactName, const D extends FactName = never>(
  collector: Collector<N, D>,
): Collector<N, D> => collector;
