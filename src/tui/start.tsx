import { render } from 'ink';
import { useState, type ReactNode } from 'react';
import type { DiagnosisReport } from '../engine/diagnosis-report.ts';
import { App } from './app.tsx';
import { diagnosisScreen } from './diagnosis/screen.tsx';
import type { Fixing, FixRequest, FixSource } from './fix/fixing.ts';
import { fixScreen } from './fix/screen.tsx';
import type { FixState } from './fix/state.ts';
import { scanScreen } from './scan-screen.tsx';
import type { Scanned } from './scanned.ts';
import { openTerminal, type Terminal } from './terminal.ts';

/** What the TUI needs of its caller to show a scan. */
export interface TuiOptions {
  /** Makes the report, again each time that the user asks; `progress` takes the name of what is being looked at. */
  load(progress: (what: string) => void): Promise<Scanned>;
  readonly color: boolean;
  /** The family (folder) of a rule, by its id; rules that it does not know are filed under `other`. */
  familyOf(rule: string): string | undefined;
  /** The ways out of what was found on a host of the report, by its index; absent where there is no way to mend. */
  fixesOf?(host: number): FixSource;
}

/** What the TUI needs of its caller to show the ways out of what was found on a host. */
export interface FixTuiOptions {
  readonly fixes: FixSource;
  readonly color: boolean;
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
export function startTui(options: TuiOptions): Promise<Scanned>;
export function startTui(options: FixTuiOptions): Promise<Fixing>;
export function startTui(options: DiagnosisTuiOptions): Promise<DiagnosisReport>;
export function startTui(
  options: TuiOptions | FixTuiOptions | DiagnosisTuiOptions,
): Promise<Scanned | Fixing | DiagnosisReport> {
  const { color } = options;
  if ('fixes' in options) {
    const { fixes } = options;
    return show<Fixing>(({ terminal, onQuit, onFailure }) => (
      // What is left counts, not what there was at first.
      <FixApp {...{ terminal, color, fixes, onFailure }} onLeave={({ fixing }) => onQuit(fixing)} />
    ));
  }
  if ('familyOf' in options) return show<Scanned>((props) => scanApp(options, props));
  return show<DiagnosisReport>((props) => (
    <App
      {...props}
      color={color}
      screen={diagnosisScreen(options.offline)}
      load={(progress) => options.load(progress)}
    />
  ));
}

/** What every root gets: the terminal, and whom to tell when it is over. */
interface RootProps<R> {
  readonly terminal: Terminal;
  readonly onQuit: (report: R | undefined) => void;
  readonly onFailure: (error: unknown) => void;
}

/** The screen of the ways out of what was found on a host. */
const FixApp = ({
  fixes,
  wanted,
  onLeave,
  ...rest
}: Pick<RootProps<never>, 'terminal' | 'onFailure'> & {
  readonly color: boolean;
  readonly fixes: FixSource;
  readonly wanted?: string;
  readonly onLeave: (state: FixState) => void;
}) => {
  // Made once: who draws us again passes other ones.
  const [source] = useState(fixes);
  const [screen] = useState(() => fixScreen(wanted));
  return (
    <App
      {...rest}
      screen={screen}
      load={(progress) => source.load(progress)}
      act={(request: FixRequest, progress, stop) => source.act(request, progress, stop)}
      onQuit={(_, state) => onLeave(state)}
    />
  );
};

/** The screen of a scan, and over it that of the fixes of the host whose finding asks for it. */
function scanApp(options: TuiOptions, { terminal, onQuit, onFailure }: RootProps<Scanned>): ReactNode {
  const { color, fixesOf } = options;
  return (
    <App
      {...{ terminal, color, onQuit, onFailure }}
      screen={scanScreen(options.familyOf)}
      load={(progress) => options.load(progress)}
      {...(fixesOf === undefined
        ? {}
        : {
            open: (wanted: object, scanned: Scanned, close: (changed: boolean) => void) => {
              const { fingerprint, host } = wanted as { readonly fingerprint: string; readonly host?: number };
              const own = scanned.report.hosts.findIndex(({ findings }) =>
                findings.some((finding) => finding.fingerprint === fingerprint),
              );
              return (
                <FixApp
                  {...{ terminal, color, onFailure }}
                  fixes={fixesOf(host ?? Math.max(0, own))}
                  wanted={fingerprint}
                  onLeave={({ changed, outright }) => (outright ? onQuit(scanned) : close(changed))}
                />
              );
            },
          })}
    />
  );
}

async function show<R>(root: (props: RootProps<R>) => ReactNode): Promise<R> {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) throw new Error('the TUI needs a terminal for standard input and output');
  const terminal = openTerminal(stdin, stdout);

  const stopGuarding = guard(() => terminal.close());
  let unmount = (): void => {};
  try {
    return await new Promise<R>((resolve, reject) => {
      const onQuit = (report: R | undefined): void => {
        if (report === undefined) process.kill(process.pid, 'SIGINT');
        else resolve(report);
      };
      const onFailure = (error: unknown): void => {
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const instance = render(root({ terminal, onQuit, onFailure }), {
        stdin,
        stdout: terminal.frames,
        debug: true,
        exitOnCtrlC: false,
        patchConsole: false,
      });
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
