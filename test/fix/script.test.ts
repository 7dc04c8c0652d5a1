import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { editConfiguration } from '../../src/fix/edit-configuration.ts';
import { composePlan } from '../../src/fix/plan.ts';
import { planScript } from '../../src/fix/script.ts';
import { provePlan, type ProvenPlan } from '../../src/fix/simulate.ts';
import type { Performable } from '../../src/fix/step-effect.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { certificate, pemOf } from '../support/certificates.ts';
import { hostOnDisk, isRoot, judge, lookAt, manifestOf } from '../support/mending.ts';
import { directoryTree, type TreeEntry } from '../support/directory-tree.ts';
import { faultyHost } from '../support/faulty-host.ts';

vi.setConfig({ testTimeout: 60_000 });

const installed = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const about = { tool: 'virt-pki-check test', host: 'kvm1' };

/** A program and the libraries that it needs, in a directory that is a root. */
function bring(directory: string, programs: readonly string[]): void {
  const bringFile = (from: string): void => {
    const to = join(directory, from);
    if (existsSync(to)) return;
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
    chmodSync(to, 0o755);
  };
  for (const name of programs) {
    const program = execFileSync('sh', ['-c', `readlink -f "$(command -v ${name})"`], { encoding: 'utf8' }).trim();
    for (const [library] of execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/\/\S+(?= \()/g))
      bringFile(library);
    bringFile(program);
    const called = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    if (called !== program) {
      mkdirSync(dirname(join(directory, called)), { recursive: true });
      copyFileSync(program, join(directory, called));
      chmodSync(join(directory, called), 0o755);
    }
  }
  mkdirSync(join(directory, 'tmp'), { recursive: true });
  mkdirSync(join(directory, 'dev'), { recursive: true });
}

const programs = [
  'sh',
  'awk',
  'ls',
  'id',
  'mktemp',
  'rm',
  'cp',
  'cat',
  'mv',
  'cmp',
  'readlink',
  'chmod',
  'chown',
  'chgrp',
  'ln',
  'setfacl',
  'getfacl',
  'grep',
  'mkdir',
  'wc',
  'tr',
];

const planned = async (directory: string, at?: string): Promise<{ snapshot: Snapshot; plan: ProvenPlan }> => {
  const snapshot = await lookAt(directory, at === undefined ? {} : { at });
  return { snapshot, plan: provePlan(snapshot, judge, { runs: false }) };
};

describe('planScript', () => {
  it('is POSIX shell, commented, with what a person must do', async () => {
    const { directory, now } = isRoot
      ? hostOnDisk('example')
      : { directory: directoryTree(faultyHost), now: undefined };
    const { snapshot } = await planned(directory, now);
    const plan = provePlan(snapshot, judge, { runs: true });
    const script = planScript(snapshot.facts, plan, about);
    expect(spawnSync('sh', ['-n'], { input: script }).stderr.toString()).toBe('');
    expect(script).toContain('# What only a person can do:');
    expect(script).toContain('# To undo: ');
  });

  it.skipIf(!installed('shellcheck'))('pleases shellcheck (needs shellcheck)', async () => {
    const { snapshot } = await planned(directoryTree(faultyHost));
    const plan = provePlan(snapshot, judge, { runs: true });
    expect(plan.steps.length).toBeGreaterThan(3);
    const { stdout } = spawnSync('shellcheck', ['--shell=sh', '-'], {
      input: planScript(snapshot.facts, plan, about),
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
  });
});

describe.skipIf(!isRoot || spawnSync('ldd', ['/bin/sh']).status !== 0)(
  'the script, run in a copy by chroot (needs root)',
  () => {
    const run = (directory: string, script: string) => {
      const made = { 'tmp/fix.sh': script, 'dev/null': '' };
      for (const [name, content] of Object.entries(made)) writeFileSync(join(directory, name), content);
      const ran = spawnSync('chroot', [directory, shell(), '/tmp/fix.sh'], {
        encoding: 'utf8',
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      });
      for (const name of Object.keys(made)) rmSync(join(directory, name));
      return ran;
    };

    const shell = (): string => execFileSync('sh', ['-c', 'command -v sh'], { encoding: 'utf8' }).trim();

    it.each<[string, () => { directory: string; now?: string }]>([
      ['a host with faults of every kind', () => ({ directory: directoryTree(faultyHost) })],
      ['the example', () => hostOnDisk('example')],
    ])('%s: mends what it claims, is passed over the second time, and stops at a surprise', async (_, make) => {
      const { directory, now } = make();
      bring(directory, programs);
      expect(existsSync(join(directory, shell()))).toBe(true);
      const { snapshot, plan } = await planned(directory, now);
      expect(plan.steps.length).toBeGreaterThan(2);
      const script = planScript(snapshot.facts, plan, about);
      const first = run(directory, script);
      expect(first.stderr).toBe('');
      expect(first.stdout).toContain('all steps are done');
      const left = (await planned(directory, now)).plan;
      expect(left.steps).toEqual([]);
      const mended = manifestOf(directory);
      const second = run(directory, script);
      expect(second.stderr).toBe('');
      expect(second.stdout).toBe('all steps are done\n');
      expect(manifestOf(directory)).toEqual(mended);
      const [step] = plan.steps;
      if (step === undefined || !('path' in step.step)) throw new Error('no step on a file');
      chmodSync(join(directory, step.step.path), 0o711);
      const surprised = run(directory, script);
      expect(surprised.status).toBe(1);
      expect(surprised.stderr).toContain(step.step.path);
    });
  },
);

describe.skipIf(!isRoot || spawnSync('ldd', ['/bin/sh']).status !== 0)('certificates in a script (need root)', () => {
  const path = '/etc/pki/libvirt/servercert.pem';
  const made = '/home/alice/.pki/libvirt/cacert.pem';

  it('take the place of what was seen, stay the second time, and stop at a surprise', async () => {
    const directory = directoryTree({
      '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n',
      '/etc/group': 'root:x:0:\nalice:x:1000:\n',
      '/home/alice/.pki': { type: 'directory', mode: 0o700, owner: 1000, group: 1000 },
      '/srv/cert.pem': { content: pemOf('root'), mode: 0o640, owner: 0, group: 107 },
      [path]: { link: '/srv/cert.pem' },
    });
    bring(directory, programs);
    const { facts } = await lookAt(directory);
    const write = (at: string, name: string): Performable => ({
      ...{ kind: 'write', path: at, pem: pemOf(name), certificates: [certificate(name)] },
    });
    const plan = composePlan(facts, [
      {
        ...{ id: '1', title: 'Mend', applicability: 'unsafe', findings: [], told: [], round: 0 },
        steps: [
          write(path, 'other-root'),
          { kind: 'make-directory', path: '/home/alice/.pki/libvirt', mode: 0o755 },
          write(made, 'root'),
        ],
      },
    ]);
    expect(plan.withheld).toEqual([]);
    const script = planScript(facts, plan, about);
    if (installed('shellcheck'))
      expect(spawnSync('shellcheck', ['--shell=sh', '-'], { input: script, encoding: 'utf8' }).stdout).toBe('');
    writeFileSync(join(directory, 'tmp/fix.sh'), script);
    writeFileSync(join(directory, 'dev/null'), '');
    const run = () =>
      spawnSync('chroot', [directory, '/bin/sh', '/tmp/fix.sh'], {
        encoding: 'utf8',
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      });
    // Where sh is not in /bin, it is brought to where it is.
    mkdirSync(join(directory, 'bin'), { recursive: true });
    if (!existsSync(join(directory, 'bin/sh'))) copyFileSync('/bin/sh', join(directory, 'bin/sh'));
    expect(run()).toMatchObject({ stderr: '', status: 0 });
    expect(lstatSync(join(directory, path)).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(directory, '/srv/cert.pem'), 'utf8')).toBe(pemOf('other-root'));
    expect(lstatSync(join(directory, '/srv/cert.pem'))).toMatchObject({ uid: 0, gid: 107, mode: 0o100640 });
    expect(readFileSync(join(directory, '/srv/cert.pem.OLD'), 'utf8')).toBe(pemOf('root'));
    expect(readFileSync(join(directory, made), 'utf8')).toBe(pemOf('root'));
    expect(lstatSync(join(directory, made))).toMatchObject({ uid: 1000, gid: 1000, mode: 0o100644 });
    expect(run()).toMatchObject({ stdout: 'all steps are done\n', stderr: '', status: 0 });
    writeFileSync(join(directory, '/srv/cert.pem'), `${pemOf('root')}\n`);
    const surprised = run();
    expect(surprised).toMatchObject({ status: 1, stderr: expect.stringContaining('has changed') as string });
    expect(readFileSync(join(directory, '/srv/cert.pem'), 'utf8')).toBe(`${pemOf('root')}\n`);
  });
});

describe('the editor of the script', () => {
  const cases: readonly (readonly [text: string, key: string, value: string])[] = [
    ['a = 0\n', 'a', '1'],
    ['a=0 # why\nb = 1\n', 'a', '1'],
    ['a = 0\na = 2\n', 'a', '1'],
    ['a = [\n  "x",\n  "y"\n]\nb = 1\n', 'a', '["z"]'],
    ['# About a\n#a = 0\n\n# About b\n#b = 0\n', 'a', '1'],
    ['#  a = 5\n#a = 0\n#  a = 7\n', 'a', '1'],
    ['#a = [\n#  "x",\n#]\nb = 1\n', 'a', '["y"]'],
    ['#aa = 0\n', 'a', '1'],
    ['b = 1\n', 'a', '"x"'],
    ['', 'a', '1'],
    ['b = 1', 'a', '1'],
    ['#a = 0\r\nb = 1\r\n', 'a', '1'],
    ['a = "x"\r\nb = 1\r\n', 'a', '"y"'],
    ['a = 1\nb = 2\n', 'a', ''],
    ['a = 1\nb = 2\n  a = 3\n', 'a', ''],
    ['a = 1 # why\nb = 2\n', 'a', ''],
    ['b = 2\na = 1', 'a', ''],
    ['a = [\n "x"\n]\nb = 1\n', 'a', ''],
    ['b = 1\n', 'a', ''],
    ['b = "#"\na = "x#y" # z\n', 'a', '"NORMAL:-VERS-TLS1.0"'],
  ];

  it.each(['mawk', 'gawk', 'busybox', 'original-awk'].filter(installed).map((name) => [name] as const))(
    'edits with %s as editConfiguration does',
    (name) => {
      const scratch = mkdtempSync(join(tmpdir(), 'virt-pki-check-'));
      onTestFinished(() => rmSync(scratch, { recursive: true, force: true }));
      const script = planScript(emptyFacts, { fixes: [], steps: [], withheld: [] }, about);
      const program = /^editor='\n([^]*?)^'$/m.exec(script)?.[1];
      expect(program).toBeDefined();
      for (const [text, key, value] of cases) {
        const file = join(scratch, 'file.conf');
        writeFileSync(file, text);
        const { stdout, stderr } = spawnSync(name, [...(name === 'busybox' ? ['awk'] : []), program ?? '', file], {
          encoding: 'latin1',
          env: { KEY: key, VALUE: value, WAS: '?', LC_ALL: 'C', PATH: process.env['PATH'] ?? '' },
        });
        const edited = editConfiguration(readFileSync(file), { key, value: value === '' ? undefined : value });
        expect(stderr).toBe('');
        expect(stdout, JSON.stringify([text, key, value])).toBe(
          edited.edited ? Buffer.from(edited.content).toString('latin1') : 'refused',
        );
      }
    },
  );

  it.each([
    ['a long string', 'b = """\na = 1\n"""\n'],
    ['a statement behind another', 'b = 1; a = 1\n'],
    ['a value that it does not know', 'a = yes\n'],
  ])('stops at %s', (_, text) => {
    const scratch = directoryTree({ '/file.conf': text } satisfies Record<string, TreeEntry>);
    const script = planScript(emptyFacts, { fixes: [], steps: [], withheld: [] }, about);
    const program = /^editor='\n([^]*?)^'$/m.exec(script)?.[1] ?? '';
    const { status } = spawnSync('awk', [program, join(scratch, 'file.conf')], {
      env: { KEY: 'a', VALUE: '1', WAS: '?', PATH: '/usr/bin:/bin' },
    });
    expect(status).toBe(3);
  });
});

const emptyFacts = {} as Snapshot['facts'];
