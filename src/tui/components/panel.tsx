import { Box, Text } from 'ink';
import columnsOf from 'fast-string-width';
import type { Paint } from '../../report/color.ts';
import { cutEnd, drawLine, type Line } from '../line.ts';

export interface PanelProps {
  readonly title: string;
  /** Shown in the lower edge, such as how far a list goes on. */
  readonly foot?: string;
  /** Outer size. */
  readonly width: number;
  readonly height: number;
  /** Fewer than fit leave blank space; more than fit are the caller's mistake and are left out. */
  readonly lines: readonly Line[];
  readonly paint: Paint;
}

const edge = (left: string, right: string, text: string, width: number): string => {
  const label = text === '' ? '' : ` ${cutEnd(text, width - 5)} `;
  return `${left}${label}${'─'.repeat(Math.max(0, width - 2 - columnsOf(label)))}${right}`;
};

/** Lines in a frame with a title, exactly as large as asked. */
export const Panel = ({ title, foot = '', width, height, lines, paint }: PanelProps) => (
  <Box flexDirection="column" width={width} height={height} flexShrink={0}>
    <Text wrap="truncate">{edge('┌', '┐', title, width)}</Text>
    {Array.from({ length: Math.max(0, height - 2) }, (_, row) => (
      <Text key={row} wrap="truncate">{`│ ${drawLine(lines[row] ?? '', width - 4, paint)} │`}</Text>
    ))}
    <Text wrap="truncate">{edge('└', '┘', foot, width)}</Text>
  </Box>
);
