import type { Paint } from '../../report/color.ts';
import type { LadderLine } from '../diagnosis/content.ts';
import type { Line, Segment } from '../line.ts';
import { ScrollingPanel } from './scrolling-panel.tsx';

export interface LadderProps {
  readonly lines: readonly LadderLine[];
  /** Index of the marked line. */
  readonly cursor: number;
  /** The keyboard moves the mark. */
  readonly active: boolean;
  /** First line shown. */
  readonly scroll: number;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

const stageColumn = 2;

/** The stages of a connection, one rung each, those that are open with their steps. */
export const Ladder = ({ lines, cursor, active, scroll, width, height, paint }: LadderProps) => {
  const drawn = lines.map(({ rung, line }, index): Line => {
    const marked = index === cursor;
    const isFirst = lines[index - 1]?.rung !== rung;
    const segments = line.map((segment, column): Segment => {
      if (!marked || !active || !isFirst || column !== stageColumn) return segment;
      return { text: segment.text, tone: 'selected' };
    });
    return [{ text: marked ? '▸' : ' ', tone: 'strong' }, ...segments];
  });
  return <ScrollingPanel title={`${active ? '▸ ' : ''}Ladder`} lines={drawn} {...{ scroll, width, height, paint }} />;
};
