import { render } from 'ink';
import type { DiagnosisReport } from '../engine/diagnosis-report.ts';
import type { Report } from '../engine/report.ts';
import { App, type ScreenKind, type Watched } from './app.tsx';
import { diagnosisScreen } from './diagnosis/screen.tsx';
import { scanScreen } from './scan-screen.tsx';
import { openTerminal } from './terminal.ts';

/** What the TUI needs of its caller to show a scan. */
export interface TuiOptions {
  /** Makes the report; `progress` takes the name of what is being looked at. */
  load(progress: (what: string) => void): Promise<Report>;
  readonly color: boolean;
  /** The family (folder) of a rule, by its id; rules that it does not know are filed under `other`. */
  familyOf(rule: string): string | undefined;
}

/** What the TUI needs of its caller to show one connection. */
export interface DiagnosisTuiOptions {
  /** Nothing was to be sent, so that there is no need to say that nothing was. */
  readonly offline: boolean;
  /** Looks at both hosts and walks the connection; called again when the user asks to look again. */
  load(progress: (what: string) => void): Promise<DiagnosisReport>;
  readonly color: boolean;
}

/** Signals that end a program, after which the terminal must be as it was. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Shows the work and then the report on the terminal, and resolves with the latest report when the user quits. Whatever ends it (q,
 * Ctrl-C, a signal, an exception anywhere), the terminal is given back first; a signal then takes its usual effect.
 *
 * A user who quits before the report is there interrupts the program: SIGINT is raised, for the work in progress has no other end.
 *
 * @throws what `load` throws, and an Error when standard input or output is no terminal.
 */
export function startTui(options: TuiOptions): Promise<Report>;
export function startTui(options: DiagnosisTuiOptions): Promise<DiagnosisReport>;
export function startTui(options: TuiOptions | DiagnosisTuiOptions): Promise<Report | DiagnosisReport> {
  return 'familyOf' in options
    ? show(scanScreen(options.familyOf), options)
    : show(diagnosisScreen(options.offline), options);
}

async function show<R, S extends Watched>(
  screen: ScreenKind<R, S>,
  { load, color }: { load(progress: (what: string) => void): Promise<R>; readonly color: boolean },
): Promise<R> {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) throw new Error('the TUI needs a terminal for standard input and output');
  const terminal = openTerminal(stdin, stdout);

  const stopGuarding = guard(() => terminal.close());
  let unmount = (): void => {};
  try {
    return await new Promise<R>((resolve, reject) => {
      const instance = render(
        <App
          terminal={terminal}
          color={color}
          screen={screen}
          load={load}
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
