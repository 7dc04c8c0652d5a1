import { unknown, known, type Fact } from '../facts/fact.ts';
import type { FactName, Facts } from '../facts/facts.ts';
import type { Scope } from '../facts/host.ts';
import { snapshotFormat, snapshotVersion, type Snapshot } from '../facts/snapshot.ts';
import { AccessError } from '../host/access-error.ts';
import type { HostAccess } from '../host/host-access.ts';
import { HostView } from '../host/host-view.ts';
import type { Collector } from './collector.ts';
import { collectors } from './collectors.ts';

export interface CollectOptions {
  readonly tool: Snapshot['tool'];
  /** Facts to collect, with what they build on; all of them when absent. */
  readonly needs?: readonly FactName[];
  /** What to look at beside what every host has. */
  readonly scope?: Scope;
  /** Called with the name of each fact when its collection starts. */
  readonly progress?: (fact: FactName) => void;
}

/**
 * Looks at a host and writes down what is needed: collectors run side by side, each when what it builds on is there. Never throws
 * for what the host does: a refusal or a fault makes that one fact unknown.
 */
export async function collectSnapshot(
  host: HostAccess,
  { tool, needs, scope, progress }: CollectOptions,
): Promise<Snapshot> {
  const view = new HostView(host, scope);
  const wanted = withDependencies(needs ?? (Object.keys(collectors) as FactName[]));
  const underWay = new Map<FactName, Promise<Fact<unknown>>>();

  const collect = (name: FactName): Promise<Fact<unknown>> => {
    let fact = underWay.get(name);
    if (fact === undefined) {
      fact = run(name);
      underWay.set(name, fact);
    }
    return fact;
  };
  const run = async (name: FactName): Promise<Fact<unknown>> => {
    const collector = collectors[name] as unknown as Collector<FactName, FactName>;
    const dependencies: Partial<Record<FactName, unknown>> = {};
    for (const [dependency, fact] of await Promise.all(
      collector.after.map(async (one) => [one, await collect(one)] as const),
    )) {
      if (!fact.known) return fact;
      dependencies[dependency] = fact.value;
    }
    progress?.(name);
    try {
      return known(await collector.collect(view, dependencies as Facts));
    } catch (error) {
      if (error instanceof AccessError) return unknown(error.reason, error.message);
      return unknown('collector-failed', `${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  const facts = Object.fromEntries(
    await Promise.all(
      (Object.keys(collectors) as FactName[]).map(
        async (name) =>
          [
            name,
            wanted.has(name) ? await collect(name) : unknown('not-collected', 'not needed by the chosen rules'),
          ] as const,
      ),
    ),
  );
  return {
    format: snapshotFormat,
    version: snapshotVersion,
    tool,
    target: host.target,
    facts: facts as Snapshot['facts'],
  };
}

function withDependencies(names: readonly FactName[]): ReadonlySet<FactName> {
  const all = new Set<FactName>();
  const add = (name: FactName): void => {
    if (all.has(name)) return;
    all.add(name);
    for (const dependency of collectors[name].after) add(dependency);
  };
  names.forEach(add);
  return all;
}
