import { EventEmitter } from 'node:events';
import { render } from 'ink';
import type { ReactElement } from 'react';

/** The lines of a screen drawn in a terminal of so many columns: the testing library knows only 100. */
export function drawnAt(columns: number, element: ReactElement): readonly string[] {
  let shown = '';
  const stdout = Object.assign(new EventEmitter(), { columns, write: (written: string) => (shown = written) });
  const { unmount } = render(element, { stdout: stdout as unknown as NodeJS.WriteStream, debug: true });
  // Under continuous integration Ink writes a line feed more when it ends.
  const frame = shown;
  unmount();
  return frame.split('\n');
}
