import { createHash } from 'node:crypto';
import type { Side } from '../diagnosis/diagnosis.ts';
import type { DiagnosisReport, WayOut } from '../engine/diagnosis-report.ts';
import type { Finding, HostReport } from '../engine/report.ts';
import type { Certificate } from '../facts/certificates.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { connectionStages } from '../reference/connection-stages.ts';
import type { Fix, FixStep } from '../rule/fix.ts';
import { candidates, worst, type Candidate, type Choice, type PlannedFix } from './plan.ts';
import type { Wanted } from './realize.ts';
import { blame, furtherRounds, tryOut, type Attempt, type ProvenPlan } from './simulate.ts';

/** The two hosts of a connection; no server where nothing is known of it, or where the client speaks to its own host. */
export interface Ends {
  readonly client: Snapshot;
  readonly server?: Snapshot;
}

/** What a walk says, and the ways out of the failure that it meets, the likeliest first. */
export interface Walked {
  readonly report: DiagnosisReport;
  readonly ways: readonly WayOut[];
}

/** How a connection is walked and its hosts judged, and what may be done on each. */
export interface Mending {
  walk(ends: Ends): Walked;
  judge(side: Side, snapshot: Snapshot): HostReport;
  readonly choice: Readonly<Record<Side, Choice>>;
  /** Client and server are the same machine: what is done on one is done on both. */
  readonly isOneHost?: boolean;
}

/** What a walk comes to. */
export type Outlook = Pick<DiagnosisReport, 'verdict' | 'stage' | 'clientError' | 'serverError' | 'why'>;

/** One failure on the way to the connection, and what is done about it. */
export interface Mend extends Pick<DiagnosisReport, 'stage' | 'why' | 'clientError' | 'cause'> {
  /** The machine on which it is mended. */
  readonly side: Side;
  /** `planned`: by steps of that machine's plan; `told`: by a person, whose work nobody can try beforehand; `none`: nobody knows how. */
  readonly outcome: 'planned' | 'told' | 'none';
  readonly title: string | null;
  readonly applicability: Fix['applicability'] | null;
  /** Ids of steps of that machine's plan. */
  readonly steps: readonly string[];
  /** What a person is told to do, in order. */
  readonly told: readonly FixStep[];
  /** Ways out that are not offered, and why. */
  readonly withheld: readonly { readonly title: string; readonly because: string }[];
  /** What the walk says when this is done, and all before it. */
  readonly then: Outlook;
}

/** All that makes a connection work, failure by failure, and the plan of each machine. */
export interface ConnectionPlan {
  readonly before: DiagnosisReport;
  readonly after: DiagnosisReport;
  readonly mends: readonly Mend[];
  /** None for a machine on which a program has nothing to do. */
  readonly plans: Readonly<Partial<Record<Side, ProvenPlan>>>;
  /** What a CA has to issue first; not empty: there is no more to this plan than that. */
  readonly wanted: readonly Wanted[];
}

const nothing = { mends: [], plans: {} };

/** How many failures one after the other are mended: more than any corpus of faults has, and an end for two ways out that undo each other. */
const mostFailures = 12;

/**
 * Takes the way out of a connection's failure, tries it on the facts of its machine, walks again, and goes on until the connection is
 * predicted to work or nothing is left that a program could do. A way out that does not bring the connection further, or makes other findings
 * of its machine worse, is not taken.
 */
export function mendConnection(ends: Ends, mending: Mending): ConnectionPlan {
  const work = new Work(ends, mending);
  const first = mending.walk(ends);
  const mends: Mend[] = [];
  const seen = new Set<string>();
  let current = first;
  while (current.report.verdict === 'fails' && mends.length < mostFailures) {
    seen.add(failureOf(current.report));
    const one = work.mend(current, seen);
    if ('wanted' in one) return { ...nothing, before: first.report, after: first.report, wanted: one.wanted };
    mends.push(one.mend);
    if (one.next === undefined) break;
    current = one.next;
  }
  return { before: first.report, after: current.report, mends, plans: work.plans, wanted: [] };
}

/** What a walk comes to, without its steps. */
export const outlook = ({ verdict, stage, clientError, serverError, why }: DiagnosisReport): Outlook => ({
  verdict,
  stage,
  clientError,
  serverError,
  why,
});

/** Which failure it is. */
const failureOf = ({ stage, mendedOn, why, steps }: DiagnosisReport): string =>
  JSON.stringify([stage, mendedOn, why, steps.find(({ outcome }) => outcome === 'fail')?.message]);

/** What was decided on one machine so far. */
interface Machine {
  readonly on: Attempt;
  readonly chosen: readonly Candidate[];
  /** Does what comes to light have to be mended as well. */
  readonly rounds: number;
  readonly plan: ProvenPlan;
}

/** The plans of both machines as they grow. */
class Work {
  readonly #ends: Ends;
  readonly #mending: Mending;
  readonly #machines: Partial<Record<Side, Machine>> = {};

  constructor(ends: Ends, mending: Mending) {
    this.#ends = ends;
    this.#mending = mending;
  }

  get plans(): ConnectionPlan['plans'] {
    return Object.fromEntries(
      Object.entries(this.#machines)
        .filter(([, { chosen }]) => chosen.length > 0)
        .map(([side, { plan }]) => [side, plan]),
    );
  }

  /** Takes the first way out that brings the connection further; `next` is absent where a program can do nothing. */
  mend(
    { report, ways }: Walked,
    seen: ReadonlySet<string>,
  ): { readonly mend: Mend; readonly next?: Walked } | { readonly wanted: readonly Wanted[] } {
    const { stage, why, clientError, cause, mendedOn } = report;
    const failure = { side: this.#machineOf(mendedOn ?? 'client'), stage, why, clientError, cause };
    const withheld: { title: string; because: string }[] = [];
    for (const way of ways) {
      const side = this.#machineOf(way.side);
      const tried = this.#try(side, way, report, seen);
      if (tried === undefined) continue;
      if ('wanted' in tried) return tried;
      if ('because' in tried) {
        withheld.push({ title: way.fix.title, because: tried.because });
        continue;
      }
      const { machine, planned, walked } = tried;
      this.#machines[side] = machine;
      return {
        mend: {
          ...failure,
          side,
          cause:
            way.finding === undefined ? null : { side, rule: way.finding.rule, fingerprint: way.finding.fingerprint },
          outcome: 'planned',
          title: way.fix.title,
          applicability: planned.applicability,
          steps: planned.steps,
          told: planned.told,
          withheld,
          then: outlook(walked.report),
        },
        next: walked,
      };
    }
    const isWithheld = ({ title }: Fix): boolean => withheld.some((one) => one.title === title);
    const told = ways.find(({ fix }) => fix.steps.length > 0 && (fix.applicability === 'manual' || !isWithheld(fix)));
    return {
      mend: {
        ...failure,
        outcome: told === undefined ? 'none' : 'told',
        title: told?.fix.title ?? null,
        applicability: told === undefined ? null : 'manual',
        steps: [],
        told: told?.fix.steps ?? [],
        withheld,
        then: outlook(report),
      },
    };
  }

  /** Tries a way out on top of what is decided; undefined for one that only a person can take, or that cannot be tried. */
  #try(
    side: Side,
    way: WayOut,
    report: DiagnosisReport,
    seen: ReadonlySet<string>,
  ):
    | undefined
    | { readonly because: string }
    | { readonly wanted: readonly Wanted[] }
    | { readonly machine: Machine; readonly planned: PlannedFix; readonly walked: Walked } {
    const machine = this.#machineAt(side);
    if (machine === undefined) return undefined;
    const { on, chosen, plan: decided } = machine;
    const finding = { ...(way.finding ?? findingOf(way.fix, report)), fix: way.fix };
    const round = Math.max(-1, ...chosen.map((one) => one.round)) + 1;
    const further = this.#certificatesBesides(side);
    const found = (choice: Choice): Candidate | undefined =>
      candidates(decided.after.facts, [finding], { ...choice, further }, round).find(
        ({ id, steps, wanted = [] }) => steps.length + wanted.length > 0 && !chosen.some((one) => one.id === id),
      );
    const candidate = found(on.choice);
    if (candidate === undefined) {
      const other = found({ ...on.choice, safeOnly: false, only: [] });
      if (other === undefined) return undefined;
      const isUnsafe = on.choice.safeOnly === true && other.applicability === 'unsafe';
      return {
        because: isUnsafe ? 'it interrupts or replaces something, for which --unsafe asks' : 'it was not chosen',
      };
    }
    if (candidate.wanted !== undefined) return { wanted: candidate.wanted };
    const limit = worst(candidate);
    const reasons: string[] = [];
    for (const rounds of new Set([machine.rounds, furtherRounds])) {
      const plan = tryOut(on, [...chosen, candidate], rounds);
      if (plan.wanted.length > 0) return { wanted: plan.wanted };
      const planned = plan.fixes.find(({ id }) => id === candidate.id);
      const refused = plan.withheld.find(({ fix }) => fix.id === candidate.id);
      const against = refused?.because ?? blame(plan, decided.remaining, limit, on.snapshot);
      if (against !== undefined || planned === undefined) {
        reasons.push(against ?? 'it has no place on the host');
        continue;
      }
      const walked = this.#mending.walk(this.#endsWith(side, plan.after));
      if (goesFurther(report, walked.report, seen))
        return { machine: { on, chosen: [...chosen, candidate], rounds, plan }, planned, walked };
      // What nobody can try a person may.
      if (planned.untried !== undefined) return undefined;
      reasons.push('it would not bring the connection further');
    }
    return { because: reasons[0] ?? '' };
  }

  /** One machine as far as it is known; a client without a known server stands for both. */
  #machineAt(side: Side): Machine | undefined {
    const snapshot = this.#ends[side];
    if (snapshot === undefined) return undefined;
    const judge = (one: Snapshot): HostReport => this.#mending.judge(side, one);
    const started = (): Machine => {
      const on: Attempt = { snapshot, judge, before: judge(snapshot), choice: this.#mending.choice[side] };
      return { on, chosen: [], rounds: 0, plan: tryOut(on, [], 0) };
    };
    return (this.#machines[side] ??= started());
  }

  /** The certificates of the other end, which are as public as those of this one. */
  #certificatesBesides(side: Side): readonly Certificate[] {
    const other = side === 'client' ? 'server' : 'client';
    const { certificates } = this.#endsNow()[other]?.facts ?? {};
    return certificates?.known === true
      ? Object.values(certificates.value).flatMap((file) => (file.known ? file.value.certificates : []))
      : [];
  }

  #machineOf(side: Side): Side {
    return this.#mending.isOneHost === true || this.#ends[side] === undefined ? 'client' : side;
  }

  /** Both hosts as they are when all is done that is decided. */
  #endsNow(): Ends {
    const [client, server] = (['client', 'server'] as const).map(
      (side) => this.#machines[side]?.plan.after ?? this.#ends[side],
    );
    return { client: client ?? this.#ends.client, ...(server === undefined ? {} : { server }) };
  }

  /** The same with another plan for one of them. */
  #endsWith(side: Side, after: Snapshot): Ends {
    if (this.#mending.isOneHost !== true) return { ...this.#endsNow(), [side]: after };
    return { client: after, ...(this.#ends.server === undefined ? {} : { server: after }) };
  }
}

/** Does the next walk come further than the last: to a later stage, or to another failure of the same. */
function goesFurther(last: DiagnosisReport, next: DiagnosisReport, seen: ReadonlySet<string>): boolean {
  if (next.verdict !== 'fails') return true;
  const [before, after] = [last, next].map(({ stage }) => (stage === null ? -1 : connectionStages.indexOf(stage)));
  return (after ?? 0) > (before ?? 0) || (after === before && !seen.has(failureOf(next)));
}

/** A failure that no rule finds on one host, as if one did. */
function findingOf(fix: Fix, { stage, why, clientError }: DiagnosisReport): Finding {
  const message = why ?? fix.title;
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([stage, fix.title, fix.steps]))
    .digest('hex')
    .slice(0, 16);
  return {
    rule: 'diagnose',
    severity: 'error',
    subject: { kind: 'host' },
    message,
    seen: '',
    needed: '',
    effect: clientError ?? '',
    fingerprint,
    references: [],
    fix,
  };
}
