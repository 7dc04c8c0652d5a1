import { Box } from 'ink';
import type { DiagnosisReport } from '../../engine/diagnosis-report.ts';
import type { Paint } from '../../report/color.ts';
import type { ScreenKind } from '../app.tsx';
import { ConnectionHeader } from '../components/connection-header.tsx';
import { KeyBar } from '../components/key-bar.tsx';
import { Ladder } from '../components/ladder.tsx';
import { Progress } from '../components/progress.tsx';
import { ScrollingPanel } from '../components/scrolling-panel.tsx';
import { TooSmall } from '../components/too-small.tsx';
import { leastColumns, leastRows } from '../layout.ts';
import { makeConnection } from './connection.ts';
import { reduceConnectionKey } from './keys.ts';
import { isTooSmall } from './layout.ts';
import { arranged, initialConnection, reduceConnection, type Arranged, type ConnectionState } from './state.ts';

const collectingKeys = [['q', 'quit']] as const;
const helpKeys = [
  ['↑↓ PgUp PgDn', 'scroll'],
  ['Esc', 'back'],
  ['?', 'keys'],
  ['q', 'quit'],
] as const;
const ladderKeys = [
  ['↑↓', 'move'],
  ['⏎', 'open, close'],
  ['Tab', 'what happens'],
  ['r', 'look again'],
  ['?', 'keys'],
  ['q', 'quit'],
] as const;
const outcomeKeys = [
  ['↑↓ PgUp PgDn', 'scroll'],
  ['Tab', 'ladder'],
  ['r', 'look again'],
  ['?', 'keys'],
  ['q', 'quit'],
] as const;

const keysOf = ({ connection, help, pane }: ConnectionState) => {
  if (connection === undefined) return collectingKeys;
  if (help) return helpKeys;
  return pane === 'ladder' ? ladderKeys : outcomeKeys;
};

const Middle = ({
  state,
  content,
  paint,
}: {
  readonly state: ConnectionState;
  readonly content: Arranged;
  readonly paint: Paint;
}) => {
  const { layout } = content;
  if (state.connection === undefined)
    return <Progress title="Looking at the hosts" progress={state.progress} {...layout.middle} paint={paint} />;
  if (state.help)
    return (
      <ScrollingPanel title="Keys" lines={content.help} scroll={state.helpScroll} {...layout.middle} paint={paint} />
    );
  return (
    <Box flexDirection={layout.beside ? 'row' : 'column'}>
      <Ladder
        lines={content.ladder}
        cursor={content.cursor}
        active={state.pane === 'ladder'}
        scroll={state.top}
        {...layout.ladder}
        paint={paint}
      />
      <ScrollingPanel
        title={`${state.pane === 'outcome' ? '▸ ' : ''}What happens`}
        lines={content.outcome}
        scroll={state.scroll}
        {...layout.outcome}
        paint={paint}
      />
    </Box>
  );
};

/** The whole screen of a connection: at most one line less than the terminal has. */
export const ConnectionScreen = ({ state, paint }: { readonly state: ConnectionState; readonly paint: Paint }) => {
  const { columns, rows, connection, looking, progress } = state;
  if (isTooSmall(state)) return <TooSmall needed={`${leastColumns}×${leastRows}`} {...{ columns, rows }} />;
  const content = arranged(state);
  return (
    <Box flexDirection="column" width={columns}>
      <ConnectionHeader
        connection={connection}
        looking={looking ? (progress.at(-1) ?? '…') : undefined}
        width={columns}
        paint={paint}
      />
      <Middle {...{ state, content, paint }} />
      <KeyBar keys={keysOf(state)} width={columns} paint={paint} />
    </Box>
  );
};

/** The screen of a diagnosis; with `offline` it does not say that nothing was sent. */
export const diagnosisScreen = (offline: boolean): ScreenKind<DiagnosisReport, ConnectionState> => ({
  initial: (columns, rows) => initialConnection(columns, rows, offline),
  next: (state, event) => {
    if ('input' in event) return reduceConnectionKey(state, event);
    if (event.kind === 'judged') return state;
    return reduceConnection(
      state,
      event.kind === 'report' ? { kind: 'loaded', connection: makeConnection(event.report) } : event,
    );
  },
  draw: (state, paint) => <ConnectionScreen state={state} paint={paint} />,
});
