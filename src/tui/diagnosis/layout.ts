import { leastColumns, leastRows } from '../layout.ts';

/** Outer size of a panel. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How the screen of a connection is divided: below two lines of header, and above the keys and a line that stays empty. */
export interface ConnectionLayout {
  readonly middle: Size;
  /** The panels stand side by side. */
  readonly beside: boolean;
  readonly ladder: Size;
  readonly outcome: Size;
}

/** From here on two columns of prose are wide enough to read. */
const leastBeside = 132;
const frame = 2;
/** Outer height that a panel keeps while the other one has the keyboard. */
const leastPanel = 6;

/** Widths inside the frames of both panels; they depend on the terminal alone, so that their contents can be counted first. */
export const innerWidths = (columns: number): { readonly ladder: number; readonly outcome: number } => {
  const left = columns >= leastBeside ? Math.ceil(columns / 2) : columns;
  const right = columns >= leastBeside ? columns - left : columns;
  return { ladder: Math.max(1, left - 4), outcome: Math.max(1, right - 4) };
};

/** Nothing of the screen can be shown. */
export const isTooSmall = ({ columns, rows }: { readonly columns: number; readonly rows: number }): boolean =>
  columns < leastColumns || rows < leastRows;

/** Divides a terminal for contents of so many lines; the panel with the keyboard gets what it needs first. */
export function connectionLayout(
  { columns, rows, pane }: { readonly columns: number; readonly rows: number; readonly pane: 'ladder' | 'outcome' },
  lines: { readonly ladder: number; readonly outcome: number },
): ConnectionLayout {
  const height = Math.max(0, rows - 4);
  const beside = columns >= leastBeside;
  const widths = innerWidths(columns);
  const sizes = (ladder: number, outcome: number) => ({
    middle: { width: columns, height },
    beside,
    ladder: { width: widths.ladder + 4, height: ladder },
    outcome: { width: widths.outcome + 4, height: outcome },
  });
  if (beside) return sizes(height, height);
  const wanted = lines.ladder + frame;
  const upper =
    pane === 'ladder'
      ? Math.min(wanted, height - leastPanel)
      : Math.min(wanted, Math.max(leastPanel, height - lines.outcome - frame));
  return sizes(Math.max(0, upper), Math.max(0, height - upper));
}
