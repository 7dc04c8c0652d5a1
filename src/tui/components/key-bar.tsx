import { Text } from 'ink';
import type { Paint } from '../../report/color.ts';
import { drawLine, type Line } from '../line.ts';

export interface KeyBarProps {
  /** Keys and what they do; the last two are those of help and quit. */
  readonly keys: readonly (readonly [string, string])[];
  readonly width: number;
  readonly paint: Paint;
}

const wide = (keys: KeyBarProps['keys']): number =>
  keys.reduce((sum, [key, meaning]) => sum + key.length + meaning.length + 3, 0);

/** The keys at hand; on a narrow terminal they leave from the middle, so that help and quit stay. */
export const KeyBar = ({ keys, width, paint }: KeyBarProps) => {
  let shown = keys;
  while (wide(shown) > width && shown.length > 2) shown = [...shown.slice(0, -3), ...shown.slice(-2)];
  const line: Line = shown.flatMap(([key, meaning]) => [
    { text: ` ${key}`, tone: 'strong' as const },
    { text: ` ${meaning} ` },
  ]);
  return <Text wrap="truncate">{drawLine(line, width, paint)}</Text>;
};
