import { describe, expect, it } from 'vitest';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import { vncConsoles } from '../../src/domain/consoles.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { memoryHost, type MemoryEntry } from '../support/memory-host.ts';
import { facts as built } from '../support/facts.ts';

const collect = async (tree: Record<string, MemoryEntry>, live = false): Promise<Facts> => {
  const tool = { name: 'virt-pki-check', version: '0.0.0' };
  const { facts } = await collectSnapshot(memoryHost(tree, { live }), {
    tool,
    needs: ['qemuProcesses', 'identity'],
  });
  return {
    ...built(),
    ...Object.fromEntries(Object.entries(facts).flatMap(([name, fact]) => (fact.known ? [[name, fact.value]] : []))),
  };
};

const qemu = '/usr/bin/qemu-system-x86_64 -name guest=vm1,debug-threads=on -vnc 0.0.0.0:0 -S';
const listing = (command: string, user = 'libvirt+') =>
  `USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
root         812  0.0  0.0  52516 20844 ?        -    Nov21   0:38 /usr/sbin/libvirtd --listen
root           -  0.0    -      -     - -        Ssl  Nov21   0:38 -
${user}    4242  0.0  0.0  52516 20844 ?        -    Nov21   0:38 ${command}
bob         4300  0.0  0.0  52516 20844 ?        -    Nov21   0:38 vim qemu-system-x86_64
`;
const report = {
  '/etc/passwd':
    'root:x:0:0::/root:/bin/sh\nlibvirt-qemu:x:64055:64055::/:/bin/false\nlibvirt-dnsmasq:x:115:120::/:/bin/false\n',
  '/etc/group': 'root:x:0:\nkvm:x:104:libvirt-qemu\nlibvirt-qemu:x:64055:\n',
  '/sos_commands/process/ps_auxwwwm': listing(qemu),
  '/ps': { link: 'sos_commands/process/ps_auxwwwm' },
  '/sos_commands/process/ps_alxwww': `F   UID   PID  PPID PRI  NI    VSZ   RSS WCHAN  STAT TTY        TIME COMMAND
4 64055  4242     1  20   0  52516 20844 -      Sl   ?          0:38 ${qemu}
`,
  '/sos_commands/networking/netstat_-W_-neopa': `Proto Recv-Q Send-Q Local Address Foreign Address State User Inode PID/Program name Timer
tcp        0      0 0.0.0.0:5900            0.0.0.0:*               LISTEN      64055      12345      4242/qemu-system-x86 off (0.00/0/0)
tcp6       0      0 :::16514                :::*                    LISTEN      0          12345      812/libvirtd off (0.00/0/0)
`,
  '/sos_commands/networking/ip_-o_addr':
    '1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet 192.0.2.7/24 scope global eth0\n',
} satisfies Record<string, MemoryEntry>;

describe('a sosreport', () => {
  it('shows what ran, as whom, and on what it listened', async () => {
    const { runtime, qemuProcesses, identity } = await collect(report);
    expect(runtime).toEqual({
      observed: true,
      processes: [
        { pid: 812, program: 'libvirtd', uid: 0, gid: 0, groups: [], arguments: ['--listen'] },
        { pid: 4242, program: 'qemu-system-x86_64', uid: 64055, gid: 64055, groups: [104] },
      ],
      listening: {
        known: true,
        value: [
          { address: '0.0.0.0', port: 5900, pid: 4242 },
          { address: '::', port: 16514, pid: 812 },
        ],
      },
    });
    expect(qemuProcesses).toMatchObject({
      processes: [{ pid: 4242, uid: 64055, commandLine: { guest: 'vm1', vnc: [{ addresses: [{ port: 5900 }] }] } }],
    });
    expect(identity.addresses).toEqual(['127.0.0.1', '192.0.2.7']);
  });

  it('that kept /proc/PID/status has the ids from there', async () => {
    const { qemuProcesses } = await collect({
      ...report,
      '/proc/1/status': 'Name:\tsystemd\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t \n',
      '/proc/4242/status': 'Name:\tqemu-system-x86\nUid:\t7\t7\t7\t7\nGid:\t8\t8\t8\t8\nGroups:\t9 10 \n',
    });
    expect(qemuProcesses).toMatchObject({ processes: [{ uid: 7, gid: 8, groups: [9, 10] }] });
  });

  it('may have nothing but the listing at its top', async () => {
    const { runtime } = await collect({ '/etc/passwd': report['/etc/passwd'], '/ps': listing(qemu, 'libvirt-qemu') });
    expect(runtime).toMatchObject({
      processes: [{ program: 'libvirtd' }, { uid: 64055 }],
      listening: { known: false, reason: 'not-collected' },
    });
  });

  it.each([
    ['a name cut short that may be two', 'libvirt+'],
    ['a name that is not in etc/passwd', 'ldapuser'],
    ['a number without a group', '4711'],
  ])('does not say as whom a guest runs: %s', async (_, user) => {
    const tree = { '/etc/passwd': report['/etc/passwd'], '/ps': listing(qemu, user) };
    const { facts } = await collectSnapshot(memoryHost(tree), {
      tool: { name: 'virt-pki-check', version: '0.0.0' },
      needs: ['qemuProcesses'],
    });
    expect(facts.qemuProcesses).toMatchObject({ known: false, reason: 'not-collected' });
    expect(facts.qemuProcesses).toMatchObject({ detail: expect.stringContaining('process 4242') as string });
  });

  it('leaves open what a blank makes ambiguous, and refuses nothing on its account', async () => {
    const facts = await collect({
      ...report,
      '/sos_commands/process/ps_auxwwwm': listing('/usr/bin/qemu-kvm -vnc unix:/my dir/s -nonsense x', 'libvirt-qemu'),
      '/sos_commands/process/ps_alxwww': '',
    });
    expect(facts.qemuProcesses).toMatchObject({
      processes: [{ ambiguous: ['vnc'], commandLine: { unread: [{ option: 'ambiguous', name: 'vnc' }], vnc: [] } }],
    });
    expect(JSON.stringify(facts.qemuProcesses)).not.toContain('refusal');
    expect(vncConsoles(facts).unread[0]?.because).toEqual({
      known: false,
      reason: 'not-collected',
      detail: 'the listing of processes does not say where the argument of -vnc ends',
    });
  });

  it('keeps no secret of a listing', async () => {
    const command = '/usr/bin/qemu-kvm -object secret,id=s,data=geheim -spice password=geheim -append geheim geheim';
    const { runtime, qemuProcesses } = await collect({
      ...report,
      '/sos_commands/process/ps_auxwwwm': listing(command, 'libvirt-qemu'),
      '/sos_commands/process/ps_alxwww': '',
    });
    expect(JSON.stringify([runtime, qemuProcesses])).not.toContain('geheim');
  });
});

describe('a listing', () => {
  it('counts for nothing where proc itself is there, or the host runs', async () => {
    const proc = await collect({ ...report, '/proc/1/comm': 'systemd\n' });
    expect(proc.runtime).toMatchObject({ observed: true, processes: [] });
    const live = await collect(report, true);
    expect(live.runtime).toEqual({ observed: false });
  });
});
