import { useInput } from 'ink';
import { useEffect, useReducer, useRef } from 'react';
import type { Report } from '../engine/report.ts';
import { painter } from '../report/color.ts';
import { printable } from '../report/printable.ts';
import { reduceKey, type Keypress } from './keys.ts';
import { makeModel } from './model.ts';
import { Screen } from './screen.tsx';
import { initialState, reduce, type Action, type TuiState } from './state.ts';

export interface AppProps {
  /** The terminal's size, now and after each change. */
  readonly terminal: { readonly columns: number; readonly rows: number; onResize(listener: () => void): () => void };
  readonly color: boolean;
  readonly load: (progress: (what: string) => void) => Promise<Report>;
  readonly familyOf: (rule: string) => string | undefined;
  /** Called when the user has quit, with the report where there was one by then. */
  readonly onQuit: (report: Report | undefined) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Milliseconds between two looks at the names of what is being done: they come faster than anyone reads. */
const progressInterval = 80;

const step = (state: TuiState, event: Action | Keypress): TuiState =>
  'input' in event ? reduceKey(state, event) : reduce(state, event);

/** The root: holds the state, starts the work, hears the keyboard, and tells when it is over. */
export const App = ({ terminal, color, load, familyOf, onQuit, onFailure }: AppProps) => {
  const [state, dispatch] = useReducer(step, undefined, () => initialState(terminal.columns, terminal.rows));
  const report = useRef<Report>(undefined);

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
        const loaded = await load((what) => waiting.push(printable(what)));
        if (over) return;
        report.current = loaded;
        dispatch({ kind: 'loaded', model: makeModel(loaded, familyOf) });
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
    // The work is done once, whatever its caller passes later.
  }, []);

  useInput((input, key) => dispatch({ input, key }));

  useEffect(() => {
    if (state.quit) onQuit(report.current);
  }, [state.quit]);

  return <Screen state={state} paint={painter(color)} />;
};
