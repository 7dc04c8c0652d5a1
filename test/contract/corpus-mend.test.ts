import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judgeOf, walkConnection } from '../../src/cli/walk-connection.ts';
import type { Side } from '../../src/diagnosis/diagnosis.ts';
import { pkiDirectoriesOf } from '../../src/domain/libvirt-uri.ts';
import { certificateAuthority } from '../../src/fix/certificate-authority.ts';
import { mendConnection, type ConnectionPlan } from '../../src/fix/mend-connection.ts';
import { timeOf, untilIssued } from '../../src/fix/plan-with-authority.ts';
import { authorityOf } from '../support/corpus-authority.ts';
import { libvirtScenarios, snapshotOfTree, vncScenarios, type Scenario, type VncScenario } from '../support/corpus.ts';
import { now } from '../support/facts.ts';

/**
 * All scenarios, where the usual run takes a sample; only those whose name has a word in it; and a file for what becomes of each, one line of
 * JSON a scenario.
 */
const { CORPUS_MENDS: all, CORPUS_MENDS_ONLY: word = '', CORPUS_MENDS_REPORT: file } = process.env;
const sample = 5;

/** Those that no program mends, and why. */
const unmended = new Set(
  (
    JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/corpus/unmended.json'), 'utf8')) as readonly {
      readonly name: string;
      readonly because: string;
    }[]
  ).map(({ name }) => name),
);

const failing = (['libvirt', 'qemu'] as const).flatMap((program) =>
  (program === 'libvirt' ? libvirtScenarios : vncScenarios)
    .map((scenario) => ({ program, scenario, version: Object.keys(scenario.truth).at(-1) ?? '' }))
    .filter(({ scenario, version }) => scenario.truth[version]?.connects === false && scenario.name.includes(word)),
);

async function planOf(
  program: 'libvirt' | 'qemu',
  scenario: Scenario | VncScenario,
  version: string,
): Promise<ConnectionPlan> {
  const { uri, user } = scenario;
  const [client, server] = await Promise.all([
    snapshotOfTree(scenario.client, version, program, { pkiDirectories: pkiDirectoriesOf(uri) }),
    snapshotOfTree(scenario.server, version, program),
  ]);
  const question = { uri, user, client, server, ...('viewer' in scenario ? { viewer: scenario.viewer } : {}) };
  const { certificate, key } = authorityOf(scenario);
  const authority = await certificateAuthority({
    certificate: Buffer.from(certificate),
    key: Buffer.from(key),
    at: now,
  });
  return untilIssued(authority, { at: timeOf(server) }, (atHand) => {
    const choice = (host: Side) => ({
      runs: true,
      ...(atHand === undefined ? {} : { authority: { ...atHand, host } }),
    });
    return mendConnection(question, {
      walk: (ends) => walkConnection({ ...question, ...ends }),
      judge: judgeOf(question),
      choice: { client: choice('client'), server: choice('server') },
    });
  });
}

describe('the plan for a connection that fails for real, with the CA at hand', { timeout: 900_000 }, () => {
  it('is predicted to make it work in 95 %, where the cause lies on the two hosts', async () => {
    const lines: object[] = [];
    for (const [index, { program, scenario, version }] of failing.entries()) {
      if (all === undefined && word === '' && index % sample !== 0) continue;
      const { name } = scenario;
      const { before, after, mends } = await planOf(program, scenario, version);
      if (before.verdict !== 'fails') continue;
      const { stage, side, outcome, title, withheld } = mends.at(-1) ?? {};
      const isOurs = !unmended.has(name);
      lines.push({ name, isOurs, verdict: after.verdict, mends: mends.length, stage, side, outcome, title, withheld });
    }
    if (file !== undefined) writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const ours = lines.filter((line) => 'isOurs' in line && line.isOurs === true);
    const mended = ours.filter((line) => 'verdict' in line && line.verdict === 'connects');
    const left = ours.filter((line) => !mended.includes(line));
    const better = lines.filter((line) => 'verdict' in line && line.verdict === 'connects' && !mended.includes(line));
    expect(better, 'fixtures/corpus/unmended.json lists what is mended now').toEqual([]);
    expect(mended.length / ours.length, JSON.stringify(left, null, 1)).toBeGreaterThanOrEqual(0.95);
  });
});
