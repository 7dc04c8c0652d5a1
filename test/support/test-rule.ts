import { describe, expect, it } from 'vitest';
import { runRule } from '../../src/engine/run-rule.ts';
import { inferRoles } from '../../src/domain/roles.ts';
import type { Finding, Gap } from '../../src/engine/report.ts';
import { known } from '../../src/facts/fact.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { Role } from '../../src/facts/role.ts';
import { snapshotFormat, snapshotVersion, type Snapshot } from '../../src/facts/snapshot.ts';
import type { Rule } from '../../src/rule/define-rule.ts';
import type { FixStep } from '../../src/rule/fix.ts';
import type { Severity } from '../../src/rule/severity.ts';
import type { Subject } from '../../src/rule/subject.ts';

interface Case {
  readonly name: string;
  readonly facts: Facts;
  /** Roles in effect; found out from the facts when absent. */
  readonly roles?: readonly Role[];
  readonly options?: object;
}

interface ExpectedViolation {
  readonly messageId: string;
  /** Any part of the data that matters. */
  readonly data?: object;
  readonly severity?: Severity;
  readonly subject?: Partial<Subject>;
  /** Any part of the fix that matters; null: there must be none. */
  readonly fix?: {
    readonly applicability?: string;
    readonly steps?: readonly Partial<FixStep>[];
    readonly withCa?: readonly Partial<FixStep>[];
  } | null;
}

/** What a rule's test says: facts that pass, that fail and how, to which the rule does not apply, and that leave it in the dark. */
export interface RuleCases {
  readonly pass: readonly Case[];
  readonly fail: readonly (Case & { readonly violations: readonly ExpectedViolation[] })[];
  readonly notApplicable?: readonly Case[];
  readonly unknown?: readonly (Case & { readonly reason?: Gap['reason'] })[];
}

/**
 * Tests a rule on literal facts, and its author as well: facts are frozen, the check runs twice with the same answer, names are
 * not repeated, every message is reached by some case, and none has a hole in it.
 */
export function testRule(rule: Rule, cases: RuleCases): void {
  describe(rule.id, () => {
    const reached = new Set<string>();
    const run = (
      one: Case,
    ): {
      findings: readonly Finding[];
      violations: readonly unknown[];
      verdict: ReturnType<typeof runRule>['verdict'];
    } => {
      const facts = deepFreeze(one.facts);
      const roles = one.roles ?? inferRoles(facts);
      const violations: {
        messageId: string;
        data: unknown;
        severity?: Severity;
        subject: Subject;
        instance?: string;
        fix?: unknown;
      }[] = [];
      const spied: Rule = {
        ...rule,
        check(given, context) {
          const result = rule.check(given, context);
          if (!('outcome' in result))
            for (const item of result) if (item.outcome === 'violation') violations.push(item);
          return result;
        },
      };
      const first = runRule(spied, snapshotOf(facts), roles, one.options ?? {});
      const again = runRule(rule, snapshotOf(facts), roles, one.options ?? {});
      expect(again, 'the same facts give the same answer').toEqual(first);
      expect(first.verdict.gaps?.filter(({ reason }) => reason === 'rule-crashed') ?? []).toEqual([]);
      for (const { messageId } of violations) reached.add(messageId);
      for (const { message, seen, needed, effect } of first.findings) {
        for (const text of [message, seen, needed, effect]) {
          expect(text).not.toMatch(/undefined|NaN|\[object|null/);
          expect(text.trim()).not.toBe('');
        }
        expect(message, 'no full stop').not.toMatch(/\.$/);
      }
      return { ...first, violations: withoutRepeats(violations) };
    };

    const all = [...cases.pass, ...cases.fail, ...(cases.notApplicable ?? []), ...(cases.unknown ?? [])];
    it('has cases with names of their own', () => {
      expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
      expect(cases.pass.length).toBeGreaterThan(0);
      expect(cases.fail.length).toBeGreaterThan(0);
    });
    it.each(cases.pass)('passes: $name', (one) => {
      const { verdict, findings } = run(one);
      expect(findings).toEqual([]);
      expect(verdict.outcome, verdict.reason).toBe('pass');
    });
    it.each(cases.fail)('fails: $name', (one) => {
      const { verdict, violations } = run(one);
      expect(verdict.outcome, verdict.reason).toBe('fail');
      expect(violations).toHaveLength(one.violations.length);
      one.violations.forEach((expected, index) => {
        const { fix, ...rest } = expected;
        expect(violations[index]).toMatchObject(rest);
        if (fix === null) expect(violations[index]).not.toHaveProperty('fix');
        else if (fix !== undefined) expect(violations[index]).toMatchObject({ fix });
      });
    });
    it.each(cases.notApplicable ?? [])('does not apply: $name', (one) => {
      expect(run(one).verdict.outcome).toBe('not-applicable');
    });
    it.each(cases.unknown ?? [])('cannot tell: $name', (one) => {
      const { verdict } = run(one);
      expect(verdict.outcome).toBe('unknown');
      if (one.reason !== undefined) expect(verdict.gaps?.map(({ reason }) => reason)).toContain(one.reason);
    });
    it('reaches all its messages', () => {
      expect([...reached].sort()).toEqual(Object.keys(rule.messages).sort());
    });
  });
}

/** Two sets that share a file make one finding of it, as in the engine. */
const withoutRepeats = <T extends { messageId: string; subject: Subject; instance?: string }>(
  violations: readonly T[],
): readonly T[] => {
  const identity = ({ messageId, subject, instance }: T): string =>
    JSON.stringify([messageId, { ...subject, line: 0 }, instance]);
  return violations.filter(
    (one, index) => violations.findIndex((other) => identity(other) === identity(one)) === index,
  );
};

/** A snapshot of literal facts. */
export const snapshotOf = (facts: Facts): Snapshot => ({
  format: snapshotFormat,
  version: snapshotVersion,
  tool: { name: 'virt-pki-check', version: '0.0.0' },
  target: 'test',
  facts: Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, known(value)])) as Snapshot['facts'],
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
