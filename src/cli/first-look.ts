import { join } from 'node:path';
import { scan, type ScanArguments } from './scan.ts';
import { openTarget } from './open-target.ts';
import type { Shell } from './shell.ts';
import { packageDirectory } from './tool.ts';

const look: Omit<ScanArguments, 'targets'> = {
  color: 'auto',
  failOn: 'never',
  allowUnknown: true,
  timeout: 5,
};

/**
 * What `npm start` does: scans this machine (`here`), or the example host where there is nothing to scan, and ends with 0 whatever
 * it finds.
 */
export async function firstLook(shell: Shell, here = 'local'): Promise<number> {
  const local = await openTarget(here);
  const snapshot = local.kind === 'host' ? await local.collect(['software']) : local.snapshot;
  const { software } = snapshot.facts;
  if (software.known && software.value.installed.length > 0) return scan({ ...look, targets: [here] }, shell);
  const example = join(packageDirectory, 'fixtures', 'hosts', 'example');
  await shell.streams.out.write(
    `No libvirt or QEMU is installed on this machine. Here is an example host instead: ${example}\n\n`,
  );
  return scan({ ...look, targets: [example] }, shell);
}
