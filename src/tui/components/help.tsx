import type { Paint } from '../../report/color.ts';
import { helpLines } from '../content.ts';
import { ScrollingPanel } from './scrolling-panel.tsx';

export interface HelpProps {
  readonly scroll: number;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

/** The keys and what the signs mean. */
export const Help = ({ scroll, width, height, paint }: HelpProps) => (
  <ScrollingPanel title="Keys" lines={helpLines(width - 4)} {...{ scroll, width, height, paint }} />
);
