import { useInput } from 'ink';
import { useEffect, useReducer, useRef, type ReactNode } from 'react';
import { painter, type Paint } from '../report/color.ts';
import { printable } from '../report/printable.ts';
import type { Keypress } from './keys.ts';

/** What every screen's state tells the root. */
export interface Watched {
  /** The user has seen enough. */
  readonly quit: boolean;
  /** How often the user asked to look again. */
  readonly looks?: number;
}

/** What happens to every screen. */
export type ScreenEvent<R> =
  | Keypress
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'progress'; readonly what: string }
  | { readonly kind: 'report'; readonly report: R };

/** One of the screens: its state, what changes it, and how it is drawn; all of it pure. */
export interface ScreenKind<R, S extends Watched> {
  initial(columns: number, rows: number): S;
  next(state: S, event: ScreenEvent<R>): S;
  draw(state: S, paint: Paint): ReactNode;
}

export interface AppProps<R, S extends Watched> {
  /** The terminal's size, now and after each change. */
  readonly terminal: { readonly columns: number; readonly rows: number; onResize(listener: () => void): () => void };
  readonly color: boolean;
  readonly screen: ScreenKind<R, S>;
  readonly load: (progress: (what: string) => void) => Promise<R>;
  /** Called when the user has quit, with the latest report where there was one by then. */
  readonly onQuit: (report: R | undefined) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Milliseconds between two looks at the names of what is being done: they come faster than anyone reads. */
const progressInterval = 80;

/** The root: holds the state, starts the work, hears the keyboard, and tells when it is over. */
export const App = <R, S extends Watched>({ terminal, color, screen, load, onQuit, onFailure }: AppProps<R, S>) => {
  const [state, dispatch] = useReducer(
    (before: S, event: ScreenEvent<R>): S => screen.next(before, event),
    undefined,
    () => screen.initial(terminal.columns, terminal.rows),
  );
  const latest = useRef<R>(undefined);

  useEffect(
    () => terminal.onResize(() => dispatch({ kind: 'resize', columns: terminal.columns, rows: terminal.rows })),
    [terminal],
  );

  useEffect(() => {
    let waiting: string[] = [];
    const timer = setInterval(() => {
      for (const what of waiting) dispatch({ kind: 'progress', what });
      waiting = [];
    }, progressInterval);
    let over = false;
    const work = async (): Promise<void> => {
      try {
        const report = await load((what) => waiting.push(printable(what)));
        if (over) return;
        latest.current = report;
        dispatch({ kind: 'report', report });
      } catch (error) {
        if (!over) onFailure(error);
      } finally {
        clearInterval(timer);
      }
    };
    void work();
    return () => {
      over = true;
      clearInterval(timer);
    };
    // The work is done once, and once more for each time that the user asks, whatever our caller passes later.
  }, [state.looks]);

  useInput((input, key) => dispatch({ input, key }));

  useEffect(() => {
    if (state.quit) onQuit(latest.current);
  }, [state.quit]);

  return screen.draw(state, painter(color));
};
