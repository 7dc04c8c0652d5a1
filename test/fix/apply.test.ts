import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { applyPlan, runCommand } from '../../src/fix/apply.ts';
import { composePlan, type Candidate, type Plan } from '../../src/fix/plan.ts';
import type { Performable } from '../../src/fix/step-effect.ts';
import { undoLatest } from '../../src/fix/undo.ts';
import { Refused, WritableTree } from '../../src/fix/writable-tree.ts';
import { publicKeyInfo } from '../../src/parse/public-key.ts';
import { certificate, pemOf } from '../support/certificates.ts';
import { bundleFix } from '../support/bundle-fix.ts';
import { directoryTree, writeTree, type TreeEntry } from '../support/directory-tree.ts';
import { isRoot, lookAt, manifestOf } from '../support/mending.ts';

// Real files, real programs, and often a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const path = {
  configuration: '/etc/libvirt/libvirtd.conf',
  driver: '/etc/libvirt/qemu.conf',
  key: '/etc/pki/libvirt/private/serverkey.pem',
  certificate: '/etc/pki/libvirt/servercert.pem',
  sasl: '/etc/sasl2/libvirt.conf',
};

const [old, fresh] = [pemOf('root'), pemOf('other-root')];
const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicKey = publicKeyInfo(pair.publicKey);
/** As who made it holds it. */
const keyFor = (fingerprint: string): Uint8Array | undefined =>
  fingerprint === publicKey.fingerprint ? Buffer.from(key) : undefined;

/** A host with something for every kind of step. */
const host: Readonly<Record<string, TreeEntry>> = {
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nqemu:x:107:107::/:/bin/false\nalice:x:1000:1000::/home/alice:/bin/sh\n',
  '/etc/group': 'root:x:0:\nqemu:x:107:\nalice:x:1000:\n',
  [path.configuration]: {
    content: '# About\n#listen_tls = 0\nauth_tls = "none" # why\nlisten_tcp = 1\n',
    mode: 0o640,
    owner: 0,
    group: 107,
  },
  [path.driver]: 'vnc_tls = 0\n',
  [path.key]: { content: 'no key\n', mode: 0o666, owner: 1000, group: 1000 },
  [path.certificate]: { content: old, mode: 0o600 },
  '/etc/sasl2/qemu.conf': 'mech_list: gssapi\n',
};

const steps: readonly Performable[] = [
  { kind: 'chown', path: path.key, from: 'alice', to: 'root' },
  { kind: 'chgrp', path: path.key, from: 'alice', to: 'qemu' },
  { kind: 'chmod', path: path.key, from: 0o666, to: 0o640 },
  { kind: 'setfacl', path: path.certificate, entry: 'u:alice:r' },
  { kind: 'symlink', path: '/etc/sasl2/qemu-spice.conf', target: 'qemu.conf' },
  { kind: 'set', path: path.configuration, key: 'listen_tls', value: '1' },
  { kind: 'unset', path: path.configuration, key: 'listen_tcp', line: 4 },
  { kind: 'set', path: path.driver, key: 'vnc_tls', value: '1', line: 1 },
];

/** Puts certificates and keys in the place of others, and where there were none. */
const files: readonly Performable[] = [
  { kind: 'write', path: path.certificate, pem: fresh, certificates: [certificate('other-root')] },
  { kind: 'write-key', path: path.key, publicKey },
  { kind: 'make-directory', path: '/etc/pki/libvirt-vnc', mode: 0o755 },
  { kind: 'write', path: '/etc/pki/libvirt-vnc/ca-cert.pem', pem: old, certificates: [certificate('root')] },
  { kind: 'write-key', path: '/etc/pki/libvirt-vnc/server-key.pem', publicKey },
  { kind: 'chmod', path: '/etc/pki/libvirt-vnc/server-key.pem', from: 0o600, to: 0o640 },
];
const all = [...steps, ...files];

/** A plan of these steps, for a host that was looked at. */
function planOf(facts: Snapshot['facts'], chosen: readonly Performable[] = all): Plan {
  const findings = [
    { rule: 'rule', severity: 'error', subject: { kind: 'host' }, message: '', fingerprint: '0' } as const,
  ];
  const candidate: Candidate = {
    id: '0',
    title: 'Mend',
    applicability: 'safe',
    findings,
    steps: chosen,
    told: [],
    round: 0,
  };
  return composePlan(withLink(facts), [candidate]);
}

/** A scan that looks for no SASL file of SPICE's would not have looked there. */
const withLink = (facts: Snapshot['facts']): Snapshot['facts'] => {
  if (!facts.files.known) throw new Error('no files');
  const absent = { known: true, value: { type: 'absent' } } as const;
  return { ...facts, files: { known: true, value: { '/etc/sasl2/qemu-spice.conf': absent, ...facts.files.value } } };
};

const options = { tool: 'test', time: '2026-01-01T00:00:00Z', runs: false, keyFor };

async function prepared(tree: Readonly<Record<string, TreeEntry>> = host, chosen: readonly Performable[] = all) {
  const directory = directoryTree(tree);
  const facts = withLink((await lookAt(directory)).facts);
  const plan = planOf(facts, chosen);
  expect(plan.withheld).toEqual([]);
  const apply = () => applyPlan(facts, plan, new WritableTree(directory), { ...options, target: directory });
  const undo = () => undoLatest(new WritableTree(directory), { runs: false });
  return { directory, facts, plan, apply, undo, original: manifestOf(directory) };
}

describe.skipIf(!isRoot)('applyPlan and undoLatest (need root)', () => {
  it('does every step, and gives everything back', async () => {
    const { directory, apply, undo, original, plan } = await prepared();
    expect(await apply()).toMatchObject({ done: plan.steps.map(({ id }) => id), left: [] });
    const at = (name: string) => join(directory, name);
    expect(readFileSync(at(path.configuration), 'utf8')).toBe(
      '# About\n#listen_tls = 0\nlisten_tls = 1\nauth_tls = "none" # why\n',
    );
    expect(lstatSync(at(path.configuration))).toMatchObject({ gid: 107, mode: 0o100640 });
    expect(lstatSync(at(path.key))).toMatchObject({ uid: 0, gid: 107, mode: 0o100640 });
    expect(manifestOf(directory)['acls']).toContain('user:1000:r--');
    expect(readFileSync(at(path.certificate), 'utf8')).toBe(fresh);
    expect(readFileSync(at(path.key), 'utf8')).toBe(key);
    expect(lstatSync(at(path.certificate))).toMatchObject({ uid: 0, gid: 0, mode: 0o100640 });
    const made = '/etc/pki/libvirt-vnc/server-key.pem';
    expect(lstatSync(at(made))).toMatchObject({ uid: 0, gid: 0, mode: 0o100640, nlink: 1 });
    expect(readdirSync(at('/etc/pki/libvirt-vnc'))).toEqual(['ca-cert.pem', 'server-key.pem']);
    // What they replaced stays beside them as it was.
    const [aside = ''] = readdirSync(at('/etc/pki/libvirt/private')).filter((name) => name.includes('.OLD-'));
    expect(readFileSync(join(at('/etc/pki/libvirt/private'), aside), 'utf8')).toBe('no key\n');
    expect(lstatSync(join(at('/etc/pki/libvirt/private'), aside)).nlink).toBe(1);
    expect(await undo()).toMatchObject({ left: [], of: { interrupted: false } });
    expect(manifestOf(directory)).toEqual(original);
    expect(await undo()).toBeUndefined();
  });

  it('keeps its journal from others, and no key in it', async () => {
    const { directory, apply } = await prepared();
    const { journal } = await apply();
    expect(journal).toBe('/var/lib/virt-pki-check/000001');
    expect(lstatSync(join(directory, '/var/lib/virt-pki-check')).mode & 0o777).toBe(0o700);
    const secrets = ['no key', ...(key.match(/^[\w+/=]{40,}$/gm) ?? [])].flatMap((line) => ['-e', line]);
    expect(spawnSync('grep', ['-rF', ...secrets, join(directory, 'var')]).stdout.toString()).toBe('');
  });

  it('takes away a link, but no file, of which undo would need a copy', async () => {
    const remove: readonly Performable[] = [{ kind: 'remove', path: path.certificate }];
    const dangling = await prepared({ ...host, [path.certificate]: { link: 'gone.pem', owner: 107 } }, remove);
    expect(await dangling.apply()).toMatchObject({ left: [] });
    expect(readdirSync(join(dangling.directory, '/etc/pki/libvirt'))).toEqual(['private']);
    await dangling.undo();
    expect(manifestOf(dangling.directory)).toEqual(dangling.original);
    const file = await prepared(host, remove);
    expect(await file.apply()).toMatchObject({
      done: [],
      failed: { because: expect.stringContaining('by hand') as string },
    });
    expect(readFileSync(join(file.directory, path.certificate), 'utf8')).toBe(old);
  });

  it('leaves a setting that became a secret', async () => {
    const { directory, facts, plan } = await prepared(host, steps.slice(7));
    const secret: Plan = {
      ...plan,
      steps: plan.steps.map((one) => ({
        ...one,
        step: { kind: 'unset', path: path.driver, key: 'vnc_password', line: 1 },
        expects: { kind: 'setting', value: { type: 'redacted', was: 'string', length: 6 } },
      })),
    };
    writeFileSync(join(directory, path.driver), 'vnc_password = "hunter"\n');
    await expect(
      applyPlan(facts, secret, new WritableTree(directory), { ...options, target: directory }),
    ).rejects.toThrow('vnc_password holds may be a secret');
    expect(existsSync(join(directory, 'var'))).toBe(false);
  });

  it('takes back one apply after the other', async () => {
    const { directory, apply, undo, original } = await prepared(host, steps.slice(0, 3));
    await apply();
    const between = manifestOf(directory);
    const facts = (await lookAt(directory)).facts;
    const second = planOf(facts, steps.slice(5));
    await applyPlan(facts, second, new WritableTree(directory), { ...options, target: directory });
    await undo();
    expect(manifestOf(directory)).toEqual(between);
    await undo();
    expect(manifestOf(directory)).toEqual(original);
  });

  it('keeps extended attributes of a file whose content changes, there and back', async () => {
    const { directory, apply, undo } = await prepared();
    const file = join(directory, path.driver);
    const label = 'system_u:object_r:virt_etc_t:s0';
    execFileSync('setfattr', ['-n', 'security.selinux', '-v', label, file]);
    execFileSync('setfacl', ['-m', 'u:1000:r', file]);
    const attributes = () =>
      execFileSync('getfattr', ['-d', '-m', '-', '--absolute-names', file], { encoding: 'utf8' });
    const before = attributes();
    expect(before).toContain('virt_etc_t');
    await apply();
    expect(readFileSync(file, 'utf8')).toBe('vnc_tls = 1\n');
    expect(attributes()).toBe(before);
    await undo();
    expect(readFileSync(file, 'utf8')).toBe('vnc_tls = 0\n');
    expect(attributes()).toBe(before);
  });
});

describe.skipIf(!isRoot)('what changed since it was looked at (needs root)', () => {
  it.each<[string, (at: (name: string) => string) => void]>([
    ['a mode', (at) => chmodSync(at(path.key), 0o600)],
    ['an owner', (at) => chownSync(at(path.key), 107, 1000)],
    ['a setting', (at) => writeFileSync(at(path.configuration), 'listen_tls = 0\nlisten_tcp = 1\n')],
    ['a file that is gone', (at) => rmSync(at(path.driver))],
    ['something where nothing was', (at) => writeFileSync(at('/etc/sasl2/qemu-spice.conf'), '')],
    ['an access control list', (at) => execFileSync('setfacl', ['-m', 'u:107:r', at(path.certificate)])],
    ['another certificate', (at) => writeFileSync(at(path.certificate), fresh)],
    [
      'another certificate of the same size and time',
      (at) => {
        const { atime, mtime } = lstatSync(at(path.certificate));
        writeFileSync(at(path.certificate), fresh.slice(0, old.length).padEnd(old.length, '\n'));
        utimesSync(at(path.certificate), atime, mtime);
      },
    ],
    ['a sound key in the place of a broken one', (at) => writeFileSync(at(path.key), key)],
    ['a directory where none was', (at) => mkdirSync(at('/etc/pki/libvirt-vnc'))],
    ['a link in the place of a file', (at) => (rmSync(at(path.key)), symlinkSync('/etc/shadow', at(path.key)))],
  ])('%s: nothing is done', async (_, change) => {
    const { directory, apply } = await prepared();
    change((name) => join(directory, name));
    const changed = manifestOf(directory);
    await expect(apply()).rejects.toThrow(Refused);
    expect(manifestOf(directory)).toEqual(changed);
  });

  it('a file that somebody writes to while it is being changed keeps what they wrote', async () => {
    const { directory, facts, plan } = await prepared(host, steps.slice(5, 6));
    const file = join(directory, path.configuration);
    const tree = new WritableTree(directory, (operation) => {
      if (operation.startsWith('write /etc')) appendFileSync(file, '# theirs\n');
    });
    const applied = await applyPlan(facts, plan, tree, { ...options, target: directory });
    expect(applied).toMatchObject({
      done: [],
      failed: { because: expect.stringContaining('by somebody else') as string },
    });
    expect(readFileSync(file, 'utf8')).toMatch(/listen_tcp = 1\n# theirs\n$/);
    expect(readdirSync(join(directory, '/etc/libvirt')).sort()).toEqual(['libvirtd.conf', 'qemu.conf']);
  });

  it.each([
    ['a certificate', path.certificate, 'write', old],
    ['a key', path.key, 'write-key', 'no key\n'],
  ])('%s that somebody changes while it is being replaced keeps what they wrote', async (_, at, kind, before) => {
    const { directory, facts, plan } = await prepared(
      host,
      files.filter((one) => one.kind === kind && 'path' in one && one.path === at),
    );
    const file = join(directory, at);
    const tree = new WritableTree(directory, (operation) => {
      if (operation.startsWith('write /etc')) appendFileSync(file, '# theirs\n');
    });
    const applied = await applyPlan(facts, plan, tree, { ...options, target: directory });
    expect(applied).toMatchObject({
      done: [],
      failed: { because: expect.stringContaining('by somebody else') as string },
    });
    expect(readFileSync(file, 'utf8')).toBe(`${before}# theirs\n`);
    expect(readdirSync(dirname(file)).filter((name) => /OLD|virt-pki-check/.test(name))).toEqual([]);
    expect(await undoLatest(new WritableTree(directory), { runs: false })).toMatchObject({ left: [], restored: [] });
    expect(readFileSync(file, 'utf8')).toBe(`${before}# theirs\n`);
  });

  it('something that comes to stand where a new file is being put stays', async () => {
    const chosen = files.filter((one) => 'path' in one && /libvirt-vnc$|ca-cert/.test(String(one.path)));
    const { directory, facts, plan } = await prepared(host, chosen);
    const file = join(directory, '/etc/pki/libvirt-vnc/ca-cert.pem');
    const tree = new WritableTree(directory, (operation) => {
      if (operation.startsWith('link /etc')) writeFileSync(file, 'theirs\n');
    });
    const applied = await applyPlan(facts, plan, tree, { ...options, target: directory });
    expect(applied.failed?.because).toContain('is there already');
    expect(readFileSync(file, 'utf8')).toBe('theirs\n');
    // The directory is not empty, and stays with what is in it.
    const undone = await undoLatest(new WritableTree(directory), { runs: false });
    expect(undone?.left.map(({ path: left }) => left)).toContain('/etc/pki/libvirt-vnc/ca-cert.pem');
    expect(readFileSync(file, 'utf8')).toBe('theirs\n');
  });

  it('a directory above that became a link out of the root: nothing outside is written', async () => {
    const { directory, apply } = await prepared();
    const outside = directoryTree({
      '/libvirt/private/serverkey.pem': { content: 'theirs\n', mode: 0o666, owner: 1000, group: 1000 },
    });
    const theirs = manifestOf(outside);
    renameSync(join(directory, '/etc/pki'), join(directory, '/etc/old'));
    symlinkSync(outside, join(directory, '/etc/pki'));
    await expect(apply()).rejects.toThrow(Refused);
    expect(manifestOf(outside)).toEqual(theirs);
  });

  it('follows links inside the root, also absolute ones', async () => {
    const { directory, apply, undo, original } = await prepared(
      { ...host, '/etc/libvirt/qemu.conf': { link: '/srv/qemu.conf' }, '/srv/qemu.conf': 'vnc_tls = 0\n' },
      steps.slice(7),
    );
    await apply();
    expect(readFileSync(join(directory, '/srv/qemu.conf'), 'utf8')).toBe('vnc_tls = 1\n');
    expect(lstatSync(join(directory, path.driver)).isSymbolicLink()).toBe(true);
    await undo();
    expect(manifestOf(directory)).toEqual(original);
  });

  it('a file with a second name, which may lie outside, is left', async () => {
    const { directory, apply, undo, original } = await prepared(host, steps.slice(0, 3));
    const other = mkdtempSync(join(tmpdir(), 'virt-pki-check-'));
    onTestFinished(() => rmSync(other, { recursive: true }));
    linkSync(join(directory, path.key), join(other, 'second'));
    expect(await apply()).toMatchObject({
      done: [],
      failed: { because: expect.stringContaining('2 names') as string },
    });
    expect(lstatSync(join(other, 'second')).mode & 0o777).toBe(0o666);
    await undo();
    expect(manifestOf(directory)).toEqual(original);
  });

  it('a state directory of somebody else is not used', async () => {
    const { directory, apply } = await prepared({
      ...host,
      '/var/lib/virt-pki-check': { type: 'directory', mode: 0o700, owner: 1000, group: 1000 },
    });
    await expect(apply()).rejects.toThrow('for this account alone');
    expect(existsSync(join(directory, '/etc/sasl2/qemu-spice.conf'))).toBe(false);
  });

  it('what somebody changed after the apply is left at undo, and said', async () => {
    const { directory, apply, undo, original } = await prepared();
    await apply();
    appendFileSync(join(directory, path.driver), '# mine\n');
    const undone = await undo();
    expect(undone?.left).toEqual([
      { path: path.driver, because: expect.stringContaining('by somebody else') as string },
    ]);
    expect(readFileSync(join(directory, path.driver), 'utf8')).toBe('vnc_tls = 1\n# mine\n');
    // When it is put right, the rest of the undo goes through.
    writeFileSync(join(directory, path.driver), 'vnc_tls = 1\n');
    expect(await undo()).toMatchObject({ left: [] });
    expect(manifestOf(directory)).toEqual(original);
  });
});

describe.skipIf(!isRoot)('an apply that is killed (needs root)', () => {
  let harness = '';
  const scratch = mkdtempSync(join(tmpdir(), 'virt-pki-check-'));
  beforeAll(async () => {
    harness = join(scratch, 'fix-harness.mjs');
    await bundleFix(harness);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  const run = (work: 'apply' | 'undo', directory: string, file: string, limit: number) => {
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [harness, work, directory, file, String(limit)],
      { encoding: 'utf8' },
    );
    if (status !== 0 && signal !== 'SIGKILL') throw new Error(stderr);
    return {
      killed: signal === 'SIGKILL',
      ...(stdout === '' ? {} : (JSON.parse(stdout) as { operations: number; result: { left?: unknown[] } | null })),
    };
  };

  /** The state directory may stay when the very last step of an undo was not reached. */
  const withoutState = (manifest: Record<string, string>) =>
    Object.fromEntries(Object.entries(manifest).filter(([name]) => !/^\/var(\/|$)/.test(name)));

  it('at any point can be taken back to the last byte', { timeout: 600_000 }, async () => {
    const { directory, facts, plan, undo, original } = await prepared();
    const file = join(scratch, 'plan.json');
    writeFileSync(file, JSON.stringify({ facts, plan, key }));
    const count = run('apply', directory, file, 0).operations ?? 0;
    expect(count).toBeGreaterThan(30);
    await undo();
    expect(manifestOf(directory)).toEqual(original);
    for (let limit = 1; limit <= count; limit += 1) {
      // What an earlier round left of the state directory need not be made again: the last ones live to the end.
      expect(run('apply', directory, file, limit).killed || limit > count - 6).toBe(true);
      // A configuration file is always the old or the new one, whole.
      const text = readFileSync(join(directory, path.configuration), 'utf8');
      expect(text.endsWith('listen_tcp = 1\n') || text.endsWith('# why\n'), text).toBe(true);
      expect((await undo())?.left ?? [], `killed before operation ${limit}`).toEqual([]);
      expect(withoutState(manifestOf(directory)), `killed before operation ${limit}`).toEqual(original);
    }
  });

  it('and whose undo is killed too', { timeout: 600_000 }, async () => {
    const { directory, facts, plan, apply, undo, original } = await prepared();
    const file = join(scratch, 'plan-2.json');
    writeFileSync(file, JSON.stringify({ facts, plan, key }));
    await apply();
    const count = run('undo', directory, file, 0).operations ?? 0;
    for (let limit = 1; limit <= count; limit += 1) {
      await apply();
      expect(run('undo', directory, file, limit).killed || limit > count - 6).toBe(true);
      expect((await undo())?.left ?? [], `killed before operation ${limit}`).toEqual([]);
      expect(withoutState(manifestOf(directory)), `killed before operation ${limit}`).toEqual(original);
    }
  });

  it('is not followed by another one before it is taken back', async () => {
    const { directory, facts, plan, apply } = await prepared();
    const file = join(scratch, 'plan-3.json');
    writeFileSync(file, JSON.stringify({ facts, plan, key }));
    run('apply', directory, file, 12);
    await expect(apply()).rejects.toThrow(/interrupted|not as it was/);
  });
});

/** A file system of its own below a new directory; undefined where none may be mounted. */
function mounted(size: string): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'virt-pki-check-'));
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0755`, 'tmpfs', directory]);
  if (mount.status !== 0) {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  onTestFinished(() => {
    spawnSync('umount', [directory]);
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

const canMount = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0;

describe.skipIf(!canMount)('on a file system with troubles (needs root and mount)', () => {
  it('that is full at any point: nothing is lost or half-written', { timeout: 120_000 }, async () => {
    const directory = mounted('512k');
    if (directory === undefined) throw new Error('mount fails');
    const large = `${host[path.driver] as string}${'# a comment\n'.repeat(2000)}`;
    writeTree(directory, { ...host, [path.driver]: large });
    const facts = withLink((await lookAt(directory)).facts);
    const plan = planOf(facts);
    const outcomes = new Set<string>();
    const original = manifestOf(directory);
    for (let room = 0; room < 128; room += 4) {
      const filler = join(directory, 'filler');
      spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1024'], { stdio: 'ignore' });
      execFileSync('truncate', ['-s', `-${room}K`, filler]);
      const full = async () => {
        try {
          const applied = await applyPlan(facts, plan, new WritableTree(directory), { ...options, target: directory });
          return applied.failed === undefined ? 'done' : 'stopped';
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          return 'refused';
        }
      };
      outcomes.add(await full());
      for (const name of [path.driver, path.configuration]) {
        const content = readFileSync(join(directory, name), 'utf8');
        expect(content.length, `${name} with ${room} KiB left`).toBeGreaterThanOrEqual(
          (name === path.driver ? large : 'auth_tls = "none" # why\n').length,
        );
      }
      rmSync(filler);
      const undone = await undoLatest(new WritableTree(directory), { runs: false });
      expect(undone?.left ?? []).toEqual([]);
      const { acls, ...now } = manifestOf(directory);
      expect(
        Object.fromEntries(Object.entries(now).filter(([name]) => !name.startsWith('/var'))),
        `with ${room} KiB left`,
      ).toEqual(Object.fromEntries(Object.entries(original).filter(([name]) => name !== 'acls')));
      expect(acls).toBe(original['acls']);
      rmSync(join(directory, 'var'), { recursive: true, force: true });
    }
    expect(outcomes).toEqual(new Set(['refused', 'stopped', 'done']));
  });

  it('of which a part is read-only: it stops there, says so, and can be taken back', async () => {
    const { directory, apply, undo, original } = await prepared();
    const closed = join(directory, '/etc/pki/libvirt/private');
    execFileSync('mount', ['--bind', closed, closed]);
    onTestFinished(() => void spawnSync('umount', [closed]));
    execFileSync('mount', ['-o', 'remount,ro,bind', closed]);
    const applied = await apply();
    expect(applied.failed?.because).toContain('the file system is read-only');
    expect(applied.left.length).toBeGreaterThan(0);
    expect(await undo()).toMatchObject({ left: [] });
    expect(manifestOf(directory)).toEqual(original);
  });

  it('that is read-only: nothing is done, and it says so', async () => {
    const directory = mounted('1m');
    if (directory === undefined) throw new Error('mount fails');
    writeTree(directory, host);
    const facts = withLink((await lookAt(directory)).facts);
    execFileSync('mount', ['-o', 'remount,ro', directory]);
    await expect(
      applyPlan(facts, planOf(facts), new WritableTree(directory), { ...options, target: directory }),
    ).rejects.toThrow('the file system is read-only');
  });
});

describe('applyPlan as anybody', () => {
  it('mends what belongs to the caller, in a directory', async () => {
    const directory = directoryTree({
      '/etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
      '/etc/group': 'root:x:0:\n',
      [path.driver]: 'vnc_tls = 0\n',
    });
    mkdirSync(join(directory, 'var'), { recursive: true });
    const facts = (await lookAt(directory)).facts;
    const plan = composePlan(facts, [
      { id: '0', title: 'Mend', applicability: 'safe', findings: [], steps: steps.slice(7), told: [], round: 0 },
    ]);
    await applyPlan(facts, plan, new WritableTree(directory), { ...options, target: directory });
    expect(readFileSync(join(directory, path.driver), 'utf8')).toBe('vnc_tls = 1\n');
    await undoLatest(new WritableTree(directory), { runs: false });
    expect(readFileSync(join(directory, path.driver), 'utf8')).toBe('vnc_tls = 0\n');
  });
});

describe('runCommand', () => {
  it('runs what is installed, and says how it ended', () => {
    expect(() => runCommand(['true'])).not.toThrow();
    expect(() => runCommand(['ls', '/no such name'])).toThrow(/^ls \/no such name ends with 2: .*No such file/);
    expect(() => runCommand(['no-such-program'])).toThrow('no-such-program is not installed');
  });
});
