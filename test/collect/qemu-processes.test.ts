import { describe, expect, it } from 'vitest';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { memoryHost, type MemoryEntry } from '../support/memory-host.ts';

const collect = async (tree: Record<string, MemoryEntry>): Promise<Facts['qemuProcesses']> => {
  const tool = { name: 'virt-pki-check', version: '0.0.0' };
  const { facts } = await collectSnapshot(memoryHost(tree), { tool, needs: ['qemuProcesses'] });
  if (!facts.qemuProcesses.known) throw new Error(facts.qemuProcesses.detail);
  return facts.qemuProcesses.value;
};

const guest = (...argv: readonly string[]): Record<string, MemoryEntry> => ({
  '/proc/stat': 'btime 1767225600\n',
  '/proc/4242/comm': 'qemu-system-x86\n',
  '/proc/4242/cmdline': `${['/usr/bin/qemu-system-x86_64', ...argv].join('\0')}\0`,
  '/proc/4242/status': 'Name:\tqemu-system-x86\nUid:\t107\t107\t107\t107\nGid:\t107\t107\t107\t107\nGroups:\t36 \n',
  '/proc/4242/stat': `4242 (qemu-system-x86) S 1 ${'0 '.repeat(17)}6000 0\n`,
});

describe('guests that run', () => {
  it('are not seen in an image', async () => {
    expect(await collect({ '/etc/hostname': 'kvm1\n' })).toEqual({ observed: false });
  });

  it('have an account, a start and a command line', async () => {
    const facts = await collect(guest('-name', 'guest=vm1', '-vnc', 'unix:/run/vm1.sock', '-vnc', ':1,password=on'));
    expect(facts).toMatchObject({
      observed: true,
      processes: [
        {
          pid: 4242,
          uid: 107,
          gid: 107,
          groups: [36],
          started: '2026-01-01T00:01:00.000Z',
          commandLine: {
            guest: 'vm1',
            vnc: [
              { authentication: 'none' },
              { addresses: [{ host: '', port: 5901 }], authentication: 'vnc-password' },
            ],
          },
        },
      ],
    });
  });

  it('are read as the installed version reads them', async () => {
    const runAs = guest('-runas', 'nobody');
    const status = 'Package: qemu-system-x86\nStatus: install ok installed\nVersion: 1:7.2+dfsg-7\n\n';
    const refusal = async (tree: Record<string, MemoryEntry>) => {
      const facts = await collect(tree);
      return facts.observed ? facts.processes[0]?.commandLine.refusal?.text : undefined;
    };
    expect(await refusal(runAs)).toBe('invalid option');
    expect(await refusal({ ...runAs, '/var/lib/dpkg/status': status })).toBeUndefined();
  });

  it('keep no secret', async () => {
    const facts = await collect(
      guest(
        '-object',
        'secret,id=s0,data=geheim',
        '-spice',
        'port=5900,password=geheim',
        '-vnc',
        ':0,password-secret=s0',
      ),
    );
    expect(JSON.stringify(facts)).not.toContain('geheim');
  });

  it('leave out a process that ended meanwhile', async () => {
    expect(await collect({ ...guest(), '/proc/4242/cmdline': '' })).toEqual({ observed: true, processes: [] });
  });
});
