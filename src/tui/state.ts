import { subjectText } from '../rule/subject.ts';
import type { Severity } from '../rule/severity.ts';
import { detailLines, gapLines, helpLines } from './content.ts';
import { layoutOf } from './layout.ts';
import type { Line } from './line.ts';
import type { Item, Model } from './model.ts';

/** What fills the screen: the list with its panels, or one thing that scrolls. */
export type View = 'list' | 'detail' | 'gaps' | 'help';

/** Everything that the screen depends on. */
export interface TuiState {
  readonly columns: number;
  readonly rows: number;
  /** What is being looked at, latest last; a few lines at most. */
  readonly progress: readonly string[];
  /** Absent while collecting. */
  readonly model?: Model;
  readonly view: View;
  /** Where Esc leads from the keys or the gaps. */
  readonly behind: View;
  readonly severity?: Severity;
  readonly family?: string;
  readonly search: string;
  /** The search line has the keyboard. */
  readonly typing: boolean;
  /** Index in the visible items. */
  readonly selected: number;
  /** First line shown of what scrolls. */
  readonly scroll: number;
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
  | Move
  | { readonly kind: 'open' }
  /** The next or previous finding, while one is open. */
  | { readonly kind: 'turn'; readonly direction: 1 | -1 }
  | { readonly kind: 'back' }
  | { readonly kind: 'show'; readonly view: 'gaps' | 'help' }
  | { readonly kind: 'severity'; readonly severity: Severity | undefined }
  | { readonly kind: 'family'; readonly direction: 1 | -1 }
  | { readonly kind: 'search' }
  | { readonly kind: 'type'; readonly text: string }
  | { readonly kind: 'erase' }
  | { readonly kind: 'accept' }
  | { readonly kind: 'quit' };

const progressKept = 64;

export const initialState = (columns: number, rows: number): TuiState => ({
  columns,
  rows,
  progress: [],
  view: 'list',
  behind: 'list',
  search: '',
  typing: false,
  selected: 0,
  scroll: 0,
  quit: false,
});

/** The findings that the filters let through, in the order of the report. */
export function visibleItems({ model, severity, family, search }: TuiState): readonly Item[] {
  const wanted = search.toLowerCase();
  return (model?.items ?? []).filter(
    ({ finding, host, family: ofItem }) =>
      (severity === undefined || finding.severity === severity) &&
      (family === undefined || ofItem === family) &&
      (wanted === '' ||
        [finding.rule, subjectText(finding.subject), finding.message, finding.seen, finding.needed, host].some((text) =>
          text.toLowerCase().includes(wanted),
        )),
  );
}

/** The finding under the cursor. */
export const selectedItem = (state: TuiState): Item | undefined => visibleItems(state)[state.selected];

/** The lines of the view that scrolls, for the panel's inner width; none for the list. */
export function scrollingLines(state: TuiState): readonly Line[] {
  const { width } = layoutOf(state).scrolling;
  const item = selectedItem(state);
  switch (state.view) {
    case 'list':
      return [];
    case 'detail':
      return item === undefined ? [] : detailLines(item, state.model?.hosts.length ?? 1, width);
    case 'gaps':
      return state.model === undefined ? [] : gapLines(state.model, width);
    case 'help':
      return helpLines(width);
  }
}

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(value, most));

const clamped = (state: TuiState): TuiState => ({
  ...state,
  selected: clamp(state.selected, 0, Math.max(0, visibleItems(state).length - 1)),
  scroll: clamp(state.scroll, 0, Math.max(0, scrollingLines(state).length - layoutOf(state).scrolling.height)),
});

/** The state with other filters, the cursor still on the same finding where that is still visible. */
const filtered = (before: TuiState, after: TuiState): TuiState => {
  const item = selectedItem(before);
  const index = item === undefined ? -1 : visibleItems(after).indexOf(item);
  return clamped({ ...after, selected: Math.max(0, index) });
};

const withSeverity = ({ severity: _, ...rest }: TuiState, severity: Severity | undefined): TuiState =>
  severity === undefined ? rest : { ...rest, severity };

const withFamily = ({ family: _, ...rest }: TuiState, family: string | undefined): TuiState =>
  family === undefined ? rest : { ...rest, family };

const moved = (state: TuiState, by: 'line' | 'page' | 'end', direction: 1 | -1): TuiState => {
  const layout = layoutOf(state);
  const page = state.view === 'list' ? layout.items : layout.scrolling.height;
  const distance = { line: 1, page, end: Number.MAX_SAFE_INTEGER / 2 }[by] * direction;
  return clamped(
    state.view === 'list'
      ? { ...state, selected: state.selected + distance }
      : { ...state, scroll: state.scroll + distance },
  );
};

const nextFamily = (state: TuiState, direction: 1 | -1): TuiState => {
  const names = [undefined, ...(state.model?.families ?? []).map(({ name }) => name)];
  const name = names[(names.indexOf(state.family) + direction + names.length) % names.length];
  return withFamily(state, name);
};

const back = (state: TuiState): TuiState => {
  if (state.typing) return filtered(state, { ...state, typing: false, search: '' });
  if (state.view === 'detail') return { ...state, view: 'list', scroll: 0 };
  if (state.view !== 'list') return { ...state, view: state.behind, behind: 'list', scroll: 0 };
  return filtered(state, withSeverity(withFamily({ ...state, search: '' }, undefined), undefined));
};

/** The next state. */
export function reduce(state: TuiState, action: Action): TuiState {
  switch (action.kind) {
    case 'resize':
      return clamped({ ...state, columns: action.columns, rows: action.rows });
    case 'progress':
      return { ...state, progress: [...state.progress, action.what].slice(-progressKept) };
    case 'loaded':
      return clamped({ ...state, model: action.model });
    case 'move':
      return moved(state, action.by, action.direction);
    case 'open':
      return state.view === 'list' && selectedItem(state) !== undefined
        ? { ...state, view: 'detail', scroll: 0 }
        : state;
    case 'turn':
      return clamped({ ...state, selected: state.selected + action.direction, scroll: 0 });
    case 'back':
      return back(state);
    case 'show': {
      if (state.view === action.view) return back(state);
      const behind = state.view === 'gaps' || state.view === 'help' ? state.behind : state.view;
      return { ...state, view: action.view, behind, scroll: 0 };
    }
    case 'severity':
      return filtered(state, withSeverity(state, action.severity));
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
    case 'quit':
      return { ...state, quit: true };
  }
}
