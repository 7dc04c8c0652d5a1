import { describe, expect, it } from 'vitest';
import { certificateAuthority } from '../../src/fix/certificate-authority.ts';
import { libvirtScenarios, snapshotOf, treeOf, vncScenarios } from '../support/corpus.ts';
import { authorityOf } from '../support/corpus-authority.ts';
import { directoryTree } from '../support/directory-tree.ts';
import { holdToPromises, isRoot } from '../support/mending.ts';

/** All that fail; the usual run takes a sample of them. */
const every = process.env['CORPUS_FIXES'] === 'all' ? 1 : Number(process.env['CORPUS_EVERY'] ?? 12);

const scenarios = [
  ...libvirtScenarios.map((scenario) => ({ ...scenario, program: 'libvirt' as const })),
  ...vncScenarios.map((scenario) => ({ ...scenario, program: 'qemu' as const })),
].filter(({ truth }) => Object.values(truth).some(({ connects }) => !connects));

describe.skipIf(!isRoot)('fixes with the CA at hand, of scenarios that fail for real, on disk (needs root)', () => {
  it('mend what they claim, bring up nothing, and can be taken back', { timeout: 1_800_000 }, async () => {
    let steps = 0;
    const failures: string[] = [];
    for (const scenario of scenarios.filter((_, index) => index % every === 0)) {
      const { certificate, key } = authorityOf(scenario);
      const version = Object.keys(scenario.truth)[0] ?? '';
      for (const side of ['server', 'client'] as const) {
        const tree = treeOf(scenario[side]);
        const { clock } = (await snapshotOf(tree, version, scenario.program)).facts;
        const at = clock.known ? clock.value.now : new Date().toISOString();
        const authority = await certificateAuthority({
          certificate: Buffer.from(certificate),
          key: Buffer.from(key),
          at,
        });
        try {
          steps += await holdToPromises(directoryTree(tree), { [scenario.program]: version, at }, authority);
        } catch (error) {
          failures.push(`${scenario.name}, ${side}: ${String(error)}`);
        }
      }
    }
    expect(failures).toEqual([]);
    expect(steps).toBeGreaterThan(20);
  });
});
