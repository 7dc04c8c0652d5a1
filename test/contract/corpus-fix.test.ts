import { describe, expect, it } from 'vitest';
import { provePlan } from '../../src/fix/simulate.ts';
import { libvirtScenarios, snapshotOf, treeOf, vncScenarios } from '../support/corpus.ts';
import { directoryTree } from '../support/directory-tree.ts';
import { holdToPromises, isRoot, judge } from '../support/mending.ts';

/** All of them on disk, also those for which there is nothing that a program could do; the usual run takes a sample of these. */
const all = process.env['CORPUS_FIXES'] === 'all';

const sides = (['server', 'client'] as const).flatMap((side) => [
  ...libvirtScenarios.map((scenario) => ({
    ...scenario,
    program: 'libvirt' as const,
    side,
    connects: Object.values(scenario.truth).every((one) => one.connects),
  })),
  ...vncScenarios.map((scenario) => ({
    ...scenario,
    program: 'qemu' as const,
    side,
    connects: Object.values(scenario.truth).every((one) => one.connects),
  })),
]);

const trees = sides
  .filter(({ connects }) => !connects)
  .map((scenario) => ({
    name: `${scenario.name}, ${scenario.side}`,
    tree: treeOf(scenario[scenario.side]),
    program: scenario.program,
    version: Object.keys(scenario.truth)[0] ?? '',
  }));

describe.skipIf(!isRoot)('fixes of scenarios that fail for real, on disk (needs root)', () => {
  it('mend what they claim, bring up nothing, and can be taken back', { timeout: 900_000 }, async () => {
    let [tried, steps] = [0, 0];
    for (const [index, { name, tree, program, version }] of trees.entries()) {
      const snapshot = await snapshotOf(tree, version, program);
      const { steps: planned } = provePlan(snapshot, judge, { runs: false });
      if (planned.length === 0 && !all && index % 8 !== 0) continue;
      const directory = directoryTree(tree);
      try {
        const clock = snapshot.facts.clock;
        steps += await holdToPromises(directory, {
          [program]: version,
          ...(clock.known ? { at: clock.value.now } : {}),
        });
      } catch (error) {
        throw new Error(`${name}: ${String(error)}`, { cause: error });
      }
      tried += 1;
    }
    expect(tried).toBeGreaterThan(100);
    expect(steps).toBeGreaterThan(30);
  });
});
