import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { otherAccountSources, parseGroup, parseNsswitch, parsePasswd } from '../../src/parse/accounts.ts';
import { installedVersions } from '../../src/parse/dpkg-status.ts';
import { parseHosts } from '../../src/parse/hosts.ts';
import { parseOsRelease } from '../../src/parse/os-release.ts';
import {
  parseBootTime,
  parseCommandLine,
  parseFibTrie,
  parseIfInet6,
  parseListeningSockets,
  parseProcessStatus,
  parseStartTicks,
  processStart,
  socketInode,
} from '../../src/parse/proc.ts';

describe('accounts', () => {
  it('reads users, and keeps no hash', () => {
    const users = parsePasswd(
      'root:x:0:0:root:/root:/bin/bash\n# note\n+nis::::::\n\nbad:x:-1:0::/:\nqemu:$6$hash:107:107::/:/usr/sbin/nologin\nshort:x:1\nover:x:4294967296:0::/:\n',
    );
    expect(users).toEqual([
      { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash' },
      { name: 'qemu', uid: 107, gid: 107, home: '/', shell: '/usr/sbin/nologin' },
    ]);
  });

  it('reads groups and their members', () => {
    expect(parseGroup('kvm:x:36:qemu, alice,\nlibvirt:x:115\n-nis:::\nbad:x:y:\n')).toEqual([
      { name: 'kvm', gid: 36, members: ['qemu', 'alice'] },
      { name: 'libvirt', gid: 115, members: [] },
    ]);
  });

  it('names sources beyond the files', () => {
    const nsswitch = parseNsswitch(
      'passwd: files systemd sss # comment\ngroup:\tcompat [NOTFOUND=return] ldap sss\nhosts: files dns\n:x\n',
    );
    expect(nsswitch.get('hosts')).toEqual(['files', 'dns']);
    expect(otherAccountSources(nsswitch)).toEqual(['sss', 'ldap']);
    expect(otherAccountSources(parseNsswitch(''))).toEqual([]);
  });
});

it('reads hosts', () => {
  const text =
    '127.0.0.1\tlocalhost\n# 192.0.2.9 no\n::1 ip6-localhost ip6-loopback # names\n\n2001:DB8::A kvm1.example.com kvm1\nkvm1 nothing\n192.0.2.3\n';
  expect(parseHosts(text)).toEqual([
    { address: '127.0.0.1', names: ['localhost'], line: 1 },
    { address: '::1', names: ['ip6-localhost', 'ip6-loopback'], line: 3 },
    { address: '2001:db8::a', names: ['kvm1.example.com', 'kvm1'], line: 5 },
  ]);
});

describe('os-release', () => {
  it.each([
    [
      'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
      { id: 'debian', versionId: '12', prettyName: 'Debian GNU/Linux 12 (bookworm)', family: 'debian' },
    ],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', { id: 'rocky', family: 'rhel' }],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"', { id: 'linuxmint', family: 'ubuntu' }],
    ["ID='opensuse-tumbleweed'\nID_LIKE='opensuse suse'", { id: 'opensuse-tumbleweed', family: 'suse' }],
    ['ID=nixos', { id: 'nixos', family: 'other' }],
    ['', { family: 'other' }],
  ])('%j', (text, expected) => {
    expect(parseOsRelease(text)).toEqual(expected);
  });
});

describe('processes', () => {
  const status = 'Name:\tlibvirtd\nUmask:\t0022\nPid:\t4242\nUid:\t0\t107\t0\t0\nGid:\t0\t36\t0\t0\nGroups:\t4 36 \n';

  it('have effective ids and groups', () => {
    expect(parseProcessStatus(status)).toEqual({ name: 'libvirtd', uid: 107, gid: 36, groups: [4, 36] });
    expect(parseProcessStatus(status.replace(/Uid.*\n/, ''))).toBeUndefined();
    expect(parseProcessStatus('')).toBeUndefined();
  });

  it('started some ticks after boot, whatever their name', () => {
    const stat = `4242 (a) S (b) ) S ${Array.from({ length: 18 }, () => '7').join(' ')} 12345 0 0`;
    expect(parseStartTicks(stat)).toBe(12345);
    expect(parseBootTime('cpu 1 2\nbtime 1700000000\nprocesses 9\n')).toBe(1_700_000_000);
    expect(processStart(stat, 'btime 1700000000\n')).toBe('2023-11-14T22:15:23.450Z');
    expect(processStart(stat, '')).toBeUndefined();
    expect(processStart('4242 (x', 'btime 1\n')).toBeUndefined();
    expect(processStart(stat, 'btime 999999999999\n')).toBe('+033658-09-27T01:48:42.450Z');
  });

  it.each<[string, string[]]>([
    ['libvirtd\0--listen\0', ['libvirtd', '--listen']],
    ['qemu\0\0-vnc\0', ['qemu', '', '-vnc']],
    ['title: idle', ['title: idle']],
    ['', []],
  ])('have arguments: %j', (text, words) => {
    expect(parseCommandLine(new TextEncoder().encode(text))).toEqual(words);
  });

  it.runIf(existsSync('/proc/self/status'))('are read from the running system', () => {
    const own = parseProcessStatus(readFileSync('/proc/self/status', 'utf8'));
    expect(own).toMatchObject({ uid: process.geteuid?.(), gid: process.getegid?.() });
    const started = processStart(readFileSync('/proc/self/stat', 'utf8'), readFileSync('/proc/stat', 'utf8')) ?? '';
    expect(Math.abs(Date.parse(started) - (Date.now() - process.uptime() * 1000))).toBeLessThan(3000);
  });
});

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:4082 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31337 1 0000000000000000 100 0 0 10 0
   1: 0100007F:170C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31338 1 0000000000000000 100 0 0 10 0
   2: 0100007F:170C 0100007F:AAAA 01 00000000:00000000 00:00000000 00000000     0        0 31339 1 0000000000000000 100 0 0 10 0
`;
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:4082 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41 1 0
   1: B80D0120000000000000000001000000:4082 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 42 1 0
   2: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 43 1 0
`;

describe('sockets and addresses', () => {
  it('reads listening sockets', () => {
    expect(parseListeningSockets(tcp)).toEqual([
      { address: '0.0.0.0', port: 16514, inode: 31337 },
      { address: '127.0.0.1', port: 5900, inode: 31338 },
    ]);
    expect(parseListeningSockets(tcp6)).toEqual([
      { address: '::', port: 16514, inode: 41 },
      { address: '2001:db8::1', port: 16514, inode: 42 },
      { address: '::ffff:7f00:1', port: 80, inode: 43 },
    ]);
  });

  it.each([
    ['socket:[31337]', 31337],
    ['socket:31337', undefined],
    ['/dev/null', undefined],
  ])('knows a socket by its link: %s', (link, inode) => {
    expect(socketInode(link)).toBe(inode);
  });

  it('reads the addresses of this host', () => {
    const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.15
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
Local:
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
        |-- 192.0.2.15
           /32 host LOCAL
`;
    expect(parseFibTrie(trie)).toEqual(['192.0.2.15', '127.0.0.1']);
    expect(
      parseIfInet6(
        '00000000000000000000000000000001 01 80 10 80       lo\nfe800000000000005054fffffe123456 02 40 20 80     eth0\n',
      ),
    ).toEqual(['::1', 'fe80::5054:ffff:fe12:3456']);
  });

  it.runIf(existsSync('/proc/net/fib_trie'))('finds those that the system reports', () => {
    const inet6 = existsSync('/proc/net/if_inet6') ? readFileSync('/proc/net/if_inet6', 'utf8') : '';
    const found = [...parseFibTrie(readFileSync('/proc/net/fib_trie', 'utf8')), ...parseIfInet6(inet6)];
    const reported = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    expect(found).toEqual(expect.arrayContaining(reported.map(({ address }) => address)));
  });

  it.runIf(existsSync('/proc/net/tcp'))('finds a socket that we listen on, and that we hold it', async () => {
    const server = await new Promise<Server>((resolve) => {
      const listening = createServer().listen(0, '127.0.0.1', () => resolve(listening));
    });
    try {
      const { port } = server.address() as AddressInfo;
      const ours = parseListeningSockets(readFileSync('/proc/net/tcp', 'utf8')).find((each) => each.port === port);
      expect(ours?.address).toBe('127.0.0.1');
      const links = execFileSync('ls', [`/proc/${process.pid}/fd`], { encoding: 'utf8' })
        .trim()
        .split('\n')
        .flatMap((fd) => {
          try {
            return [readlinkSync(`/proc/${process.pid}/fd/${fd}`)];
          } catch {
            return []; // Closed since it was listed.
          }
        });
      expect(links.map(socketInode)).toContain(ours?.inode);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('dpkg', () => {
  const paragraph = (name: string, status: string, version: string) =>
    `Package: ${name}\nStatus: ${status}\nPriority: optional\nDescription: x\n Package: ${name}-inside\n .\nVersion: ${version}\n`;

  it('finds what is installed', () => {
    const status = [
      paragraph('libvirt-daemon', 'install ok installed', '9.0.0-4+deb12u2'),
      paragraph('libvirt-daemon-driver-qemu', 'install ok installed', '1'),
      paragraph('qemu-system-x86', 'deinstall ok config-files', '1:7.2'),
      paragraph('libgnutls30', 'install ok half-configured', '3.7.8'),
      paragraph('libgnutls30', 'hold ok installed', '3.7.9-2'),
      'Package: truncated\nStatus: install ok installed',
    ].join('\n');
    const names = ['libvirt-daemon', 'qemu-system-x86', 'libgnutls30', 'libvirt-daemon-inside', 'truncated', 'libvirt'];
    expect([...installedVersions(status, names)]).toEqual([
      ['libvirt-daemon', '9.0.0-4+deb12u2'],
      ['libgnutls30', '3.7.9-2'],
    ]);
  });

  it.each([
    ['one paragraph', 'Package: x\n'.repeat(1_000_000)],
    ['many paragraphs', 'Package: x\n\n'.repeat(1_000_000)],
    ['no paragraph', ' Package: x\n'.repeat(1_000_000)],
  ])('stays quick in %s of the same name', { timeout: 20_000 }, (_, text) => {
    expect(installedVersions(text, ['x']).size).toBe(0);
  });

  const query = spawnSync('dpkg-query', ['-W', '-f', '${Version}', 'libc6'], { encoding: 'utf8' });
  const asked = query.status === 0 && existsSync('/var/lib/dpkg/status');
  it.skipIf(!asked)(asked ? 'agrees with dpkg-query' : 'dpkg-query is not installed', () => {
    const status = readFileSync('/var/lib/dpkg/status', 'utf8');
    expect(installedVersions(status, ['libc6']).get('libc6')).toBe(query.stdout);
  });
});

describe('hostile input', () => {
  const parsers: [string, (text: string) => unknown][] = [
    ['passwd', parsePasswd],
    ['group', parseGroup],
    ['nsswitch', (text) => otherAccountSources(parseNsswitch(text))],
    ['hosts', parseHosts],
    ['os-release', parseOsRelease],
    ['status', parseProcessStatus],
    ['stat', (text) => processStart(text, text)],
    ['cmdline', (text) => parseCommandLine(new TextEncoder().encode(text))],
    ['tcp', parseListeningSockets],
    ['fib_trie', parseFibTrie],
    ['if_inet6', parseIfInet6],
    ['dpkg status', (text) => installedVersions(text, ['a'])],
  ];
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom(':', ' ', '\n', '0', 'A', 'f', '|', '-', '[', ']', '#', ')', '%', '/', '\0', ','),
    }),
  );

  it.each(parsers)('%s: nothing throws', (_, parser) => {
    fc.assert(fc.property(hostile, (text) => void parser(text)));
  });

  it.each(parsers)('%s: much of one character takes no time', { timeout: 20_000 }, (_, parser) => {
    for (const character of ['[', ' ', ':', '\n', '0', 'a', '|-- ', '#', '(', '\t/32 '])
      parser(character.repeat(200_000));
  });
});
