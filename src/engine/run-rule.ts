import { createHash } from 'node:crypto';
import type { Facts } from '../facts/facts.ts';
import type { Role } from '../facts/role.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import type { CheckContext, CheckResult, Messages, Rule, Undetermined, Violation } from '../rule/define-rule.ts';
import type { Subject } from '../rule/subject.ts';
import type { Finding, Gap, Verdict } from './report.ts';

/** A rule's answer for one host. */
export interface RuleResult {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

/**
 * Runs one rule on one host's facts: not applicable where no role fits, unknown where a needed fact is, and `rule-crashed` where
 * the rule throws, so that the others go on.
 */
export function runRule(rule: Rule, snapshot: Snapshot, roles: readonly Role[], options: object): RuleResult {
  if (!rule.roles.some((role) => roles.includes(role))) {
    return {
      verdict: { rule: rule.id, outcome: 'not-applicable', reason: `this host is no ${rule.roles.join(' or ')}` },
      findings: [],
    };
  }
  const facts: Partial<Record<keyof Facts, unknown>> = {};
  const missing: Gap[] = [];
  for (const name of rule.needs as readonly (keyof Facts)[]) {
    const fact = snapshot.facts[name];
    if (fact.known) facts[name] = fact.value;
    else missing.push({ reason: fact.reason, detail: fact.detail });
  }
  if (missing.length > 0) return { verdict: unknownVerdict(rule, missing), findings: [] };

  const defaults: object = rule.options?.defaults ?? {};
  let result: CheckResult;
  try {
    result = rule.check(facts, contextFor(roles, { ...defaults, ...options }));
  } catch (error) {
    const gap: Gap = { reason: 'rule-crashed', detail: error instanceof Error ? error.message : String(error) };
    return { verdict: unknownVerdict(rule, [gap]), findings: [] };
  }
  if ('outcome' in result)
    return { verdict: { rule: rule.id, outcome: 'not-applicable', reason: result.reason }, findings: [] };

  const findings = withoutRepeats(
    result.filter((one) => one.outcome === 'violation').map((violation) => findingOf(rule, violation)),
  );
  const gaps = gapsOf(result.filter((one) => one.outcome === 'undetermined'));
  if (findings.length > 0) {
    return { verdict: { rule: rule.id, outcome: 'fail', ...(gaps.length > 0 ? { gaps } : {}) }, findings };
  }
  return { verdict: gaps.length > 0 ? unknownVerdict(rule, gaps) : { rule: rule.id, outcome: 'pass' }, findings };
}

const unknownVerdict = (rule: Rule, gaps: readonly Gap[]): Verdict => ({
  rule: rule.id,
  outcome: 'unknown',
  reason: [...new Set(gaps.map(({ detail }) => detail))].join('; '),
  gaps,
});

const contextFor = (roles: readonly Role[], options: object): CheckContext<Messages, object> => ({
  roles,
  options,
  violation: (messageId, subject, data, extras = {}) => {
    const { severity, instance, fix } = extras;
    return {
      outcome: 'violation',
      messageId,
      subject,
      data,
      ...(severity === undefined ? {} : { severity }),
      ...(instance === undefined ? {} : { instance }),
      ...(fix === undefined ? {} : { fix }),
    };
  },
  undetermined: (subject, because) => ({ outcome: 'undetermined', subject, because }),
  notApplicable: (reason) => ({ outcome: 'not-applicable', reason }),
});

function findingOf(rule: Rule, violation: Violation): Finding {
  const render = (rule.messages as Record<string, (data: unknown) => ReturnType<Messages[string]>>)[
    violation.messageId
  ];
  if (render === undefined) throw new Error(`${rule.id} has no message ${violation.messageId}`);
  const { message, seen, needed, effect } = render(violation.data);
  return {
    rule: rule.id,
    severity: violation.severity ?? rule.severity,
    subject: violation.subject,
    message,
    seen,
    needed,
    effect: effect ?? rule.rationale,
    fingerprint: fingerprint(rule.id, violation),
    references: rule.references,
    fix: violation.fix ?? null,
  };
}

/** Of what makes a fault the same fault: rule, message, and the subject without what moves (line, pid). */
function fingerprint(rule: string, { messageId, subject, instance }: Violation): string {
  const identity = [rule, messageId, ...identityOf(subject), instance ?? ''];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
}

function identityOf(subject: Subject): readonly string[] {
  switch (subject.kind) {
    case 'file':
      return [subject.kind, subject.path];
    case 'setting':
      return [subject.kind, subject.path, subject.key];
    case 'process':
      return [subject.kind, subject.program];
    case 'endpoint':
      return [subject.kind, subject.host, String(subject.port)];
    case 'host':
      return [subject.kind];
  }
}

/** Two sets that share a file (the CA of server and clients) make one finding of it. */
function withoutRepeats(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ fingerprint: id }) => !seen.has(id) && seen.add(id));
}

function gapsOf(undetermined: readonly Undetermined[]): readonly Gap[] {
  const seen = new Set<string>();
  return undetermined
    .map(({ subject, because }) => ({ subject, reason: because.reason, detail: because.detail }))
    .filter((gap) => {
      const id = JSON.stringify(gap);
      return !seen.has(id) && seen.add(id);
    });
}
