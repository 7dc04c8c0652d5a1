import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { directoryHost, localHost } from '../../src/host/file-system-host.ts';
import { HostView } from '../../src/host/host-view.ts';
import { findProgram } from '../../src/host/run-program.ts';
import { directoryTree } from '../support/directory-tree.ts';

const text = (content: Uint8Array | undefined) => (content === undefined ? undefined : Buffer.from(content).toString());
const canary = 'CANARY OUTSIDE THE ROOT';

describe('a directory as a host', () => {
  it('is looked at with the host’s own paths', async () => {
    const root = directoryTree({
      '/etc/pki/key.pem': { content: 'key', mode: 0o640, owner: 3, group: 4 },
      '/etc/link': { link: '/etc/pki' },
      '/closed': { type: 'directory', mode: 0o3750 },
    });
    utimesSync(join(root, 'etc/pki/key.pem'), 1_700_000_000, 1_700_000_000);
    const host = directoryHost(`${root}/.//`);
    const [uid, gid] = process.geteuid?.() === 0 ? [3, 4] : [process.geteuid?.(), process.getegid?.()];
    expect(await host.lstat('/etc/pki/key.pem')).toEqual({
      type: 'file',
      uid,
      gid,
      mode: 0o640,
      size: 3,
      modified: '2023-11-14T22:13:20.000Z',
    });
    expect(await host.lstat('/etc/link')).toMatchObject({ type: 'symlink', target: '/etc/pki' });
    expect(await host.lstat('/closed')).toMatchObject({ type: 'directory', mode: 0o3750 });
    expect(await host.lstat('/')).toMatchObject({ type: 'directory', mode: 0o755 });
    expect(await host.list('/')).toEqual(['closed', 'etc']);
    expect(await host.list('/etc')).toEqual(['link', 'pki']);
    expect(text(await host.read('/etc/pki/key.pem'))).toBe('key');
    expect([host.live, host.caller()]).toEqual([false, null]);
  });

  it('knows what is absent, also below a file', async () => {
    const host = directoryHost(directoryTree({ '/file': 'x' }));
    expect(await host.lstat('/nothing')).toEqual({ type: 'absent' });
    expect(await host.lstat('/file/below')).toEqual({ type: 'absent' });
    expect(await host.list('/nothing')).toEqual([]);
    expect(await host.list('/file')).toEqual([]);
  });

  it.each([
    ['/nonexistent/root', 'no such directory'],
    ['/etc/passwd', 'not a directory'],
    ['/etc/passwd/x', 'no such directory'],
  ])('cannot be %s', (directory, detail) => {
    expect(() => directoryHost(directory)).toThrow(`${directory}: ${detail}`);
  });

  it('takes a link for its root', async () => {
    const root = directoryTree({ '/host/etc/hostname': 'kvm1\n', '/link': { link: 'host' } });
    expect(text(await directoryHost(`${root}/link`).read('/etc/hostname'))).toBe('kvm1\n');
  });

  it('runs nothing', async () => {
    const host = directoryHost(directoryTree({}));
    expect(await host.run('getent', ['passwd', 'root'])).toBeUndefined();
    expect(await host.run('rpm', ['-qa'])).toBeUndefined();
  });
});

describe('nothing outside the root is read', () => {
  it('through links, absolute or climbing, in any position', async () => {
    const outside = directoryTree({ '/secret': canary, '/dir/secret': canary });
    const up = '../'.repeat(40);
    const links = {
      '/absolute': { link: `${outside}/secret` },
      '/climbing': { link: `${up}${outside.slice(1)}/secret` },
      '/directory': { link: `${outside}/dir` },
      '/self': { link: '/proc/self/root' + outside },
      '/nested/again': { link: '../directory/secret' },
    };
    const view = new HostView(directoryHost(directoryTree(links)));
    for (const path of [
      '/absolute',
      '/climbing',
      '/directory/secret',
      '/self/secret',
      '/nested/again',
      `/${up}${outside}/secret`,
    ]) {
      expect(await view.read(path)).toBeUndefined();
    }
    expect(await view.list('/directory')).toEqual([]);

    const inside = new HostView(
      directoryHost(directoryTree({ ...links, [`${outside}/secret`]: 'inside', [`${outside}/dir/secret`]: 'inside' })),
    );
    for (const path of ['/absolute', '/climbing', '/directory/secret', '/nested/again'])
      expect(text(await inside.read(path))).toBe('inside');
    expect(await inside.list('/directory')).toEqual(['secret']);
  });

  it('through a directory that is swapped for a link after it was walked', async () => {
    const outside = directoryTree({ '/key': canary });
    const root = directoryTree({ '/pki/key': 'inside', '/file': 'inside' });
    const host = directoryHost(root);
    const view = new HostView(host);
    await view.walk('/pki/key');
    await view.walk('/file');
    renameSync(join(root, 'pki'), join(root, 'old'));
    symlinkSync(outside, join(root, 'pki'));
    rmSync(join(root, 'file'));
    symlinkSync(join(outside, 'key'), join(root, 'file'));
    await expect(view.read('/pki/key')).rejects.toMatchObject({
      reason: 'unreadable',
      message: /^\/pki\/key: was moved or replaced/,
    });
    await expect(view.read('/file')).rejects.toMatchObject({ reason: 'unreadable' });
    await expect(host.list('/pki')).resolves.toEqual([]); // a link itself is no directory
    mkdirSync(join(root, 'top'));
    symlinkSync(outside, join(root, 'top/pki'));
    await expect(host.read('/top/pki/key')).rejects.toMatchObject({ reason: 'unreadable' });
    symlinkSync('/', join(root, 'all'));
    await expect(host.list('/all/etc')).rejects.toMatchObject({ reason: 'unreadable' });
  });
});

describe('what is not a readable file is refused at once', () => {
  it('a FIFO, a link to a device, a socket, a directory', async () => {
    const root = directoryTree({ '/device': { link: '/dev/zero' }, '/dir': { type: 'directory' } });
    spawnSync('mkfifo', [join(root, 'fifo')]);
    const server = createServer().listen(join(root, 'socket'));
    await new Promise((done) => server.once('listening', done));
    const host = directoryHost(root);
    for (const [path, type] of [
      ['/fifo', 'fifo'],
      ['/device', 'symlink'],
      ['/socket', 'socket'],
      ['/dir', 'directory'],
    ] as const) {
      expect(await host.lstat(path)).toMatchObject({ type });
      await expect(host.read(path)).rejects.toMatchObject({
        reason: 'unreadable',
        message: `${path}: not a regular file`,
      });
    }
    server.close();
    await expect(new HostView(localHost()).read(join(root, 'device'))).rejects.toMatchObject({ reason: 'unreadable' });
    expect(await localHost().lstat('/dev/null')).toMatchObject({ type: 'character-device' });
  });

  it('a link loop', async () => {
    const view = new HostView(directoryHost(directoryTree({ '/a': { link: 'b' }, '/b': { link: '/a' } })));
    await expect(view.read('/a')).rejects.toMatchObject({
      reason: 'unreadable',
      message: '/a: too many levels of symbolic links',
    });
  });

  it('a sparse file of 300 MB', async () => {
    const root = directoryTree({ '/huge': '', '/limit': '12345' });
    truncateSync(join(root, 'huge'), 300_000_000);
    const host = directoryHost(root);
    await expect(host.read('/huge')).rejects.toMatchObject({
      reason: 'too-large',
      message: '/huge: larger than 16777216 bytes',
    });
    expect(text(await host.read('/limit', 5))).toBe('12345');
    await expect(host.read('/limit', 4)).rejects.toMatchObject({ reason: 'too-large' });
  });

  it('a file that vanishes between listing and reading', async () => {
    const root = directoryTree({ '/d/file': 'x' });
    const view = new HostView(directoryHost(root));
    expect(await view.list('/d')).toEqual(['file']);
    await view.walk('/d/file');
    rmSync(join(root, 'd'), { recursive: true });
    await expect(view.read('/d/file')).rejects.toMatchObject({
      reason: 'unreadable',
      message: '/d/file: vanished while it was being read',
    });
  });

  it('a name that is too long, and one with a NUL', async () => {
    const host = directoryHost(directoryTree({}));
    await expect(host.lstat(`/${'x'.repeat(256)}`)).rejects.toMatchObject({
      reason: 'unreadable',
      message: /: name too long$/,
    });
    await expect(host.lstat('/a\0b')).rejects.toMatchObject({ reason: 'unreadable' });
  });
});

it('names with escapes and bytes that are not UTF-8 are kept apart', async () => {
  const root = directoryTree({ '/e\x1b]0;title\x07': 'escape', '/schlüssel': 'utf-8' });
  for (const byte of [0xfe, 0xff])
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(byte)]), String(byte));
  const host = directoryHost(root);
  expect(await host.list('/')).toEqual(['e\x1b]0;title\x07', 'schlüssel', '\udcfe', '\udcff'].sort());
  expect(text(await host.read('/\udcfe'))).toBe('254');
  expect(text(await host.read('/\udcff'))).toBe('255');
});

it('a directory of many long names is listed whole', async () => {
  const names = Array.from({ length: 3000 }, (_, n) => String(n).padStart(200, 'x'));
  const root = directoryTree(Object.fromEntries(names.map((name) => [`/${name}`, ''])));
  expect(await directoryHost(root).list('/')).toEqual(names.sort());
});

it('times beyond the calendar are held to it', async () => {
  const root = directoryTree({ '/late': '', '/early': '' });
  spawnSync('touch', ['-d', '@99999999999999', join(root, 'late')]);
  spawnSync('touch', ['-d', '@-100000000', join(root, 'early')]);
  const host = directoryHost(root);
  expect(((await host.lstat('/late')) as { modified: string }).modified).toMatch(/^\d{4}-\d\d-\d\dT/);
  expect(await host.lstat('/early')).toMatchObject({ modified: '1966-10-31T14:13:20.000Z' });
});

describe('this machine', () => {
  it('has files of /proc, whose size is 0', async () => {
    const view = new HostView(localHost());
    expect(await view.readText('/proc/self/status')).toContain(`Pid:\t${process.pid}\n`);
    expect(await view.readText('/proc/net/tcp')).toMatch(/^ *sl +local_address/);
    await expect(view.read('/proc/self/status', 10)).rejects.toMatchObject({ reason: 'too-large' });
  });

  it('knows who looks', async () => {
    const host = localHost();
    expect(host.live).toBe(true);
    expect(host.caller()).toMatchObject({ uid: process.geteuid?.(), gid: process.getegid?.() });
    expect(Math.abs(host.now().getTime() - Date.now())).toBeLessThan(1000);
    expect(await host.run('getent', ['passwd', '0'])).toMatch(/^root:/);
  });

  it('closes what it opens', async () => {
    const host = localHost();
    const before = openSync('/', 'r');
    closeSync(before);
    for (let n = 0; n < 50; n += 1) {
      await host.read('/etc/passwd');
      await host.list('/etc');
      await host.read('/etc').catch(() => {});
      await host.read('/etc/passwd', 1).catch(() => {});
    }
    const after = openSync('/', 'r');
    closeSync(after);
    expect(after).toBe(before);
  });
});

describe.skipIf(process.geteuid?.() !== 0)('an account without rights (root, to become it)', () => {
  it('is told which directory stops it', () => {
    const root = directoryTree({
      '/open/closed/deep/key': { content: canary },
      '/open/closed': { type: 'directory', mode: 0o700 },
      '/open/unlistable': { type: 'directory', mode: 0o711 },
      '/open/private': { content: canary, mode: 0o600 },
    });
    const script = join(directoryTree({}), 'host.mjs');
    buildSync({
      stdin: {
        contents: `
      import { directoryHost } from './src/host/file-system-host.ts';
      import { HostView } from './src/host/host-view.ts';
      const host = directoryHost(process.argv[2]);
      const view = new HostView(host);
      const tell = (answer) => answer.then((value) => JSON.stringify(value), (error) => error.reason + ' ' + error.message).then(console.log);
      await tell(view.read('/open/closed/deep/key'));
      await tell(host.read('/open/closed/deep/key'));
      await tell(host.lstat('/open/closed'));
      await tell(host.list('/open/closed'));
      await tell(host.list('/open/unlistable'));
      await tell(host.read('/open/private'));
      await tell(Promise.resolve().then(() => directoryHost(process.argv[2] + '/open/closed')));
    `,
        resolveDir: process.cwd(),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: script,
    });
    const { stdout, stderr } = spawnSync(process.execPath, [script, root], {
      uid: 65534,
      gid: 65534,
      encoding: 'utf8',
      cwd: '/',
    });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      'permission-denied /open/closed/deep: no permission to search /open/closed',
      'permission-denied /open/closed/deep/key: no permission to search /open/closed',
      expect.stringContaining('"type":"directory"'),
      'permission-denied /open/closed: permission denied',
      'permission-denied /open/unlistable: permission denied',
      'permission-denied /open/private: permission denied',
      `permission-denied ${root}/open/closed: permission denied`,
    ]);
  });
});

const rpm = findProgram('rpm');
const rpmbuild = ['/usr/bin/rpmbuild'].find((path) => existsSync(path));

describe.skipIf(rpm === undefined || rpmbuild === undefined)('the packages of an image (rpm, rpmbuild)', () => {
  it('are read from a copy of its database, so that rpm writes nothing into it', async () => {
    const work = directoryTree({ 'd.spec': spec });
    const database = join(work, 'img/usr/lib/sysimage/rpm');
    mkdirSync(database, { recursive: true });
    execFileSync(rpmbuild!, ['-bb', '--define', `_topdir ${work}/top`, join(work, 'd.spec')], { stdio: 'pipe' });
    execFileSync(rpm!, ['--dbpath', database, '--initdb'], { stdio: 'pipe' });
    const built = join(work, 'top/RPMS/noarch/libvirt-libs-11.6.0-1.fc43.noarch.rpm');
    execFileSync(rpm!, ['-i', '--justdb', '--nodeps', '--dbpath', database, built], { stdio: 'pipe' });
    const names = readdirSync(database);
    const printed = await directoryHost(join(work, 'img')).run('rpm', [
      '-qa',
      '--queryformat',
      '%{NAME} %{VERSION}-%{RELEASE}\\n',
    ]);
    expect(printed).toBe('libvirt-libs 11.6.0-1.fc43\n');
    expect(readdirSync(database)).toEqual(names);
  });
});

const spec = `Name: libvirt-libs
Version: 11.6.0
Release: 1.fc43
Summary: stands for the package
License: none
BuildArch: noarch
%description
Stands for the package.
%files
`;
