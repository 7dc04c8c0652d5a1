import { fixLines } from '../report/fix-commands.ts';
import { printable, printableLines } from '../report/printable.ts';
import type { FixStep } from '../rule/fix.ts';
import { subjectText } from '../rule/subject.ts';
import type { Severity } from '../rule/severity.ts';
import type { Copied } from './clipboard.ts';
import { detailLines, gapLines, helpLines } from './content.ts';
import { layoutOf, type Layout } from './layout.ts';
import type { Line } from './line.ts';
import { changesOf, compared, identityOf, unmarked, type Item, type Model, type Standing } from './model.ts';
import { axisFrom, beginning, columnOf, later, type Axis, type Step } from './time-line.ts';

/** What fills the screen: the list with its panels, the time line, or one thing that scrolls. */
export type View = 'list' | 'time' | 'detail' | 'gaps' | 'help';

/** The time line, and the findings as of the moment on it. */
export interface TimeState {
  /** The moment, and that of the report, in milliseconds. */
  readonly at: number;
  readonly now: number;
  readonly step: Step;
  /** Where the axis begins. */
  readonly start: number;
  /** What is found as of a moment, beside what is found now; that of another moment until it is judged. */
  readonly judged: { readonly at: number; readonly model: Model };
  /** Index in its items. */
  readonly selected: number;
}

/** Everything that the screen depends on. */
export interface TuiState {
  readonly columns: number;
  readonly rows: number;
  /** What is being looked at, latest last; a few lines at most. */
  readonly progress: readonly string[];
  /** The hosts are being looked at, for the first time or again. */
  readonly looking: boolean;
  /** How often the user asked to look again. */
  readonly looks: number;
  /** Absent while collecting for the first time. */
  readonly model?: Model;
  readonly view: View;
  /** Where Esc leads from the keys or the gaps. */
  readonly behind: View;
  /** Where Esc leads from a finding. */
  readonly base: 'list' | 'time';
  readonly severity?: Severity;
  /** Index of the host to which the list is limited. */
  readonly host?: number;
  readonly family?: string;
  readonly search: string;
  /** The search line has the keyboard. */
  readonly typing: boolean;
  /** Index in the visible items. */
  readonly selected: number;
  /** First line shown of what scrolls. */
  readonly scroll: number;
  /** There while the time line is, or a finding that was opened from it. */
  readonly time?: TimeState;
  /** The moment, ISO 8601, as of which the hosts are to be judged. */
  readonly question?: string;
  /** Said until the next key; printable. */
  readonly notice?: string;
  /** What was copied last, and which command of which finding it was. */
  readonly copies?: Copied & { readonly of: string; readonly index: number };
  /** What the last key opens beside this screen. */
  readonly opens?: { readonly kind: 'fix'; readonly host: number; readonly fingerprint: string };
  /** The user has seen enough. */
  readonly quit: boolean;
}

/** The cursor goes on, or what is shown scrolls. */
export interface Move {
  readonly kind: 'move';
  readonly by: 'line' | 'page' | 'end';
  readonly direction: 1 | -1;
}

/** What can happen to the screen. */
export type Action =
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'progress'; readonly what: string }
  | { readonly kind: 'loaded'; readonly model: Model }
  /** Looking again failed. */
  | { readonly kind: 'failed'; readonly why: string }
  /** The hosts were judged as of a moment. */
  | { readonly kind: 'judged'; readonly at: string; readonly model: Model }
  | Move
  | { readonly kind: 'open' }
  /** The next or previous finding, while one is open. */
  | { readonly kind: 'turn'; readonly direction: 1 | -1 }
  | { readonly kind: 'back' }
  | { readonly kind: 'show'; readonly view: 'gaps' | 'help' }
  | { readonly kind: 'severity'; readonly severity: Severity | undefined }
  | { readonly kind: 'host'; readonly direction: 1 | -1 }
  | { readonly kind: 'family'; readonly direction: 1 | -1 }
  | { readonly kind: 'search' }
  | { readonly kind: 'type'; readonly text: string }
  | { readonly kind: 'erase' }
  | { readonly kind: 'accept' }
  | { readonly kind: 'time' }
  | { readonly kind: 'shift'; readonly direction: 1 | -1 }
  | { readonly kind: 'step'; readonly step: Step }
  /** To the next or previous end of something. */
  | { readonly kind: 'ending'; readonly direction: 1 | -1 }
  | { readonly kind: 'present' }
  | { readonly kind: 'look-again' }
  | { readonly kind: 'copy' }
  | { readonly kind: 'fix' }
  /** The screen that was opened is gone; it may have changed the host. */
  | { readonly kind: 'returned'; readonly changed: boolean }
  | { readonly kind: 'quit' };

/** Those that move the moment. */
type TimeAction = Extract<Action, { readonly kind: 'shift' | 'step' | 'ending' | 'present' }>;

const progressKept = 64;

export const initialState = (columns: number, rows: number): TuiState => ({
  columns,
  rows,
  progress: [],
  looking: true,
  looks: 0,
  view: 'list',
  behind: 'list',
  base: 'list',
  search: '',
  typing: false,
  selected: 0,
  scroll: 0,
  quit: false,
});

/** The findings that the filters let through, in the order of the report. */
export function visibleItems({ model, severity, host, family, search }: TuiState): readonly Item[] {
  const wanted = search.toLowerCase();
  return (model?.items ?? []).filter(
    ({ finding, host: ofItem, hostIndex, family: itsFamily }) =>
      (severity === undefined || finding.severity === severity) &&
      (host === undefined || hostIndex === host) &&
      (family === undefined || itsFamily === family) &&
      (wanted === '' ||
        [
          finding.rule,
          subjectText(finding.subject),
          finding.message,
          finding.seen,
          finding.needed,
          finding.effect,
          finding.fix?.title ?? '',
          finding.fingerprint,
          itsFamily,
          ofItem,
        ].some((text) => text.toLowerCase().includes(wanted))),
  );
}

/** The findings among which the cursor moves: of the list, or of the moment on the time line. */
export const listedItems = (state: TuiState): readonly Item[] =>
  state.base === 'time' ? (state.time?.judged.model.items ?? []) : visibleItems(state);

const cursorOf = (state: TuiState): number => (state.base === 'time' ? (state.time?.selected ?? 0) : state.selected);

const withCursor = (state: TuiState, selected: number): TuiState => {
  if (state.base !== 'time') return { ...state, selected };
  return state.time === undefined ? state : { ...state, time: { ...state.time, selected } };
};

/** The finding under the cursor. */
export const selectedItem = (state: TuiState): Item | undefined => listedItems(state)[cursorOf(state)];

/** How families stand on the host to which the list is limited, or on all. */
export const familiesOf = ({ model, host }: TuiState): readonly Standing[] =>
  (host === undefined ? model?.families : model?.standings[host]?.families) ?? [];

/** How the screen of a state is divided. */
export const layoutFor = (state: TuiState): Layout =>
  layoutOf(state, { hosts: state.model?.hosts.length ?? 1, endings: state.model?.endings.length ?? 0 });

/** The axis of the time line, fitted to the terminal. */
export const axisOf = (state: TuiState, { start, step }: TimeState): Axis =>
  axisFrom(start, step, layoutFor(state).time.axis);

/** The lines of the view that scrolls, for the panel's inner width; none for the list. */
export function scrollingLines(state: TuiState): readonly Line[] {
  const { width } = layoutFor(state).scrolling;
  const item = selectedItem(state);
  switch (state.view) {
    case 'list':
    case 'time':
      return [];
    case 'detail':
      return item === undefined ? [] : detailLines(item, state.model?.hosts.length ?? 1, width, item.evidence());
    case 'gaps':
      return state.model === undefined ? [] : gapLines(state.model, width);
    case 'help':
      return helpLines(width);
  }
}

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(value, most));

const clamped = (before: TuiState): TuiState => {
  const state = withCursor(before, clamp(cursorOf(before), 0, Math.max(0, listedItems(before).length - 1)));
  if (state.scroll === 0) return state;
  const most = scrollingLines(state).length - layoutFor(state).scrolling.height;
  return { ...state, scroll: clamp(state.scroll, 0, Math.max(0, most)) };
};

/** The state with other filters or other findings, the cursor still on the same finding where that is still listed; it is closed where not. */
const filtered = (before: TuiState, after: TuiState): TuiState => {
  const item = selectedItem(before);
  const identity = item === undefined ? undefined : identityOf(item);
  const index = listedItems(after).findIndex((one) => identityOf(one) === identity);
  if (index !== -1) return clamped(withCursor(after, index));
  const closed = (view: View): View => (view === 'detail' ? after.base : view);
  return clamped(withCursor({ ...after, view: closed(after.view), behind: closed(after.behind) }, 0));
};

/** The state without some of what may be absent. */
const without = (
  state: TuiState,
  ...names: readonly ('severity' | 'host' | 'family' | 'time' | 'question' | 'notice' | 'opens')[]
): TuiState =>
  Object.fromEntries(Object.entries(state).filter(([name]) => !names.includes(name as never))) as unknown as TuiState;

const withSeverity = (state: TuiState, severity: Severity | undefined): TuiState =>
  severity === undefined || severity === state.severity ? without(state, 'severity') : { ...state, severity };

const moved = (state: TuiState, { by, direction }: Move): TuiState => {
  const layout = layoutFor(state);
  const isList = state.view === 'list' || state.view === 'time';
  const items = state.view === 'time' ? layout.time.items : layout.items;
  const page = isList ? items : layout.scrolling.height;
  const distance = { line: 1, page, end: Number.MAX_SAFE_INTEGER / 2 }[by] * direction;
  return clamped(
    isList ? withCursor(state, cursorOf(state) + distance) : { ...state, scroll: state.scroll + distance },
  );
};

const nextFamily = (state: TuiState, direction: 1 | -1): TuiState => {
  const names = [undefined, ...(state.model?.families ?? []).map(({ name }) => name)];
  const family = names[(names.indexOf(state.family) + direction + names.length) % names.length];
  return family === undefined ? without(state, 'family') : { ...state, family };
};

const nextHost = (state: TuiState, direction: 1 | -1): TuiState => {
  const count = (state.model?.hosts.length ?? 0) + 1;
  if (count < 3) return state;
  const host = ((state.host ?? -1) + 1 + direction + count) % count;
  return host === 0 ? without(state, 'host') : { ...state, host: host - 1 };
};

const back = (state: TuiState): TuiState => {
  if (state.typing) return filtered(state, { ...state, typing: false, search: '' });
  if (state.view === 'detail') return { ...state, view: state.base, scroll: 0 };
  if (state.view === 'time') return without({ ...state, view: 'list', base: 'list' }, 'time', 'question');
  if (state.view !== 'list') return { ...state, view: state.behind, behind: 'list', scroll: 0 };
  return filtered(state, without({ ...state, search: '' }, 'severity', 'host', 'family'));
};

const loaded = (state: TuiState, model: Model): TuiState => {
  const { model: before } = state;
  const done: TuiState = { ...state, looking: false, progress: [] };
  if (before === undefined) return clamped({ ...done, model });
  const after = compared(before, model);
  const { new: added, gone } = changesOf(after);
  const said = added + gone === 0 ? 'looked again: nothing has changed' : `looked again: ${gone} gone, ${added} new`;
  // What was judged as of another moment is out of date.
  const atHome =
    done.base === 'time'
      ? without({ ...done, base: 'list', view: done.view === 'detail' ? 'list' : done.view }, 'time', 'question')
      : done;
  const view = atHome.view === 'time' ? 'list' : atHome.view;
  const next: TuiState = { ...atHome, model: after, view, notice: said };
  return filtered(
    { ...atHome, view },
    next.host !== undefined && next.host >= model.hosts.length ? without(next, 'host') : next,
  );
};

/** Columns of the axis before the present. */
const lead = 4;

const timeLine = (state: TuiState, model: Model): TuiState => {
  const now = Date.parse(model.report.time);
  if (Number.isNaN(now)) return { ...state, notice: 'nothing is known of the time on these hosts' };
  const step: Step = 'month';
  const time: TimeState = {
    at: now,
    now,
    step,
    start: later(beginning(now, step), step, -lead),
    judged: { at: now, model: unmarked(model) },
    selected: 0,
  };
  return { ...state, view: 'time', base: 'time', scroll: 0, time };
};

/** The time line at another moment, in view; what is found then is asked for. */
const at = (state: TuiState, time: TimeState): TuiState => {
  const columns = layoutFor(state).time.axis;
  const column = columnOf(axisFrom(time.start, time.step, columns), time.at);
  const isSeen = column >= 0 && column < columns;
  const back = time.at < time.start ? lead : Math.max(0, columns - 1 - lead);
  const start = isSeen ? time.start : later(beginning(time.at, time.step), time.step, -back);
  const next: TuiState = { ...without(state, 'question'), time: { ...time, start } };
  if (time.judged.at === time.at) return next;
  if (time.at === time.now && state.model !== undefined)
    return filtered(state, { ...next, time: { ...time, start, judged: { at: time.now, model: state.model } } });
  return { ...next, question: new Date(time.at).toISOString() };
};

const timed = (state: TuiState, action: TimeAction): TuiState => {
  const { time, model } = state;
  if (time === undefined || model === undefined || state.view !== 'time') return state;
  switch (action.kind) {
    case 'shift':
      return at(state, { ...time, at: later(time.at, time.step, action.direction) });
    case 'step':
      return at(state, {
        ...time,
        step: action.step,
        start: later(beginning(time.at, action.step), action.step, -lead),
      });
    case 'present':
      return at(state, { ...time, at: time.now });
    case 'ending': {
      // Both ends of a validity are within it: what ends has ended a second later.
      const moments = model.endings.map(({ until }) => Date.parse(until) + 1000);
      const next =
        action.direction === 1 ? moments.find((one) => one > time.at) : moments.filter((one) => one < time.at).at(-1);
      return next === undefined
        ? { ...state, notice: 'nothing else ends in that direction' }
        : at(state, { ...time, at: next });
    }
  }
};

const judged = (state: TuiState, moment: string, model: Model): TuiState => {
  const { time, model: present } = state;
  const then = Date.parse(moment);
  if (time === undefined || present === undefined || then !== time.at) return state;
  return filtered(state, {
    ...without(state, 'question'),
    time: { ...time, judged: { at: then, model: compared(unmarked(present), model) } },
  });
};

/** Texts of an item's fix that one would paste into a shell or a file, safe for both. */
export const copyableTexts = ({ finding, change }: Item): readonly string[] =>
  change === 'gone' ? [] : (finding.fix?.steps ?? []).flatMap(textsOf);

function textsOf(step: FixStep): readonly string[] {
  if (step.kind === 'unset') return [];
  // What goes into a file is wanted without the words around it.
  if (step.kind === 'set') return [printable(`${step.key} = ${step.value}`)];
  if (step.kind === 'text') return [printableLines(step.text).join('\n')];
  return fixLines(step).flatMap(({ kind, text }) => (kind === 'paste' ? [text] : []));
}

const copied = (state: TuiState): TuiState => {
  const item = selectedItem(state);
  if (item === undefined) return state;
  const texts = copyableTexts(item);
  if (texts.length === 0)
    return {
      ...state,
      notice:
        item.finding.fix === null
          ? 'there is nothing to copy: no fix is known'
          : 'there is nothing to copy: this is done by hand',
    };
  const of = identityOf(item);
  const index = state.copies?.of === of ? (state.copies.index + 1) % texts.length : 0;
  const text = texts[index] ?? '';
  const which = texts.length === 1 ? '' : ` ${index + 1} of ${texts.length}`;
  return {
    ...state,
    copies: { text, count: (state.copies?.count ?? 0) + 1, of, index },
    notice: `copied${which}: ${text.replaceAll('\n', ' ⏎ ')}`,
  };
};

const mended = (state: TuiState): TuiState => {
  const item = selectedItem(state);
  if (item === undefined) return state;
  if (state.base === 'time') return { ...state, notice: 'go back to now to mend it (Esc, then f)' };
  if (item.change === 'gone') return { ...state, notice: 'it is gone: there is nothing to mend' };
  if (item.finding.fix === null)
    return { ...state, notice: `no fix is known: virt-pki-check explain ${item.finding.rule} says more` };
  return { ...state, opens: { kind: 'fix', host: item.hostIndex, fingerprint: item.finding.fingerprint } };
};

const lookedAgain = (state: TuiState): TuiState =>
  state.looking ? state : { ...state, looking: true, looks: state.looks + 1, progress: [] };

/** The next state. What was said and opened counts until something else is done. */
export function reduce(before: TuiState, action: Action): TuiState {
  const passive = ['resize', 'progress', 'loaded', 'failed', 'judged'].includes(action.kind);
  const state = passive ? before : without(before, 'notice', 'opens');
  switch (action.kind) {
    case 'resize':
      return clamped(resized({ ...state, columns: action.columns, rows: action.rows }));
    case 'progress':
      return { ...state, progress: [...state.progress, action.what].slice(-progressKept) };
    case 'loaded':
      return loaded(state, action.model);
    case 'failed':
      return { ...state, looking: false, progress: [], notice: `could not look again: ${action.why}` };
    case 'judged':
      return judged(state, action.at, action.model);
    case 'move':
      return moved(state, action);
    case 'open':
      return (state.view === 'list' || state.view === 'time') && selectedItem(state) !== undefined
        ? { ...state, view: 'detail', scroll: 0 }
        : state;
    case 'turn':
      return clamped({ ...withCursor(state, cursorOf(state) + action.direction), scroll: 0 });
    case 'back':
      return back(state);
    case 'show': {
      if (state.view === action.view) return back(state);
      const behind = state.view === 'gaps' || state.view === 'help' ? state.behind : state.view;
      return { ...state, view: action.view, behind, scroll: 0 };
    }
    case 'severity':
      return filtered(state, withSeverity(state, action.severity));
    case 'host':
      return filtered(state, nextHost(state, action.direction));
    case 'family':
      return filtered(state, nextFamily(state, action.direction));
    case 'search':
      return { ...state, typing: true };
    case 'type':
      return filtered(state, { ...state, search: state.search + action.text });
    case 'erase':
      return filtered(state, { ...state, search: [...state.search].slice(0, -1).join('') });
    case 'accept':
      return { ...state, typing: false };
    case 'time':
      if (state.view === 'time') return back(state);
      if (state.base === 'time') return { ...state, view: 'time', scroll: 0 };
      return state.model === undefined ? state : timeLine(state, state.model);
    case 'shift':
    case 'step':
    case 'ending':
    case 'present':
      return timed(state, action);
    case 'look-again':
      return lookedAgain(state);
    case 'copy':
      return copied(state);
    case 'fix':
      return mended(state);
    case 'returned':
      return action.changed ? lookedAgain(state) : state;
    case 'quit':
      return { ...state, quit: true };
  }
}

/** The moment stays on an axis that has become shorter. */
const resized = (state: TuiState): TuiState => (state.time === undefined ? state : at(state, state.time));
