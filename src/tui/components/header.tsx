import { Text } from 'ink';
import columnsOf from 'fast-string-width';
import { signs, type Paint } from '../../report/color.ts';
import type { Model } from '../model.ts';
import { cutEnd, drawLine, type Line, type Segment } from '../line.ts';

export interface HeaderProps {
  /** Absent while collecting. */
  readonly model?: Model | undefined;
  /** It is shown as of another moment than that of the look. */
  readonly isThen?: boolean;
  readonly width: number;
  readonly paint: Paint;
}

const tally = ({ report: { summary } }: Model): readonly Segment[] =>
  (['error', 'warning', 'note', 'pass', 'unknown'] as const)
    .filter((key) => summary[key] > 0 || key === 'error')
    .map((key) => ({ text: `  ${summary[key]} ${signs[key]}`, tone: key }));

/** `2026-03-01T14:02:09.123Z` as `2026-03-01 14:02 UTC`, on a narrow screen as `14:02 UTC`; anything else as it is. */
const moment = (time: string, width: number): string =>
  time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z$/, width < 100 ? '$2 UTC' : '$1 $2 UTC');

/** The first line: what was looked at, how bad it is, and when. */
export const Header = ({ model, isThen = false, width, paint }: HeaderProps) => {
  const name: Segment = { text: ' virt-pki-check', tone: 'strong' };
  if (model === undefined) return <Text wrap="truncate">{drawLine([name], width, paint)}</Text>;
  const right: readonly Segment[] = [
    ...tally(model),
    { text: isThen ? `   as of ${model.report.time.slice(0, 10)} ` : `   ${moment(model.report.time, width)} ` },
  ];
  const rightWidth = right.reduce((sum, { text }) => sum + columnsOf(text), 0);
  const hosts = model.hosts.length === 1 ? (model.hosts[0] ?? '') : `${model.hosts.length} hosts`;
  const left = width - rightWidth - columnsOf(name.text);
  const shown = `   ${cutEnd(hosts, Math.max(0, left - 3))}`;
  const line: Line = [name, { text: shown + ' '.repeat(Math.max(0, left - columnsOf(shown))) }, ...right];
  return <Text wrap="truncate">{drawLine(line, width, paint)}</Text>;
};
