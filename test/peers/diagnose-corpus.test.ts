import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DiagnosisReport } from '../../src/engine/diagnosis-report.ts';
import { atOnce } from '../support/at-once.ts';
import { ensureBuilt, programFile } from '../support/built-program.ts';
import { libvirtScenarios, treeOf, vncScenarios } from '../support/corpus.ts';
import { random, runSeed } from '../support/random-scenarios/random.ts';
import { missingForLibvirt, runLibvirt, type LibvirtOutcome } from '../support/real-libvirt.ts';
import { installedQemu, missingForVnc, runVnc, type VncOutcome } from '../support/real-vnc.ts';

const sampleSize = Number(process.env['SCENARIOS'] ?? 60);

/** Connections over a network: a local socket is not looked at. */
const candidates = libvirtScenarios.filter(({ uri }) => /^[\w-]+\+(tls|tcp):/.test(uri));

interface Compared {
  readonly name: string;
  readonly verdict: string;
  readonly stage: string | null;
  readonly clientError: string | null;
}

/** From the client alone a daemon that does not serve is a port that refuses, unless the client stops before it dials. */
const expected = (name: string, { connects, stage, clientError }: LibvirtOutcome): Compared => ({
  name,
  verdict: connects ? 'connects' : 'fails',
  stage: stage?.startsWith('server-config') || stage === 'server-credentials' ? stageOf(clientError) : stage,
  clientError: connects ? null : clientError,
});

/** What our program said. */
function diagnosed(name: string, { report = '' }: { readonly report?: string }): Compared {
  const shown = report.startsWith('{') ? (JSON.parse(report) as DiagnosisReport) : undefined;
  return {
    name,
    verdict: shown?.verdict ?? report,
    stage: shown?.stage ?? null,
    clientError: shown?.clientError ?? null,
  };
}

const stageOf = (clientError: string): string =>
  /^(unable to connect to server|Unable to resolve address)/.test(clientError) ? 'reach' : 'client-credentials';

describe.skipIf(missingForLibvirt.length > 0)(
  `the client alone, against the real libvirtd${missingForLibvirt.length > 0 ? ` (needs ${missingForLibvirt.join(', ')})` : ''}`,
  () => {
    beforeAll(ensureBuilt, 120_000);

    it(`sees what virsh meets in ${sampleSize} scenarios`, { timeout: 240_000 }, async () => {
      const seed = runSeed();
      console.log(`SEED=${seed}`);
      const sample = random(seed).shuffle(candidates).slice(0, sampleSize);
      const got: Compared[] = [];
      const wanted: Compared[] = [];
      await atOnce(2, sample, async ({ name, uri, user, server, client }) => {
        const outcome = await runLibvirt(
          { uri, user, server: treeOf(server), client: treeOf(client) },
          dirname(dirname(programFile)),
        );
        wanted.push(expected(name, outcome));
        got.push(diagnosed(name, outcome));
      });
      expect(got).toEqual(wanted);
    });
  },
);

/** From the client alone a QEMU without a display is a port that refuses. */
const expectedOfVnc = (name: string, { connects, stage, clientError }: VncOutcome): Compared => ({
  name,
  verdict: connects ? 'connects' : 'fails',
  stage: stage?.startsWith('server-') === true && stage !== 'server-identity' ? 'reach' : stage,
  clientError: connects || clientError === '' ? null : clientError,
});

const version = missingForVnc.length === 0 ? installedQemu() : '';
/** Those whose QEMU runs: of the others there is nothing to see. */
const consoles = vncScenarios.filter(({ truth }) => truth[version]?.qemu === 'running');
const consoleSample = Math.ceil(sampleSize / 2);

describe.skipIf(missingForVnc.length > 0 || consoles.length === 0)(
  `the viewer alone, against the real QEMU${missingForVnc.length > 0 ? ` (needs ${missingForVnc.join(', ')})` : ''}`,
  () => {
    beforeAll(ensureBuilt, 120_000);

    it(`sees what gvnccapture meets in ${consoleSample} scenarios`, { timeout: 240_000 }, async () => {
      const seed = runSeed();
      console.log(`SEED=${seed}`);
      const sample = random(seed).shuffle(consoles).slice(0, consoleSample);
      const got: Compared[] = [];
      const wanted: Compared[] = [];
      await atOnce(2, sample, async ({ name, uri, user, server, client }) => {
        const outcome = await runVnc(
          { uri, user, server: treeOf(server), client: treeOf(client) },
          dirname(dirname(programFile)),
        );
        wanted.push(expectedOfVnc(name, outcome));
        got.push(diagnosed(name, outcome));
      });
      expect(got).toEqual(wanted);
    });
  },
);
