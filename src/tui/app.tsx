import { useInput } from 'ink';
import { useEffect, useReducer, useRef, type ReactNode } from 'react';
import { painter, type Paint } from '../report/color.ts';
import { printable } from '../report/printable.ts';
import { copySequence, type Copied } from './clipboard.ts';
import { singleKeys, type Keypress } from './keys.ts';
import type { Terminal } from './terminal.ts';

/** What every screen's state tells the root. */
export interface Watched {
  /** The user has seen enough. */
  readonly quit: boolean;
  /** How often the user asked to look again. */
  readonly looks?: number;
  /** What was copied last. */
  readonly copies?: Copied;
  /** What the screen would know that takes time to work out: it is answered once the keys rest. */
  readonly question?: string;
  /** What is to be done for the user; each request is an object of its own. */
  readonly asks?: object | undefined;
  /** What is being done is to stop where it can. */
  readonly stops?: boolean;
  /** Another screen is wanted over this one. */
  readonly opens?: object | undefined;
}

/** What happens to every screen. */
export type ScreenEvent<R> =
  | Keypress
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'progress'; readonly what: string }
  | { readonly kind: 'report'; readonly report: R }
  /** The answer to a question: what the report is as of that moment. */
  | { readonly kind: 'judged'; readonly at: string; readonly report: R };

/** One of the screens: its state, what changes it, and how it is drawn; all of it pure. */
export interface ScreenKind<R, S extends Watched, A = never> {
  initial(columns: number, rows: number): S;
  next(state: S, event: ScreenEvent<R>): S;
  draw(state: S, paint: Paint): ReactNode;
  /** Answers the question of a state. */
  answer?(state: S): ScreenEvent<R> | undefined;
  /** The state when looking again failed, and why. */
  failed?(state: S, why: string): S;
  /** The state when what it asked for was done. */
  acted?(state: S, outcome: A): S;
  /** The state when the screen over it is gone, which may have changed what is shown here. */
  closed?(state: S, changed: boolean): S;
}

export interface AppProps<R, S extends Watched, A = never> {
  /** The terminal's size, now and after each change. */
  readonly terminal: Pick<Terminal, 'columns' | 'rows' | 'onResize' | 'send'>;
  readonly color: boolean;
  readonly screen: ScreenKind<R, S, A>;
  readonly load: (progress: (what: string) => void) => Promise<R>;
  /** Does what the screen asks for. */
  readonly act?: (request: NonNullable<S['asks']>, progress: (what: string) => void, stop: AbortSignal) => Promise<A>;
  /** Makes the screen that is wanted over this one; `close` takes it away. */
  readonly open?: (wanted: NonNullable<S['opens']>, report: R, close: (changed: boolean) => void) => ReactNode;
  /** Called when the user has quit, with the latest report where there was one by then. */
  readonly onQuit: (report: R | undefined, state: S) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Milliseconds between two looks at the names of what is being done: they come faster than anyone reads. */
const progressInterval = 80;

/** Milliseconds without a key after which a question is answered. */
const rest = 50;

/** The root: holds the state, starts the work, hears the keyboard, and tells when it is over. */
export const App = <R, S extends Watched, A = never>({
  terminal,
  color,
  screen,
  load,
  act,
  open,
  onQuit,
  onFailure,
}: AppProps<R, S, A>) => {
  const [state, dispatch] = useReducer(
    (before: S, event: ScreenEvent<R> | { readonly become: (state: S) => S }): S => {
      if ('become' in event) return event.become(before);
      // The keyboard is another screen's.
      return open !== undefined && before.opens !== undefined && 'input' in event ? before : screen.next(before, event);
    },
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
        if (over) return;
        // What was seen before is worth more than an end.
        const { failed } = screen;
        if (latest.current === undefined || failed === undefined) onFailure(error);
        else {
          const why = printable(error instanceof Error ? error.message : String(error));
          dispatch({ become: (before) => failed(before, why) });
        }
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

  useEffect(() => {
    if (state.copies !== undefined) terminal.send(copySequence(state.copies.text));
  }, [state.copies?.count]);

  useEffect(() => {
    if (state.question === undefined) return undefined;
    const timer = setTimeout(() => {
      const answer = screen.answer?.(state);
      if (answer !== undefined) dispatch(answer);
    }, rest);
    return () => clearTimeout(timer);
  }, [state.question]);

  const stop = useRef<AbortController>(undefined);
  useEffect(() => {
    if (state.asks === undefined || act === undefined) return;
    stop.current = new AbortController();
    act(state.asks, (what) => dispatch({ kind: 'progress', what: printable(what) }), stop.current.signal).then(
      (outcome) => dispatch({ become: (before) => screen.acted?.(before, outcome) ?? before }),
      onFailure,
    );
  }, [state.asks]);

  useEffect(() => {
    if (state.stops === true) stop.current?.abort();
  }, [state.stops]);

  // One key at a time: what is typed ahead may be meant for the screen that the first one opens.
  useInput((input, key) => {
    for (const pressed of singleKeys({ input, key })) dispatch(pressed);
  });

  useEffect(() => {
    if (state.quit) onQuit(latest.current, state);
  }, [state.quit]);

  if (state.opens !== undefined && open !== undefined && latest.current !== undefined) {
    const close = (changed: boolean): void =>
      dispatch({
        become: (before) => {
          const uncovered = { ...before, opens: undefined };
          return screen.closed?.(uncovered, changed) ?? uncovered;
        },
      });
    return open(state.opens, latest.current, close);
  }
  return screen.draw(state, painter(color));
};
