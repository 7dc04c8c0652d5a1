import { toJson } from '../report/json.ts';
import { put } from './deliver.ts';
import { openTarget } from './open-target.ts';
import type { Shell } from './shell.ts';
import { UsageError } from './usage-error.ts';

/** Writes a snapshot of a host: all facts, no secret. */
export async function collect(
  args: {
    readonly target: string;
    readonly output?: string | undefined;
    readonly pkiDirectory?: readonly string[] | undefined;
  },
  shell: Shell,
): Promise<number> {
  const opened = await openTarget(args.target);
  if (opened.kind === 'snapshot') throw new UsageError(`${args.target} is a snapshot already`);
  const pkiDirectories = args.pkiDirectory ?? [];
  const relative = pkiDirectories.find((directory) => !directory.startsWith('/'));
  if (relative !== undefined) throw new UsageError(`--pki-directory ${relative} is not absolute`);
  await put(toJson(await opened.collect(undefined, undefined, { pkiDirectories })), args.output, shell);
  return 0;
}
