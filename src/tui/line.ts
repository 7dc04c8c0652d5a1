import columnsOf from 'fast-string-width';
import type { Paint } from '../report/color.ts';
import type { Line, Segment } from '../report/styled-line.ts';

export type { Line, Segment } from '../report/styled-line.ts';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The longest beginning of `text` that fits `width` columns. */
const beginning = (text: string, width: number): string => {
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += columnsOf(segment);
    if (used > width) break;
    kept += segment;
  }
  return kept;
};

/** Text of at most `width` columns; what does not fit is cut off at the end, and `…` says so. */
export const cutEnd = (text: string, width: number): string => {
  if (columnsOf(text) <= width) return text;
  return width < 1 ? '' : `${beginning(text, width - 1)}…`;
};

/** Text of at most `width` columns that keeps its end, as a path should; `…` says that the middle is missing. */
export const cutMiddle = (text: string, width: number): string => {
  if (columnsOf(text) <= width) return text;
  if (width < 4) return cutEnd(text, width);
  const head = beginning(text, Math.floor((width - 1) / 4));
  const room = width - 1 - columnsOf(head);
  const parts = [...graphemes.segment(text)].map(({ segment }) => segment);
  let tail = '';
  for (let at = parts.length - 1; at >= 0 && columnsOf(`${parts[at]}${tail}`) <= room; at -= 1)
    tail = `${parts[at]}${tail}`;
  return `${head}…${tail}`;
};

/** A line of exactly `width` columns, painted: cut with `…` or filled with spaces. */
export function drawLine(line: Line, width: number, paint: Paint): string {
  let left = width;
  let drawn = '';
  for (const { text, tone } of typeof line === 'string' ? ([{ text: line }] as readonly Segment[]) : line) {
    const fitting = cutEnd(text, left);
    if (fitting === '' && text !== '') break;
    left -= columnsOf(fitting);
    drawn += tone === undefined || fitting === '' ? fitting : paint(tone, fitting);
    if (fitting !== text) break;
  }
  return drawn + ' '.repeat(Math.max(0, left));
}

/** Lines of at most `width` columns that hold all of `text`; where a long word or command is broken, `↩` says that it goes on. */
export function breakText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (columnsOf(rest) > width) {
    const head = beginning(rest, Math.max(1, width - 1));
    if (head === '') break;
    lines.push(`${head}↩`);
    rest = rest.slice(head.length);
  }
  return [...lines, rest];
}
