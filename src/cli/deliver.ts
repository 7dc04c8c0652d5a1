import { writeFileSync } from 'node:fs';
import json from '../report/json.ts';
import type { Reporter } from '../report/reporter.ts';
import text from '../report/text.ts';
import type { Scanned } from '../tui/scanned.ts';
import type { Shell } from './shell.ts';
import { wantsColor } from './streams.ts';
import { UsageError } from './usage-error.ts';

const reporters: Readonly<Record<'text' | 'json', Reporter>> = { text, json };

/** Draws a report and writes it to the file or standard output. */
export async function deliver(
  { report, snapshots }: Pick<Scanned, 'report' | 'snapshots'>,
  args: {
    readonly format: 'text' | 'json';
    readonly output?: string | undefined;
    readonly color: 'auto' | 'always' | 'never';
    readonly quiet?: boolean | undefined;
    readonly verbose?: boolean | undefined;
  },
  shell: Shell,
): Promise<void> {
  // What draws evidence is as much code as what judges: it is loaded by those who ask for it.
  const evidence =
    args.verbose === true && args.format === 'text'
      ? (await import('./gather-evidence.ts')).gatherEvidence(report, snapshots)
      : undefined;
  const toTerminal = args.output === undefined;
  const document = reporters[args.format].render(report, {
    color: toTerminal ? wantsColor(args.color, shell.streams) : args.color === 'always',
    width: shell.streams.out.width,
    verbose: args.verbose ?? false,
    quiet: args.quiet ?? false,
    ...(evidence === undefined ? {} : { evidence }),
  });
  await put(document, args.output, shell);
}

/** Writes a document to a file, or to standard output where none is named. @throws UsageError when the file cannot be written. */
export async function put(document: string, output: string | undefined, shell: Shell): Promise<void> {
  if (output === undefined || output === '-') return shell.streams.out.write(document);
  try {
    writeFileSync(output, document);
  } catch (error) {
    throw new UsageError(`cannot write ${output}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
