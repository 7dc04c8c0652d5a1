import { ownCredentialFacts, type OwnCredentialFacts } from '../domain/own-credentials.ts';
import { hasStartObstacle } from '../domain/start-obstacle.ts';
import type { FactName } from '../facts/facts.ts';
import type { Finding, HostReport } from '../engine/report.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { severities } from '../rule/severity.ts';
import {
  brief,
  candidates,
  composePlan,
  worst,
  type Candidate,
  type Choice,
  type Plan,
  type PlannedFix,
  type Withheld,
} from './plan.ts';
import type { Wanted } from './realize.ts';
import { afterStep, isModelled, type Performable } from './step-effect.ts';

/** A host's facts as they are after some steps. @throws NoSuchPlace when one has no place in them. */
export function simulate(snapshot: Snapshot, steps: readonly Performable[]): Snapshot {
  return { ...snapshot, facts: steps.reduce(afterStep, snapshot.facts) };
}

/** A plan that was tried on the facts. */
export interface ProvenPlan extends Plan {
  /** The facts when all steps were done … */
  readonly after: Snapshot;
  /** … and what is left to find. */
  readonly remaining: HostReport;
  /** Fingerprints of what comes to light only then, none as bad as what was mended. */
  readonly emerging: readonly string[];
  /** What a CA has to issue first; not empty: there is no more to this plan than that. */
  readonly wanted: readonly Wanted[];
}

/** Rules that say that something was changed and not yet loaded: true after every change that nobody has loaded, and no fault of it. */
const consequences: ReadonlySet<string> = new Set(['needs-restart']);

/**
 * Plans the ways out of a report and tries them on the facts: one that would not remove its findings, or would bring up another that is no
 * less severe, is withheld. A way out through commands whose effect the facts do not show is offered as untried.
 */
export function provePlan(snapshot: Snapshot, judge: (snapshot: Snapshot) => HostReport, choice: Choice): ProvenPlan {
  const before = judge(snapshot);
  const all = candidates(snapshot.facts, before.findings, choice);
  const wanted = wantedBy(all);
  if (wanted.length > 0) return wanting(snapshot, before, wanted);
  const attempt = (chosen: readonly Candidate[], follow: boolean): ProvenPlan =>
    tryOut({ snapshot, judge, before, choice }, chosen, follow ? furtherRounds : 0);
  const together = attempt(all, true);
  if (together.wanted.length > 0) return together;
  const mildest = Math.max(...all.filter(({ steps }) => steps.length > 0).map(worst));
  if (blame(together, before, mildest, snapshot) === undefined) return together;

  // Something in there does harm or no good: each has to show what it does on top of the worse ones.
  const kept: Candidate[] = [];
  const withheld: Withheld[] = [];
  let latest = before;
  for (const candidate of all) {
    const chosen = [...kept, candidate];
    const limit = worst(candidate);
    const full = attempt(chosen, true);
    if (full.wanted.length > 0) return full;
    const alone = blame(full, latest, limit, snapshot) === undefined ? full : attempt(chosen, false);
    const because = blame(full, latest, limit, snapshot);
    if (candidate.steps.length === 0 || blame(alone, latest, limit, snapshot) === undefined) {
      kept.push(candidate);
      latest = alone.remaining;
    } else {
      withheld.push({ fix: brief(candidate), because: because ?? '' });
    }
  }
  const full = attempt(kept, true);
  if (full.wanted.length > 0) return full;
  const plan = blame(full, before, mildest, snapshot) === undefined ? full : attempt(kept, false);
  return { ...plan, withheld: [...plan.withheld, ...withheld] };
}

/** How often what comes to light is mended too. */
export const furtherRounds = 3;

/** A host that ways out are tried on. */
export interface Attempt {
  readonly snapshot: Snapshot;
  readonly judge: (snapshot: Snapshot) => HostReport;
  readonly before: HostReport;
  readonly choice: Choice;
}

/** Tries some ways out together, and then those of what comes to light, as often as `rounds` says. */
export function tryOut(on: Attempt, chosen: readonly Candidate[], rounds: number): ProvenPlan {
  const { snapshot, judge, before, choice } = on;
  const plan = composePlan(snapshot.facts, chosen);
  if (plan.steps.length === 0) return { ...plan, after: snapshot, remaining: before, emerging: [], wanted: [] };
  const steps = plan.steps.map(({ step }) => step);
  const after = simulate(snapshot, steps);
  const remaining = judge(after);
  const added = fresh(before, remaining);
  const round = Math.max(...chosen.map((one) => one.round)) + 1;
  const further = candidates(after.facts, added, { ...choice, only: [] }, round).filter(
    (one) => (one.steps.length > 0 || one.wanted !== undefined) && !chosen.some(({ id }) => id === one.id),
  );
  const wanted = rounds > 0 ? wantedBy(further) : [];
  if (wanted.length > 0) return wanting(snapshot, before, wanted);
  if (rounds > 0 && further.length > 0) return tryOut(on, [...chosen, ...further], rounds - 1);
  const left = new Set(remaining.findings.map(({ fingerprint }) => fingerprint));
  const unseen = unseenAfter(before, remaining);
  const fixes = plan.fixes.map((fix): PlannedFix => {
    const untried = fix.steps.length === 0 ? undefined : whyUntried(fix, plan, left, unseen);
    return untried === undefined ? fix : { ...fix, untried };
  });
  return { ...plan, fixes, after, remaining, emerging: added.map(({ fingerprint }) => fingerprint), wanted: [] };
}

const wantedBy = (chosen: readonly Candidate[]): readonly Wanted[] => [
  ...new Map(chosen.flatMap(({ wanted = [] }) => wanted).map((one) => [one.id, one])).values(),
];

/** No plan as long as a CA has not issued this. */
const wanting = (snapshot: Snapshot, before: HostReport, wanted: readonly Wanted[]): ProvenPlan => ({
  ...{ fixes: [], steps: [], withheld: [], emerging: [] },
  ...{ after: snapshot, remaining: before, wanted },
});

/** Would the daemon for remote clients start, as far as its configuration and credentials go; undefined when not all of that is known. */
function wouldStart({ facts }: Snapshot): boolean | undefined {
  const values: Partial<Record<FactName, unknown>> = {};
  for (const name of ownCredentialFacts) {
    const fact = facts[name];
    if (!fact.known) return undefined;
    values[name] = fact.value;
  }
  return !hasStartObstacle(values as OwnCredentialFacts);
}

/** Findings that were not there before, but for those that follow from any change. */
function fresh(before: HostReport, after: HostReport): readonly Finding[] {
  const was = new Set(before.findings.map(({ fingerprint }) => fingerprint));
  return after.findings.filter(({ fingerprint, rule }) => !was.has(fingerprint) && !consequences.has(rule));
}

/** What speaks against a plan: a finding that it should have removed, or one that is new since `before` and no milder than `limit`. */
export function blame(
  { fixes, remaining, after }: ProvenPlan,
  before: HostReport,
  limit: number,
  snapshot: Snapshot,
): string | undefined {
  const left = new Set(remaining.findings.map(({ fingerprint }) => fingerprint));
  const stubborn = fixes
    .filter(({ steps, untried }) => steps.length > 0 && untried === undefined)
    .flatMap(({ findings }) => findings)
    .find(({ fingerprint, rule }) => left.has(fingerprint) && !consequences.has(rule));
  if (stubborn !== undefined) return `it would not remove ${stubborn.rule}: ${stubborn.message}`;
  if (wouldStart(snapshot) === true && wouldStart(after) === false) {
    return 'the daemon would refuse to start then: mend first what it would complain of';
  }
  const harm = fresh(before, remaining).find(({ severity }) => severities.indexOf(severity) <= limit);
  return harm === undefined ? undefined : `it would bring up ${harm.rule}: ${harm.message}`;
}

/** Rules that can tell less afterwards than before. */
function unseenAfter(before: HostReport, after: HostReport): ReadonlyMap<string, string> {
  const gaps = (report: HostReport): ReadonlyMap<string, readonly string[]> =>
    new Map(report.verdicts.map(({ rule, gaps: own = [] }) => [rule, own.map(({ detail }) => detail)]));
  const were = gaps(before);
  return new Map(
    [...gaps(after)].flatMap(([rule, details]) => {
      const gap = details.find((detail) => were.get(rule)?.includes(detail) !== true);
      return gap === undefined ? [] : [[rule, gap] as const];
    }),
  );
}

function whyUntried(
  fix: PlannedFix,
  plan: Plan,
  left: ReadonlySet<string>,
  unseen: ReadonlyMap<string, string>,
): string | undefined {
  const own = plan.steps.filter(({ id }) => fix.steps.includes(id));
  const command = own.find(({ step }) => step.kind === 'run' && !isModelled(step.command));
  const stays = fix.findings.some(({ fingerprint }) => left.has(fingerprint));
  if (stays && command?.step.kind === 'run') return `what ${command.step.command[0]} changes is not known beforehand`;
  const [gap] = fix.findings.flatMap(({ rule }) => unseen.get(rule) ?? []);
  if (gap !== undefined) return gap;
  const later = stays && fix.findings.every(({ rule }) => consequences.has(rule));
  return later ? 'what runs is not known beforehand' : undefined;
}
