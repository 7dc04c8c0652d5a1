import type { QemuProcess, QemuProcesses } from '../facts/qemu-processes.ts';
import { majorAndMinor } from '../domain/upstream-version.ts';
import { parseQemuCommandLine } from '../parse/qemu-command-line.ts';
import { redactArguments } from '../parse/qemu-redaction.ts';
import { defineCollector } from './collector.ts';
import { qemuArguments } from './qemu-arguments.ts';

/** Command lines of the QEMU processes that `runtime` found, read as the installed QEMU reads them. */
export default defineCollector({
  fact: 'qemuProcesses',
  after: ['runtime', 'software'],
  collect: async (view, { runtime, software }): Promise<QemuProcesses> => {
    if (!runtime.observed) return { observed: false };
    const version = majorAndMinor(software.qemu?.version ?? '');
    const processes: QemuProcess[] = [];
    for (const { pid, program, uid, gid, groups, started } of runtime.processes) {
      if (!program.startsWith('qemu-')) continue;
      const given = await qemuArguments(view, pid);
      if (given === undefined) continue;
      const { ambiguous } = given;
      const argv = redactArguments(given.arguments);
      processes.push({
        pid,
        uid,
        gid,
        groups,
        ...(started === undefined ? {} : { started }),
        arguments: argv,
        ...(ambiguous.length === 0 ? {} : { ambiguous }),
        commandLine: parseQemuCommandLine(argv, { ambiguous, ...(version === undefined ? {} : { version }) }),
      });
    }
    return { observed: true, processes };
  },
});
