import type { Paint } from '../../report/color.ts';
import type { Line } from '../line.ts';
import { Panel } from './panel.tsx';

export interface ScrollingPanelProps {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
  /** First line shown. */
  readonly scroll: number;
  readonly paint: Paint;
}

/** A panel that shows a part of its lines, and says in its lower edge which, when they do not all fit. */
export const ScrollingPanel = ({ title, width, height, lines, scroll, paint }: ScrollingPanelProps) => {
  const room = Math.max(0, height - 2);
  const last = Math.min(scroll + room, lines.length);
  const foot =
    lines.length <= room
      ? ''
      : `${scroll > 0 ? '↑' : ' '}${last < lines.length ? '↓' : ' '} lines ${scroll + 1}–${last} of ${lines.length}`;
  return <Panel {...{ title, foot, width, height, paint }} lines={lines.slice(scroll, last)} />;
};
