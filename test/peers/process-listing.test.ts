import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { HostAccess } from '../../src/host/host-access.ts';
import { directoryHost, localHost } from '../../src/host/file-system-host.ts';
import { findProgram, runProgram } from '../../src/host/run-program.ts';
import { directoryTree } from '../support/directory-tree.ts';

const program = 'qemu-system-x86_64';
const missing = [program, 'ps', 'ss', 'netstat', 'ip'].filter((name) => findProgram(name) === undefined);

/** What sos runs, by the names of its files. */
const outputs: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'process/ps_auxwwwm': ['ps', 'auxwwwm'],
  'process/ps_alxwww': ['ps', 'alxwww'],
  'process/ps_axo_pid_ppid_user_group_lwp_nlwp_start_time_comm_cgroup': [
    'ps',
    'axo',
    'pid,ppid,user,group,lwp,nlwp,start_time,comm,cgroup',
  ],
  'process/ps_axo_flags_state_uid_pid_ppid_pgid_sid_cls_pri_psr_addr_sz_wchan_20_lstart_tty_time_cmd': [
    'ps',
    'axo',
    'flags,state,uid,pid,ppid,pgid,sid,cls,pri,psr,addr,sz,wchan:20,lstart,tty,time,cmd',
  ],
  'networking/netstat_-W_-neopa': ['netstat', '-W', '-neopa'],
  'networking/ss_-peaonmi': ['ss', '-peaonmi'],
  'networking/ip_-o_addr': ['ip', '-o', 'addr'],
};

const collect = async (host: HostAccess): Promise<Pick<Facts, 'runtime' | 'qemuProcesses' | 'identity'>> => {
  const tool = { name: 'virt-pki-check', version: '0.0.0' };
  const { facts } = await collectSnapshot(host, { tool, needs: ['qemuProcesses', 'identity'] });
  const { runtime, qemuProcesses, identity } = facts;
  if (!runtime.known || !qemuProcesses.known || !identity.known) throw new Error(JSON.stringify(facts));
  return { runtime: runtime.value, qemuProcesses: qemuProcesses.value, identity: identity.value };
};

describe.skipIf(missing.length > 0)(
  `a report of this machine${missing.map((name) => ` (no ${name})`).join('')}`,
  () => {
    it('says the same of a guest as the machine itself', { timeout: 60_000 }, async () => {
      const tree = directoryTree({});
      const child = spawn(
        program,
        [
          ...['-machine', 'none', '-display', 'none', '-nodefaults', '-name', 'guest=my guest,debug-threads=on', '-S'],
          ...['-object', '{"qom-type":"secret","id":"s0","data":"ge -vnc :1 heim"}'],
          ...['-object', 'secret,id=s1,data=geheim', '-vnc', `unix:${tree}/s.sock,password-secret=s1`],
          ...['-vnc', '127.0.0.1:0,to=99,sasl=off'],
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      onTestFinished(() => void child.kill('SIGKILL'));
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const guestOf = ({ qemuProcesses }: Pick<Facts, 'qemuProcesses'>) =>
        qemuProcesses.observed ? qemuProcesses.processes.find(({ pid }) => pid === child.pid) : undefined;
      const portOf = ({ runtime }: Pick<Facts, 'runtime'>) =>
        runtime.observed && runtime.listening.known
          ? runtime.listening.value.filter(({ pid }) => pid === child.pid)
          : undefined;
      let live = await collect(localHost());
      for (let tries = 0; tries < 50 && (portOf(live)?.length ?? 0) === 0; tries += 1) {
        expect(child.exitCode, said).toBeNull();
        await sleep(100);
        live = await collect(localHost());
      }
      const files: Record<string, string> = {};
      for (const [name, [command, ...args]] of Object.entries(outputs)) {
        files[`/sos_commands/${name}`] = (await runProgram(command, args))?.toString() ?? '';
      }
      for (const name of ['/etc/passwd', '/etc/group'] as const)
        files[name] = new TextDecoder().decode(await localHost().read(name));
      const report = await collect(directoryHost(directoryTree(files)));
      const { started: _, ...guest } = guestOf(live)!;
      expect(guest.commandLine.objects).toHaveLength(2);
      expect(guestOf(report)).toEqual(guest);
      expect(portOf(live)).toHaveLength(1);
      expect(portOf(report)).toEqual(portOf(live));
      expect(report.identity.addresses).toEqual(expect.arrayContaining(['127.0.0.1']));
      expect(new Set(report.identity.addresses)).toEqual(new Set(live.identity.addresses));
      expect(JSON.stringify(report)).not.toContain('heim');
    });
  },
);
