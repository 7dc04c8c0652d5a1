import { leastColumns, leastRows } from '../layout.ts';

/** Outer size of a panel. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How the screen of fixes is divided: below two lines of header, and above the keys and a line that stays empty. */
export interface FixLayout {
  readonly middle: Size;
  readonly beside: boolean;
  readonly ways: Size;
  readonly changes: Size;
  /** Ways out that the list shows at once, two lines each. */
  readonly items: number;
}

const leastBeside = 132;
const frame = 2;
/** Lines of the list while the changes have the keyboard: two ways out. */
const least = 2 * 2 + frame;

/** Nothing of the screen can be shown. */
export const isTooSmall = ({ columns, rows }: { readonly columns: number; readonly rows: number }): boolean =>
  columns < leastColumns || rows < leastRows;

/** Divides a terminal for so many ways out. */
export function fixLayout(
  { columns, rows, pane }: { readonly columns: number; readonly rows: number; readonly pane: 'ways' | 'changes' },
  ways: number,
): FixLayout {
  const height = Math.max(0, rows - 4);
  const beside = columns >= leastBeside;
  const left = beside ? Math.floor(columns / 2) : columns;
  const wanted = Math.max(1, ways) * 2 + frame;
  const half = Math.floor(height / 4) * 2;
  const upper = beside ? height : Math.min(wanted, pane === 'ways' ? half : least);
  return {
    middle: { width: columns, height },
    beside,
    ways: { width: left, height: upper },
    changes: { width: beside ? columns - left : columns, height: beside ? height : Math.max(0, height - upper) },
    items: Math.max(1, Math.floor((upper - frame) / 2)),
  };
}
