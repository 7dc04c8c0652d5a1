/** By how much a key moves the moment; a column of the axis is one step as well. */
export type Step = 'day' | 'week' | 'month' | 'year';

export const steps: readonly Step[] = ['day', 'week', 'month', 'year'];

const dayLength = 86_400_000;

/** Moments have a year of four digits. */
const earliest = Date.UTC(1970, 0, 1);
const latest = Date.UTC(9999, 0, 1);

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month + 1, 0)).getUTCDate();

/** A moment (milliseconds) so many steps later; a month or year later is the same day, or the last of its month. */
export function later(moment: number, step: Step, count: number): number {
  if (step === 'day' || step === 'week') return bounded(moment + count * dayLength * (step === 'week' ? 7 : 1));
  const date = new Date(moment);
  const months = date.getUTCMonth() + count * (step === 'month' ? 1 : 12);
  const year = date.getUTCFullYear() + Math.floor(months / 12);
  const month = ((months % 12) + 12) % 12;
  const day = Math.min(date.getUTCDate(), daysIn(year, month));
  return bounded(Date.UTC(year, month, day) + (((moment % dayLength) + dayLength) % dayLength));
}

const bounded = (moment: number): number =>
  Number.isNaN(moment) ? latest : Math.max(earliest, Math.min(moment, latest));

/** The beginning of the day, week (from that day), month or year in which a moment lies. */
export function beginning(moment: number, step: Step): number {
  const date = new Date(moment);
  const month = step === 'year' ? 0 : date.getUTCMonth();
  const day = step === 'month' || step === 'year' ? 1 : date.getUTCDate();
  return Date.UTC(date.getUTCFullYear(), month, day);
}

/** A stretch of time, one column a step. */
export interface Axis {
  readonly step: Step;
  /** Beginnings of the columns, and the end of the last. */
  readonly edges: readonly number[];
}

export const axisFrom = (start: number, step: Step, columns: number): Axis => ({
  step,
  edges: Array.from({ length: columns + 1 }, (_, index) => later(start, step, index)),
});

/** The column in which a moment lies: -1 before the first, and the number of columns behind the last. */
export function columnOf({ edges }: Axis, moment: number): number {
  const after = edges.findIndex((edge) => edge > moment);
  return after === -1 ? edges.length - 1 : after - 1;
}

/** Names of the stretches that a person counts in, each at its first column: years, or months where a column is a day or week. */
export function axisLabels({ step, edges }: Axis): string {
  const columns = edges.length - 1;
  const named = (moment: number): string => {
    const iso = new Date(moment).toISOString();
    if (step === 'year') return iso.slice(0, 3) + '0';
    return step === 'month' ? iso.slice(0, 4) : iso.slice(0, 7);
  };
  const starts = Array.from({ length: columns }, (_, column) => column).filter(
    (column) => column === 0 || named(edges[column] ?? 0) !== named(edges[column - 1] ?? 0),
  );
  let text = '';
  for (const [index, column] of starts.entries()) {
    const name = new Date(edges[column] ?? 0).toISOString().slice(0, step === 'day' || step === 'week' ? 7 : 4);
    // What began before the axis gives way to what begins on it.
    const givesWay = column === 0 && (starts[index + 1] ?? columns) <= name.length;
    if (givesWay || text.length > column || column + name.length > columns) continue;
    text = `${text.padEnd(column)}${name} `;
  }
  return text.slice(0, columns).padEnd(columns);
}

/**
 * A bar from `from` to `until`, with the column of the present and that of the moment in question. `┊` is now, `┃` the moment; where they
 * cross the bar they are `┿` and `╋`. A bar that goes on beyond the axis ends in an arrow.
 */
export function bar(
  axis: Axis,
  {
    from,
    until,
    now,
    at,
  }: { readonly from: number; readonly until: number; readonly now: number; readonly at: number },
): string {
  const columns = axis.edges.length - 1;
  const [first, last] = [columnOf(axis, from), columnOf(axis, until)];
  const [nowColumn, atColumn] = [columnOf(axis, now), columnOf(axis, at)];
  return Array.from({ length: columns }, (_, column) => {
    const inside = column >= first && column <= last;
    if (column === atColumn) return inside ? '╋' : '┃';
    if (column === nowColumn) return inside ? '┿' : '┊';
    if (!inside) return ' ';
    if (column === columns - 1 && last === columns) return '→';
    if (column === 0 && first === -1 && last > 0) return '←';
    return column === last ? '╸' : '━';
  }).join('');
}
