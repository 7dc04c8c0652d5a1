import type { QemuProcess } from '../facts/qemu-processes.ts';
import { isLibvirtGuest } from './console-fix.ts';
import type { ConsoleFacts } from './consoles.ts';
import { guestName } from './guest-name.ts';

/** How a process gets other arguments: a person mends what starts it. */
export function argumentFix(
  facts: Pick<ConsoleFacts, 'domains'>,
  process: QemuProcess,
  title: string,
  change: string,
): {
  readonly title: string;
  readonly applicability: 'manual';
  readonly steps: readonly { readonly kind: 'manual'; readonly instruction: string }[];
} {
  const guest = guestName(process);
  const instruction = isLibvirtGuest(facts, process)
    ? `virsh edit ${guest}: among the arguments of <qemu:commandline>, ${change}; then shut it down and start it again`
    : `in what starts ${guest}: ${change}`;
  return { title, applicability: 'manual', steps: [{ kind: 'manual', instruction }] };
}
