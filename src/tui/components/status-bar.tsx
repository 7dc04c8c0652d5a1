import { Text } from 'ink';
import type { Paint } from '../../report/color.ts';
import { cutEnd, cutMiddle, drawLine, type Line } from '../line.ts';
import type { View } from '../state.ts';
import { KeyBar } from './key-bar.tsx';

export interface StatusBarProps {
  readonly view: View | 'collecting';
  /** The search as typed so far; the bar is its input line while `typing`. */
  readonly search: string;
  readonly typing: boolean;
  /** What was just done or is being done; stands in place of the keys. */
  readonly notice?: string | undefined;
  /** What the marked finding has, and whether there are several hosts: keys that would do nothing are not named. */
  readonly hasFix?: boolean;
  readonly hasText?: boolean;
  readonly severalHosts?: boolean;
  readonly width: number;
  readonly paint: Paint;
}

type Keys = readonly (readonly [string, string])[];

const help: Keys = [
  ['?', 'keys'],
  ['q', 'quit'],
];

const scrolling: Keys = [
  ['↑↓ PgUp PgDn', 'scroll'],
  ['Esc', 'back'],
];

/** Most wanted first: on a narrow terminal the last but help and quit leave. */
const keysOf = ({ view, hasFix = false, hasText = false, severalHosts = false }: StatusBarProps): Keys => {
  const fix: Keys = hasFix ? [['f', 'fix']] : [];
  const copy: Keys = hasText ? [['c', 'copy']] : [];
  switch (view) {
    case 'collecting':
      return [['q', 'quit']];
    case 'list':
      return [
        ['↑↓', 'move'],
        ['⏎', 'open'],
        ...fix,
        ['/', 'search'],
        ['Tab', 'family'],
        ...(severalHosts ? ([['h', 'host']] as const) : []),
        ['t', 'time'],
        ['r', 'rescan'],
        ['ewna', 'filter'],
        ...copy,
        ['u', 'unjudged'],
        ...help,
      ];
    case 'time':
      return [
        ['← →', 'move'],
        ['dwmy', 'step'],
        ['Esc', 'back'],
        ['Tab', 'next end'],
        ['⏎', 'open'],
        ['0', 'now'],
        ['↑↓', 'findings'],
        ...help,
      ];
    case 'detail':
      return [...scrolling, ['← →', 'previous, next'], ...fix, ...copy, ['r', 'rescan'], ...help];
    case 'gaps':
    case 'help':
      return [...scrolling, ...help];
  }
};

/** The keys at hand; what was just done; or the search line while it has the keyboard. */
export const StatusBar = (props: StatusBarProps) => {
  const { search, typing, notice, width, paint } = props;
  if (typing) {
    const hint = '   ⏎ keep  Esc drop ';
    const line: Line = [
      { text: ' / ', tone: 'strong' },
      { text: cutMiddle(search, Math.max(8, width - 4 - hint.length)) },
      { text: '▏', tone: 'selected' },
      { text: hint, tone: 'faint' },
    ];
    return <Text wrap="truncate">{drawLine(line, width, paint)}</Text>;
  }
  if (notice !== undefined) {
    const keys = '  ? keys  q quit ';
    const text = cutEnd(notice, Math.max(8, width - 1 - keys.length));
    const line: Line = [{ text: ` ${text}`, tone: 'strong' }, { text: keys }];
    return <Text wrap="truncate">{drawLine(line, width, paint)}</Text>;
  }
  return <KeyBar keys={keysOf(props)} {...{ width, paint }} />;
};
