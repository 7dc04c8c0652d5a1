import type { Paint } from '../../report/color.ts';
import type { Evidence } from '../../report/evidence/evidence.ts';
import { detailLines } from '../content.ts';
import type { Line } from '../line.ts';
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

/** The sign, severity and subject stand in the list already; blank lines would only push the way out off the screen. */
const previewed = (item: Item, hosts: number, width: number, evidence: readonly Evidence[]): readonly Line[] => {
  const all = detailLines(item, hosts, width, evidence);
  return all.slice(all.indexOf('')).filter((line) => line !== '');
};

const withoutReferences = (item: Item): Item => ({ ...item, finding: { ...item.finding, references: [] } });

/** The beginning of the marked finding below the list; the lower edge says how much more Enter opens. */
export const Preview = ({ item, hosts, width, height, paint }: PreviewProps) => {
  const room = Math.max(0, height - 2);
  const evidence = item?.evidence() ?? [];
  const inner = width - 4;
  const drawn = (seen: readonly Evidence[], shown: Item | undefined = item): readonly Line[] =>
    shown === undefined ? [] : previewed(shown, hosts, inner, seen);
  const whole = drawn(evidence);
  // Evidence stands before the way out: where not all of it fits, the way out matters more, and references matter least.
  const candidates = [whole, drawn(evidence, item === undefined ? item : withoutReferences(item))];
  const lines = candidates.find((one) => one.length <= room) ?? drawn([]);
  const hidden = whole.length - Math.min(lines.length, room);
  const isBrief = evidence.length > 0 && !candidates.includes(lines);
  const foot = hidden === 0 ? '' : `⏎ ${hidden} more line${hidden === 1 ? '' : 's'}${isBrief ? ' with evidence' : ''}`;
  return <Panel title={item?.finding.rule ?? ''} {...{ foot, width, height, paint }} lines={lines.slice(0, room)} />;
};
