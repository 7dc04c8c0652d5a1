import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Report } from '../../src/engine/report.ts';
import { ensureBuilt } from '../support/built-program.ts';
import { directoryTree, type TreeEntry } from '../support/directory-tree.ts';
import { run, type Ran } from '../support/run-program.ts';
import { wholeHost } from '../support/whole-host.ts';

beforeAll(ensureBuilt, 120_000);
// Each test starts the program several times, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const isRoot = process.geteuid?.() === 0;
const top = join(import.meta.dirname, '../..');

/** Every path of the whole host that is a file of ours to read. */
const inputs = Object.keys(wholeHost()).filter((path) => !path.startsWith('/proc/812/fd/'));

/** What may never be: a hang, a crash, a fault of ours, or a character that steers a terminal. */
function expectSound(ran: Ran): void {
  expect(ran.err).not.toMatch(/fault of ours/);
  expect([0, 1, 2, 3], ran.err).toContain(ran.status);
  if (ran.status === 2) expect(ran.err).toMatch(/^virt-pki-check: cannot /);
  const steering = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;
  expect(steering.exec(ran.out + ran.err)?.[0]).toBeUndefined();
  expect(ran.elapsed).toBeLessThan(10_000);
}

/** Scans as text and as JSON; both are sound, no rule and no collector of ours fails, and the report is given back. */
async function scanBoth(root: string, flags: readonly string[] = []): Promise<{ report: Report; text: string }> {
  const [text, json] = await Promise.all([
    run([root, '--verbose', ...flags]),
    run([root, '--format', 'json', ...flags]),
  ]);
  expectSound(text);
  expectSound(json);
  const report = JSON.parse(json.out) as Report;
  expect(faultsOf(report)).toEqual([]);
  return { report, text: text.out };
}

const faultsOf = (report: Report): readonly string[] =>
  report.hosts.flatMap(({ verdicts }) =>
    verdicts.flatMap(({ rule, gaps = [] }) =>
      gaps.flatMap(({ reason, detail }) =>
        reason === 'rule-crashed' || reason === 'collector-failed' ? [`${rule}: ${detail}`] : [],
      ),
    ),
  );

const roles = ['--role', 'libvirt-server', '--role', 'libvirt-client', '--role', 'vnc-server'];

/** Places where files stand that a hostile host would rather have something else. */
const places = [
  '/etc/libvirt/libvirtd.conf',
  '/etc/libvirt/qemu.conf',
  '/etc/passwd',
  '/etc/pki/CA/cacert.pem',
  '/etc/pki/libvirt/servercert.pem',
  '/etc/pki/libvirt/private/serverkey.pem',
  '/etc/sasl2/libvirt.conf',
  '/etc/libvirt/qemu/web1.xml',
  '/etc/default/libvirtd',
  '/usr/lib/systemd/system/libvirtd.service',
  '/var/lib/dpkg/status',
  '/etc/hostname',
  '/proc/812/cmdline',
];

/** The whole host, with these paths left for the test to fill. */
const treeWithout = (paths: readonly string[]): string => {
  const root = directoryTree(
    Object.fromEntries(
      Object.entries(wholeHost()).filter(([path]) => !paths.some((one) => path === one || path.startsWith(`${one}/`))),
    ),
  );
  for (const path of paths) mkdirSync(dirname(join(root, path)), { recursive: true });
  return root;
};

it('a host of which all is well is read without a fault', async () => {
  const { report } = await scanBoth(directoryTree(wholeHost()));
  expect(report.hosts[0]?.hostname).toBe('kvm1.example.com');
  expect(report.hosts[0]?.roles).toContain('libvirt-server');
});

describe('where a file is expected there is something else', () => {
  it.each([
    ['a FIFO', (path: string) => execFileSync('mkfifo', [path])],
    ['a directory', (path: string) => mkdirSync(path)],
    ['a link to itself', (path: string) => symlinkSync(path.slice(path.lastIndexOf('/') + 1), path)],
    ['a dangling link', (path: string) => symlinkSync('/nowhere/at/all', path)],
    ['a link out of the host by ..', (path: string) => symlinkSync(`${'../'.repeat(40)}etc/machine-id`, path)],
    ['a link to the directory above', (path: string) => symlinkSync('.', path)],
    [
      'a file of 300 MB',
      (path: string) => {
        writeFileSync(path, '');
        truncateSync(path, 300 * 1024 * 1024);
      },
    ],
  ] as const)('%s', async (_, make) => {
    const root = treeWithout(places);
    for (const path of places) make(join(root, path));
    await scanBoth(root, roles);
  });

  it.skipIf(!isRoot)('a device (root makes them)', async () => {
    const root = treeWithout(places);
    // /dev/zero never ends, /dev/tty0 and a device without a driver answer in ways of their own.
    const devices = [
      ['c', '1', '5'],
      ['c', '4', '0'],
      ['b', '240', '7'],
    ];
    places.forEach((path, index) =>
      execFileSync('mknod', [join(root, path), ...(devices[index % devices.length] ?? [])]),
    );
    await scanBoth(root, roles);
  });

  it('a file, where a directory is expected', async () => {
    const directories = [
      '/etc/pki',
      '/etc/libvirt/qemu',
      '/etc/systemd/system',
      '/usr/lib/systemd',
      '/home/alice',
      '/proc/812/fd',
      '/proc/net',
    ];
    const root = treeWithout(directories);
    for (const path of directories) writeFileSync(join(root, path), 'no directory\n');
    await scanBoth(root, roles);
    const bare = treeWithout(['/etc', '/usr', '/proc', '/var']);
    for (const path of ['/etc', '/usr', '/proc', '/var']) writeFileSync(join(bare, path), '');
    await scanBoth(bare, roles);
  });
});

describe('damaged content', () => {
  /** Bytes that a seed decides. */
  const noise = (seed: string, length: number): Buffer => {
    const blocks: Buffer[] = [];
    for (let size = 0; size < length; size += 64) blocks.push(createHash('sha512').update(`${seed}/${size}`).digest());
    return Buffer.concat(blocks).subarray(0, length);
  };
  const originalOf = (path: string): Buffer => {
    const entry = wholeHost()[path];
    return Buffer.from(
      typeof entry === 'string' ? entry : entry !== undefined && 'content' in entry ? (entry.content as string) : '',
    );
  };
  const withContents = (contentOf: (path: string) => Uint8Array): string =>
    directoryTree({
      ...wholeHost(),
      ...Object.fromEntries(inputs.map((path) => [path, { content: contentOf(path) }])),
    });

  it.each(['1', '2', '3', '4'])('random bytes in place of every file, seed %s', async (seed) => {
    await scanBoth(
      withContents((path) => noise(seed + path, 1 + (noise(`length${seed}${path}`, 2).readUInt16BE() % 5000))),
      roles,
    );
  });

  it.each(['5', '6', '7', '8'])('flipped bits in every file, seed %s', async (seed) => {
    await scanBoth(
      withContents((path) => {
        const content = originalOf(path);
        const random = noise(seed + path, 64);
        for (let index = 0; index < 16 && content.length > 0; index += 1) {
          const at = random.readUInt16BE(index * 2) % content.length;
          content[at] = (content[at] ?? 0) ^ (1 << ((random[index + 32] ?? 0) % 8));
        }
        return content;
      }),
      roles,
    );
  });

  it('every file cut off, and every file empty', async () => {
    await scanBoth(
      withContents((path) => originalOf(path).subarray(0, originalOf(path).length / 2)),
      roles,
    );
    await scanBoth(
      withContents(() => Buffer.alloc(0)),
      roles,
    );
  });

  it.each([
    ['blanks', ' '],
    ['tabs and words', '\t x'],
    ['opening brackets', '['],
    ['quotes', '"'],
    ['graphics elements that do not end', '<graphics '],
    ['graphics elements with passwords', "<graphics passwd='x'/>\n"],
    ['backslashes', '\\'],
    ['lines that begin a setting', 'a=\n'],
    ['sections', '[Socket]\nListenStream=1\n'],
    ['equals signs', 'password ='],
    ['PEM headers', '-----BEGIN CERTIFICATE-----\n'],
    ['key headers', '-----BEGIN PRIVATE KEY-----\nAAAA\n'],
    ['NULs', '\0'],
    ['colons', ':'],
  ])('250 kB of %s in every file: no parser is slow', async (_, unit) => {
    const content = Buffer.from(unit.repeat(Math.ceil(250_000 / unit.length)));
    await scanBoth(
      withContents(() => content),
      roles,
    );
  });

  it('1 MB of one line, with blanks inside', async () => {
    const content = Buffer.from(`password = a${' '.repeat(1_000_000)}b`);
    await scanBoth(
      withContents((path) => (path.endsWith('/passwd') ? originalOf(path) : content)),
      roles,
    );
  });

  it('2,000 accounts, each with a group and a home', async () => {
    const ids = Array.from({ length: 2_000 }, (_, index) => index + 2_000);
    await scanBoth(
      directoryTree({
        ...wholeHost(),
        '/etc/passwd': ids.map((id) => `u${id}:x:${id}:${id}::/home/u${id}:/bin/sh\n`).join(''),
        '/etc/group': ids.map((id) => `u${id}:x:${id}:u${id},alice\n`).join(''),
      }),
      roles,
    );
  });
});

describe('names and values that steer a terminal', () => {
  const steering = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u2066\u200b\r';
  it('in host name, settings, paths, file names, units, accounts and hosts', async () => {
    const { report, text } = await scanBoth(
      directoryTree({
        ...wholeHost(),
        '/etc/hostname': `kvm${steering}\n`,
        '/etc/hosts': `127.0.0.1 a${steering}b\n`,
        '/etc/os-release': `ID=debian\nPRETTY_NAME="Debian ${steering}"\n`,
        '/etc/passwd': `root:x:0:0::/root:/bin/sh\nbob${steering}:x:1001:1001::/home/bob${steering}:/bin/sh\n`,
        '/etc/group': `libvirt:x:118:bob${steering}\n`,
        '/etc/libvirt/libvirtd.conf': `listen_tls = 1\nkey_file = "/srv/${steering}.pem"\nca_file = "${steering}"\ncert_file = "/etc/x"\ntls_port = "${steering}"\n`,
        '/etc/libvirt/qemu.conf': `vnc_tls_x509_cert_dir = "/srv/${steering}"\nuser = "${steering}"\nvnc_tls${steering} = 1\n`,
        [`/etc/pki/libvirt/private/${steering}-key.pem`]: { content: 'x', mode: 0o666 },
        [`/etc/libvirt/qemu/${steering}.xml`]: { content: '<graphics passwd="x"/>', mode: 0o666 },
        '/etc/sasl2/libvirt.conf': `mech_list: ${steering}\nkeytab: /etc/${steering}\n`,
        '/etc/default/libvirtd': `LIBVIRTD_ARGS="--listen --config /etc/${steering}"\n`,
        '/var/lib/dpkg/status': `Package: libvirt-daemon\nStatus: install ok installed\nVersion: 11.3${steering}\n\n`,
        '/proc/812/cmdline': `/usr/sbin/libvirtd${steering}\0${steering}\0`,
      }),
      roles,
    );
    expect(report.hosts[0]?.hostname).toContain('\u001b');
    expect(text).toContain('\\x1b');
  });

  it('in the subject of a certificate', async () => {
    const directory = directoryTree({});
    const file = (name: string): string => join(directory, name);
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-utf8',
        '-days',
        '3',
      ].concat(
        ['-keyout', file('key'), '-out', file('certificate'), '-subj', `/CN=kvm\u001b[2J\u202e\u009b31m/O=x\u0007`],
        ['-addext', 'subjectAltName=DNS:kvm\u001b[2J.example.com'],
      ),
      { stdio: 'pipe' },
    );
    const pem = execFileSync('cat', [file('certificate')]);
    const both: Record<string, TreeEntry> = {
      ...wholeHost(),
      '/etc/pki/CA/cacert.pem': { content: pem },
      '/etc/pki/libvirt/servercert.pem': { content: pem },
      '/etc/pki/libvirt-vnc/server-cert.pem': { content: pem },
    };
    await scanBoth(directoryTree(both), roles);
  });
});

describe('nothing outside the host is read', () => {
  const canary = 'canary-7f3a91c5';

  it('by links, whether of files, of directories on the way, or of the description of a host', async () => {
    const outside = directoryTree({
      '/secret/canary-name-key.pem': `${canary}\n`,
      '/secret/libvirtd.conf': `tls_port = "${canary}"\nunix_sock_group = "${canary}"\n`,
      '/secret/hostname': `${canary}\n`,
      '/secret/CA/canary-name-key.pem': `${canary}\n`,
    });
    for (const to of [`${outside}/secret`, `${'../'.repeat(30)}${outside.slice(1)}/secret`]) {
      const root = treeWithout([
        '/etc/pki',
        '/etc/libvirt',
        '/etc/hostname',
        '/etc/systemd/system',
        '/usr/sbin/libvirtd',
      ]);
      mkdirSync(join(root, 'etc/pki/libvirt'), { recursive: true });
      symlinkSync(to, join(root, 'etc/pki/CA'));
      symlinkSync(to, join(root, 'etc/pki/libvirt/private'));
      symlinkSync(to, join(root, 'etc/pki/libvirt-vnc'));
      symlinkSync(to, join(root, 'etc/libvirt'));
      symlinkSync(`${to}/hostname`, join(root, 'etc/hostname'));
      symlinkSync(to, join(root, 'etc/systemd/system'));
      const snapshot = await run(['collect', root]);
      expectSound(snapshot);
      const { text, report } = await scanBoth(root, roles);
      for (const document of [snapshot.out, text, JSON.stringify(report)]) {
        expect(document).not.toContain(canary);
        expect(document).not.toContain('canary-name');
      }
    }
  });

  it('by a whole directory of credentials that is a link to another machine’s place of the same name', async () => {
    const root = treeWithout(['/etc/pki']);
    symlinkSync('/srv/pki', join(root, 'etc/pki'));
    const { report } = await scanBoth(root, roles);
    expect(report.hosts).toHaveLength(1);
    mkdirSync(join(root, 'srv/pki/libvirt/private'), { recursive: true });
    writeFileSync(join(root, 'srv/pki/libvirt/private/own-key.pem'), '-----BEGIN PRIVATE KEY-----\n');
    const { out } = await run(['collect', root]);
    expect(out).toContain('/etc/pki/libvirt/private/own-key.pem');
  });

  it('by host.json beside a root that is a link, or by one that is a link itself', async () => {
    const outside = directoryTree({
      '/etc/hostname': `${canary}\n`,
      '/host.json': '{"now":"2026-06-01T02:00:00.000Z","entries":{}}',
    });
    const linkedRoot = directoryTree({
      '/host.json': '{"now":"2026-06-01T02:00:00.000Z","entries":{}}',
      '/root': { link: outside },
    });
    const linkedDescription = directoryTree({
      '/host.json': { link: join(outside, 'host.json') },
      '/root/etc/hostname': 'kvm1\n',
    });
    for (const host of [linkedRoot, linkedDescription]) {
      const { report } = await scanBoth(host);
      expect(JSON.stringify(report)).not.toContain(canary);
      expect(report.time).not.toBe('2026-06-01T02:00:00.000Z');
    }
  });
});

describe('a description of a host that is none', () => {
  it.each([
    ['not JSON', '{'],
    ['a list', '[]'],
    ['no time', '{"entries":{}}'],
    ['a time that is none', '{"now":"today","entries":{}}'],
    ['entries that are none', '{"now":"2026-06-01T02:00:00.000Z","entries":[]}'],
    ['a mode that is none', '{"now":"2026-06-01T02:00:00.000Z","entries":{"/x":{"mode":"rwx"}}}'],
    ['an owner that is none', '{"now":"2026-06-01T02:00:00.000Z","entries":{"/x":{"uid":"root"}}}'],
    ['escapes', '{"now":"2026-06-01T02:00:00.000Z","entries":{"\u001b[2J":1}}'],
  ])('%s: said, with 2', async (_, content) => {
    const ran = await run([directoryTree({ '/host.json': content, '/root/etc/hostname': 'kvm1\n' })]);
    expectSound(ran);
    expect(ran.err).toMatch(/host\.json: /);
    expect(ran.status).toBe(2);
  });

  it('a FIFO of that name is left alone', async () => {
    const root = directoryTree({ '/root/x': '', '/etc/hostname': 'kvm1\n' });
    execFileSync('mkfifo', [join(root, 'host.json')]);
    const { report } = await scanBoth(root);
    expect(report.hosts[0]?.hostname).toBe('kvm1');
  });

  it('a real root that happens to hold both names is what it is', async () => {
    const { report } = await scanBoth(
      directoryTree({
        '/host.json': '{"now":"2026-06-01T02:00:00.000Z","entries":{}}',
        '/root/etc/hostname': 'other\n',
        '/etc/hostname': 'kvm1\n',
      }),
    );
    expect(report.hosts[0]?.hostname).toBe('kvm1');
  });
});

describe('more than anybody has', () => {
  it('20,000 names in a directory of credentials', async () => {
    const root = directoryTree({
      ...wholeHost(),
      '/etc/pki/libvirt/private/zz-key.pem': { content: '-----BEGIN PRIVATE KEY-----\n', mode: 0o644 },
    });
    for (let index = 0; index < 20_000; index += 1) writeFileSync(join(root, `etc/pki/libvirt/private/n${index}`), '');
    const [collected, scanned] = [await run(['collect', root]), await run([root, '--format', 'json', ...roles])];
    expectSound(collected);
    expectSound(scanned);
    expect(collected.out).toContain('/etc/pki/libvirt/private/zz-key.pem');
  });

  it('directories nested 1,000 deep', async () => {
    const root = directoryTree(wholeHost());
    mkdirSync(join(root, 'etc/pki/libvirt', 'd/'.repeat(1000)), { recursive: true });
    await scanBoth(root, roles);
  });

  it('a path of 5,000 characters in a setting, and names of 255', async () => {
    const name = 'n'.repeat(255);
    await scanBoth(
      directoryTree({
        ...wholeHost(),
        '/etc/libvirt/libvirtd.conf': `listen_tls = 1\nkey_file = "/${'x/'.repeat(2500)}"\ncert_file = "/${name}/${name}"\nca_file = "/${name}x"\n`,
      }),
      roles,
    );
  });
});

/** Somebody who is not root and may read our program. */
const nobody = 65534;
const nobodyMay =
  isRoot &&
  (() => {
    try {
      execFileSync(process.execPath, ['-e', `require(${JSON.stringify(join(top, 'bin/load.js'))}).program()`], {
        uid: nobody,
        gid: nobody,
        stdio: 'ignore',
      });
      return true;
    } catch {
      return false;
    }
  })();

describe.skipIf(isRoot && !nobodyMay)('as somebody who may not read everything (root plays nobody)', () => {
  const asNobody = isRoot ? { uid: nobody } : {};

  it('says what it could not read, and ends with 3 or 1, never with 0', async () => {
    const root = directoryTree({
      ...wholeHost(),
      '/etc/pki/libvirt/private': { type: 'directory', mode: 0o700 },
      '/etc/pki/libvirt-vnc': { type: 'directory', mode: 0o700 },
      '/etc/libvirt/qemu': { type: 'directory', mode: 0o700 },
      '/etc/libvirt/libvirtd.conf': { content: 'listen_tls = 1\n', mode: 0o600 },
      '/etc/sasl2/libvirt.conf': { content: 'mech_list: gssapi\n', mode: 0o600 },
    });
    const [text, json] = await Promise.all([
      run([root, ...roles], asNobody),
      run([root, '--format', 'json', ...roles], asNobody),
    ]);
    if (!isRoot) return;
    expectSound(text);
    expectSound(json);
    const report = JSON.parse(json.out) as Report;
    expect(faultsOf(report)).toEqual([]);
    expect(report.summary.unknown).toBeGreaterThan(0);
    expect(text.out).toContain('could not be judged');
    expect(text.out).toContain('libvirtd.conf: permission denied');
    expect([1, 3]).toContain(json.status);
  });

  it.skipIf(!isRoot)(
    'a root that may not be entered, and a snapshot that may not be read, are clear errors',
    async () => {
      const closed = directoryTree({
        '/closed': { type: 'directory', mode: 0o700 },
        '/snapshot.json': { content: '{}', mode: 0o600 },
      });
      for (const name of ['closed', 'closed/host', 'snapshot.json']) {
        const ran = await run([join(closed, name)], asNobody);
        expectSound(ran);
        expect(ran.err).toMatch(/permission denied|no such directory/i);
        expect(ran.status).toBe(2);
      }
    },
  );
});

it('files that come and go while they are looked at', async () => {
  const root = directoryTree(wholeHost());
  const restless = places.map((path) => join(root, path)).filter((path) => existsSync(path));
  const script = `
    for (;;) for (const path of ${JSON.stringify(restless)}) {
      const fs = require('node:fs');
      try { fs.rmSync(path, { force: true, recursive: true }); } catch {}
      try { Math.random() < 0.3 ? fs.mkdirSync(path) : fs.writeFileSync(path, 'x'.repeat(Math.random() * 9000)); } catch {}
    }`;
  const { spawn } = await import('node:child_process');
  const mover = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  try {
    for (let round = 0; round < 3; round += 1) await scanBoth(root, roles);
  } finally {
    mover.kill('SIGKILL');
    await new Promise((resolve) => mover.once('close', resolve));
  }
});
