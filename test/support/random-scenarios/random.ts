import { spawnSync } from 'node:child_process';

/** A source of choices that a seed determines. */
export interface Random {
  /** A number of [0, 1). */
  readonly next: () => number;
  /** A whole number of [low, high]. */
  readonly int: (low: number, high: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(choices: readonly T[]) => T;
  /** One of the choices, each as likely as its weight says. */
  readonly weighted: <T>(choices: readonly (readonly [number, T])[]) => T;
  /** A part of the choices, each with this probability, in their order. */
  readonly some: <T>(choices: readonly T[], probability?: number) => T[];
  readonly shuffle: <T>(values: readonly T[]) => T[];
}

/** mulberry32, by Tommy Ettinger: 32 bits of state are enough for scenarios. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const chance = (probability: number): boolean => next() < probability;
  const pick = <T>(choices: readonly T[]): T => choices[int(0, choices.length - 1)]!;
  const weighted = <T>(choices: readonly (readonly [number, T])[]): T => {
    let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, choice] of choices) if ((left -= weight) < 0) return choice;
    return choices.at(-1)![1];
  };
  const some = <T>(choices: readonly T[], probability = 0.5): T[] => choices.filter(() => chance(probability));
  const shuffle = <T>(values: readonly T[]): T[] => {
    const result = [...values];
    for (let last = result.length - 1; last > 0; last--) {
      const other = int(0, last);
      [result[last], result[other]] = [result[other]!, result[last]!];
    }
    return result;
  };
  return { next, int, chance, pick, weighted, some, shuffle };
}

/**
 * The seed of this run: the environment variable SEED (`SEED=new` for one that nobody has seen), else one drawn from the commit. So every
 * commit meets scenarios of its own, and whoever looks at a failure of it meets the same ones.
 */
export const runSeed = (): number => {
  const given = process.env['SEED'];
  if (given === 'new') return Math.floor(Math.random() * 2 ** 31);
  if (given === undefined || given === '') return commitSeed() ?? Math.floor(Math.random() * 2 ** 31);
  const seed = Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`SEED=${given} is not a whole number`);
  return seed;
};

/** Of the commit's name; undefined outside of a repository. */
function commitSeed(): number | undefined {
  const { stdout, status } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' });
  const digits = status === 0 ? /^[0-9a-f]{7}/.exec(stdout)?.[0] : undefined;
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}
