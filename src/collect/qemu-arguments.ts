import type { HostView } from '../host/host-view.ts';
import { parseCommandLine } from '../parse/proc.ts';
import { splitQemuCommand, type SplitCommand } from '../parse/process-listing.ts';
import { listedProcesses } from './report-listings.ts';
import { readOfProcess } from './runtime.ts';

/** The arguments of a running QEMU as they are, secrets included: none of them may reach a fact as it is. Undefined when it has ended. */
export async function qemuArguments(view: HostView, pid: number): Promise<SplitCommand | undefined> {
  const bytes = await readOfProcess(view, pid, 'cmdline');
  if (bytes !== undefined) {
    const argv = parseCommandLine(bytes);
    return argv.length === 0 ? undefined : { arguments: argv, ambiguous: [] };
  }
  const command = (await listedProcesses(view))?.get(pid)?.command;
  return command === undefined ? undefined : splitQemuCommand(command);
}
