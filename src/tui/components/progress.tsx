import type { Paint } from '../../report/color.ts';
import type { Line } from '../line.ts';
import { cutMiddle } from '../line.ts';
import { Panel } from './panel.tsx';

export interface ProgressProps {
  /** Printable names of what is being looked at, latest last. */
  readonly progress: readonly string[];
  readonly title?: string;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

/** What is being looked at while a report is in the making; the latest at the foot, older names leave at the top. */
export const Progress = ({ progress, title = 'Looking at the host', width, height, paint }: ProgressProps) => {
  const room = Math.max(1, height - 2);
  const lines = progress.slice(-room).map((what, index, shown): Line => {
    const latest = index === shown.length - 1;
    return [{ text: latest ? '▸ ' : '  ' }, { text: cutMiddle(what, width - 6), tone: latest ? 'strong' : 'faint' }];
  });
  return <Panel {...{ title, width, height, paint }} lines={lines.length === 0 ? ['starting …'] : lines} />;
};
