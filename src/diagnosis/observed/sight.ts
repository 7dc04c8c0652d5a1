import type { Fact } from '../../facts/fact.ts';
import type { FactName, Facts, Known } from '../../facts/facts.ts';
import type { Snapshot } from '../../facts/snapshot.ts';
import type { Step, Take } from '../step.ts';

/** What was seen of a server from the client, as answers to the questions of steps. */
export interface Sight {
  readonly kind: 'libvirt' | 'vnc' | 'spice' | 'nbd';
  /** By the step that asks; a step that is not here was not answered. */
  readonly answers: ReadonlyMap<unknown, Take>;
  /** What shows that the server is up, as the start of a sentence; absent where nothing does. */
  readonly serves?: string;
}

/** Answers while they come in. */
export class Answers {
  readonly #answers = new Map<unknown, Take>();
  readonly #kind: Sight['kind'];

  constructor(kind: Sight['kind']) {
    this.#kind = kind;
  }

  /** Answers a step's question; undefined leaves it open. */
  give<Q>(step: Step<Q>, take: Take | undefined): void {
    if (take !== undefined) this.#answers.set(step, take);
  }

  /** What there is so far. */
  sight(serves?: string): Sight {
    return { kind: this.#kind, answers: this.#answers, ...(serves === undefined ? {} : { serves }) };
  }
}

/** Facts of a snapshot; undefined where one of them is not known. */
export function factsOf<N extends FactName>(snapshot: Snapshot | undefined, names: readonly N[]): Known<N> | undefined {
  if (snapshot === undefined) return undefined;
  const facts: Partial<Facts> = {};
  for (const name of names) {
    const fact: Fact<Facts[N]> = snapshot.facts[name];
    if (!fact.known) return undefined;
    Object.assign(facts, { [name]: fact.value });
  }
  return facts as Known<N>;
}
