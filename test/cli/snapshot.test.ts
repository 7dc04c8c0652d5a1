import { Ajv } from 'ajv';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import snapshotSchema from '../../src/facts/snapshot.schema.json' with { type: 'json' };
import { ensureBuilt } from '../support/built-program.ts';
import { pemOf } from '../support/certificates.ts';
import { directoryTree, type TreeEntry } from '../support/directory-tree.ts';
import { run } from '../support/run-program.ts';

const top = join(import.meta.dirname, '../..');
const example = join(top, 'fixtures/hosts/example');
const validSnapshot = new Ajv({ strict: false, validateFormats: false }).compile<Snapshot>(snapshotSchema);

beforeAll(ensureBuilt, 120_000);
// Each test starts the program several times, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const snapshotIn = (content: string): string => {
  const file = join(directoryTree({}), 'snapshot.json');
  writeFileSync(file, content);
  return file;
};

/** Below a described host's root/; the description fixes its clock, so that two looks are of the same moment. */
const describedTree = (tree: Readonly<Record<string, TreeEntry>>): string =>
  directoryTree({
    '/host.json': JSON.stringify({ now: '2026-06-01T02:00:00.000Z', entries: {} }),
    '/root': { type: 'directory' },
    ...Object.fromEntries(Object.entries(tree).map(([path, entry]) => [`/root${path}`, entry])),
  });

const hosts: readonly (readonly [string, () => string])[] = [
  ['the example host', () => example],
  ['a host with nothing on it', () => describedTree({})],
  [
    'a server with certificates, settings that do not parse, and links',
    () =>
      describedTree({
        '/etc/hostname': 'kvm9\n',
        '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n',
        '/etc/group': 'root:x:0:\nlibvirt:x:118:alice\n',
        '/usr/sbin/libvirtd': '',
        '/etc/libvirt/libvirtd.conf': 'listen_tls = 1\ntls_port = "16514\n',
        '/etc/libvirt/qemu.conf': 'vnc_tls = 1\nvnc_pasword = "x"\nlock = [[["deep"]]]\n',
        '/etc/pki/CA/cacert.pem': pemOf('root'),
        '/etc/pki/libvirt/servercert.pem': { link: '/srv/certificate.pem' },
        '/srv/certificate.pem': pemOf('server-expired'),
        '/etc/pki/libvirt/private/serverkey.pem': { link: '../private/serverkey.pem' },
        '/home/alice/.pki/libvirt/clientcert.pem': 'nothing\n',
      }),
  ],
  [
    'a host whose names and values need escaping',
    () =>
      describedTree({
        '/etc/hostname': 'kvm\u001b]0;x\u0007\u202e\n',
        '/etc/libvirt/libvirtd.conf': Buffer.from(
          'tls_allowed_dn_list = ["\xff\xfe", "\u001b[2J"]\nkey_file = "/srv/\xe9"\n',
          'latin1',
        ).toString('latin1'),
        '/etc/pki/libvirt/private/\u009b31m-key.pem': 'x',
      }),
  ],
];

describe.each(hosts)('of %s', (_, make) => {
  it('a snapshot is valid, and scanning it gives byte for byte what scanning the host gave', async () => {
    const host = make();
    const collected = await run(['collect', host]);
    expect(collected.err).toBe('');
    expect(collected.status).toBe(0);
    expect(validSnapshot(JSON.parse(collected.out)), JSON.stringify(validSnapshot.errors)).toBe(true);
    const snapshot = snapshotIn(collected.out);
    for (const flags of [
      [],
      ['--format', 'json'],
      ['--verbose'],
      ['--format', 'json', '--only', 'private-key-exposed'],
    ]) {
      const [ofHost, again, ofSnapshot] = await Promise.all([
        run([host, ...flags]),
        run([host, ...flags]),
        run([snapshot, ...flags]),
      ]);
      expect(ofSnapshot.out).toBe(ofHost.out);
      expect(ofSnapshot.status).toBe(ofHost.status);
      expect(again.out).toBe(ofHost.out);
      expect(ofHost.out).not.toBe('');
    }
  });

  it('collecting twice gives the same bytes', async () => {
    const host = make();
    const [once, again] = await Promise.all([run(['collect', host]), run(['collect', host])]);
    expect(again.out).toBe(once.out);
  });
});

it('a snapshot of this machine is valid, and what it says later is what it said now', async () => {
  const file = join(directoryTree({}), 'here.json');
  const { out, err, status } = await run(['collect', '--output', file]);
  expect([out, err, status]).toEqual(['', '', 0]);
  const snapshot: unknown = JSON.parse(readFileSync(file, 'utf8'));
  expect(validSnapshot(snapshot), JSON.stringify(validSnapshot.errors)).toBe(true);
  const [now, later] = await Promise.all([run([file, '--format', 'json']), run([file, '--format', 'json'])]);
  expect(now.out).toBe(later.out);
  expect([0, 1, 3]).toContain(now.status);
});

describe('a document that is no snapshot of ours is refused with 2, and what is wrong is said', () => {
  let good = '';
  beforeAll(async () => {
    good = (await run(['collect', example])).out;
  });
  const changed = (
    change: (snapshot: Record<string, unknown> & { facts: Record<string, unknown> }) => void,
  ): string => {
    const snapshot = JSON.parse(good) as Record<string, unknown> & { facts: Record<string, unknown> };
    change(snapshot);
    return JSON.stringify(snapshot);
  };
  const nested = (depth: number): string => `${'{"type":"list","items":['.repeat(depth)}${']}'.repeat(depth)}`;

  it.each<readonly [string, () => string, RegExp]>([
    ['nothing', () => '', /it is not JSON/],
    ['half of one', () => good.slice(0, good.length / 2), /it is not JSON/],
    ['null', () => 'null', /"format" is missing/],
    ['a list', () => '[]', /"format" is missing/],
    [
      'another format',
      () => changed((snapshot) => (snapshot['format'] = 'virt-pki-check/report')),
      /"format" is "virt-pki-check\/report"/,
    ],
    [
      'a later version',
      () => changed((snapshot) => (snapshot['version'] = 2)),
      /version 2; this program reads version 1/,
    ],
    ['no version', () => changed((snapshot) => delete snapshot['version']), /version missing/],
    [
      'no facts',
      () => changed((snapshot) => delete (snapshot as Record<string, unknown>)['facts']),
      /damaged snapshot: the document .*facts/,
    ],
    ['a fact missing', () => changed(({ facts }) => delete facts['files']), /damaged snapshot: \/facts .*files/],
    [
      'a fact of another type',
      () => changed(({ facts }) => (facts['accounts'] = { known: true, value: 'root' })),
      /damaged snapshot: \/facts\/accounts/,
    ],
    [
      'a property that nobody knows',
      () =>
        changed(({ facts }) => (facts['clock'] = { known: true, value: { now: '2026-01-01T00:00:00.000Z', then: 1 } })),
      /damaged snapshot: \/facts\/clock/,
    ],
    [
      'a time that is none',
      () => changed(({ facts }) => (facts['clock'] = { known: true, value: { now: 'yesterday' } })),
      /damaged snapshot: \/facts\/clock/,
    ],
    [
      'values nested without end',
      () =>
        changed(({ facts }) => {
          facts['configurations'] = {
            known: true,
            value: { '/etc/libvirt/libvirtd.conf': { known: true, value: { settings: ['@'] } } },
          };
        }).replace('"@"', `{"key":"x","line":1,"column":1,"value":${nested(200_000)}}`),
      /damaged snapshot: it nests too deep/,
    ],
    ['escapes where it should say its format', () => '{"format":"\\u001b[2J\\u202e"}', /"format" is "\\+u001b\[2J/],
  ])('%s', async (_, make, message) => {
    const { status, out, err } = await run([snapshotIn(make())]);
    expect(err).toMatch(message);
    expect(err).toMatch(/^virt-pki-check: /);
    expect(err).not.toMatch(/fault of ours|\n {4}at /);
    expect(err).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    expect(out).toBe('');
    expect(status).toBe(2);
  });

  it('collect of a snapshot says that it is one already', async () => {
    const { status, err } = await run(['collect', snapshotIn(good)]);
    expect(err).toMatch(/is a snapshot already/);
    expect(status).toBe(2);
  });

  it.skipIf(process.geteuid?.() === 0)('one that may not be read is no fault of ours', async () => {
    const root = directoryTree({ '/snapshot.json': { content: good, mode: 0 } });
    const { status, err } = await run([join(root, 'snapshot.json')]);
    expect(err).toMatch(/cannot read .*permission denied/i);
    expect(status).toBe(2);
  });
});
