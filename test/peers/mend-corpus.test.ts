import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atOnce } from '../support/at-once.ts';
import { authorityOf } from '../support/corpus-authority.ts';
import { libvirtScenarios, treeOf, vncScenarios, type Scenario, type VncScenario } from '../support/corpus.ts';
import { readTree, writeTree } from '../support/directory-tree.ts';
import { random, runSeed } from '../support/random-scenarios/random.ts';
import { installedLibvirt, missingForLibvirt, runLibvirt } from '../support/real-libvirt.ts';
import { installedQemu, missingForVnc, runVnc } from '../support/real-vnc.ts';
import { run } from '../support/run-program.ts';

/** A scenario that no program mends, and why. */
interface Unmended {
  readonly name: string;
  readonly because: string;
}

const unmended = new Map(
  (
    JSON.parse(
      readFileSync(join(import.meta.dirname, '../../fixtures/corpus/unmended.json'), 'utf8'),
    ) as readonly Unmended[]
  ).map(({ name, because }) => [name, because]),
);

const seed = runSeed();
/** How many of each program's scenarios: together 80, and `SCENARIOS=1000` is all of them. */
const sampleSize = Number(process.env['SCENARIOS'] ?? 40);

interface Mended {
  readonly name: string;
  readonly said: string;
  readonly connects: boolean;
  readonly error: string;
}

/** Has the program mend both hosts on disk, and opens the connection with the real programs between what they are then. */
async function mendAndOpen(scenario: Scenario | VncScenario, version: string): Promise<Mended> {
  const { name, uri, user } = scenario;
  const program = 'viewer' in scenario ? 'qemu' : 'libvirt';
  const directory = mkdtempSync(join(tmpdir(), 'mend-'));
  const at = (path: string): string => join(directory, path);
  try {
    for (const side of ['server', 'client'] as const)
      writeTree(at(side), { '/': { type: 'directory' }, ...treeOf(scenario[side]) });
    const authority = authorityOf(scenario);
    writeFileSync(at('ca.pem'), authority.certificate);
    writeFileSync(at('ca-key.pem'), authority.key, { mode: 0o600 });
    const mending = await run([
      ...['fix', '--diagnose', uri, '--client', at('client'), '--server', at('server'), '--user', user],
      ...('viewer' in scenario ? ['--viewer', scenario.viewer] : []),
      ...['--ca-cert', at('ca.pem'), '--ca-key', at('ca-key.pem'), `--${program}-version`, version],
      ...['--apply', '--unsafe', '--yes'],
    ]);
    const [server, client] = [readTree(at('server')), readTree(at('client'))];
    const said = `${mending.out}${mending.err}`;
    if (program === 'qemu') {
      const { connects, clientError, qemuErrors } = await runVnc({ uri, user, server, client });
      return { name, said, connects, error: `${clientError} | ${qemuErrors.join(' | ')}` };
    }
    const { connects, clientError, daemonErrors } = await runLibvirt({ uri, user, server, client });
    return { name, said, connects, error: `${clientError} | ${daemonErrors.join(' | ')}` };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const programs = [
  {
    program: 'libvirtd and virsh',
    scenarios: libvirtScenarios,
    missing: missingForLibvirt,
    installed: installedLibvirt,
  },
  { program: 'QEMU and gvnccapture', scenarios: vncScenarios, missing: missingForVnc, installed: installedQemu },
] as const;

describe.each(programs)('connections that failed, mended', ({ program, scenarios, missing, installed }) => {
  const version = missing.length === 0 ? installed() : '';
  const failing = (scenarios as readonly (Scenario | VncScenario)[]).filter(
    ({ truth }) => truth[version]?.connects === false,
  );
  const sample = random(seed)
    .shuffle(failing.filter(({ name }) => !unmended.has(name)))
    .slice(0, sampleSize);

  describe.skipIf(sample.length === 0)(`${program} (absent: ${missing.join(' ') || 'nothing'}), SEED=${seed}`, () => {
    const all: Mended[] = [];
    beforeAll(async () => {
      await atOnce(2, sample, async (scenario) => {
        all.push(await mendAndOpen(scenario, version));
      });
    }, 1_800_000);

    it(`work for real in at least 95 % of ${sample.length}`, () => {
      const broken = all.filter(({ connects }) => !connects);
      const told = broken.map(({ name, said, error }) => `${name}: ${error}\n${said}`).join('\n\n');
      expect(all.length - broken.length, told).toBeGreaterThanOrEqual(0.95 * all.length);
    });

    afterAll(() => {
      const broken = all.filter(({ connects }) => !connects).map(({ name, error }) => `  ${name}: ${error}`);
      console.log(
        [`SEED=${seed}: ${all.length - broken.length} of ${all.length} work, others say`, ...broken].join('\n'),
      );
    });
  });
});
