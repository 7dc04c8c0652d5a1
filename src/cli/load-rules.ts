import { catalogue } from '#rules';
import { nearestName } from '../domain/nearest-name.ts';
import type { Rule } from '../rule/define-rule.ts';
import { UsageError } from './usage-error.ts';

/** A rule with its family, the folder that it stands in. */
export interface CataloguedRule {
  readonly family: string;
  readonly rule: Rule;
}

/** All rules, by family and id. */
export const allRules: readonly CataloguedRule[] = catalogue;

/** The rules that a run is to evaluate. @throws UsageError for an id that is none. */
export function chooseRules(only: readonly string[], skip: readonly string[]): readonly CataloguedRule[] {
  for (const id of [...only, ...skip]) if (!find(id)) throw new UsageError(unknownRule(id));
  return allRules.filter(({ rule }) => (only.length === 0 || only.includes(rule.id)) && !skip.includes(rule.id));
}

/** One rule by its id. @throws UsageError when there is none. */
export function ruleNamed(id: string): CataloguedRule {
  const found = find(id);
  if (found === undefined) throw new UsageError(unknownRule(id));
  return found;
}

const find = (id: string): CataloguedRule | undefined => allRules.find(({ rule }) => rule.id === id);

function unknownRule(id: string): string {
  const suggestion = nearestName(
    id,
    allRules.map(({ rule }) => rule.id),
  );
  return `no rule is called ${id}${suggestion === undefined ? '' : `; perhaps ${suggestion}`} (virt-pki-check rules lists them)`;
}
