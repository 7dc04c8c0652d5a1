import columnsOf from 'fast-string-width';
import { signs } from '../color.ts';
import type { Line } from '../styled-line.ts';

/** One thing that was seen: what it is called, and what it is. */
export interface EvidenceRow {
  /** `error` marks the part at fault. */
  readonly sign?: 'error' | 'pass' | 'unknown';
  readonly label: string;
  readonly text: string;
}

/** What was seen of one thing, row by row. */
export interface Evidence {
  readonly title: string;
  /** Branches of a tree: each row's text follows its own label, and is not put into a column. */
  readonly tree?: true;
  readonly rows: readonly EvidenceRow[];
}

const signWidth = 2;
const gap = 2;

/** Evidence as lines of at most `width` columns; `divide` wraps prose. */
export function evidenceLines(
  { title, tree, rows }: Evidence,
  width: number,
  divide: (text: string, width: number) => readonly string[],
): readonly Line[] {
  const widest = Math.max(0, ...rows.map(({ label }) => columnsOf(label)));
  const column = tree === true ? 0 : Math.min(widest, Math.max(8, Math.floor(width / 2) - gap));
  return [
    ...divide(title, width).map((text): Line => [{ text, tone: 'strong' }]),
    ...rows.flatMap(({ sign, label, text }) => {
      const own = columnsOf(label);
      const isOver = tree !== true && own > column;
      const indent = tree === true ? own : column + gap;
      const mark = (shown: boolean) =>
        sign === undefined || !shown ? { text: ' '.repeat(signWidth) } : { text: `${signs[sign]} `, tone: sign };
      const tone = sign === 'error' ? { tone: sign } : {};
      const lead = isOver ? '' : label + ' '.repeat(Math.max(0, indent - own));
      const texts = text === '' ? [''] : divide(text, Math.max(8, width - signWidth - indent));
      const before = isOver
        ? divide(label, Math.max(8, width - signWidth)).map((part, row): Line => [mark(row === 0), { text: part }])
        : [];
      return [
        ...before,
        ...texts.map((part, row): Line => [
          mark(row === 0 && !isOver),
          {
            text: row === 0 ? lead || ' '.repeat(isOver ? indent : 0) : ' '.repeat(indent),
            tone: tree === true ? 'strong' : 'faint',
          },
          { text: part, ...tone },
        ]),
      ];
    }),
  ];
}
