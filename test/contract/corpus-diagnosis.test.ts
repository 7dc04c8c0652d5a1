import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { diagnose, type Answer } from '../../src/diagnosis/diagnose.ts';
import type { Prediction } from '../../src/diagnosis/diagnosis.ts';
import { relatedRules } from '../../src/diagnosis/related.ts';
import { pkiDirectoriesOf } from '../../src/domain/libvirt-uri.ts';
import { assume } from '../../src/engine/assume.ts';
import { makeDiagnosis } from '../../src/engine/diagnosis-report.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { allRules } from '../../src/cli/load-rules.ts';
import { libvirtScenarios, snapshotOfTree, vncScenarios, type Scenario, type VncScenario } from '../support/corpus.ts';

/** One scenario at one version: what we say, and what really happened. */
interface Run {
  readonly kind: 'libvirt' | 'qemu';
  readonly name: string;
  readonly version: string;
  readonly got: Pick<Prediction, 'verdict' | 'stage' | 'clientError' | 'serverError' | 'steps' | 'failure'>;
  /** The way out of a failure that is shown, by what the rules find on either host; told of the newest version alone. */
  readonly fix?: Fix | null;
  readonly truth: {
    readonly connects: boolean;
    readonly stage: string | null;
    readonly clientError: string | null;
    readonly serverErrors: readonly string[];
  };
}

/** A run that is still wrong, and why. */
interface Disagreement {
  readonly name: string;
  readonly version: string;
  readonly because: string;
}

const listed = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/corpus/disagreements.json'), 'utf8'),
) as readonly Disagreement[];

/** Spaces folded and a final full stop dropped: what is compared is words. */
const words = (text: string | null): string => (text ?? '').replace(/\s+/g, ' ').trim().replace(/\.$/, '');

/** A line of a log without what stands before the message: libvirt's level and place, QEMU's option. */
const logged = (line: string): string =>
  words(line)
    .replace(/^(libvirt: )?(error|warning) : ([A-Za-z]+:\d+ : )?/, '')
    .replace(/^-\S+ \S+: /, '')
    .replace(/^Certificate check failed /, '');

/** The way out that `diagnose` shows. */
function wayOut(
  kind: Run['kind'],
  uri: string,
  { prediction, host, clientFiles }: Extract<Answer, { ok: true }>,
  ends: Readonly<Record<'client' | 'server', Snapshot>>,
): Fix | null {
  const related = new Set(relatedRules(uri));
  const rules = allRules.map(({ rule }) => rule).filter(({ id }) => related.has(id));
  const program = kind === 'qemu' ? 'vnc' : 'libvirt';
  const ruleOptions = { 'server-name-mismatch': { names: [host] } };
  const reports = {
    client: evaluate(ends.client, rules, { roles: [`${program}-client`] }),
    server: evaluate(ends.server, rules, { roles: [`${program}-server`], ruleOptions }),
  };
  const tool = { name: 'virt-pki-check', version: 'test' };
  const wire = { asked: false, notes: [] };
  return makeDiagnosis(prediction, reports, { tool, uri, time: '', wire, user: '', clientFiles }).fix;
}

async function runsOf(kind: Run['kind'], scenario: Scenario | VncScenario): Promise<readonly Run[]> {
  const { name, uri, user } = scenario;
  const versions = Object.entries(scenario.truth);
  const [first = ''] = versions.map(([version]) => version);
  const [client, server] = await Promise.all([
    snapshotOfTree(scenario.client, first, kind, { pkiDirectories: pkiDirectoriesOf(uri) }),
    snapshotOfTree(scenario.server, first, kind),
  ]);
  return versions.map(([version, truth]) => {
    const ends = { client: assume(client, { [kind]: version }), server: assume(server, { [kind]: version }) };
    const answer = diagnose({
      uri,
      user,
      ...ends,
      ...('viewer' in scenario ? { viewer: scenario.viewer } : {}),
    });
    if (!answer.ok) throw new Error(`${name}: ${answer.error}`);
    const { connects, stage, clientError } = truth;
    const isShown = answer.prediction.verdict === 'fails' && version === versions.at(-1)?.[0];
    const fix = isShown ? { fix: wayOut(kind, uri, answer, ends) } : {};
    const serverErrors =
      'daemonErrors' in truth ? truth.daemonErrors : truth.qemuErrors.filter((line: string) => !isAdvice(line));
    return {
      kind,
      name,
      version,
      got: answer.prediction,
      ...fix,
      truth: { connects, stage, clientError, serverErrors },
    };
  });
}

const isVerdictRight = ({ got, truth }: Run): boolean => got.verdict === (truth.connects ? 'connects' : 'fails');
const isStageRight = (run: Run): boolean => isVerdictRight(run) && run.got.stage === run.truth.stage;
const isTextRight = ({ got, truth }: Run): boolean =>
  truth.connects || words(got.clientError) === words(truth.clientError);

/** Is what we say that the server logs among what it did log, whose last words need not be the ones that say why; null where it is silent. */
const isLogRight = ({ got, truth }: Run): boolean =>
  truth.connects ||
  (got.serverError === null
    ? truth.serverErrors.length === 0
    : truth.serverErrors.map(logged).includes(logged(got.serverError)));

/** What QEMU says of options that it takes nevertheless. */
const isAdvice = (line: string): boolean => /: warning: | instead$|^VNC server running on /.test(line);

const percent = (runs: readonly Run[], isRight: (run: Run) => boolean): number =>
  (100 * runs.filter(isRight).length) / runs.length;

const title = ({ name, version }: { readonly name: string; readonly version: string }): string =>
  `${name} [${version}]`;

const told = ({ got, truth, ...run }: Run): string =>
  `${title(run)}\n  we say   ${got.verdict} / ${got.stage} / ${got.clientError} / ${got.serverError}\n` +
  `  in truth ${truth.connects ? 'connects' : 'fails'} / ${truth.stage} / ${truth.clientError} / ${truth.serverErrors.join(' | ')}\n` +
  got.steps
    .filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown')
    .map(({ outcome, message }) => `  ${outcome}: ${message}`)
    .join('\n');

describe('the diagnosis of real connections', { timeout: 600_000 }, () => {
  let runs: readonly Run[] = [];
  beforeAll(async () => {
    const all: Run[] = [];
    for (const scenario of libvirtScenarios) all.push(...(await runsOf('libvirt', scenario)));
    for (const scenario of vncScenarios) all.push(...(await runsOf('qemu', scenario)));
    runs = all;
  }, 600_000);

  it('covers every scenario at every version', () => {
    expect(runs.length).toBeGreaterThan(1200);
    expect(new Set(runs.map(title)).size).toBe(runs.length);
  });

  it('is right on the verdict in 99.5 %, on the stage in 99 %, on the words of the client in 97 %', () => {
    expect(percent(runs, isVerdictRight)).toBeGreaterThanOrEqual(99.5);
    expect(percent(runs, isStageRight)).toBeGreaterThanOrEqual(99);
    expect(percent(runs, isTextRight)).toBeGreaterThanOrEqual(97);
  });

  it('is wrong only where fixtures/corpus/disagreements.json says why', () => {
    const known = new Set(listed.map(title));
    const wrong = runs.filter((run) => !isStageRight(run) || !isTextRight(run) || !isLogRight(run));
    expect(wrong.filter((run) => !known.has(title(run))).map(told)).toEqual([]);
    expect(listed.filter((one) => !wrong.some((run) => title(run) === title(one)))).toEqual([]);
    expect(listed.filter(({ because }) => because.length < 20)).toEqual([]);
  });

  it('says in its own words what the server logs, and nothing where it logs nothing', () => {
    const failing = runs.filter(({ truth }) => !truth.connects);
    const silent = failing.filter(({ truth }) => truth.serverErrors.length === 0);
    expect(failing.length - silent.length).toBeGreaterThan(450);
    expect(silent.length).toBeGreaterThan(50);
    expect(percent(failing, isLogRight)).toBeGreaterThanOrEqual(99);
  });

  it('has a failing rung where it says that a connection fails, and none where it does not', () => {
    const contradictory = runs.filter(
      ({ got }) => (got.verdict === 'fails') !== got.steps.some(({ outcome }) => outcome === 'fail'),
    );
    expect(contradictory.map(title)).toEqual([]);
  });

  it('says of every failure on which machine it is mended, why it fails, and the way out', () => {
    const shown = runs.filter(({ fix }) => fix !== undefined);
    expect(shown.length).toBeGreaterThan(300);
    const helpless = shown.filter(({ got, fix }) => fix === null || got.failure === null || got.failure.why === '');
    expect(helpless.map(told)).toEqual([]);
  });
});
