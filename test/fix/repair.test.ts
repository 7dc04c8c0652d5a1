import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { editedFiles, planPreviews } from '../../src/fix/preview.ts';
import { planPlaybook } from '../../src/fix/playbook.ts';
import { planScript } from '../../src/fix/script.ts';
import { provePlan } from '../../src/fix/simulate.ts';
import { repairOf } from '../../src/parse/configuration-repair.ts';
import { settingsOf, vocabularies } from '../../src/reference/settings.ts';
import { libvirtScenarios, snapshotOf, treeOf } from '../support/corpus.ts';
import { directoryTree } from '../support/directory-tree.ts';
import { holdToPromises, isRoot, judge } from '../support/mending.ts';

vi.setConfig({ testTimeout: 60_000 });

const conf = '/etc/libvirt/libvirtd.conf';
const scratch = mkdtempSync(join(tmpdir(), 'virt-pki-check-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Files with their repair, in places and signs of all kinds. */
const texts = [
  ['listen_tls = yes\n', 'listen_tls = 1\n'],
  ['log_level = 1\nlisten_addr = 127.0.0.1', 'log_level = 1\nlisten_addr = "127.0.0.1"'],
  ['listen_tls = 1x\nlog_level = 1\n', 'listen_tls = 1\nlog_level = 1\n'],
  ['\ufefflisten_tls : 1\r\n', 'listen_tls = 1\r\n'],
  ['auth_tls = "no\nne"\n', 'auth_tls = "none"\n'],
  ['tls_port = ”16514”\n', 'tls_port = "16514"\n'],
  ['; "$x" \'y\'\ntls_allowed_dn_list = ["a\\b" "$c"\n', '# "$x" \'y\'\ntls_allowed_dn_list = ["a\\b" ,"$c"]\n'],
] as const;

/** A snapshot of a server with that file, and its plan. */
async function planFor(content: string) {
  const scenario = libvirtScenarios.find(({ name }) => name === 'conf/syntax-bool-true');
  const [version = ''] = Object.keys(scenario?.truth ?? {});
  const tree = treeOf(scenario?.server ?? []);
  const entry = tree[conf] as object;
  const snapshot = await snapshotOf({ ...tree, [conf]: { ...entry, content: Buffer.from(content) } } as never, version);
  return { snapshot, plan: provePlan(snapshot, judge, { runs: false }) };
}

describe('the repair of a configuration file', () => {
  it.each(texts)('%j is in the plan, with a diff', async (before, after) => {
    const { snapshot, plan } = await planFor(before);
    expect(plan.steps.map(({ step, applicability, expects }) => [step.kind, applicability, expects.kind])).toEqual([
      ['repair', 'unsafe', 'syntax-error'],
    ]);
    expect(plan.remaining.findings.map(({ rule }) => rule)).not.toContain('configuration-syntax-error');
    expect(editedFiles(plan)).toEqual([conf]);
    const [preview] = planPreviews(snapshot.facts, plan, new Map([[conf, Buffer.from(before)]]));
    expect(preview?.lines.some(({ sign }) => sign === '+')).toBe(true);
    expect(after).not.toBe(before);
  });

  const awks = ['awk', 'mawk', 'gawk', 'busybox'].filter((name) => spawnSync(name, ['--help']).error === undefined);
  it.each(awks.flatMap((awk) => texts.map(([before, after]) => [awk, before, after] as const)))(
    'is made by the script with %s: %j',
    async (awk, before, after) => {
      const { snapshot, plan } = await planFor(before);
      const script = planScript(snapshot.facts, plan, { tool: 'test', host: 'kvm1' });
      expect(spawnSync('sh', ['-n'], { input: script }).stderr.toString()).toBe('');
      const mender = /^mender='\n([^']*)'$/m.exec(script)?.[1] ?? '';
      expect(script.match(/^mend \//gm)).toHaveLength(
        repairOf(Buffer.from(before), vocabularies.libvirtd, settingsOf.libvirtd)?.edits.length ?? -1,
      );
      const file = join(scratch, 'file.conf');
      const [step] = plan.steps;
      const edits = step?.step.kind === 'repair' ? step.step.edits : [];
      writeFileSync(file, before);
      // Twice: what is done is left.
      for (const { line, column, from, to } of [...edits, ...edits]) {
        const { status, stdout } = spawnSync(awk, [...(awk === 'busybox' ? ['awk'] : []), mender, file], {
          env: { PATH: process.env['PATH'], LC_ALL: 'C', LINE: `${line}`, COLUMN: `${column}`, FROM: from, TO: to },
        });
        // A file that was joined has no such line any more.
        if (status === 3 && from.includes('\n')) continue;
        expect(status).toBe(0);
        writeFileSync(file, stdout);
      }
      expect(spawnSync('cat', [file]).stdout.toString()).toBe(after);
    },
  );

  it.skipIf(spawnSync('shellcheck', ['--version']).error !== undefined)(
    'pleases shellcheck in the script (needs shellcheck)',
    async () => {
      for (const [before] of texts) {
        const { snapshot, plan } = await planFor(before);
        const script = planScript(snapshot.facts, plan, { tool: 'test', host: 'kvm1' });
        // Of the functions, one plan calls few.
        const options = ['--shell=sh', '--exclude=SC2317', '-'];
        expect(spawnSync('shellcheck', options, { input: script }).stdout.toString()).toBe('');
      }
    },
  );

  it.skipIf(spawnSync('python3', ['--version']).error !== undefined).each(texts)(
    'is made by the playbook, as python3 reads it: %j',
    async (before, after) => {
      const { snapshot, plan } = await planFor(before);
      const playbook = planPlaybook(snapshot.facts, plan, { tool: 'test', host: 'kvm1' });
      const program = String.raw`
import json, re, sys
playbook, text = json.load(sys.stdin)
of = lambda key: [json.loads(one) for one in re.findall(r'^ *%s: ("(?:[^"\\]|\\.)*")$' % key, playbook, re.M)]
edits = list(zip(of('known'), of('regexp'), of('replace')))
assert edits
for again in (0, 1):
    for known, regexp, replace in edits:
        assert re.search(known, text), (known, text)
        text = re.sub(regexp, replace, text, flags=re.M)
sys.stdout.buffer.write(text.encode())`;
      const ran = spawnSync('python3', ['-c', program], { input: JSON.stringify([playbook, before]) });
      expect(ran.stderr.toString()).toBe('');
      expect(ran.stdout.toString()).toBe(after);
    },
  );

  describe.skipIf(!isRoot)('on disk (needs root)', () => {
    const faulty = libvirtScenarios.filter(({ name }) => /^conf\/(?:syntax|listen-addr-unquoted)/.test(name));
    it.each(faulty.map((scenario) => [scenario.name, scenario] as const))(
      '%s is mended, stays so and is taken back',
      async (_, scenario) => {
        const [version = '', truth] = Object.entries(scenario.truth)[0] ?? [];
        const steps = await holdToPromises(directoryTree(treeOf(scenario.server)), { libvirt: version });
        if (truth?.daemon === 'exits') expect(steps).toBeGreaterThan(0);
      },
    );
  });
});
