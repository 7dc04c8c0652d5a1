import { describe, expect, it } from 'vitest';
import { diagnose, type Answer } from '../../src/diagnosis/diagnose.ts';
import { atOnce } from '../support/at-once.ts';
import { snapshotOf } from '../support/corpus.ts';
import { randomLibvirtScenario, type RandomLibvirtScenario } from '../support/random-scenarios/libvirt.ts';
import { runSeed } from '../support/random-scenarios/random.ts';
import { installedLibvirt, missingForLibvirt, runLibvirt, type LibvirtOutcome } from '../support/real-libvirt.ts';

const count = Number(process.env['SCENARIOS'] ?? 120);

async function predict({ uri, user, server, client }: RandomLibvirtScenario): Promise<Answer> {
  const [version, now] = [installedLibvirt(), new Date().toISOString()];
  const pkipath = /[?&]pkipath=(\/[^&]+)/.exec(uri)?.[1];
  const scope = { pkiDirectories: pkipath === undefined ? [] : [decodeURIComponent(pkipath)] };
  return diagnose({
    uri,
    user,
    client: await snapshotOf(client, version, 'libvirt', now, scope),
    server: await snapshotOf(server, version, 'libvirt', now),
  });
}

/**
 * Spaces folded and a final full stop dropped. When a daemon hangs up at once, it depends on whether the client's first words have
 * arrived by then whether the client sees an end or a reset: both texts are the same to us.
 */
const words = (text: string | null): string =>
  (text ?? '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(
      /TLS handshake failed Error in the pull function/,
      'TLS handshake failed The TLS connection was non-properly terminated',
    )
    .replace(/\.$/, '');

/** What the prediction got wrong, or nothing. */
function disagreement(answer: Answer, outcome: LibvirtOutcome): string | undefined {
  const verdict = outcome.connects ? 'connects' : 'fails';
  const real = `${verdict} ${outcome.stage ?? ''} ${outcome.clientError}`;
  // What virsh takes for no URI at all is no connection to diagnose.
  if (!answer.ok)
    return !outcome.connects && words(answer.error).endsWith(words(outcome.clientError))
      ? undefined
      : `refused: ${answer.error}, really ${real}`;
  const { prediction } = answer;
  // Where the client refuses its own configuration or the URI, the daemon is not looked at.
  const isAlone = prediction.steps.length === 1 && outcome.stage?.startsWith('server-') === true;
  const agrees =
    prediction.verdict === verdict &&
    (prediction.stage === outcome.stage || isAlone) &&
    (outcome.connects || words(prediction.clientError) === words(outcome.clientError));
  return agrees
    ? undefined
    : `${prediction.verdict} ${prediction.stage ?? ''} ${prediction.clientError ?? ''}, really ${real}`;
}

describe.skipIf(missingForLibvirt.length > 0)(
  `random scenarios of libvirt (${missingForLibvirt.length > 0 ? `needs ${missingForLibvirt.join(', ')}` : installedLibvirt()})`,
  () => {
    it(`${count} connections end as predicted`, { timeout: 60_000 + 3_000 * count }, async () => {
      const seed = runSeed();
      console.log(`SEED=${seed}`);
      const wrong: string[] = [];
      const seen = { connects: 0, fails: 0 };
      await atOnce(
        2,
        Array.from({ length: count }, (_, index) => seed + index),
        async (one) => {
          const scenario = randomLibvirtScenario(one);
          const outcome = await runLibvirt(scenario);
          seen[outcome.connects ? 'connects' : 'fails'] += 1;
          const difference = disagreement(await predict(scenario), outcome);
          if (difference === undefined) return;
          const logs = [...outcome.warnings, ...outcome.daemonErrors].join('\n    ');
          wrong.push(
            `SEED=${one} SCENARIOS=1: ${scenario.uri} by ${scenario.user}: ${scenario.name}\n  ${difference}\n    ${logs}`,
          );
        },
      );
      expect(wrong.join('\n'), `SEED=${seed}`).toBe('');
      // A generator of nothing but broken connections would prove little.
      if (count >= 100) expect(Math.min(seen.connects, seen.fails)).toBeGreaterThan(count / 5);
    });
  },
);
