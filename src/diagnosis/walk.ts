import { unknown, type Fact } from '../facts/fact.ts';
import type { FactName } from '../facts/facts.ts';
import type { ObservedPeer } from '../facts/observation.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { stages, type Prediction, type Side, type StepReport } from './diagnosis.ts';
import { whyDifferent } from './observed/differences.ts';
import type { Sight } from './observed/sight.ts';
import type { Step, Take } from './step.ts';

/** How one protocol connects. */
export interface Protocol<Q> {
  /** What the server does when it starts. */
  readonly serverStart: readonly Step<Q>[];
  /** What the client does before it dials, whatever the server does. */
  readonly clientStart: readonly Step<Q>[];
  /** What both do together once the server serves and the client dials. */
  readonly connection: readonly Step<Q>[];
  /** What the client prints when it dials and nobody listens. */
  refused(question: Q, snapshots: Snapshots): string | undefined;
  /** What a look at the server says to the questions of the steps; absent where nothing is sent over a network. */
  observe?(question: Q, snapshots: Snapshots, peer: ObservedPeer): Sight;
}

export interface Snapshots {
  readonly client?: Snapshot;
  readonly server?: Snapshot;
}

/** A step that was taken: what follows from the files, what was seen, and what holds. */
interface Taken {
  readonly step: Step<unknown>;
  readonly take: Take;
  readonly predicted: Take;
  readonly seen?: Take;
}

const notReached: Take = { outcome: 'skipped', message: 'not reached' };

/**
 * Walks a protocol's steps in the order of the real programs. Server and client start each by itself, up to the first thing that they
 * refuse; only when both are up they meet. What cannot be told does not stop the walk, so that the ladder says all that can be said.
 * What was seen of the server holds against what follows from files.
 */
export function walk<Q>(protocol: Protocol<Q>, question: Q, snapshots: Snapshots, peer?: ObservedPeer): Prediction {
  const sight = peer === undefined ? undefined : protocol.observe?.(question, snapshots, peer);
  const run = (steps: readonly Step<Q>[], isReached: boolean, serves?: string): readonly Taken[] => {
    let goesOn = isReached;
    return steps.map((step) => {
      const predicted: Take = goesOn ? takeStep(step, question, snapshots) : notReached;
      const seen = sight?.answers.get(step) ?? (serves === undefined ? undefined : started(predicted, serves));
      const take = seen === undefined ? predicted : decide(step, predicted, seen, sight?.kind ?? 'libvirt');
      if (take.outcome === 'fail') goesOn = false;
      return { step: step as Step<unknown>, take, predicted, ...(seen === undefined ? {} : { seen }) };
    });
  };
  const failed = (taken: readonly Taken[]): boolean => taken.some(({ take }) => take.outcome === 'fail');
  const server = run(protocol.serverStart, true, sight?.serves);
  const client = run(protocol.clientStart, true);
  const together = run(protocol.connection, !failed(server) && !failed(client));
  const all = [...server, ...client, ...together];

  const first = firstOf(all);
  const ofClient = firstOf(client) ?? firstOf(together);
  const isClientKnown = client.every(({ take }) => take.outcome !== 'unknown');
  const nobodyListens = failed(server) && isClientKnown ? protocol.refused(question, snapshots) : undefined;
  return {
    verdict:
      first !== undefined ? 'fails' : all.some(({ take }) => take.outcome === 'unknown') ? 'unknown' : 'connects',
    stage: first?.step.stage ?? null,
    clientError: ofClient?.take.clientText ?? nobodyListens ?? null,
    serverError: (firstOf(server) ?? firstOf(together))?.take.serverText ?? null,
    steps: inOrder(all).map(reportOf),
    failure: first?.take.failure ?? null,
  };
}

/** A server that answers has started: that is news where nobody could tell, and where it should not have. */
function started(predicted: Take, serves: string): Take | undefined {
  if (predicted.outcome === 'unknown') return { outcome: 'pass', message: serves };
  return predicted.outcome === 'fail' ? { outcome: 'warning', message: serves } : undefined;
}

/** What holds: what was seen, with what it differs in from what follows from the files; where both agree, the files say more. */
function decide({ stage }: Step<never>, predicted: Take, seen: Take, kind: Sight['kind']): Take {
  if (predicted.outcome === 'unknown' || predicted.outcome === 'skipped') return seen;
  if (seen.outcome === 'unknown' || seen.outcome === 'skipped') return predicted;
  if (predicted.outcome === 'fail' && seen.outcome === 'fail') {
    const isSame = seen.clientText === undefined || predicted.clientText === seen.clientText;
    return isSame ? predicted : seen;
  }
  if (predicted.outcome !== 'fail' && seen.outcome !== 'fail')
    return predicted.outcome === seen.outcome ? predicted : seen;
  const why = whyDifferent(stage, seen.outcome, kind);
  const message = `${seen.message}, although the files say otherwise (${predicted.message}): ${why}`;
  return seen.outcome === 'fail'
    ? {
        ...seen,
        message,
        failure: { ...seen.failure, why: `${seen.failure.why}; by its files it should work: ${why}` },
      }
    : { ...seen, outcome: 'warning', message };
}

type FailedTake = Extract<Take, { outcome: 'fail' }>;

const inOrder = (taken: readonly Taken[]): readonly Taken[] =>
  [...taken].sort((a, b) => stages.indexOf(a.step.stage) - stages.indexOf(b.step.stage));

/** The failing step of the earliest stage. */
function firstOf(taken: readonly Taken[]): { readonly step: Step<unknown>; readonly take: FailedTake } | undefined {
  for (const { step, take } of inOrder(taken)) if (take.outcome === 'fail') return { step, take };
  return undefined;
}

function takeStep<Q>(step: Step<Q>, question: Q, snapshots: Snapshots): Take {
  const sides: Record<Side, Partial<Record<FactName, unknown>>> = { client: {}, server: {} };
  for (const side of ['client', 'server'] as const) {
    const snapshot = snapshots[side];
    for (const name of (step.needs[side] ?? []) as readonly FactName[]) {
      const fact: Fact<unknown> =
        snapshot === undefined
          ? unknown('not-collected', `the ${side}'s files or snapshot would settle it (--${side} TARGET)`)
          : snapshot.facts[name];
      if (!fact.known) return { outcome: 'unknown', message: fact.detail };
      sides[side][name] = fact.value;
    }
  }
  return step.take(question, sides as Parameters<typeof step.take>[1]);
}

function reportOf({ step, take, predicted, seen }: Taken): StepReport {
  const { stage, side, question, source } = step;
  const rule = take.outcome === 'fail' ? take.failure.rules[0] : 'rule' in take ? take.rule : undefined;
  const evidence = 'evidence' in take ? take.evidence : undefined;
  const brief = ({ outcome, message }: Take) => ({ outcome, message });
  return {
    stage,
    side,
    question,
    outcome: take.outcome,
    message: take.message,
    ...(evidence === undefined ? {} : { evidence }),
    ...(seen === undefined ? {} : { predicted: brief(predicted), observed: brief(seen) }),
    ...(rule === undefined ? {} : { rule }),
    source,
  };
}
