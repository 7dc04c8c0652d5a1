import type { Paint } from '../../report/color.ts';
import { gapLines } from '../content.ts';
import type { Model } from '../model.ts';
import { ScrollingPanel } from './scrolling-panel.tsx';

export interface GapsProps {
  readonly model: Model;
  readonly scroll: number;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

/** What could not be judged, why, and how to make it judgeable. */
export const Gaps = ({ model, scroll, width, height, paint }: GapsProps) => (
  <ScrollingPanel
    title="Could not be judged"
    lines={gapLines(model, width - 4)}
    {...{ scroll, width, height, paint }}
  />
);
