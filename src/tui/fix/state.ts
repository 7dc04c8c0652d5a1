import type { Copied } from '../clipboard.ts';
import { copySequence } from '../clipboard.ts';
import type { Line } from '../line.ts';
import type { Move } from '../state.ts';
import { countsText, fixHelp, questionLines, resultLines, wayLines, type Question, type Result } from './content.ts';
import type { FixOutcome, FixRequest, Fixing, Prepared } from './fixing.ts';
import { fixLayout, isTooSmall } from './layout.ts';
import { changesOf, found, waysOf, type Way } from './model.ts';

/** What fills the screen: the ways out with what the marked one changes, or one thing that scrolls. */
export type FixView = 'ways' | 'help' | 'ask' | 'ask-undo' | 'busy' | 'result';

/** Everything that the screen of fixes depends on. */
export interface FixState {
  readonly columns: number;
  readonly rows: number;
  /** What is being looked at or done, latest last; a few lines at most. */
  readonly progress: readonly string[];
  /** Absent while the host is looked at for the first time. */
  readonly fixing?: Fixing;
  readonly ways: readonly Way[];
  /** Ids of ways out. */
  readonly chosen: readonly string[];
  /** Index in the ways out that the search lets through. */
  readonly selected: number;
  readonly pane: 'ways' | 'changes';
  readonly search: string;
  /** The search line has the keyboard. */
  readonly typing: boolean;
  readonly view: FixView;
  /** Where the keys lead back to. */
  readonly behind: FixView;
  /** First line shown of what scrolls. */
  readonly scroll: number;
  /** What is asked about, and the plan of it. */
  readonly prepared?: Prepared & { readonly question: Question };
  readonly result?: Result;
  /** Said in the header until the next key. */
  readonly notice: string;
  readonly asks?: FixRequest | undefined;
  readonly stops: boolean;
  readonly copies?: Copied;
  /** The finding whose way out is to be chosen when there is something to choose from. */
  readonly wanted?: string;
  /** Something was applied or taken back. */
  readonly changed: boolean;
  /** The user has seen enough of this screen … */
  readonly quit: boolean;
  /** … or of the program. */
  readonly outright: boolean;
}

/** What can happen to the screen of fixes. */
export type FixAction =
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'progress'; readonly what: string }
  | { readonly kind: 'loaded'; readonly fixing: Fixing }
  | { readonly kind: 'acted'; readonly outcome: FixOutcome }
  | Move
  | { readonly kind: 'choose' }
  | { readonly kind: 'choose-safe' }
  | { readonly kind: 'pane'; readonly pane?: 'ways' | 'changes' }
  /** Goes on: from the list to the question. */
  | { readonly kind: 'proceed' }
  | { readonly kind: 'agree' }
  | { readonly kind: 'ask-undo' }
  | { readonly kind: 'look' }
  | { readonly kind: 'copy' }
  | { readonly kind: 'help' }
  | { readonly kind: 'search' }
  | { readonly kind: 'type'; readonly text: string }
  | { readonly kind: 'erase' }
  | { readonly kind: 'accept' }
  | { readonly kind: 'back' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'quit' };

const progressKept = 64;

export const initialFix = (columns: number, rows: number, wanted?: string): FixState => ({
  columns,
  rows,
  progress: [],
  ways: [],
  chosen: [],
  selected: 0,
  pane: 'ways',
  search: '',
  typing: false,
  view: 'ways',
  behind: 'ways',
  scroll: 0,
  notice: '',
  stops: false,
  ...(wanted === undefined ? {} : { wanted }),
  changed: false,
  quit: false,
  outright: false,
});

/** The ways out that the search lets through. */
export function visibleWays({ ways, search }: Pick<FixState, 'ways' | 'search'>): readonly Way[] {
  const wanted = search.toLowerCase();
  if (wanted === '') return ways;
  return ways.filter(({ title, mends, commands }) =>
    [title, commands, ...mends.flatMap(({ rule, where, message }) => [rule, where, message])].some((text) =>
      text.toLowerCase().includes(wanted),
    ),
  );
}

/** The way out under the cursor. */
export const markedWay = (state: FixState): Way | undefined => visibleWays(state)[state.selected];

/** Can a program take it by itself. */
export const isPerformable = ({ kind, changes, follows }: Way): boolean =>
  (kind === 'safe' || kind === 'unsafe') && changes.length > 0 && !follows;

/** The lines of what scrolls in a state, for its panel. */
export function scrollingLines(state: FixState): { readonly lines: readonly Line[]; readonly room: number } {
  const { middle, changes } = fixLayout(state, visibleWays(state).length);
  const width = Math.max(1, middle.width - 4);
  const whole = (lines: readonly Line[]) => ({ lines, room: Math.max(1, middle.height - 2) });
  switch (state.view) {
    case 'help':
      return whole(fixHelp(width));
    case 'ask':
      return whole(state.prepared === undefined ? [] : questionLines(state.prepared.question, width));
    case 'ask-undo':
      return whole(undoLines(state));
    case 'result':
      return whole(state.result === undefined ? [] : resultLines(state.result, width));
    case 'busy':
      return whole([]);
    case 'ways': {
      const way = markedWay(state);
      return {
        lines: way === undefined ? [] : wayLines(way, Math.max(1, changes.width - 4)),
        room: Math.max(1, changes.height - 2),
      };
    }
  }
}

const undoLines = ({ fixing }: FixState): readonly Line[] => {
  const latest = fixing?.latest;
  if (latest === undefined) return [];
  return [
    `What was applied at ${latest.time}${latest.interrupted ? ', which was interrupted' : ''}, changed:`,
    ...latest.paths.map((path) => `  ${path}`),
    '',
    'Each of these gets back what it was, unless somebody changed it since',
  ];
};

const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(value, Math.max(least, most)));

/** The state with nothing out of bounds; a terminal that shows nothing leaves it as it is until it grows. */
function clamped(state: FixState): FixState {
  if (isTooSmall(state)) return state;
  const next = { ...state, selected: clamp(state.selected, 0, visibleWays(state).length - 1) };
  const { lines, room } = scrollingLines(next);
  return { ...next, scroll: clamp(next.scroll, 0, lines.length - room) };
}

function moved(state: FixState, { by, direction }: Move): FixState {
  if (isTooSmall(state) || state.view === 'busy') return state;
  const scrolls = state.view !== 'ways' || state.pane === 'changes';
  const page = scrolls ? scrollingLines(state).room : fixLayout(state, visibleWays(state).length).items;
  const distance = { line: 1, page, end: Number.MAX_SAFE_INTEGER / 2 }[by] * direction;
  return clamped(
    scrolls
      ? { ...state, scroll: state.scroll + distance }
      : { ...state, selected: state.selected + distance, scroll: 0 },
  );
}

/** The state with another search, the cursor on the same way out where that is still visible. */
function searched(state: FixState, search: string): FixState {
  const marked = markedWay(state);
  const index = visibleWays({ ways: state.ways, search }).findIndex(({ id }) => id === marked?.id);
  return clamped({ ...state, search, selected: Math.max(0, index), scroll: 0 });
}

/** The state with what was seen of the host last; the cursor stays on its way out, and what can no longer be chosen is not. */
function seen(state: FixState, fixing: Fixing): FixState {
  const ways = waysOf(fixing, fixing.report);
  const { wanted, ...rest } = state;
  const isWanted = (way: Way): boolean =>
    way.id === wanted || (wanted !== undefined && fingerprintsOf(fixing, way.id).includes(wanted));
  const own = wanted === undefined ? undefined : ways.find(isWanted);
  const kept = own ?? markedWay(state);
  const chosen = [...state.chosen, ...(own === undefined ? [] : [own.id])];
  const next = {
    ...rest,
    fixing,
    ways,
    chosen: chosen.filter(
      (id) => fixing.readOnly === undefined && ways.some((way) => way.id === id && isPerformable(way)),
    ),
    progress: [],
  };
  const notice = wanted !== undefined && own === undefined ? 'Nobody knows a way out of that finding' : next.notice;
  const index = visibleWays(next).findIndex(({ id }) => id === kept?.id);
  return clamped({ ...next, notice, selected: index === -1 ? next.selected : index });
}

const fingerprintsOf = ({ plan }: Fixing, id: string): readonly string[] =>
  [...plan.fixes, ...plan.withheld.map(({ fix }) => fix)]
    .filter((fix) => fix.id === id)
    .flatMap(({ findings }) => findings.map(({ fingerprint }) => fingerprint));

const busy = (state: FixState, asks: FixRequest): FixState => ({
  ...state,
  asks,
  stops: false,
  view: 'busy',
  progress: [],
  scroll: 0,
});

function proceed(state: FixState): FixState {
  const { fixing, chosen } = state;
  const marked = markedWay(state);
  if (fixing === undefined || marked === undefined) return state;
  if (chosen.length === 0 && !isPerformable(marked)) {
    const notice = marked.follows ? 'It is done with the way out that brings it to light' : '';
    return clamped({ ...state, pane: 'changes', notice });
  }
  if (fixing.readOnly !== undefined) return { ...state, notice: fixing.readOnly };
  return busy(state, { kind: 'prepare', fixes: chosen.length > 0 ? chosen : [marked.id] });
}

function agree(state: FixState): FixState {
  if (state.view === 'ask' && state.prepared !== undefined)
    return busy(state, { kind: 'apply', plan: state.prepared.plan });
  return state.view === 'ask-undo' ? busy(state, { kind: 'undo' }) : state;
}

function acted(before: FixState, outcome: FixOutcome): FixState {
  const { asks: _, ...state } = before;
  const report = state.fixing?.report;
  if (report === undefined) return state;
  if (outcome.kind === 'prepared') return prepared(state, outcome);
  const title = {
    applied: outcome.kind === 'applied' && outcome.applied.failed !== undefined ? 'Stopped' : 'Applied',
    undone: 'Taken back',
    looked: 'Looked again',
    refused: 'Refused',
  }[outcome.kind];
  const result: Result = { title, outcome, before: report };
  const changed = state.changed || outcome.kind === 'applied' || outcome.kind === 'undone';
  const shown: FixState = { ...state, view: 'result', scroll: 0, result, changed, chosen: [], pane: 'ways' };
  return outcome.kind === 'refused' ? clamped(shown) : clamped(seen(shown, outcome.fixing));
}

function prepared(state: FixState, { plan, previews }: Prepared): FixState {
  const ways = waysOf({ plan, previews }, { findings: state.fixing?.report.findings ?? [] });
  if (plan.steps.length === 0) {
    const [because = 'there is nothing that a program can do'] = ways.flatMap((way) => way.because ?? []);
    return clamped({ ...state, view: 'ways', notice: because });
  }
  const { remaining, emerging } = plan;
  const question: Question = {
    steps: plan.steps.length,
    changes: changesOf(
      plan.steps.map(({ id }) => id),
      { plan, previews },
    ),
    interrupts: [...new Set(ways.flatMap(({ interrupts }) => interrupts))],
    withheld: ways.filter(({ kind }) => kind === 'withheld'),
    remaining: countsText(remaining.findings),
    emerging: remaining.findings.filter(({ fingerprint }) => emerging.includes(fingerprint)).map(found),
  };
  return clamped({ ...state, prepared: { plan, previews, question }, view: 'ask', scroll: 0 });
}

function copied(state: FixState): FixState {
  const text = markedWay(state)?.commands ?? '';
  if (text === '') return { ...state, notice: 'There is nothing to type here that could be copied' };
  if (copySequence(text) === '') return { ...state, notice: 'That is more than a terminal’s clipboard takes' };
  const lines = text.split('\n').length;
  return {
    ...state,
    copies: { text, count: (state.copies?.count ?? 0) + 1 },
    notice: `Copied ${lines} line${lines === 1 ? '' : 's'} to the clipboard, if the terminal allows it`,
  };
}

function choose(state: FixState): FixState {
  const marked = markedWay(state);
  if (marked === undefined) return state;
  if (state.fixing?.readOnly !== undefined) return { ...state, notice: state.fixing.readOnly };
  if (!isPerformable(marked)) {
    const notice = {
      manual: 'That is done by hand: Tab shows what to do',
      withheld: 'That is not offered: Tab shows why',
      safe: 'It is done with the way out that brings it to light',
      unsafe: 'It is done with the way out that brings it to light',
    }[marked.kind];
    return { ...state, notice };
  }
  const { id } = marked;
  const isChosen = state.chosen.includes(id);
  return { ...state, chosen: isChosen ? state.chosen.filter((one) => one !== id) : [...state.chosen, id] };
}

function chooseSafe(state: FixState): FixState {
  if (state.fixing?.readOnly !== undefined) return { ...state, notice: state.fixing.readOnly };
  const safe = state.ways.filter((way) => way.kind === 'safe' && isPerformable(way)).map(({ id }) => id);
  if (safe.length === 0) return { ...state, notice: 'None of them is safe: choose one by one with space' };
  const rest = state.chosen.filter((id) => !safe.includes(id));
  return { ...state, chosen: safe.every((id) => state.chosen.includes(id)) ? rest : [...rest, ...safe] };
}

function askUndo(state: FixState): FixState {
  const { fixing } = state;
  if (fixing?.readOnly !== undefined) return { ...state, notice: fixing.readOnly };
  if (fixing?.latest === undefined) return { ...state, notice: 'There is nothing to take back' };
  return clamped({ ...state, view: 'ask-undo', scroll: 0 });
}

function back(state: FixState): FixState {
  if (state.typing) return searched({ ...state, typing: false }, '');
  if (state.view === 'help') return clamped({ ...state, view: state.behind, behind: 'ways', scroll: 0 });
  if (state.view !== 'ways') return clamped({ ...state, view: 'ways', scroll: 0 });
  if (state.pane === 'changes') return clamped({ ...state, pane: 'ways', scroll: 0 });
  if (state.search !== '') return searched(state, '');
  return { ...state, quit: true };
}

const stopping = 'It stops after the step that is being done …';

/** Leaving while something is done would leave it half done. */
function leave(state: FixState, outright: boolean): FixState {
  if (state.asks?.kind === 'apply') return { ...state, stops: true, notice: stopping };
  if (state.asks?.kind === 'undo') return { ...state, notice: 'What was applied is being taken back: a moment' };
  return { ...state, quit: true, outright };
}

/** The next state of the screen of fixes. */
export function reduceFix(before: FixState, action: FixAction): FixState {
  // What was said holds until the next key.
  const isKey = !['resize', 'progress', 'loaded', 'acted'].includes(action.kind);
  const state = isKey && before.notice !== '' && before.view !== 'busy' ? { ...before, notice: '' } : before;
  switch (action.kind) {
    case 'resize':
      return clamped({ ...state, columns: action.columns, rows: action.rows });
    case 'progress':
      return { ...state, progress: [...state.progress, action.what].slice(-progressKept) };
    case 'loaded':
      return seen(state, action.fixing);
    case 'acted':
      return acted({ ...state, notice: '' }, action.outcome);
    case 'move':
      return moved(state, action);
    case 'choose':
      return choose(state);
    case 'choose-safe':
      return chooseSafe(state);
    case 'pane':
      return clamped({ ...state, pane: action.pane ?? (state.pane === 'ways' ? 'changes' : 'ways'), scroll: 0 });
    case 'proceed':
      return proceed(state);
    case 'agree':
      return agree(state);
    case 'ask-undo':
      return askUndo(state);
    case 'look':
      return busy(state, { kind: 'look' });
    case 'copy':
      return copied(state);
    case 'help':
      return state.view === 'help' ? back(state) : clamped({ ...state, view: 'help', behind: state.view, scroll: 0 });
    case 'search':
      return { ...state, typing: true, pane: 'ways' };
    case 'type':
      return searched(state, state.search + action.text);
    case 'erase':
      return searched(state, [...state.search].slice(0, -1).join(''));
    case 'accept':
      return { ...state, typing: false };
    case 'back':
      return back(state);
    case 'leave':
      return leave(state, false);
    case 'quit':
      return leave(state, true);
  }
}
