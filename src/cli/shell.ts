import type { startTui } from '../tui/start.tsx';
import type { Streams } from './streams.ts';

/** What the program that starts us provides. */
export interface Shell {
  readonly streams: Streams;
  /** Loads the TUI, which is a module of its own: Ink and React cost more than all the rest. */
  loadTui(): Promise<{ readonly startTui: typeof startTui }>;
}
