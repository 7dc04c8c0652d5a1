import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseAddressListing,
  parseProcessListing,
  parseSocketListing,
  splitQemuCommand,
} from '../../src/parse/process-listing.ts';
import { optionsWithArgument, optionsWithoutArgument } from '../../src/reference/qemu-options.ts';

describe('a listing of processes', () => {
  it.each<[string, string, readonly object[]]>([
    [
      'ps auxwwwm, with threads',
      `USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
root         1  0.3  0.0  52516 20844 ?        -    Nov21   0:38 /usr/lib/systemd/systemd --switched-root
root         -  0.3    -      -     - -        S<Ll Nov21   0:38 -
libvirt+  4242  0.0  0.1 852516 20844 ?        -    10:15   0:01 /usr/bin/qemu-system-x86_64 -name guest=a  b -S
`,
      [
        { pid: 1, user: 'root', command: '/usr/lib/systemd/systemd --switched-root' },
        { pid: 4242, user: 'libvirt+', command: '/usr/bin/qemu-system-x86_64 -name guest=a  b -S' },
      ],
    ],
    [
      'ps alxwww',
      `F   UID     PID    PPID PRI  NI    VSZ   RSS WCHAN  STAT TTY        TIME COMMAND
4     0       1       0  20   0  52516 20844 do_epo Ss   ?          0:38 /sbin/init
1     0       2       0  20   0      0     0 -      S    ?          0:00 [kthreadd]
`,
      [
        { pid: 1, uid: 0, command: '/sbin/init' },
        { pid: 2, uid: 0, command: '[kthreadd]' },
      ],
    ],
    [
      'ps axo with lstart',
      `F S   UID   PID  PPID  PGID   SID CLS PRI PSR ADDR    SZ WCHAN                                 STARTED TT           TIME CMD
4 S 64055  4242     0     0     0  TS  29   1    - 13129 -                    Sat Nov  1 23:50:44 2026 ?        00:00:38 /usr/libexec/qemu-kvm -S
`,
      [{ pid: 4242, uid: 64055, command: '/usr/libexec/qemu-kvm -S' }],
    ],
    [
      'ps axo with groups, whose command is a short name',
      `  PID  PPID USER     GROUP      LWP NLWP START COMMAND         CGROUP
 4242     0 qemu     kvm       4242    3 Nov21 CPU 0/KVM       0::/machine.slice
`,
      [{ pid: 4242, user: 'qemu', group: 'kvm' }],
    ],
    [
      'a forest',
      `USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
root       812  0.3  0.0  52516 20844 ?        S    Nov21   0:38  |   \\_ /usr/sbin/libvirtd --listen
`,
      [{ pid: 812, user: 'root', command: '/usr/sbin/libvirtd --listen' }],
    ],
    ['an error', 'error: unsupported option (BSD syntax)\n\nUsage:\n ps [options]\n', []],
    [
      'a cut line',
      'USER       PID %CPU COMMAND\nroot\nroot 1\nroot 1 0.0 x\n',
      [{ pid: 1, user: 'root', command: 'x' }],
    ],
    ['nothing', '', []],
  ])('%s', (_, text, expected) => {
    expect(parseProcessListing(text)).toEqual(expected);
  });

  it('never throws, and takes its time in proportion', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseProcessListing(`PID USER CMD\n${text}`);
        parseProcessListing(text);
        parseSocketListing(text);
        parseAddressListing(text);
      }),
    );
    const before = performance.now();
    expect(
      parseProcessListing(`${'PID '.repeat(63)}CMD\n${'1 '.repeat(1_000_000)}\n${' '.repeat(1_000_000)}x`),
    ).toHaveLength(1);
    expect(parseProcessListing(`${'PID '.repeat(100_000)}\n1`)).toEqual([]);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});

describe('a command line of QEMU in a listing', () => {
  const split = (text: string) => splitQemuCommand(`qemu-system-x86_64 ${text}`);

  it.each<[string, readonly string[]]>([
    ['-vnc :0 -S -nodefaults', ['-vnc', ':0', '-S', '-nodefaults']],
    ['-name guest=my guest,debug-threads=on -vnc none', ['-name', 'guest=my guest,debug-threads=on', '-vnc', 'none']],
    ['-smbios type=1,manufacturer=A B -c -S', ['-smbios', 'type=1,manufacturer=A B', '-c', '-S']],
    [
      '-object {"qom-type":"secret","id":"a -vnc :0","data":"\\" }"} --vnc :1',
      ['-object', '{"qom-type":"secret","id":"a -vnc :0","data":"\\" }"}', '--vnc', ':1'],
    ],
    ['-vnc  -S', ['-vnc', '', '-S']],
    ['-S /disk 1', ['-S', '/disk', '1']],
    ['-incoming -S -vnc', ['-incoming', '-S', '-vnc']],
    ['-vnc', ['-vnc']],
  ])('%s', (text, expected) => {
    expect(split(text)).toEqual({ arguments: ['qemu-system-x86_64', ...expected], ambiguous: [] });
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['-S -vnc unix:/my dir/s -nodefaults', ['-S', '-nodefaults'], ['vnc']],
    ['-vnc :0 disk.img', [], ['vnc']],
    ['-object tls-creds-x509,id=t,dir=/a b -vnc :0,tls-creds=t', ['-vnc', ':0,tls-creds=t'], ['object']],
    ['-spice addr=/a b,unix=on -object {"dir":"/a b" -S', ['-S'], ['spice', 'object']],
    ['-object {"id":"a"}b -S', ['-S'], ['object']],
  ])('%s: does not say where an argument ends', (text, rest, ambiguous) => {
    expect(split(text)).toEqual({ arguments: ['qemu-system-x86_64', ...rest], ambiguous });
  });

  it('may have been cut by an old kernel', () => {
    expect(splitQemuCommand(`qemu-kvm -append ${'x'.repeat(4095 - 17)}`).ambiguous).toEqual(['vnc']);
  });

  const withArgument = [...optionsWithArgument].map((name) => `-${name}`);
  const without = [...optionsWithoutArgument].map((name) => `-${name}`);
  const plain = fc.stringMatching(/^[^\s{-][^\s]{0,20}$/);
  const json = fc
    .dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean(), fc.array(fc.string())))
    .map((one) => JSON.stringify(one));
  const option = fc.oneof(
    fc.tuple(fc.constantFrom(...withArgument), fc.oneof(plain, json)),
    fc.tuple(fc.constantFrom(...without)),
  );

  it('comes apart as it was put together, where nothing but JSON has blanks', () => {
    fc.assert(
      fc.property(fc.array(option, { maxLength: 12 }), (options) => {
        const argv = ['/usr/bin/qemu-system-x86_64', ...options.flat()];
        fc.pre(argv.join(' ').length < 4000);
        expect(splitQemuCommand(argv.join(' '))).toEqual({ arguments: argv, ambiguous: [] });
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves no console out without a word, whatever the arguments are', () => {
    const any = fc.oneof(
      plain,
      json,
      fc.constantFrom('-vnc', '-object', '-S', '{', '{"', '-', '', 'x y', '-x y'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (words) => {
        const { arguments: argv } = splitQemuCommand(['qemu', ...words].join(' '));
        expect(argv[0]).toBe('qemu');
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['braces that never close', '-object { '.repeat(100_000)],
    ['blanks', ' '.repeat(1_000_000)],
    ['one long word', `-vnc ${'x'.repeat(1_000_000)}`],
    ['words without options', `-vnc ${'x '.repeat(500_000)}`],
    ['dashes', '-vnc - '.repeat(200_000)],
    ['JSON after JSON', '-object {"a":[{}]} '.repeat(50_000)],
  ])('takes its time in proportion: %s', (_, text) => {
    const before = performance.now();
    splitQemuCommand(`qemu-kvm ${text}`);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});

describe('a listing of sockets', () => {
  it('of ss', () => {
    const text = `Netid State     Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess
nl    UNCONN    0      0                  0:0                 *     sk=0 cb=0 groups=0x00000000\t skmem:(r0)
tcp   LISTEN 0      4096                  *:16514             *:*    users:(("libvirtd",pid=812,fd=5),("systemd",pid=1,fd=40)) ino:1 sk:1 v6only:0 <->
\t skmem:(r0,rb131072)
tcp   LISTEN 0      1             127.0.0.1:5900        0.0.0.0:*    users:(("qemu-system-x86",pid=4242,fd=17)) uid:64055 ino:2
tcp   LISTEN 0      1                 [::1]:5901           [::]:*    ino:3
tcp   LISTEN 0      1       127.0.0.53%lo:53         0.0.0.0:*    ino:4
tcp   LISTEN 0      1  [fe80::1]%virbr0:53            [::]:*    ino:4
tcp   ESTAB  0      1             127.0.0.1:16514       127.0.0.1:40000
udp   UNCONN 0      1             0.0.0.0:53       0.0.0.0:*
`;
    expect(parseSocketListing(text)).toEqual([
      { address: '::', port: 16514, pids: [812, 1] },
      { address: '127.0.0.1', port: 5900, pids: [4242] },
      { address: '::1', port: 5901, pids: [] },
      { address: '127.0.0.53', port: 53, pids: [] },
      { address: 'fe80::1', port: 53, pids: [] },
    ]);
  });

  it('of netstat', () => {
    const text = `Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       User       Inode      PID/Program name     Timer
tcp        0      0 0.0.0.0:16509           0.0.0.0:*               LISTEN      0          12345      812/libvirtd         off (0.00/0/0)
tcp6       0      0 :::16514                :::*                    LISTEN      0          12346      -                    off (0.00/0/0)
tcp6       0      0 ::1:5900                ::1:40000               ESTABLISHED 0          12346      -                    off (0.00/0/0)
`;
    expect(parseSocketListing(text)).toEqual([
      { address: '0.0.0.0', port: 16509, pids: [812] },
      { address: '::', port: 16514, pids: [] },
    ]);
  });
});

it('reads the addresses of interfaces', () => {
  const text = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
1: lo    inet6 ::1/128 scope host \\       valid_lft forever preferred_lft forever
2: eth0    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever
3: tun0    inet 10.8.0.2 peer 10.8.0.1/32 scope global tun0
ip: nothing
`;
  expect(parseAddressListing(text)).toEqual(['127.0.0.1', '::1', '192.0.2.10', '10.8.0.2']);
});
