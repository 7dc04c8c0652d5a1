import type { Paint } from '../../report/color.ts';
import { detailLines } from '../content.ts';
import type { Item } from '../model.ts';
import { ScrollingPanel } from './scrolling-panel.tsx';

export interface FindingDetailProps {
  readonly item: Item;
  readonly hosts: number;
  readonly scroll: number;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

/** One finding with its evidence and the way out. */
export const FindingDetail = ({ item, hosts, scroll, width, height, paint }: FindingDetailProps) => (
  <ScrollingPanel
    title={item.finding.rule}
    lines={detailLines(item, hosts, width - 4, item.evidence())}
    {...{ scroll, width, height, paint }}
  />
);
