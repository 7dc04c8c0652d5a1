import type { FactName, Known } from '../facts/facts.ts';

/**
 * A question that every rule of a family asks of the same facts, answered once: answers are kept as long as the facts they rest on
 * are the same objects, by the further arguments (which must be plain data). What is asked stays a pure function.
 */
export function remembering<const N extends FactName, A extends readonly unknown[], R>(
  names: readonly N[],
  question: (facts: Known<N>, ...further: A) => R,
): (facts: Known<N>, ...further: A) => R {
  let asked: Known<N> | undefined;
  let answers = new Map<string, R>();
  return (facts, ...further) => {
    if (asked === undefined || names.some((name) => asked?.[name] !== facts[name])) {
      asked = facts;
      answers = new Map();
    }
    const key = JSON.stringify(further);
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = question(facts, ...further);
    answers.set(key, answer);
    return answer;
  };
}
