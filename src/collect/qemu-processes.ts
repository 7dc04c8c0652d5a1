import type { QemuProcess, QemuProcesses } from '../facts/qemu-processes.ts';
import { upstreamNumbers } from '../domain/upstream-version.ts';
import { parseCommandLine } from '../parse/proc.ts';
import { parseQemuCommandLine } from '../parse/qemu-command-line.ts';
import { defineCollector } from './collector.ts';
import { readOfProcess } from './runtime.ts';

/** Command lines of the QEMU processes that `runtime` found, read as the installed QEMU reads them. */
export default defineCollector({
  fact: 'qemuProcesses',
  after: ['runtime', 'software'],
  collect: async (view, { runtime, software }): Promise<QemuProcesses> => {
    if (!runtime.observed) return { observed: false };
    const [major, minor] = upstreamNumbers(software.qemu?.version ?? '');
    const options = major === undefined ? {} : { version: [major, minor ?? 0] as const };
    const processes: QemuProcess[] = [];
    for (const { pid, program, uid, gid, groups, started } of runtime.processes) {
      if (!program.startsWith('qemu-')) continue;
      const argv = parseCommandLine((await readOfProcess(view, pid, 'cmdline')) ?? new Uint8Array());
      if (argv.length === 0) continue;
      processes.push({
        pid,
        uid,
        gid,
        groups,
        ...(started === undefined ? {} : { started }),
        commandLine: parseQemuCommandLine(argv, options),
      });
    }
    return { observed: true, processes };
  },
});
