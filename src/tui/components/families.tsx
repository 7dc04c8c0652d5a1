import { signs, type Paint } from '../../report/color.ts';
import { severities } from '../../rule/severity.ts';
import { windowStart } from '../layout.ts';
import { cutEnd, type Line, type Segment } from '../line.ts';
import type { Standing } from '../model.ts';
import columnsOf from 'fast-string-width';
import { Panel } from './panel.tsx';

export interface FamiliesProps {
  /** Families of rules, or hosts. */
  readonly families: readonly Standing[];
  readonly title?: string;
  /** Index of the one to which the list is limited; absent for all. */
  readonly selected?: number | undefined;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

const standing = ({ counts, unknown, applies }: Standing): readonly Segment[] => {
  const faults = severities
    .filter((severity) => counts[severity] > 0)
    .map((severity): Segment => ({ text: ` ${signs[severity]} ${counts[severity]}`, tone: severity }));
  if (faults.length > 0) return faults;
  if (unknown > 0) return [{ text: ` ${signs.unknown}`, tone: 'unknown' }];
  return [applies ? { text: ` ${signs.pass}`, tone: 'pass' } : { text: ' ·', tone: 'faint' }];
};

/** The overview: each family of rules, or each host, and how it stands; the marked one limits the list. */
export const Families = ({ families, title = 'Families', selected, width, height, paint }: FamiliesProps) => {
  const inner = width - 4;
  const room = Math.max(1, height - 2);
  const rows: readonly (Standing | undefined)[] = [undefined, ...families];
  const at = selected === undefined ? 0 : selected + 1;
  const first = windowStart(at, rows.length, room);
  const lines = rows.slice(first, first + room).map((row, index): Line => {
    const mark: Segment = { text: first + index === at ? '▸' : ' ', tone: 'strong' };
    if (row === undefined) return [mark, { text: 'all' }];
    const state = standing(row);
    const space = inner - 1 - state.reduce((sum, { text }) => sum + columnsOf(text), 0);
    const name = cutEnd(row.name, space);
    const gap = ' '.repeat(Math.max(0, Math.min(9, space) - columnsOf(name)));
    return [mark, { text: name + gap }, ...state];
  });
  const foot =
    rows.length <= room
      ? ''
      : `${first > 0 ? '↑' : ' '}${first + room < rows.length ? '↓' : ' '} of ${families.length}`;
  return <Panel {...{ title, foot, width, height, lines, paint }} />;
};
