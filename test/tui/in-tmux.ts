import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

export const tmuxIsHere = spawnSync('tmux', ['-V']).status === 0;

/** What a program runs in: a terminal of its own. */
export interface TmuxTerminal {
  /** Waits until the screen shows it, and gives the whole screen. */
  screen(wanted: string | RegExp, ...options: readonly string[]): Promise<string>;
  press(...keys: readonly string[]): void;
  resize(columns: number, rows: number): void;
  pid(): number;
  errors(): string;
  /** Waits for the end, holds the terminal against what it was before, and gives the screen. */
  restored(status: number): Promise<string>;
}

/** Terminals of a tmux server of their own. */
export interface TmuxTerminals {
  /** A place for files, gone after `close`. */
  readonly directory: string;
  /** A shell in a terminal of its own that runs a command with Node, tells its status and `stty`, and then waits. */
  open(
    command: string,
    options?: { readonly columns?: number; readonly rows?: number; readonly environment?: string },
  ): TmuxTerminal;
  /** From now on these terminals have a clipboard, as those that people sit before. */
  takeClipboard(): void;
  /** What was put there last. */
  clipboard(): string;
  /** Ends them all. */
  close(): void;
}

export function tmuxTerminals(): TmuxTerminals {
  const directory = mkdtempSync(join(tmpdir(), 'virt-pki-check-tui-'));
  let sessions = 0;
  const socket = `virt-pki-check-${process.pid}`;
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });

  const open: TmuxTerminals['open'] = (command, { columns = 80, rows = 24, environment = '' } = {}) => {
    sessions += 1;
    const session = `s${sessions}`;
    const stem = join(directory, session);
    // The program replaces the inner shell, so that it is in the foreground and its process id is known.
    // An interrupt that comes before it listens to keys must end it alone, and not the shell that waits for it.
    const line = `trap : INT; echo before; sh -c 'echo $$ >${stem}.pid; exec env ${environment} ${process.execPath} ${command} 2>${stem}.err'; echo "status $?"; stty -a >${stem}.stty; sleep 600`;
    tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '-s', session, line);
    const shown = (...options: readonly string[]): string => tmux('capture-pane', '-p', ...options, '-t', session);
    const screen = async (wanted: string | RegExp, ...options: readonly string[]): Promise<string> => {
      const end = Date.now() + 15_000;
      let last = '';
      while (Date.now() < end) {
        last = shown(...options);
        if (typeof wanted === 'string' ? last.includes(wanted) : wanted.test(last)) return last;
        await sleep(30);
      }
      throw new Error(`${String(wanted)} did not appear in:\n${last}`);
    };
    return {
      screen,
      press: (...keys) => tmux('send-keys', '-t', session, ...keys),
      resize: (width, height) => tmux('resize-window', '-t', session, '-x', String(width), '-y', String(height)),
      pid: () => Number(readFileSync(`${stem}.pid`, 'utf8')),
      errors: () => readFileSync(`${stem}.err`, 'utf8'),
      restored: async (status) => {
        const after = await screen(`status ${status}`);
        expect(after).toMatch(/^before\n/);
        expect(tmux('display-message', '-p', '-t', session, '#{alternate_on} #{cursor_flag}').trim()).toBe('0 1');
        for (
          let wait = 0;
          wait < 50 && !readFileSync(`${stem}.stty`, { encoding: 'utf8', flag: 'a+' }).includes('echo');
          wait += 1
        )
          await sleep(20);
        const settings = readFileSync(`${stem}.stty`, 'utf8');
        expect(settings).toMatch(/(?<!-)\bicanon\b/);
        expect(settings).toMatch(/(?<!-)\becho\b/);
        return after;
      },
    };
  };

  return {
    directory,
    open,
    takeClipboard: () => tmux('set-option', '-s', 'set-clipboard', 'on'),
    clipboard: () => tmux('show-buffer'),
    close: () => {
      spawnSync('tmux', ['-L', socket, 'kill-server']);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
