import { known } from '../../src/facts/fact.ts';
import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import runtime from '../../src/collect/runtime.ts';
import { localHost } from '../../src/host/file-system-host.ts';
import { HostView } from '../../src/host/host-view.ts';
import { findProgram } from '../../src/host/run-program.ts';
import { directoryTree } from '../support/directory-tree.ts';
import { memoryHost, type MemoryEntry } from '../support/memory-host.ts';

const collect = (tree: Record<string, MemoryEntry>) => runtime.collect(new HostView(memoryHost(tree)), {});

const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, state: string, inode: number) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0 0 10 0\n`;

const daemon = {
  '/proc/stat': 'cpu 1 2 3\nbtime 1767225600\n',
  '/proc/net/tcp': `${heading}${row('00000000:4082', '0A', 501)}${row('0100007F:170C', '0A', 502)}${row('0100007F:4082', '01', 503)}`,
  '/proc/4242/comm': 'libvirtd\n',
  '/proc/4242/cmdline': '/usr/sbin/libvirtd\0--listen\0',
  '/proc/4242/status': 'Name:\tlibvirtd\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0 118 \n',
  '/proc/4242/stat': `4242 (libvirtd) S 1 ${'0 '.repeat(17)}6000 0\n`,
  '/proc/4242/environ': 'LANG=C\0LISTEN_FDS=3\0',
  '/proc/4242/fd/3': { link: 'socket:[501]' },
  '/proc/4242/fd/4': { link: '/dev/null' },
};

describe('what runs', () => {
  it('is not seen in an image', async () => {
    expect(await collect({ '/proc/cpuinfo': '' })).toEqual({ observed: false });
  });

  it('is read from proc', async () => {
    expect(await collect(daemon)).toEqual({
      observed: true,
      processes: [
        {
          pid: 4242,
          program: 'libvirtd',
          uid: 0,
          gid: 0,
          groups: [0, 118],
          started: '2026-01-01T00:01:00.000Z',
          arguments: ['--listen'],
          socketActivated: true,
        },
      ],
      listening: known([
        { address: '0.0.0.0', port: 16514, pid: 4242 },
        { address: '127.0.0.1', port: 5900 },
      ]),
    });
  });

  it.each<[string, Record<string, MemoryEntry>, object[]]>([
    [
      'a guest, without its arguments',
      { '/proc/7/comm': 'qemu-system-x86', '/proc/7/cmdline': '/usr/bin/qemu-system-x86_64\0-name\0secret\0' },
      [{ pid: 7, program: 'qemu-system-x86_64' }],
    ],
    [
      'a guest under its own name',
      { '/proc/7/comm': 'qemu:web', '/proc/7/cmdline': '/usr/libexec/qemu-kvm\0-name\0x\0' },
      [{ pid: 7, program: 'qemu-kvm' }],
    ],
    [
      'what an update has replaced',
      { '/proc/7/comm': 'virtqemud', '/proc/7/exe': { link: '/usr/sbin/virtqemud (deleted)' } },
      [{ pid: 7, program: 'virtqemud' }],
    ],
    [
      'not what only says it is one',
      { '/proc/7/comm': 'libvirtd', '/proc/7/cmdline': 'libvirtd\0', '/proc/7/exe': { link: '/usr/bin/sleep' } },
      [],
    ],
    [
      'not qemu-img, nor another program',
      { '/proc/7/comm': 'qemu-img', '/proc/7/cmdline': 'qemu-img\0', '/proc/8/comm': 'sshd' },
      [],
    ],
    [
      'not what has vanished, or may not be looked at',
      { '/proc/7': { type: 'directory' }, '/proc/8/comm': { refused: 'permission-denied' } },
      [],
    ],
  ])('%s', async (_, tree, expected) => {
    const status = Object.fromEntries(
      Object.keys(tree).map((path) => [
        `${path.split('/').slice(0, 3).join('/')}/status`,
        'Name:\tx\nUid:\t1\t64055\t1\t1\nGid:\t1\t108\t1\t1\nGroups:\t\n',
      ]),
    );
    const seen = await collect({ '/proc/net/tcp': heading, ...status, ...tree });
    expect(seen).toEqual({
      observed: true,
      processes: expected.map((one) => expect.objectContaining({ uid: 64055, gid: 108, groups: [], ...one })),
      listening: known([]),
    });
    expect(JSON.stringify(seen)).not.toContain('secret');
  });

  it('is left open in its details where those may not be read', async () => {
    const seen = await collect({
      ...daemon,
      '/proc/4242/environ': { refused: 'permission-denied' },
      '/proc/4242/exe': { refused: 'permission-denied' },
      '/proc/4242/fd': { refused: 'permission-denied' },
      '/proc/stat': '',
    });
    expect(seen).toMatchObject({
      processes: [{ pid: 4242, program: 'libvirtd' }],
      listening: { value: [{ port: 16514 }, { port: 5900 }] },
    });
    expect(JSON.stringify(seen)).not.toMatch(/socketActivated|started|"pid":4242,"program":"libvirtd".*"pid"/);
  });

  it('shows processes without sockets where proc has no network', async () => {
    expect(await collect({ '/proc/1/comm': 'systemd\n' })).toMatchObject({
      observed: true,
      processes: [],
      listening: { known: false, reason: 'not-collected' },
    });
  });
});

const sleep = findProgram('sleep');

describe('this machine', () => {
  it('shows a socket that listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as AddressInfo;
    expect(await runtime.collect(new HostView(localHost()), {})).toMatchObject({
      observed: true,
      listening: { value: expect.arrayContaining([{ address: '127.0.0.1', port }]) },
    });
  });

  it.skipIf(sleep === undefined)(
    'shows a program of that name, when it started and what it was given (sleep)',
    async () => {
      const program = join(directoryTree({}), 'virtproxyd');
      copyFileSync(sleep!, program);
      const child = spawn(program, ['30'], { env: { LISTEN_FDS: '2' }, stdio: 'ignore' });
      onTestFinished(() => void child.kill());
      await new Promise((done) => child.once('spawn', done));
      const seen = await runtime.collect(new HostView(localHost()), {});
      const found = seen.observed ? seen.processes.find(({ pid }) => pid === child.pid) : undefined;
      expect(found).toMatchObject({
        program: 'virtproxyd',
        uid: process.geteuid?.(),
        arguments: ['30'],
        socketActivated: true,
      });
      expect(Math.abs(Date.parse(found!.started!) - Date.now())).toBeLessThan(5_000);
    },
  );
});
