import type { Line } from '../line.ts';
import type { Move } from '../state.ts';
import { decidingRung, type Connection } from './connection.ts';
import { connectionHelp, ladderLines, outcomeLines, type LadderLine } from './content.ts';
import { connectionLayout, innerWidths, isTooSmall, type ConnectionLayout } from './layout.ts';

/** Everything that the screen of a connection depends on. */
export interface ConnectionState {
  readonly columns: number;
  readonly rows: number;
  /** Nothing was to be sent; who asked for that need not be told. */
  readonly offline: boolean;
  /** What is being looked at, latest last; a few lines at most. */
  readonly progress: readonly string[];
  /** The hosts are being looked at, for the first time or again. */
  readonly looking: boolean;
  /** How often the user asked to look again. */
  readonly looks: number;
  /** Absent while collecting for the first time. */
  readonly connection?: Connection;
  readonly help: boolean;
  /** Which panel the keyboard moves. */
  readonly pane: 'ladder' | 'outcome';
  /** Stages whose rungs are open. */
  readonly open: readonly string[];
  /** The line of the ladder that is marked: a rung, and how far below its first line. */
  readonly at: { readonly rung: number; readonly below: number };
  /** First lines shown of the ladder, of what happens, and of the keys. */
  readonly top: number;
  readonly scroll: number;
  readonly helpScroll: number;
  readonly quit: boolean;
}

/** What can happen to the screen of a connection. */
export type ConnectionAction =
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'progress'; readonly what: string }
  | { readonly kind: 'loaded'; readonly connection: Connection }
  | Move
  /** Opens or closes the marked rung; without a wish, the other of what it is. */
  | { readonly kind: 'toggle'; readonly open?: boolean }
  | { readonly kind: 'toggle-all' }
  | { readonly kind: 'pane' }
  | { readonly kind: 'look-again' }
  | { readonly kind: 'help' }
  | { readonly kind: 'back' }
  | { readonly kind: 'quit' };

const progressKept = 64;

export const initialConnection = (columns: number, rows: number, offline = false): ConnectionState => ({
  columns,
  rows,
  offline,
  progress: [],
  looking: true,
  looks: 0,
  help: false,
  pane: 'ladder',
  open: [],
  at: { rung: 0, below: 0 },
  top: 0,
  scroll: 0,
  helpScroll: 0,
  quit: false,
});

/** What fills the screen of a state, fitted to it. */
export interface Arranged {
  readonly layout: ConnectionLayout;
  readonly ladder: readonly LadderLine[];
  /** Index of the marked line in the ladder. */
  readonly cursor: number;
  readonly outcome: readonly Line[];
  readonly help: readonly Line[];
}

const firstOf = (ladder: readonly LadderLine[], rung: number): number =>
  Math.max(
    0,
    ladder.findIndex((line) => line.rung === rung),
  );

/** Fits a state's contents to its terminal. */
export function arranged(state: ConnectionState): Arranged {
  const { connection, columns, offline, open, at } = state;
  const inner = innerWidths(columns);
  // The mark takes a column of the ladder.
  const ladder = connection === undefined ? [] : ladderLines(connection.rungs, open, Math.max(1, inner.ladder - 1));
  const outcome = connection === undefined ? [] : outcomeLines(connection, offline, inner.outcome);
  const own = ladder.filter(({ rung }) => rung === at.rung).length;
  return {
    layout: connectionLayout(state, { ladder: ladder.length, outcome: outcome.length }),
    ladder,
    cursor: firstOf(ladder, at.rung) + Math.max(0, Math.min(at.below, own - 1)),
    outcome,
    help: connectionHelp(Math.max(1, columns - 4)),
  };
}

const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(value, Math.max(least, most)));

/** The state with nothing out of bounds and the marked line in view; a terminal that shows nothing leaves it as it is until it grows. */
function clamped(state: ConnectionState): ConnectionState {
  if (isTooSmall(state)) return state;
  const { layout, ladder, cursor, outcome, help } = arranged(state);
  const room = Math.max(1, layout.ladder.height - 2);
  const rung = ladder[cursor]?.rung ?? 0;
  return {
    ...state,
    at: { rung, below: Math.max(0, cursor - firstOf(ladder, rung)) },
    top: clamp(clamp(state.top, cursor - room + 1, cursor), 0, ladder.length - room),
    scroll: clamp(state.scroll, 0, outcome.length - Math.max(1, layout.outcome.height - 2)),
    helpScroll: clamp(state.helpScroll, 0, help.length - Math.max(1, layout.middle.height - 2)),
  };
}

function moved(state: ConnectionState, { by, direction }: Move): ConnectionState {
  if (isTooSmall(state)) return state;
  const { layout, ladder, cursor } = arranged(state);
  const page = state.help
    ? layout.middle.height - 2
    : (state.pane === 'ladder' ? layout.ladder : layout.outcome).height - 2;
  const distance = { line: 1, page: Math.max(1, page), end: Number.MAX_SAFE_INTEGER / 2 }[by] * direction;
  if (state.help) return clamped({ ...state, helpScroll: state.helpScroll + distance });
  if (state.pane === 'outcome') return clamped({ ...state, scroll: state.scroll + distance });
  const next = clamp(cursor + distance, 0, ladder.length - 1);
  const rung = ladder[next]?.rung ?? 0;
  return clamped({ ...state, at: { rung, below: next - firstOf(ladder, rung) } });
}

/** The marked rung opened or closed; what an opened one shows comes into view as far as there is room. */
function toggled(state: ConnectionState, wish: boolean | undefined): ConnectionState {
  const stage = state.connection?.rungs[state.at.rung]?.stage;
  if (stage === undefined || state.pane !== 'ladder' || isTooSmall(state)) return state;
  const isOpen = state.open.includes(stage);
  if (wish === isOpen) return state;
  const next: ConnectionState = {
    ...state,
    open: isOpen ? state.open.filter((one) => one !== stage) : [...state.open, stage],
    at: { rung: state.at.rung, below: 0 },
  };
  if (isOpen) return clamped(next);
  const { layout, ladder, cursor } = arranged(next);
  const end = cursor + ladder.filter(({ rung }) => rung === next.at.rung).length;
  return clamped({ ...next, top: Math.min(cursor, Math.max(next.top, end - Math.max(1, layout.ladder.height - 2))) });
}

const toggledAll = (state: ConnectionState): ConnectionState =>
  clamped({
    ...state,
    open: state.open.length > 0 ? [] : (state.connection?.rungs ?? []).map(({ stage }) => stage),
    at: { ...state.at, below: 0 },
  });

const loaded = (state: ConnectionState, connection: Connection): ConnectionState => {
  const first = state.connection === undefined;
  return clamped({
    ...state,
    connection,
    looking: false,
    progress: [],
    ...(first ? { at: { rung: decidingRung(connection) ?? 0, below: 0 } } : {}),
  });
};

/** The next state of the screen of a connection. */
export function reduceConnection(state: ConnectionState, action: ConnectionAction): ConnectionState {
  switch (action.kind) {
    case 'resize':
      return clamped({ ...state, columns: action.columns, rows: action.rows });
    case 'progress':
      return { ...state, progress: [...state.progress, action.what].slice(-progressKept) };
    case 'loaded':
      return loaded(state, action.connection);
    case 'move':
      return moved(state, action);
    case 'toggle':
      return toggled(state, action.open);
    case 'toggle-all':
      return toggledAll(state);
    case 'pane':
      return clamped({ ...state, pane: state.pane === 'ladder' ? 'outcome' : 'ladder' });
    case 'look-again':
      return state.looking ? state : { ...state, looking: true, looks: state.looks + 1, progress: [] };
    case 'help':
      return { ...state, help: !state.help, helpScroll: 0 };
    case 'back':
      if (state.help) return { ...state, help: false, helpScroll: 0 };
      if (state.pane === 'outcome') return clamped({ ...state, pane: 'ladder' });
      return clamped({ ...state, open: [], at: { ...state.at, below: 0 } });
    case 'quit':
      return { ...state, quit: true };
  }
}
