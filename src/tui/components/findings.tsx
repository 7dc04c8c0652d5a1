import { signs, type Paint } from '../../report/color.ts';
import { subjectText } from '../../rule/subject.ts';
import { windowStart } from '../layout.ts';
import { cutMiddle, type Line, type Segment } from '../line.ts';
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
  /** Instead of `Findings`. */
  readonly name?: string;
  /** Said when there is nothing to list. */
  readonly empty: string;
  /** With more than one host, each entry names its own. */
  readonly severalHosts: boolean;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

const changeMarks = { new: '+', gone: '-' } as const;

const entry = (
  { finding, host, change }: Item,
  marked: boolean,
  severalHosts: boolean,
  inner: number,
): readonly Line[] => {
  const sign: Segment =
    change === 'gone' ? { text: signs.pass, tone: 'pass' } : { text: signs[finding.severity], tone: finding.severity };
  const rule: Segment = marked ? { text: finding.rule, tone: 'selected' } : { text: finding.rule };
  const before: readonly Segment[] = change === undefined ? [] : [{ text: `${changeMarks[change]} `, tone: 'strong' }];
  const after: readonly Segment[] = change === undefined ? [] : [{ text: ` (${change})`, tone: 'faint' }];
  return [
    [
      { text: marked ? '▸' : ' ', tone: 'strong' },
      sign,
      { text: ' ' },
      ...before,
      rule,
      ...after,
      ...(severalHosts ? [{ text: ` · ${host}`, tone: 'faint' as const }] : []),
    ],
    `   ${cutMiddle(subjectText(finding.subject), inner - 3)}`,
  ];
};

/** The findings that the filters let through, two lines each, around the marked one. */
export const Findings = ({
  items,
  total,
  selected,
  filter,
  name = 'Findings',
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
  const title = filter === '' ? name : `${name}: ${filter} (${items.length} of ${total})`;
  const foot =
    items.length <= capacity
      ? ''
      : `${first > 0 ? '↑' : ' '}${last < items.length ? '↓' : ' '} ${first + 1}–${last} of ${items.length}`;
  return <Panel {...{ title, foot, width, height, paint }} lines={items.length === 0 ? [empty] : lines} />;
};
