import { Ajv } from 'ajv';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import diagnosisSchema from '../../src/engine/diagnosis.schema.json' with { type: 'json' };
import type { DiagnosisReport } from '../../src/engine/diagnosis-report.ts';
import { ensureBuilt } from '../support/built-program.ts';
import { libvirtScenarios, treeOf, type Scenario } from '../support/corpus.ts';
import { directoryTree } from '../support/directory-tree.ts';
import { run, type Ran } from '../support/run-program.ts';

const top = join(import.meta.dirname, '../..');
const [desk, example] = ['desk', 'example'].map((name) => join(top, 'fixtures/hosts', name)) as [string, string];
const uri = 'qemu+tls://kvm1.example.com/system';
const valid = new Ajv({ strict: false, validateFormats: false }).compile<DiagnosisReport>(diagnosisSchema);

let work: string;
beforeAll(() => {
  ensureBuilt();
  work = mkdtempSync(join(tmpdir(), 'diagnose-'));
}, 120_000);
afterAll(() => {
  rmSync(work, { recursive: true });
});
// Each test starts the program, some several times, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** Asks about the two hosts of fixtures/hosts, and sends nothing. */
const diagnose = (...args: readonly string[]): Promise<Ran> => run(['diagnose', '--offline', ...args]);
const ofHosts = (...args: readonly string[]): Promise<Ran> =>
  diagnose(...(args.some((arg) => arg.includes('://')) ? [] : [uri]), '--client', desk, '--server', example, ...args);

function documentOf({ out }: Ran): DiagnosisReport {
  const document: unknown = JSON.parse(out);
  expect(valid(document), JSON.stringify(valid.errors?.[0])).toBe(true);
  return document as DiagnosisReport;
}

/** The hosts of a scenario that connects, by its name; owners are given by host.json. */
const hosts = (name: string): readonly [string, string] => {
  const scenario = libvirtScenarios.find((one) => one.name === name) as Scenario;
  return [directoryTree(treeOf(scenario.client)), directoryTree(treeOf(scenario.server))];
};

describe('exit status', () => {
  it.runIf(process.getuid?.() === 0)('is 0 where it connects', async () => {
    const {
      uri: asked,
      user,
      name,
    } = libvirtScenarios.find(
      (one) => one.name.startsWith('base/') && Object.values(one.truth).every(({ connects }) => connects),
    ) as Scenario;
    const [client, server] = hosts(name);
    const ran = await diagnose(
      asked,
      '--client',
      client,
      '--server',
      server,
      '--user',
      user,
      '--format',
      'json',
      '--libvirt-version',
      '9.0.0',
    );
    expect(ran).toMatchObject({ status: 0, err: '' });
    expect(documentOf(ran)).toMatchObject({
      verdict: 'connects',
      stage: null,
      clientError: null,
      fix: null,
      why: null,
    });
  });

  it('is 1 where it fails', async () => {
    expect(await ofHosts('--user', 'alice')).toMatchObject({ status: 1, err: '' });
  });

  it('is 3 where nobody can tell', async () => {
    const ran = await diagnose(uri, '--client', desk, '--user', 'root', '--format', 'json');
    expect(ran).toMatchObject({ status: 3, err: '' });
    expect(documentOf(ran)).toMatchObject({ verdict: 'unknown', stage: null, server: null });
    expect(await ofHosts('qemu+ssh://root@kvm1.example.com/system')).toMatchObject({ status: 3, err: '' });
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no URI', [], /need at least 1 \(virt-pki-check --help\)/],
    ['what is no URI', ['nonsense'], /nonsense is no URI that virsh takes/],
    ['a target that is not there', [uri, '--client', '/nowhere/at/all'], /\/nowhere\/at\/all/],
    ['a server that is not there', [uri, '--client', desk, '--server', '/nowhere/at/all'], /\/nowhere\/at\/all/],
    ['a user that the client does not have', [uri, '--client', desk, '--user', 'mallory'], /no account mallory/],
    ['a viewer of which nothing is known', ['vnc://kvm1', '--client', desk, '--viewer', 'krdc'], /krdc/],
    ['a console without a host', ['vnc://:5900', '--client', desk], /vnc:\/\/HOST:PORT/],
    ['SPICE without a port', ['spice://kvm1', '--client', desk], /names no port; write spice:\/\/HOST:PORT/],
    ['SPICE with what it does not know', ['spice://kvm1:1?colour=red', '--client', desk], /no parameter colour/],
    ['NBD without a host', ['nbd://:10809', '--client', desk], /nbds:\/\/ for TLS/],
    ['a flag that there is not', [uri, '--frobnicate'], /frobnicate/],
    ['a time that is none', [uri, '--client', desk, '--at', 'yesterday'], /yesterday/],
    ['a terminal that is none', [uri, '--client', desk, '--format', 'tui'], /terminal/],
    ['flags that contradict each other', [uri, '--client', desk, '--quiet', '--verbose'], /quiet/],
  ])('is 2 for %s', async (_, args, error) => {
    const { status, out, err } = await diagnose(...args);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(error);
    expect(err).not.toMatch(/\n\s+at |undefined/);
  });

  it('is 2 for a snapshot of another version, of both ends', async () => {
    const collected = await run(['collect', desk]);
    const snapshot = JSON.parse(collected.out) as Record<string, unknown>;
    const path = join(work, 'later.json');
    writeFileSync(path, JSON.stringify({ ...snapshot, version: 99 }));
    for (const args of [
      ['--client', path, '--server', example],
      ['--client', desk, '--server', path],
    ]) {
      const { status, err } = await diagnose(uri, ...args);
      expect(status).toBe(2);
      expect(err).toContain(path);
      expect(err).toMatch(/version 99/);
    }
  });
});

describe('SPICE and NBD', () => {
  it.each([
    ['spice://kvm1.example.com:5900', 'spice://kvm1.example.com:5900'],
    ['spice://[2001:db8::1]?tls-port=5901', 'spice://[2001:db8::1]?tls-port=5901'],
    ['spice+tls://kvm1.example.com:5901', 'spice://kvm1.example.com?tls-port=5901'],
    [
      'spice://joe:hunter2@kvm1.example.com/?port=5900&tls-port=5901&password=hunter2',
      'spice://kvm1.example.com:5900?tls-port=5901',
    ],
    ['nbd://kvm1.example.com', 'nbd://kvm1.example.com'],
    ['NBDS://joe:hunter2@kvm1.example.com:10810/disk', 'nbds://kvm1.example.com:10810/disk'],
  ])('%s is walked without a look, and without passwords', async (asked, shown) => {
    const ran = await diagnose(asked, '--client', desk, '--server', example, '--format', 'json');
    const document = documentOf(ran);
    expect(document.uri).toBe(shown);
    expect(document.steps.map(({ stage }) => stage)).toContain('handshake');
    expect(ran.out).not.toContain('hunter2');
    const text = await diagnose(asked, '--client', desk);
    expect(text.out).not.toMatch(/hunter2|virsh -c/);
  });
});

describe('json', () => {
  it('is as the schema says, and names both hosts', async () => {
    const document = documentOf(await ofHosts('--user', 'alice', '--format', 'json'));
    expect(document).toMatchObject({
      format: 'virt-pki-check/diagnosis',
      version: 1,
      uri,
      verdict: 'fails',
      stage: 'client-credentials',
      mendedOn: 'client',
      serverError: null,
      client: { target: desk, hostname: 'desk7.example.com', user: 'alice' },
      server: { target: example, hostname: 'kvm1.example.com' },
    });
    expect(document.clientError).toMatch(/^Unable to set x509 key and certificate: /);
    expect(document.fix?.steps.length).toBeGreaterThan(0);
    expect(document.steps.filter(({ outcome }) => outcome === 'fail')).toHaveLength(1);
    expect(document.warnings.map(({ side }) => side)).toContain('server');
  });

  it('has no server where none is named', async () => {
    const document = documentOf(await diagnose(uri, '--client', desk, '--user', 'alice', '--format', 'json'));
    expect(document.server).toBeNull();
    expect(document.warnings.every(({ side }) => side === 'client')).toBe(true);
  });

  it('is the same from directories and from snapshots of them, but for their names', async () => {
    const [client, server] = [join(work, 'desk.json'), join(work, 'example.json')];
    await Promise.all([run(['collect', desk, '--output', client]), run(['collect', example, '--output', server])]);
    const args = ['--user', 'alice', '--format', 'json'];
    const [first, again] = await Promise.all([
      diagnose(uri, '--client', client, '--server', server, ...args),
      diagnose(uri, '--client', client, '--server', server, ...args),
    ]);
    expect(first.out).toBe(again.out);
    expect(JSON.parse(first.out)).toEqual(JSON.parse((await ofHosts(...args)).out));
  });
});

describe('flags', () => {
  it('--output writes to a file and nothing besides', async () => {
    const path = join(work, 'diagnosis.json');
    expect(await ofHosts('--user', 'alice', '--format', 'json', '--output', path)).toMatchObject({
      status: 1,
      out: '',
      err: '',
    });
    documentOf({ out: readFileSync(path, 'utf8') } as Ran);
  });

  it('--output does not write over what is no report of ours', async () => {
    const path = join(work, 'no', 'such', 'directory', 'x.json');
    const { status, err } = await ofHosts('--output', path);
    expect(status).toBe(2);
    expect(err).toContain(path);
    expect(existsSync(path)).toBe(false);
  });

  it('--at judges both ends as of another moment', async () => {
    const document = documentOf(await ofHosts('--at', '2099-01-01', '--format', 'json'));
    expect(document.time).toBe('2099-01-01T00:00:00.000Z');
    expect(document).toMatchObject({ verdict: 'fails', stage: 'server-credentials', mendedOn: 'server' });
    expect(document.serverError).toMatch(/has expired$/);
    expect(document.fix).not.toBeNull();
  });

  it('--user is whose files count', async () => {
    const byUser = await Promise.all(
      ['alice', 'root'].map(async (user) => documentOf(await ofHosts('--user', user, '--format', 'json'))),
    );
    expect(byUser.map(({ client }) => client.user)).toEqual(['alice', 'root']);
    expect(byUser[0]?.clientError).toContain('/home/alice/.pki/libvirt');
    expect(byUser[1]?.clientError ?? '').not.toContain('/home/alice');
  });

  it('--libvirt-version is that of both', async () => {
    const document = documentOf(await ofHosts('--libvirt-version', '9.0.0-4+deb12u2', '--format', 'json'));
    expect(document.server?.software?.libvirt).toBe('9.0.0-4+deb12u2');
    expect(document.client.software?.libvirt).toBe('9.0.0-4+deb12u2');
  });

  it('--verbose shows every step with its source, --quiet the ladder and the way out only', async () => {
    const [usual, verbose, quiet] = await Promise.all(
      [[], ['--verbose'], ['--quiet']].map((more) => ofHosts('--user', 'alice', ...more)),
    );
    expect(verbose?.out).toMatch(/virnettlscert\.c/);
    expect(verbose?.out).toContain('Do --listen and the sockets of systemd agree?');
    expect(usual?.out).toContain('Beside this connection:');
    expect(quiet?.out).not.toContain('Beside this connection:');
    expect(quiet?.out).toContain('Mend ');
  });

  it('--color always colours, and leaves the words alone', async () => {
    const [plain, colored] = await Promise.all(
      ['never', 'always'].map((color) => ofHosts('--user', 'alice', '--color', color)),
    );
    expect(colored?.out).toContain('\u001b[');
    expect(colored?.out.replaceAll(/\u001b\[[\d;]*m/g, '')).toBe(plain?.out);
  });
});

describe('hostile names', () => {
  const steering = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

  it.each([
    'vnc://kvm1\u001bc\u202e:5900',
    'vnc://kvm1\u0007',
    'qemu+tls://kvm1%1bc%e2%80%ae/system',
    'qemu+tls://kvm1/system?pkipath=/tmp/%1bc',
    'qemu+tls://kvm1/system?tls_priority=%1b[31m',
    'qemu\u001bc',
    'test\u202e:///default',
  ])('%j steer no terminal', async (hostile) => {
    const { out, err, status } = await diagnose(hostile, '--client', desk, '--server', example);
    expect([1, 2, 3]).toContain(status);
    expect(out).not.toMatch(steering);
    expect(err).not.toMatch(steering);
  });
});

describe('what an admin reads', () => {
  /* Kept beside the host that asks, to be read as a whole: vitest --update writes it anew. */
  it.each<[string, readonly string[]]>([
    ['libvirt', [uri, '--user', 'alice']],
    ['expired', [uri, '--user', 'root', '--at', '2027-01-01']],
    ['console', ['vnc://kvm1.example.com:5900', '--user', 'alice']],
    ['ssh', ['qemu+ssh://root@kvm1.example.com/system', '--user', 'alice', '--verbose']],
  ])('of %s', async (name, args) => {
    const { out, err } = await ofHosts(...args, '--format', 'text');
    expect(err).toBe('');
    await expect(out).toMatchFileSnapshot(join(desk, `diagnosis-${name}.txt`));
  });
});
