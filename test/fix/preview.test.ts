import { describe, expect, it } from 'vitest';
import { known } from '../../src/facts/fact.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { editedFiles, planPreviews } from '../../src/fix/preview.ts';
import type { PlannedStep } from '../../src/fix/plan.ts';
import type { Performable } from '../../src/fix/step-effect.ts';
import {
  aCertificate,
  absent,
  caCertificate,
  certificate,
  configuration,
  facts,
  file,
  link,
  serverCertificate,
} from '../support/facts.ts';

const path = { daemon: '/etc/libvirt/libvirtd.conf', qemu: '/etc/libvirt/qemu.conf', key: '/etc/pki/key.pem' };

const host = facts(
  configuration(path.daemon, { settings: [] }),
  configuration(path.qemu, { settings: [] }),
  file(path.key, { uid: 0, gid: 0, mode: 0o600 }),
  file('/etc/strange', { uid: 4711, gid: 118, mode: 0o6755 }),
  link('/etc/old', 'pki/\x1b[2Jkey.pem'),
  absent('/etc/new'),
  certificate('/etc/pki/CA/cacert.pem', caCertificate(), serverCertificate()),
);
const all = Object.fromEntries(
  Object.entries(host).map(([name, value]) => [name, known(value)]),
) as unknown as Snapshot['facts'];

const planOf = (steps: readonly Performable[]) => ({
  steps: steps.map((step, index) => ({ id: String(index), step }) as unknown as PlannedStep),
});

const preview = (steps: readonly Performable[], contents: Readonly<Record<string, string>> = {}): readonly string[] =>
  planPreviews(
    all,
    planOf(steps),
    new Map(Object.entries(contents).map(([name, text]) => [name, Buffer.from(text)])),
  ).flatMap(({ lines }) => lines.map(({ sign, text }) => sign + text));

const set = (key: string, value: string, of = path.daemon): Performable => ({ kind: 'set', path: of, key, value });

describe('what a step changes', () => {
  it.each<[string, readonly Performable[], readonly string[]]>([
    [
      'mode',
      [{ kind: 'chmod', path: path.key, from: 0o600, to: 0o640 }],
      ['--rw------- root root /etc/pki/key.pem', '+-rw-r----- root root /etc/pki/key.pem'],
    ],
    [
      'owner, after the step before',
      [
        { kind: 'chgrp', path: path.key, from: 'root', to: 'libvirt-qemu' },
        { kind: 'chown', path: path.key, from: 'root', to: 'alice' },
      ],
      [
        '--rw------- root root /etc/pki/key.pem',
        '+-rw------- root libvirt-qemu /etc/pki/key.pem',
        '--rw------- root libvirt-qemu /etc/pki/key.pem',
        '+-rw------- alice libvirt-qemu /etc/pki/key.pem',
      ],
    ],
    [
      'an account without a name, and special bits',
      [{ kind: 'chmod', path: '/etc/strange', from: 0o6755, to: 0o755 }],
      ['--rwsr-sr-x 4711 libvirt /etc/strange', '+-rwxr-xr-x 4711 libvirt /etc/strange'],
    ],
    [
      'an access control list',
      [{ kind: 'setfacl', path: path.key, entry: 'u:alice:r' }],
      [
        '--rw------- root root /etc/pki/key.pem',
        '+-rw-r-----+ root root /etc/pki/key.pem',
        '+  user:alice:r--',
        '+  mask::r--',
      ],
    ],
    [
      'a link that goes, with its target made safe',
      [{ kind: 'remove', path: '/etc/old' }],
      ['-lrwxrwxrwx root root /etc/old -> pki/\\x1b[2Jkey.pem'],
    ],
    [
      'a link that comes',
      [{ kind: 'symlink', path: '/etc/new', target: 'pki/key.pem' }],
      ['+lrwxrwxrwx root root /etc/new -> pki/key.pem'],
    ],
    ['a command: nothing that can be shown', [{ kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] }], []],
    ['a path that was not looked at: nothing', [{ kind: 'chmod', path: '/nowhere', from: 0, to: 1 }], []],
    ['a file whose text is not at hand: the new line', [set('listen_tls', '1')], ['+listen_tls = 1']],
  ])('%s', (_name, steps, lines) => expect(preview(steps)).toEqual(lines));

  it('sums up the certificates of a file: what goes, what stays, what comes', () => {
    const authority = caCertificate();
    const other = aCertificate('other', { notAfter: '2030-01-01T00:00:00.000Z' });
    const certificates = [authority, other];
    expect(preview([{ kind: 'write', path: '/etc/pki/CA/cacert.pem', pem: '', certificates }])).toEqual([
      expect.stringMatching(/^-certificate of .*CN=kvm1\.example\.com/),
      expect.stringMatching(/^ certificate of .*self-signed, until \d{4}-\d\d-\d\d$/),
      expect.stringMatching(/^\+certificate of .*until 2030-01-01$/),
    ]);
  });

  it('shows lines around a setting, two steps in one file one after the other', () => {
    const text = '# one\n# two\n# three\nlisten_tls = 0\n# four\n# five\n# six\nauth_tls = "none"\n';
    expect(preview([set('listen_tls', '1'), set('auth_tls', '"sasl"')], { [path.daemon]: text })).toEqual([
      '@/etc/libvirt/libvirtd.conf, line 4',
      ' # two',
      ' # three',
      '-listen_tls = 0',
      '+listen_tls = 1',
      ' # four',
      ' # five',
      '@/etc/libvirt/libvirtd.conf, line 8',
      ' # five',
      ' # six',
      '-auth_tls = "none"',
      '+auth_tls = "sasl"',
    ]);
  });

  it.each([
    ['below its commented default', '# a\n#listen_tls = 0\n# b\n', ' # a|+listen_tls = 1| # b'],
    ['at the end', '# a\n', ' # a|+listen_tls = 1'],
    ['at the end of a file without a last line feed', '# a', ' # a|+listen_tls = 1'],
    ['in an empty file', '', '+listen_tls = 1'],
  ])('shows a new setting %s', (_name, text, lines) => {
    const shown = preview([set('listen_tls', '1')], { [path.daemon]: text });
    expect(shown.filter((line) => !line.startsWith('@') && line !== ' #listen_tls = 0').join('|')).toBe(lines);
  });

  it('shows a setting that goes, and each repetition of it', () => {
    const text = 'listen_tls = 0\n# a\n# b\n# c\n# d\n# e\nlisten_tls = 1\n';
    const shown = preview([{ kind: 'unset', path: path.daemon, key: 'listen_tls', line: 1 }], { [path.daemon]: text });
    expect(shown.filter((line) => /^[-+]/.test(line))).toEqual(['-listen_tls = 0', '-listen_tls = 1']);
  });

  it('never shows a secret that stands near, nor what would steer a terminal', () => {
    const text = 'vnc_password = "hunter2"\nvnc_tls = 0\n#vnc_password = "hunter2"\n# \x1b[2J\u202e\n';
    expect(preview([set('vnc_tls', '1', path.qemu)], { [path.qemu]: text })).toEqual([
      '@/etc/libvirt/qemu.conf, line 2',
      ' vnc_password = (not shown)',
      '-vnc_tls = 0',
      '+vnc_tls = 1',
      ' # (not shown)',
      ' # \\x1b[2J\\u202e',
    ]);
  });

  it('cuts lines without end', () => {
    const [, line = ''] = preview([set('listen_tls', '1')], {
      [path.daemon]: `#${'x'.repeat(100_000)}\nlisten_tls = 0\n`,
    });
    expect(line.length).toBeLessThan(500);
  });

  it('says which files it needs', () =>
    expect(editedFiles(planOf([set('a', '1'), set('b', '1'), set('c', '1', path.qemu)]))).toEqual([
      path.daemon,
      path.qemu,
    ]));
});
