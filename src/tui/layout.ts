/** Columns and lines inside a panel's frame. */
export interface Room {
  readonly width: number;
  readonly height: number;
}

/** How the screen is divided; all heights add up to one line less than the terminal has. */
export interface Layout {
  readonly tooSmall: boolean;
  /** Outer widths of the two upper panels, and their outer height. */
  readonly families: number;
  readonly findings: number;
  readonly upper: number;
  /** Outer height of the preview below them; 0 where there is no room for one. */
  readonly lower: number;
  /** Findings that the list shows at once, two lines each. */
  readonly items: number;
  /** Inside of the panel that takes the whole middle, when one does. */
  readonly scrolling: Room;
}

export const leastColumns = 60;
export const leastRows = 16;

const frame = 2;
const sides = 4;

/** Divides a terminal of that size: a header, the panels, a status line, and one line that stays empty so that nothing scrolls. */
export function layoutOf({ columns, rows }: { readonly columns: number; readonly rows: number }): Layout {
  const middle = Math.max(0, rows - 3);
  const lower = rows < 20 ? 0 : Math.min(14, Math.floor(middle / 2));
  const upper = middle - lower;
  const families = columns < 76 ? 20 : 25;
  return {
    tooSmall: columns < leastColumns || rows < leastRows,
    families,
    findings: columns - families,
    upper,
    lower,
    items: Math.max(1, Math.floor((upper - frame) / 2)),
    scrolling: { width: Math.max(1, columns - sides), height: Math.max(1, middle - frame) },
  };
}

/** The first of `count` entries to show so that `selected` stands in the middle of `capacity` where it can. */
export const windowStart = (selected: number, count: number, capacity: number): number =>
  Math.max(0, Math.min(selected - Math.floor(capacity / 2), count - capacity));
