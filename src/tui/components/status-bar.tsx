import { Text } from 'ink';
import type { Paint } from '../../report/color.ts';
import { cutMiddle, drawLine, type Line } from '../line.ts';
import type { View } from '../state.ts';
import { KeyBar } from './key-bar.tsx';

export interface StatusBarProps {
  readonly view: View | 'collecting';
  /** The search as typed so far; the bar is its input line while `typing`. */
  readonly search: string;
  readonly typing: boolean;
  readonly width: number;
  readonly paint: Paint;
}

const listKeys: readonly (readonly [string, string])[] = [
  ['↑↓', 'move'],
  ['⏎', 'open'],
  ['ewna', 'filter'],
  ['Tab', 'family'],
  ['/', 'search'],
  ['u', 'unjudged'],
  ['?', 'keys'],
  ['q', 'quit'],
];

const detailKeys: readonly (readonly [string, string])[] = [
  ['↑↓ PgUp PgDn', 'scroll'],
  ['Esc', 'back'],
  ['← →', 'previous, next'],
  ['?', 'keys'],
  ['q', 'quit'],
];

const scrollingKeys: readonly (readonly [string, string])[] = [
  ['↑↓ PgUp PgDn', 'scroll'],
  ['Esc', 'back'],
  ['?', 'keys'],
  ['q', 'quit'],
];

const keysOf: Readonly<Record<StatusBarProps['view'], readonly (readonly [string, string])[]>> = {
  collecting: [['q', 'quit']],
  list: listKeys,
  detail: detailKeys,
  gaps: scrollingKeys,
  help: scrollingKeys,
};

/** The keys at hand; or the search line while it has the keyboard. */
export const StatusBar = ({ view, search, typing, width, paint }: StatusBarProps) => {
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
  return <KeyBar keys={keysOf[view]} {...{ width, paint }} />;
};
