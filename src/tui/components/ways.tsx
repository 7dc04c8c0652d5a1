import columnsOf from 'fast-string-width';
import { signs, type Paint } from '../../report/color.ts';
import { kindWords } from '../fix/content.ts';
import type { Way } from '../fix/model.ts';
import { windowStart } from '../layout.ts';
import { cutEnd, cutMiddle, type Line } from '../line.ts';
import { Panel } from './panel.tsx';

export interface WaysProps {
  /** What the search lets through. */
  readonly ways: readonly Way[];
  readonly total: number;
  readonly selected: number;
  /** Ids of those that are chosen. */
  readonly chosen: readonly string[];
  /** The keyboard moves the mark. */
  readonly active: boolean;
  readonly search: string;
  /** Said when there is nothing to list. */
  readonly empty: string;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

const box = ({ kind, follows }: Way, isChosen: boolean): string => {
  if (kind !== 'safe' && kind !== 'unsafe') return '   ';
  return isChosen ? '[x]' : follows ? ' + ' : '[ ]';
};

function entry(
  way: Way,
  { marked, chosen, inner }: { marked: boolean; chosen: boolean; inner: number },
): readonly Line[] {
  const word = kindWords[way.kind];
  const room = inner - 7 - word.length - 1;
  const title = cutEnd(way.title, room);
  const [first, ...more] = way.mends;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  const what = first === undefined ? '' : `${first.rule}   ${first.where}`;
  return [
    [
      { text: marked ? '▸' : ' ', tone: 'strong' },
      { text: `${box(way, chosen)} ` },
      { text: signs[way.severity], tone: way.severity },
      { text: ' ' },
      marked ? { text: title, tone: 'selected' } : { text: title },
      { text: ' '.repeat(Math.max(1, room + 1 - columnsOf(title))) },
      { text: word, tone: way.kind === 'safe' ? 'pass' : way.kind === 'unsafe' ? 'warning' : 'faint' },
    ],
    [{ text: '       ' }, { text: cutMiddle(what, inner - 7 - others.length) + others, tone: 'faint' }],
  ];
}

/** The ways out, two lines each, around the marked one. */
export const Ways = (props: WaysProps) => {
  const { ways, total, selected, chosen, active, search, empty, width, height, paint } = props;
  const capacity = Math.max(1, Math.floor((height - 2) / 2));
  const first = windowStart(selected, ways.length, capacity);
  const shown = ways.slice(first, first + capacity);
  const last = first + shown.length;
  const lines = shown.flatMap((way, row) =>
    entry(way, { marked: first + row === selected, chosen: chosen.includes(way.id), inner: width - 4 }),
  );
  const limits = search === '' ? '' : `: “${search}” (${ways.length} of ${total})`;
  const foot =
    ways.length <= capacity
      ? ''
      : `${first > 0 ? '↑' : ' '}${last < ways.length ? '↓' : ' '} ${first + 1}–${last} of ${ways.length}`;
  return (
    <Panel
      title={`${active ? '▸ ' : ''}Ways out${limits}`}
      {...{ foot, width, height, paint }}
      lines={ways.length === 0 ? [empty] : lines}
    />
  );
};
