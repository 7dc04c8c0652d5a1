import { fstatSync, writeSync } from 'node:fs';
import { UsageError } from './usage-error.ts';

/** Where a command writes. */
export interface Output {
  /** Is somebody watching. */
  readonly isTerminal: boolean;
  /** Columns to draw for: the terminal's, or what a log is comfortably read at. */
  readonly width: number;
  /**
   * Writes all of `text`, waiting where the reader is slow; a reader that went away (`| head`) is no error.
   * @throws UsageError when it cannot be written, as on a full disk.
   */
  write(text: string): Promise<void>;
}

/** The outside of a command. */
export interface Streams {
  readonly out: Output;
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The streams of this process. */
export const processStreams = (): Streams => ({
  out: output(1, () => process.stdout),
  err: output(2, () => process.stderr),
  env: process.env,
});

/**
 * One of the process's streams, written to by its descriptor as long as that goes: `process.stdout` costs a tenth of our start-up
 * time, so that it is made only for terminals and for pipes that would block.
 */
function output(descriptor: number, stream: () => NodeJS.WriteStream): Output {
  const isTerminal = mayBeTerminal(descriptor) && stream().isTTY === true;
  return {
    isTerminal,
    get width() {
      return isTerminal ? Math.max(40, stream().columns) : 100;
    },
    async write(text) {
      const rest = isTerminal ? Buffer.from(text) : writeNow(descriptor, Buffer.from(text));
      if (rest.length > 0) await writeToStream(stream(), rest);
    },
  };
}

/** Major number of the memory devices, /dev/null among them (Linux Documentation/admin-guide/devices.txt). */
const memoryDevices = 1;

function mayBeTerminal(descriptor: number): boolean {
  try {
    const status = fstatSync(descriptor);
    return status.isCharacterDevice() && status.rdev >> 8 !== memoryDevices;
  } catch {
    // A descriptor that was closed before we started is no terminal; writing to it says what is wrong.
    return false;
  }
}

/** Writes as much as goes without waiting and returns the rest. */
function writeNow(descriptor: number, content: Buffer): Buffer {
  let written = 0;
  try {
    while (written < content.length) written += writeSync(descriptor, content, written);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') return Buffer.alloc(0);
    if (code !== 'EAGAIN') throw unwritable(error);
  }
  return content.subarray(written);
}

const writeToStream = (stream: NodeJS.WriteStream, content: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const gone = (error: NodeJS.ErrnoException): void =>
      error.code === 'EPIPE' ? resolve() : reject(unwritable(error));
    stream.once('error', gone);
    stream.write(content, (error) => {
      if (error) gone(error);
      else {
        stream.removeListener('error', gone);
        resolve();
      }
    });
  });

const unwritable = (error: unknown): UsageError =>
  new UsageError(`cannot write the output: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });

/** Whether to colour, by --color, NO_COLOR (no-color.org), and whether somebody watches. */
export function wantsColor(choice: 'auto' | 'always' | 'never', { out, env }: Streams): boolean {
  if (choice !== 'auto') return choice === 'always';
  return out.isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

/** Can the terminal show the TUI, and is there somebody to press keys. */
export const showsTui = ({ out, env }: Streams): boolean =>
  out.isTerminal && process.stdin.isTTY === true && env['TERM'] !== 'dumb' && env['TERM'] !== undefined;
