import { signs, type Paint } from '../../report/color.ts';
import { subjectText } from '../../rule/subject.ts';
import { windowStart } from '../layout.ts';
import { cutMiddle, type Line } from '../line.ts';
import type { Item } from '../model.ts';
import { Panel } from './panel.tsx';

export interface FindingsProps {
  /** What the filters let through. */
  readonly items: readonly Item[];
  /** How many there are without filters. */
  readonly total: number;
  readonly selected: number;
  /** Said in the title: filters in words; empty for none. */
  readonly filter: string;
  /** Said when there is nothing to list. */
  readonly empty: string;
  /** With more than one host, each entry names its own. */
  readonly severalHosts: boolean;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

const entry = ({ finding, host }: Item, marked: boolean, severalHosts: boolean, inner: number): readonly Line[] => {
  const place = severalHosts ? `${host}: ${subjectText(finding.subject)}` : subjectText(finding.subject);
  return [
    [
      { text: marked ? '▸' : ' ', tone: 'strong' },
      { text: signs[finding.severity], tone: finding.severity },
      { text: ' ' },
      marked ? { text: finding.rule, tone: 'selected' } : { text: finding.rule },
    ],
    `   ${cutMiddle(place, inner - 3)}`,
  ];
};

/** The findings that the filters let through, two lines each, around the marked one. */
export const Findings = ({
  items,
  total,
  selected,
  filter,
  empty,
  severalHosts,
  width,
  height,
  paint,
}: FindingsProps) => {
  const capacity = Math.max(1, Math.floor((height - 2) / 2));
  const first = windowStart(selected, items.length, capacity);
  const shown = items.slice(first, first + capacity);
  const last = first + shown.length;
  const lines = shown.flatMap((item, row) => entry(item, first + row === selected, severalHosts, width - 4));
  const title = filter === '' ? 'Findings' : `Findings: ${filter} (${items.length} of ${total})`;
  const foot =
    items.length <= capacity
      ? ''
      : `${first > 0 ? '↑' : ' '}${last < items.length ? '↓' : ' '} ${first + 1}–${last} of ${items.length}`;
  return <Panel {...{ title, foot, width, height, paint }} lines={items.length === 0 ? [empty] : lines} />;
};
