import columnsOf from 'fast-string-width';
import type { Summary } from '../../engine/report.ts';
import { signs, type Paint, type Tone } from '../../report/color.ts';
import { durationText, standingText } from '../../report/evidence/certificate.ts';
import type { Ending } from '../../report/evidence/endings.ts';
import { severities } from '../../rule/severity.ts';
import { cutEnd, cutMiddle, type Line, type Segment } from '../line.ts';
import { axisLabels, bar, type Axis } from '../time-line.ts';
import { Panel } from './panel.tsx';

export interface TimeLineProps {
  readonly endings: readonly Ending[];
  readonly axis: Axis;
  /** The moment, and the present, in milliseconds. */
  readonly at: number;
  readonly now: number;
  /** What is found as of the moment, once that is known, and now. */
  readonly then?: Summary | undefined;
  readonly present: Summary;
  /** Columns for what ends; the axis has the rest. */
  readonly names: number;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

const dayLength = 86_400_000;
/** Days before its end from which on a person looks at something with concern. */
const soon = 30;

/** Fewer columns of a path say nothing. */
const leastPlace = 16;

const isoOf = (moment: number): string => new Date(moment).toISOString();

const distanceText = (at: number, now: number): string => {
  if (at === now) return 'now';
  const days = Math.floor(Math.abs(at - now) / dayLength);
  return at > now ? `in ${durationText(days)}` : `${durationText(days)} ago`;
};

const counts = (summary: Summary): readonly Segment[] =>
  severities.map((severity) => ({ text: ` ${summary[severity]} ${signs[severity]}`, tone: severity }));

const standingOf = ({ from, until }: Ending, at: number): readonly [string, Tone] => {
  if (at > Date.parse(until)) return [signs.error, 'error'];
  if (at < Date.parse(from)) return [signs.note, 'note'];
  return Date.parse(until) - at < soon * dayLength ? [signs.warning, 'warning'] : [signs.pass, 'pass'];
};

/** What ends when, drawn on an axis: `┊` is now, `┃` the moment as of which the findings are shown. */
export const TimeLine = ({ endings, axis, at, now, then, present, names, width, height, paint }: TimeLineProps) => {
  const room = Math.max(1, height - 4);
  const next = endings.findIndex(({ until }) => Date.parse(until) >= at);
  const middle = next === -1 ? endings.length : next;
  const first = Math.max(0, Math.min(middle - Math.floor(room / 2), endings.length - room));
  const shown = endings.slice(first, first + room);
  const counted: readonly Segment[] =
    at === now
      ? [{ text: '  found:' }, ...counts(present)]
      : [
          { text: '  found:' },
          ...(then === undefined ? [{ text: ' …' }] : counts(then)),
          { text: '   now:' },
          ...counts(present),
        ];
  const head: Line = [
    { text: `${isoOf(at).slice(0, 16).replace('T', ' ')} UTC`, tone: 'strong' },
    { text: ` (${distanceText(at, now)})` },
    ...counted,
  ];
  const name = ({ title, places }: Ending, room: number): string => {
    const place =
      places.length === 1 ? (places[0]?.path ?? '') : `${places[0]?.path ?? ''} and ${places.length - 1} more`;
    const rest = room - columnsOf(title) - 3;
    return rest < leastPlace ? cutMiddle(title, room) : `${title} · ${cutMiddle(place, rest)}`;
  };
  const lines = shown.map((ending): Line => {
    const [sign, tone] = standingOf(ending, at);
    const end = ending.until.slice(0, 10);
    const left = standingText({ notBefore: ending.from, notAfter: ending.until }, isoOf(at));
    const span = names - 2 - columnsOf(end) - 2;
    const text = name(ending, Math.max(4, span));
    return [
      { text: `${sign} `, tone },
      { text: text + ' '.repeat(Math.max(0, span - columnsOf(text))) },
      { text: ` ${end} `, tone: 'faint' },
      { text: bar(axis, { from: Date.parse(ending.from), until: Date.parse(ending.until), now, at }), tone },
      { text: ` ${left}` },
    ];
  });
  const labels: Line = [
    { text: cutEnd(`  one column is a ${axis.step}`, names).padEnd(names), tone: 'faint' },
    { text: axisLabels(axis), tone: 'faint' },
  ];
  const foot =
    endings.length <= room
      ? ''
      : `${first > 0 ? '↑' : ' '}${first + room < endings.length ? '↓' : ' '} ${first + 1}–${first + shown.length} of ${endings.length}`;
  const none = 'no certificate and no revocation list is known here: nothing ends';
  return (
    <Panel
      title="Time line"
      {...{ foot, width, height, paint }}
      lines={[head, labels, ...(endings.length === 0 ? [none] : lines)]}
    />
  );
};
