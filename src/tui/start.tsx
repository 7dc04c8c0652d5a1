import { render } from 'ink';
import type { Report } from '../engine/report.ts';
import { App } from './app.tsx';
import { openTerminal } from './terminal.ts';

/** What the TUI needs of its caller. */
export interface TuiOptions {
  /** Makes the report; `progress` takes the name of what is being looked at. */
  load(progress: (what: string) => void): Promise<Report>;
  readonly color: boolean;
  /** The family (folder) of a rule, by its id; rules that it does not know are filed under `other`. */
  familyOf(rule: string): string | undefined;
}

/** Signals that end a program, after which the terminal must be as it was. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Shows the work and then the report on the terminal, and resolves with the report when the user quits. Whatever ends it (q, Ctrl-C,
 * a signal, an exception anywhere), the terminal is given back first; a signal then takes its usual effect.
 *
 * A user who quits before the report is there interrupts the program: SIGINT is raised, for the work in progress has no other end.
 *
 * @throws what `load` throws, and an Error when standard input or output is no terminal.
 */
export async function startTui({ load, color, familyOf }: TuiOptions): Promise<Report> {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) throw new Error('the TUI needs a terminal for standard input and output');
  const terminal = openTerminal(stdin, stdout);

  const stopGuarding = guard(() => terminal.close());
  let unmount = (): void => {};
  try {
    return await new Promise<Report>((resolve, reject) => {
      const instance = render(
        <App
          terminal={terminal}
          color={color}
          load={load}
          familyOf={familyOf}
          onQuit={(report) => {
            if (report === undefined) process.kill(process.pid, 'SIGINT');
            else resolve(report);
          }}
          onFailure={(error) => {
            reject(error instanceof Error ? error : new Error(String(error)));
          }}
        />,
        { stdin, stdout: terminal.frames, debug: true, exitOnCtrlC: false, patchConsole: false },
      );
      unmount = () => instance.unmount();
      // Reached by an exception in a component, which Ink turns into its own end.
      instance.waitUntilExit().catch(reject);
    });
  } finally {
    unmount();
    terminal.close();
    stopGuarding();
    stdin.pause();
  }
}

/** Calls `restore` before anything ends the process; gives the way to stop that. */
function guard(restore: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    restore();
    stop();
    process.kill(process.pid, signal);
  };
  const stop = (): void => {
    for (const signal of endings) process.off(signal, onSignal);
    process.off('exit', restore);
    process.off('uncaughtExceptionMonitor', restore);
  };
  for (const signal of endings) process.on(signal, onSignal);
  process.on('exit', restore);
  process.on('uncaughtExceptionMonitor', restore);
  return stop;
}
