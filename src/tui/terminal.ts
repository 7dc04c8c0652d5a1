import { EventEmitter } from 'node:events';
import { writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';

/** Control sequences of xterm, which every terminal of today follows: alternate screen, cursor, synchronised update. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[2J';
const leave = '\x1b[0m\x1b[?25h\x1b[?1049l';
const beginUpdate = '\x1b[?2026h';
const endUpdate = '\x1b[?2026l';

/** The terminal while the screen is ours. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  /** What Ink writes its frames to, each one whole. */
  readonly frames: WriteStream;
  /** Writes a sequence that draws nothing, such as one for the clipboard. */
  send(sequence: string): void;
  /** Calls back after each change of size; gives the way to stop that. */
  onResize(listener: () => void): () => void;
  /** Gives the terminal back as it was; synchronous and harmless when repeated, so that it can run in any exit. */
  close(): void;
}

/**
 * What to write to turn the screen from one frame into the next: only lines that differ, each in its place, so that nothing flickers
 * or scrolls. Without a frame before it everything is drawn.
 */
export function frameChange(before: readonly string[] | undefined, after: readonly string[]): string {
  const changes = after.flatMap((line, row) =>
    before !== undefined && before[row] === line ? [] : [`\x1b[${row + 1};1H${line}\x1b[0m\x1b[K`],
  );
  const rest = before === undefined || before.length > after.length ? `\x1b[${after.length + 1};1H\x1b[J` : '';
  return changes.length === 0 && rest === '' ? '' : beginUpdate + changes.join('') + rest + endUpdate;
}

/** Takes the alternate screen; `close` gives it back. Frames taller than the terminal are cut at its last line. */
export function openTerminal(stdin: ReadStream, stdout: WriteStream & { readonly fd: number }): Terminal {
  let open = true;
  let shown: readonly string[] | undefined;

  // Ink in its debug mode writes every frame whole and leaves placing to us; it never clears the terminal then, scrollback included.
  const frames = Object.assign(new EventEmitter(), {
    write: (frame: string): boolean => {
      if (!open) return true;
      const next = frame.split('\n').slice(0, stdout.rows);
      const change = frameChange(shown, next);
      shown = next;
      if (change !== '') stdout.write(change);
      return true;
    },
  });
  Object.defineProperty(frames, 'columns', { get: () => stdout.columns });
  Object.defineProperty(frames, 'rows', { get: () => stdout.rows });

  const redraw = (): void => {
    shown = undefined;
  };
  stdout.prependListener('resize', redraw);
  stdout.write(enter);

  return {
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
    frames: frames as unknown as WriteStream,
    send(sequence) {
      if (open && sequence !== '') stdout.write(sequence);
    },
    onResize(listener) {
      stdout.on('resize', listener);
      return () => stdout.off('resize', listener);
    },
    close() {
      if (!open) return;
      open = false;
      stdout.off('resize', redraw);
      try {
        stdin.setRawMode(false);
        writeSync(stdout.fd, leave);
      } catch {
        // The terminal went away (SIGHUP): there is nothing left to restore.
      }
    },
  };
}
