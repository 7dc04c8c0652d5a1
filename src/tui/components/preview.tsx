import type { Paint } from '../../report/color.ts';
import { detailLines } from '../content.ts';
import type { Item } from '../model.ts';
import { Panel } from './panel.tsx';

export interface PreviewProps {
  /** The marked finding; absent when the list is empty. */
  readonly item?: Item | undefined;
  readonly hosts: number;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

/** The beginning of the marked finding below the list; the lower edge says how much more Enter opens. */
export const Preview = ({ item, hosts, width, height, paint }: PreviewProps) => {
  const room = Math.max(0, height - 2);
  // The sign, severity and subject stand in the list already; blank lines would only push the way out off the screen.
  const all = item === undefined ? [] : detailLines(item, hosts, width - 4);
  const lines = all.slice(all.indexOf('')).filter((line) => line !== '');
  const foot = lines.length <= room ? '' : `⏎ ${lines.length - room} more lines`;
  return <Panel title={item?.finding.rule ?? ''} {...{ foot, width, height, paint }} lines={lines.slice(0, room)} />;
};
