import columnsOf from 'fast-string-width';
import { Box, Text } from 'ink';
import { signs, type Paint } from '../../report/color.ts';
import { printable } from '../../report/printable.ts';
import { hostTitle } from '../../report/text.ts';
import { severities } from '../../rule/severity.ts';
import type { ScreenKind } from '../app.tsx';
import { KeyBar } from '../components/key-bar.tsx';
import { Progress } from '../components/progress.tsx';
import { ScrollingPanel } from '../components/scrolling-panel.tsx';
import { TooSmall } from '../components/too-small.tsx';
import { Ways } from '../components/ways.tsx';
import { leastColumns, leastRows } from '../layout.ts';
import { cutEnd, cutMiddle, drawLine, type Line, type Segment } from '../line.ts';
import type { FixOutcome, Fixing } from './fixing.ts';
import { reduceFixKey } from './keys.ts';
import { fixLayout, isTooSmall } from './layout.ts';
import {
  initialFix,
  isPerformable,
  markedWay,
  reduceFix,
  scrollingLines,
  visibleWays,
  type FixState,
} from './state.ts';

type Keys = readonly (readonly [string, string])[];

const scrollKeys: Keys = [
  ['↑↓ PgUp PgDn', 'scroll'],
  ['Esc', 'back'],
  ['?', 'keys'],
  ['q', 'leave'],
];

const keysOf = (state: FixState): Keys => {
  if (state.fixing === undefined) return [['q', 'leave']];
  switch (state.view) {
    case 'busy':
      return state.asks?.kind === 'apply' ? [['Ctrl-C', 'stop after this step']] : [['q', 'leave']];
    case 'ask':
      return [
        ['y', 'apply'],
        ['n', 'do not'],
        ['↑↓ PgUp PgDn', 'scroll'],
        ['?', 'keys'],
        ['q', 'leave'],
      ];
    case 'ask-undo':
      return [
        ['y', 'take it back'],
        ['n', 'do not'],
        ['?', 'keys'],
        ['q', 'leave'],
      ];
    case 'result':
      return state.fixing.latest === undefined ? scrollKeys : [['u', 'undo'], ...scrollKeys];
    case 'help':
      return scrollKeys;
    case 'ways': {
      const may = (...keys: Keys): Keys => (state.fixing?.readOnly === undefined ? keys : []);
      const own: Keys =
        state.pane === 'ways'
          ? [...may(['space', 'choose'], ['a', 'safe'], ['⏎', 'apply']), ['Tab', 'diff'], ...may(['u', 'undo'])]
          : [['↑↓', 'scroll'], ['Tab', 'ways out'], ...may(['⏎', 'apply'])];
      return [...own, ['r', 'rescan'], ['c', 'copy'], ['?', 'keys'], ['q', 'leave']];
    }
  }
};

/** The first line: which host and how bad it is; the second: what is chosen, or what there is to say. */
const Header = ({ state, paint }: { readonly state: FixState; readonly paint: Paint }) => {
  const { fixing, columns: width, chosen, ways, notice } = state;
  const name: Segment = { text: ' virt-pki-check fix', tone: 'strong' };
  const draw = (line: Line) => <Text wrap="truncate">{drawLine(line, width, paint)}</Text>;
  const second = (text: string, tone?: Segment['tone']) => {
    const fitting = cutEnd(text, width - 1);
    return draw([{ text: ' ' }, tone === undefined ? { text: fitting } : { text: fitting, tone }]);
  };
  if (fixing === undefined) {
    return (
      <>
        {draw([name])}
        {second('')}
      </>
    );
  }
  const tally = severities.flatMap((severity): readonly Segment[] => {
    const count = fixing.report.findings.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [{ text: `  ${count} ${signs[severity]}`, tone: severity }];
  });
  const right = tally.length === 0 ? [{ text: `  ${signs.pass}`, tone: 'pass' as const }] : tally;
  const left = width - 1 - right.reduce((sum, { text }) => sum + columnsOf(text), 0) - columnsOf(name.text);
  const host = `   ${cutMiddle(printable(hostTitle(fixing.report)), Math.max(0, left - 3))}`;
  const performable = ways.filter(isPerformable).length;
  const { latest } = fixing;
  const when = latest?.time.slice(0, 16).replace('T', ' ') ?? '';
  const past =
    latest === undefined
      ? ''
      : ` · ${latest.interrupted ? `an apply of ${when} was interrupted` : `applied ${when}`}, u takes it back`;
  const standing = fixing.readOnly ?? `${chosen.length} of ${performable} chosen${past}`;
  return (
    <>
      {draw([name, { text: host + ' '.repeat(Math.max(0, left - columnsOf(host))) }, ...right])}
      {notice === '' ? second(printable(standing), 'faint') : second(notice, 'strong')}
    </>
  );
};

const stepsText = ({ prepared }: FixState): string => {
  const steps = prepared?.question.steps ?? 0;
  return `${steps} step${steps === 1 ? '' : 's'}`;
};

const busyTitle = (state: FixState): string =>
  ({
    apply: `Applying ${stepsText(state)}`,
    undo: 'Taking back',
    prepare: 'Trying the plan on what was seen',
    look: 'Looking at the host again',
  })[state.asks?.kind ?? 'look'];

const scrollTitle = (state: FixState): string =>
  ({
    ask: `Apply ${stepsText(state)}? y or n`,
    'ask-undo': 'Take this back? y or n',
    result: state.result?.title ?? '',
    help: 'Keys',
    ways: '',
    busy: '',
  })[state.view];

const Middle = ({ state, paint }: { readonly state: FixState; readonly paint: Paint }) => {
  const ways = visibleWays(state);
  const { middle, beside, ...sizes } = fixLayout(state, ways.length);
  const { fixing, view, scroll, progress, pane } = state;
  if (fixing === undefined) return <Progress progress={progress} {...middle} paint={paint} />;
  if (view === 'busy') return <Progress title={busyTitle(state)} progress={progress} {...middle} paint={paint} />;
  const { lines } = scrollingLines(state);
  if (view !== 'ways') return <ScrollingPanel title={scrollTitle(state)} {...{ lines, scroll, paint }} {...middle} />;
  const empty =
    state.ways.length === 0 ? `${signs.pass} Nothing to mend here` : 'No way out fits; Esc drops the search';
  return (
    <Box flexDirection={beside ? 'row' : 'column'}>
      <Ways
        {...{ ways, empty, paint }}
        total={state.ways.length}
        selected={state.selected}
        chosen={state.chosen}
        active={pane === 'ways'}
        search={state.search}
        {...sizes.ways}
      />
      <ScrollingPanel
        title={`${pane === 'changes' ? '▸ ' : ''}${markedWay(state)?.title ?? ''}`}
        {...{ lines, scroll, paint }}
        {...sizes.changes}
      />
    </Box>
  );
};

const SearchLine = ({ state, paint }: { readonly state: FixState; readonly paint: Paint }) => {
  const hint = '   ⏎ keep  Esc drop ';
  const line: Line = [
    { text: ' / ', tone: 'strong' },
    { text: cutMiddle(state.search, Math.max(8, state.columns - 4 - hint.length)) },
    { text: '▏', tone: 'selected' },
    { text: hint, tone: 'faint' },
  ];
  return <Text wrap="truncate">{drawLine(line, state.columns, paint)}</Text>;
};

/** The whole screen of fixes: at most one line less than the terminal has. */
export const FixScreen = ({ state, paint }: { readonly state: FixState; readonly paint: Paint }) => {
  const { columns, rows } = state;
  if (isTooSmall(state)) return <TooSmall needed={`${leastColumns}×${leastRows}`} {...{ columns, rows }} />;
  return (
    <Box flexDirection="column" width={columns}>
      <Header {...{ state, paint }} />
      <Middle {...{ state, paint }} />
      {state.typing ? (
        <SearchLine {...{ state, paint }} />
      ) : (
        <KeyBar keys={keysOf(state)} width={columns} paint={paint} />
      )}
    </Box>
  );
};

/** The screen of fixes; `wanted` is the fingerprint of the finding whose way out is chosen at first. */
export const fixScreen = (wanted?: string): ScreenKind<Fixing, FixState, FixOutcome> => ({
  initial: (columns, rows) => initialFix(columns, rows, wanted),
  next: (state, event) => {
    if ('input' in event) return reduceFixKey(state, event);
    if (event.kind === 'judged') return state;
    return reduceFix(state, event.kind === 'report' ? { kind: 'loaded', fixing: event.report } : event);
  },
  acted: (state, outcome) => reduceFix(state, { kind: 'acted', outcome }),
  draw: (state, paint) => <FixScreen state={state} paint={paint} />,
});
