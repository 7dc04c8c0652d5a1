import { describe, expect, it } from 'vitest';
import { diagnose, type Answer } from '../../src/diagnosis/diagnose.ts';
import { atOnce } from '../support/at-once.ts';
import { snapshotOf } from '../support/corpus.ts';
import { runSeed } from '../support/random-scenarios/random.ts';
import { argumentsOf, randomVncScenario, type RandomVncScenario } from '../support/random-scenarios/vnc.ts';
import { installedQemu, missingForVnc, runVnc, type VncOutcome } from '../support/real-vnc.ts';

const count = Number(process.env['SCENARIOS'] ?? 80);

async function predict({ uri, user, viewer, server, client }: RandomVncScenario): Promise<Answer> {
  const [version, now] = [installedQemu(), new Date().toISOString()];
  return diagnose({
    uri,
    user,
    viewer,
    client: await snapshotOf(client, version, 'qemu', now),
    server: await snapshotOf(server, version, 'qemu', now),
  });
}

/** What the prediction got wrong, or nothing. */
function disagreement(answer: Answer, { connects, stage, clientError }: VncOutcome): string | undefined {
  const real = `${connects ? 'connects' : 'fails'} ${stage ?? ''} ${clientError ?? ''}`;
  if (!answer.ok) return `refused: ${answer.error}, really ${real}`;
  const { prediction } = answer;
  const text = prediction.verdict === 'connects' ? '' : (prediction.clientError ?? '');
  const predicted = `${prediction.verdict} ${prediction.stage ?? ''} ${text}`;
  if (predicted === real) return undefined;
  const open = prediction.steps.find(({ outcome }) => outcome === 'unknown');
  return `${predicted}${open === undefined ? '' : ` (${open.message})`}, really ${real}`;
}

describe.skipIf(missingForVnc.length > 0)(
  `random scenarios of VNC (${missingForVnc.length > 0 ? `needs ${missingForVnc.join(', ')}` : installedQemu()})`,
  () => {
    it(`${count} connections end as predicted`, { timeout: 60_000 + 3_000 * count }, async () => {
      const seed = runSeed();
      console.log(`SEED=${seed}`);
      const wrong: string[] = [];
      const seen = { connects: 0, fails: 0 };
      await atOnce(
        3,
        Array.from({ length: count }, (_, index) => seed + index),
        async (one) => {
          const scenario = randomVncScenario(one);
          const outcome = await runVnc(scenario);
          seen[outcome.connects ? 'connects' : 'fails'] += 1;
          const difference = disagreement(await predict(scenario), outcome);
          if (difference === undefined) return;
          const said = [...outcome.qemuErrors, ...outcome.refusals].join('\n    ');
          wrong.push(
            `SEED=${one} SCENARIOS=1: ${scenario.uri} by ${scenario.user}: ${scenario.name}\n  ${argumentsOf(scenario).join(' ')}\n  ${difference}\n    ${said}`,
          );
        },
      );
      expect(wrong.join('\n'), `SEED=${seed}`).toBe('');
      // A generator of nothing but broken connections would prove little.
      if (count >= 60) expect(Math.min(seen.connects, seen.fails)).toBeGreaterThan(count / 5);
    });
  },
);
