import { Text } from 'ink';
import { cutEnd } from '../line.ts';

/** Said in place of everything when there is no room for it. */
export const TooSmall = ({
  columns,
  rows,
  needed,
}: {
  readonly columns: number;
  readonly rows: number;
  readonly needed: string;
}) => (
  <Text wrap="truncate">
    {cutEnd(`Please enlarge: ${columns}×${rows}, needed ${needed}. q quits`, Math.max(1, columns))}
  </Text>
);
