import { describe, expect, it } from 'vitest';
import { treeOf, vncScenarios } from '../support/corpus.ts';
import { random, runSeed } from '../support/random-scenarios/random.ts';
import { installedQemu, missingForVnc, runVnc } from '../support/real-vnc.ts';

const seed = runSeed();
const version = missingForVnc.length === 0 ? installedQemu() : '';
const known = vncScenarios.filter(({ truth }) => version in truth);
const sample = random(seed)
  .shuffle(known)
  .slice(0, Number(process.env['SCENARIOS'] ?? 60));

// What a random scenario shows is worth as much as these runs are: they must come out as when the corpus was made.
describe.skipIf(missingForVnc.length > 0 || known.length === 0)(
  `QEMU and gvnccapture (absent: ${missingForVnc.join(' ') || 'nothing'}), SEED=${seed}`,
  () => {
    it.concurrent.each(sample)('%# $name', { timeout: 60_000 }, async ({ truth, ...scenario }) => {
      const server = treeOf(scenario.server);
      const client = treeOf(scenario.client);
      const got = await runVnc({ uri: scenario.uri, user: scenario.user, server, client });
      expect(got).toMatchObject({ ...truth[version], clientError: truth[version]?.clientError ?? '' });
    });
  },
);
