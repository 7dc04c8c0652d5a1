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
  /** Outer height of the panel of hosts above that of the families; 0 where there is but one host. */
  readonly hosts: number;
  /** Outer height of the preview below them; 0 where there is no room for one. */
  readonly lower: number;
  /** Findings that the list shows at once, two lines each. */
  readonly items: number;
  /** The time line above the findings of its moment. */
  readonly time: {
    readonly upper: number;
    readonly lower: number;
    /** Columns for what ends, and for the axis beside it. */
    readonly names: number;
    readonly axis: number;
    /** What ends that is shown at once. */
    readonly endings: number;
    /** Findings shown at once. */
    readonly items: number;
  };
  /** Inside of the panel that takes the whole middle, when one does. */
  readonly scrolling: Room;
}

export const leastColumns = 60;
export const leastRows = 16;

/** From here on the preview has room for evidence. */
const tall = 36;

const frame = 2;
const sides = 4;
/** Lines of the time line above what ends: the moment, and the axis. */
const timeHead = 2;

/** Divides a terminal of that size: a header, the panels, a status line, and one line that stays empty so that nothing scrolls. */
export function layoutOf(
  { columns, rows }: { readonly columns: number; readonly rows: number },
  /** How many hosts there are, and things that end. */
  { hosts = 1, endings = 0 }: { readonly hosts?: number; readonly endings?: number } = {},
): Layout {
  const middle = Math.max(0, rows - 3);
  const half = Math.floor(middle / 2);
  const lower = rows < 20 ? 0 : rows < tall ? Math.min(14, half) : half;
  const upper = middle - lower;
  const families = columns < 76 ? 20 : 25;
  const timeUpper = Math.max(
    frame + timeHead + 1,
    Math.min(frame + timeHead + Math.max(1, endings), Math.ceil(middle / 2)),
  );
  const names = Math.min(60, Math.floor((columns - sides) / 2) - 2);
  return {
    tooSmall: columns < leastColumns || rows < leastRows,
    families,
    findings: columns - families,
    upper,
    hosts: hosts < 2 ? 0 : Math.min(hosts + 1 + frame, Math.floor(upper / 2)),
    lower,
    time: {
      upper: timeUpper,
      lower: middle - timeUpper,
      names,
      axis: Math.max(1, columns - sides - names),
      endings: timeUpper - frame - timeHead,
      items: Math.max(1, Math.floor((middle - timeUpper - frame) / 2)),
    },
    items: Math.max(1, Math.floor((upper - frame) / 2)),
    scrolling: { width: Math.max(1, columns - sides), height: Math.max(1, middle - frame) },
  };
}

/** The first of `count` entries to show so that `selected` stands in the middle of `capacity` where it can. */
export const windowStart = (selected: number, count: number, capacity: number): number =>
  Math.max(0, Math.min(selected - Math.floor(capacity / 2), count - capacity));
