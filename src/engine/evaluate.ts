import { credentialFacts } from '../domain/credentials.ts';
import { inferRoles } from '../domain/roles.ts';
import type { FactName, Facts } from '../facts/facts.ts';
import { roles as allRoles, type Role } from '../facts/role.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import type { Rule } from '../rule/define-rule.ts';
import { severities } from '../rule/severity.ts';
import { subjectText } from '../rule/subject.ts';
import type { Finding, HostReport, Verdict } from './report.ts';
import { runRule } from './run-rule.ts';

/** What to judge by, beside the rules. */
export interface EvaluateOptions {
  /** Given roles; found out from the facts when empty or absent. */
  readonly roles?: readonly Role[];
  /** Options of rules by id, laid over their defaults. */
  readonly ruleOptions?: Readonly<Record<string, object>>;
}

/** Judges one host by all rules: pure, total, and the same bytes for the same snapshot. */
export function evaluate(snapshot: Snapshot, rules: readonly Rule[], options: EvaluateOptions = {}): HostReport {
  const roles = options.roles?.length ? allRoles.filter((role) => options.roles?.includes(role)) : rolesOf(snapshot);
  const findings: Finding[] = [];
  const verdicts: Verdict[] = [];
  for (const rule of [...rules].sort((a, b) => compare(a.id, b.id))) {
    const result = runRule(rule, snapshot, roles, options.ruleOptions?.[rule.id] ?? {});
    findings.push(...result.findings);
    verdicts.push(result.verdict);
  }
  return {
    target: snapshot.target,
    hostname: valueOf(snapshot, 'identity')?.hostname ?? null,
    roles,
    software: softwareOf(snapshot),
    findings: findings.sort(
      (a, b) =>
        severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
        compare(a.rule, b.rule) ||
        compare(subjectText(a.subject), subjectText(b.subject)) ||
        compare(a.fingerprint, b.fingerprint),
    ),
    verdicts,
  };
}

/** Roles by the evidence of the facts; a fact that is not known is no evidence. */
function rolesOf(snapshot: Snapshot): readonly Role[] {
  const nothing: Pick<Facts, (typeof credentialFacts)[number]> = {
    configurations: {},
    files: {},
    accounts: { users: [], groups: [], otherSources: [] },
    caller: null,
    operatingSystem: { family: 'other' },
    software: { installed: [] },
    services: {
      daemonArguments: { libvirtd: { arguments: [] }, virtproxyd: { arguments: [] }, virtqemud: { arguments: [] } },
      units: {},
    },
    runtime: { observed: false },
    qemuProcesses: { observed: false },
    remminaProfiles: {},
  };
  const seen = Object.fromEntries(
    credentialFacts.flatMap((name) => (snapshot.facts[name].known ? [[name, snapshot.facts[name].value]] : [])),
  );
  return inferRoles({ ...nothing, ...seen });
}

function softwareOf(snapshot: Snapshot): HostReport['software'] {
  const os = valueOf(snapshot, 'operatingSystem');
  const software = valueOf(snapshot, 'software');
  return {
    os: os?.prettyName ?? os?.id ?? null,
    libvirt: software?.libvirt?.version ?? null,
    qemu: software?.qemu?.version ?? null,
    gnutls: software?.gnutls?.version ?? null,
  };
}

function valueOf<N extends FactName>(snapshot: Snapshot, name: N): Facts[N] | undefined {
  const fact = snapshot.facts[name];
  return fact.known ? (fact.value as Facts[N]) : undefined;
}

/** Order by code units: independent of locale. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
