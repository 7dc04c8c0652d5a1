import { readFileSync } from 'node:fs';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { applyPlan } from '../../src/fix/apply.ts';
import type { Plan } from '../../src/fix/plan.ts';
import { undoLatest } from '../../src/fix/undo.ts';
import { WritableTree } from '../../src/fix/writable-tree.ts';

/**
 * Applies a plan to a directory, or undoes it, and kills itself before the n-th change of the file system: what a power cut leaves. The
 * arguments: `apply` or `undo`, the directory, a file with facts and plan, n. Prints how many changes there were when it lives to the end.
 */
const [work = '', directory = '', file = '', limit = '0'] = process.argv.slice(2);
let operations = 0;
const tree = new WritableTree(directory, () => {
  operations += 1;
  if (operations === Number(limit)) process.kill(process.pid, 'SIGKILL');
});
const { facts, plan, key } = JSON.parse(readFileSync(file, 'utf8')) as {
  facts: Snapshot['facts'];
  plan: Plan;
  key?: string;
};
const keyFor = () => (key === undefined ? undefined : Buffer.from(key));
const result =
  work === 'apply'
    ? await applyPlan(facts, plan, tree, {
        tool: 'test',
        time: '2026-01-01T00:00:00Z',
        target: directory,
        runs: false,
        keyFor,
      })
    : await undoLatest(tree, { runs: false });
process.stdout.write(JSON.stringify({ operations, result: result ?? null }));
