import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { composePlan } from '../../src/fix/plan.ts';
import { planPlaybook } from '../../src/fix/playbook.ts';
import { provePlan } from '../../src/fix/simulate.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { certificate, pemOf } from '../support/certificates.ts';
import { directoryTree, type TreeEntry } from '../support/directory-tree.ts';
import { faultyHost } from '../support/faulty-host.ts';
import { isRoot, judge, lookAt, manifestOf } from '../support/mending.ts';

const isInstalled = spawnSync('ansible-playbook', ['--version']).status === 0;
const about = { tool: 'virt-pki-check test', host: 'kvm1' };

const play = (...args: readonly string[]) =>
  spawnSync('ansible-playbook', ['-i', 'localhost,', '-c', 'local', ...args], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: '/root',
      ANSIBLE_NOCOWS: '1',
      ANSIBLE_LOCALHOST_WARNING: 'False',
      LC_ALL: 'C.UTF-8',
    },
  });

const plan = async (directory: string, runs: boolean) => {
  const snapshot = await lookAt(directory);
  return { snapshot, plan: provePlan(snapshot, judge, { runs }) };
};

/** The playbook with the paths of a directory for those of the host that it stands for: no chroot has what Ansible needs. */
const below = (playbook: string, directory: string): string =>
  playbook
    .replace(/^( *(?:-? *)(?:path|src|dest): ")(\/)/gm, `$1${directory}$2`)
    .replace(/^( *- ")(\/(?:etc|home|srv|usr|var)\/)/gm, `$1${directory}$2`);

describe.skipIf(!isInstalled || !isRoot)(
  'planPlaybook, played by Ansible (needs ansible-playbook and root)',
  { timeout: 300_000 },
  () => {
    it('is a playbook, also with services', async () => {
      const directory = directoryTree(faultyHost);
      const { snapshot, plan: whole } = await plan(directory, true);
      const file = join(directoryTree({ '/empty': '' }), 'fix.yml');
      const text = planPlaybook(snapshot.facts, whole, about);
      expect(text).toContain('handlers:');
      writeFileSync(file, text);
      const checked = play('--syntax-check', file);
      expect(checked.stderr).toBe('');
      expect(checked.status).toBe(0);
    });

    it('mends a file that does not load, and changes nothing the second time', async () => {
      const conf = '/etc/libvirt/libvirtd.conf';
      const before = '\ufeff; "$x"\nlisten_tls = yes\nauth_tls = "none"\ntls_allowed_dn_list = ["a" "b"\n';
      const directory = directoryTree({ ...faultyHost, [conf]: before });
      const { facts } = await lookAt(directory);
      const seen = facts.configurations.known ? facts.configurations.value[conf] : undefined;
      const repair = seen?.known === true ? seen.value.error?.repair : undefined;
      if (repair === undefined) throw new Error('no repair');
      const planned = {
        id: '1',
        step: { kind: 'repair', path: conf, edits: repair.edits },
        applicability: 'unsafe',
        fixes: [],
        touches: [],
        interrupts: [],
        undo: '',
        expects: { kind: 'anything' },
      } as const;
      const file = join(directoryTree({ '/empty': '' }), 'fix.yml');
      writeFileSync(file, below(planPlaybook(facts, { fixes: [], steps: [planned], withheld: [] }, about), directory));
      const first = play(file);
      expect(first.stdout + first.stderr).toMatch(/changed=[1-9]\d* .*failed=0/);
      const after = '# "$x"\nlisten_tls = 1\nauth_tls = "none"\ntls_allowed_dn_list = ["a" ,"b"]\n';
      expect(readFileSync(join(directory, conf), 'utf8')).toBe(after);
      const second = play(file);
      expect(second.stdout + second.stderr).toMatch(/changed=0 .*failed=0/);
    });

    it('mends what it claims, changes nothing the second time, and stops at a surprise', async () => {
      const directory = directoryTree(faultyHost);
      const { snapshot, plan: whole } = await plan(directory, false);
      const file = join(directoryTree({ '/empty': '' }), 'fix.yml');
      writeFileSync(file, below(planPlaybook(snapshot.facts, whole, about), directory));
      const first = play(file);
      expect(first.stdout + first.stderr).toMatch(/changed=[1-9]\d* .*failed=0/);
      expect((await plan(directory, false)).plan.steps).toEqual([]);
      const mended = manifestOf(directory);
      const second = play(file);
      expect(second.stdout + second.stderr).toMatch(/changed=0 .*failed=0/);
      expect(manifestOf(directory)).toEqual(mended);
      const [step] = whole.steps;
      if (step === undefined || !('path' in step.step)) throw new Error('no step on a file');
      chmodSync(join(directory, step.step.path), 0o711);
      const surprised = play(file);
      expect(surprised.status).not.toBe(0);
      expect(surprised.stdout).toContain('Assertion failed');
    });

    it('puts certificates where others were or none was, once, and stops at a surprise', async () => {
      const [path, made] = ['/etc/pki/libvirt/servercert.pem', '/etc/pki/libvirt-vnc/ca-cert.pem'];
      const directory = directoryTree({
        '/etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
        '/etc/group': 'root:x:0:\n',
        [path]: { content: pemOf('root'), mode: 0o640, owner: 0, group: 107 },
      });
      const { facts } = await lookAt(directory);
      const write = (at: string, name: string) =>
        ({ kind: 'write', path: at, pem: pemOf(name), certificates: [certificate(name)] }) as const;
      const whole = composePlan(facts, [
        {
          ...{ id: '1', title: 'Mend', applicability: 'unsafe', findings: [], told: [], round: 0 },
          steps: [
            write(path, 'other-root'),
            { kind: 'make-directory', path: '/etc/pki/libvirt-vnc', mode: 0o755 },
            write(made, 'root'),
          ],
        },
      ]);
      const file = join(directoryTree({ '/empty': '' }), 'fix.yml');
      writeFileSync(file, below(planPlaybook(facts, whole, about), directory));
      expect(play(file).stdout).toMatch(/changed=3 .*failed=0/);
      expect(readFileSync(join(directory, path), 'utf8')).toBe(pemOf('other-root'));
      expect(lstatSync(join(directory, path))).toMatchObject({ uid: 0, gid: 107, mode: 0o100640 });
      expect(readFileSync(join(directory, made), 'utf8')).toBe(pemOf('root'));
      expect(play(file).stdout).toMatch(/changed=0 .*failed=0/);
      writeFileSync(join(directory, path), `${pemOf('root')}\n`);
      expect(play(file).stdout).toContain('Assertion failed');
    });

    it.each<[string, string, string, string | undefined, string]>([
      ['a value in place', 'a = 0 # why\nb = 1\n', 'a', '1', 'a = 1 # why\nb = 1\n'],
      ['a new one below its default', '#a = 0\nb = 1\n', 'a', '"x"', '#a = 0\na = "x"\nb = 1\n'],
      ['a list over lines', 'a = [\n  "x"\n]\nb = 1\n', 'a', '["z"]', 'a = ["z"]\nb = 1\n'],
      ['one to take out', 'a = 1 # why\nb = 1\n', 'a', undefined, '# why\nb = 1\n'],
      ['one with a backslash', 'a = "x"\n', 'a', '"\\1{{ b }}"', 'a = "\\1{{ b }}"\n'],
    ])('edits a configuration file: %s', (_, text, key, value, expected) => {
      const directory = directoryTree({ '/file.conf': text } satisfies Record<string, TreeEntry>);
      const path = join(directory, 'file.conf');
      const step =
        value === undefined
          ? ({ kind: 'unset', path, key, line: 1 } as const)
          : ({ kind: 'set', path, key, value } as const);
      const isThere = /^a/.test(text);
      const known = text.includes('[')
        ? ({ type: 'list', items: [] } as const)
        : text.includes('"')
          ? ({ type: 'string', value: 'x' } as const)
          : ({ type: 'unsigned', value: Number(/\d/.exec(text)?.[0]) } as const);
      const planned = {
        id: '1',
        step,
        applicability: 'safe',
        fixes: [],
        touches: [],
        interrupts: [],
        undo: '',
        expects: { kind: 'setting', value: isThere ? known : null },
      } as const;
      const configurations = {
        known: true,
        value: {
          [path]: { known: true, value: { settings: isThere ? [{ key, value: known, line: 1, column: 1 }] : [] } },
        },
      };
      const facts = {
        configurations,
        clock: { known: false },
        files: { known: true, value: {} },
      } as unknown as Snapshot['facts'];
      const file = join(directory, 'fix.yml');
      for (const name of [
        'certificates',
        'privateKeys',
        'revocationLists',
        'secretHolders',
        'saslConfigurations',
        'keytabs',
        'domains',
      ])
        (facts as unknown as Record<string, unknown>)[name] = { known: true, value: {} };
      writeFileSync(file, planPlaybook(facts, { fixes: [], steps: [planned], withheld: [] }, about));
      const { stdout } = play(file);
      expect(stdout).toMatch(/changed=1 .*failed=0/);
      expect(readFileSync(path, 'utf8')).toBe(expected);
      expect(play(file).stdout).toMatch(/changed=0 .*failed=0/);
    });
  },
);
