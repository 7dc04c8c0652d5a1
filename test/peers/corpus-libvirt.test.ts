import { describe, expect, it } from 'vitest';
import { libvirtScenarios, treeOf } from '../support/corpus.ts';
import { random, runSeed } from '../support/random-scenarios/random.ts';
import { atOnce } from '../support/at-once.ts';
import { installedLibvirt, missingForLibvirt, runLibvirt, type LibvirtOutcome } from '../support/real-libvirt.ts';

const sampleSize = 60;
const version = missingForLibvirt.length === 0 ? installedLibvirt() : '';
const known = libvirtScenarios.some(({ truth }) => truth[version] !== undefined);
const reason = missingForLibvirt.length > 0 ? `needs ${missingForLibvirt.join(', ')}` : `knows nothing of ${version}`;

/** The runner of random scenarios is only as good as its agreement with outcomes that were recorded elsewhere. */
describe.skipIf(!known)(`the real libvirtd and virsh (${known ? version : reason})`, () => {
  it(`do what the corpus says of ${sampleSize} of its scenarios`, { timeout: 240_000 }, async () => {
    const seed = runSeed();
    console.log(`SEED=${seed}`);
    const sample = random(seed).shuffle(libvirtScenarios).slice(0, sampleSize);
    const outcomes: { readonly name: string; readonly got: LibvirtOutcome }[] = [];
    await atOnce(2, sample, async ({ name, uri, user, server, client }) => {
      outcomes.push({ name, got: await runLibvirt({ uri, user, server: treeOf(server), client: treeOf(client) }) });
    });
    const said = ({
      daemon,
      connects,
      stage,
      clientError,
      daemonErrors,
    }: Pick<LibvirtOutcome, 'daemon' | 'connects' | 'stage' | 'clientError' | 'daemonErrors'>) => ({
      daemon,
      connects,
      stage,
      clientError,
      firstError: daemonErrors[0],
    });
    expect(outcomes.map(({ name, got }) => ({ name, ...said(got) }))).toEqual(
      outcomes.map(({ name }) => {
        const truth = libvirtScenarios.find((scenario) => scenario.name === name)!.truth[version]!;
        return { name, ...said({ ...truth, clientError: truth.clientError ?? '' }) };
      }),
    );
  });
});
