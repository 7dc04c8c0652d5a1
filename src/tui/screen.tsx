import { Box } from 'ink';
import type { Paint } from '../report/color.ts';
import { totalsText } from '../report/text.ts';
import { Families } from './components/families.tsx';
import { FindingDetail } from './components/finding-detail.tsx';
import { Findings } from './components/findings.tsx';
import { Gaps } from './components/gaps.tsx';
import { Header } from './components/header.tsx';
import { Help } from './components/help.tsx';
import { Preview } from './components/preview.tsx';
import { Progress } from './components/progress.tsx';
import { StatusBar } from './components/status-bar.tsx';
import { TimeLine } from './components/time-line.tsx';
import { TooSmall } from './components/too-small.tsx';
import { leastColumns, leastRows } from './layout.ts';
import { changesOf, type Model } from './model.ts';
import {
  axisOf,
  copyableTexts,
  familiesOf,
  layoutFor,
  listedItems,
  selectedItem,
  type TimeState,
  type TuiState,
} from './state.ts';

const filterText = ({ severity, host, family, search, model }: TuiState): string =>
  [
    severity === undefined ? '' : `${severity}s`,
    host === undefined ? '' : (model?.hosts[host] ?? ''),
    family ?? '',
    search === '' ? '' : `“${search}”`,
  ]
    .filter((part) => part !== '')
    .join(', ');

interface ViewProps {
  readonly state: TuiState;
  readonly model: Model;
  readonly paint: Paint;
}

const ListView = ({ state, model, paint }: ViewProps) => {
  const layout = layoutFor(state);
  const items = listedItems(state);
  const families = familiesOf(state);
  const family = families.findIndex(({ name }) => name === state.family);
  return (
    <>
      <Box>
        <Box flexDirection="column">
          {layout.hosts === 0 ? null : (
            <Families
              title="Hosts"
              families={model.standings.map(({ host }) => host)}
              selected={state.host}
              width={layout.families}
              height={layout.hosts}
              paint={paint}
            />
          )}
          <Families
            families={families}
            selected={family === -1 ? undefined : family}
            width={layout.families}
            height={layout.upper - layout.hosts}
            paint={paint}
          />
        </Box>
        <Findings
          items={items}
          total={model.items.length}
          selected={state.selected}
          filter={filterText(state)}
          empty={model.items.length === 0 ? totalsText(model.report.summary) : 'No finding fits; Esc drops the filters'}
          severalHosts={model.hosts.length > 1 && state.host === undefined}
          width={layout.findings}
          height={layout.upper}
          paint={paint}
        />
      </Box>
      {layout.lower === 0 ? null : (
        <Preview
          item={selectedItem(state)}
          hosts={model.hosts.length}
          width={state.columns}
          height={layout.lower}
          paint={paint}
        />
      )}
    </>
  );
};

const TimeView = ({ state, model, time, paint }: ViewProps & { readonly time: TimeState }) => {
  const { columns: width } = state;
  const { time: layout } = layoutFor(state);
  const { at, now, judged } = time;
  const isJudged = judged.at === at;
  const { items } = judged.model;
  const changes = changesOf(judged.model);
  const when = new Date(judged.at).toISOString().slice(0, 10);
  const difference = judged.at === now ? 'now' : `as of ${when}, beside now: ${changes.new} new, ${changes.gone} gone`;
  return (
    <>
      <TimeLine
        endings={model.endings}
        axis={axisOf(state, time)}
        then={isJudged ? judged.model.report.summary : undefined}
        present={model.report.summary}
        names={layout.names}
        height={layout.upper}
        {...{ at, now, width, paint }}
      />
      <Findings
        items={items}
        total={items.length}
        selected={time.selected}
        filter=""
        name={`Findings ${difference}`}
        empty={totalsText(judged.model.report.summary)}
        severalHosts={model.hosts.length > 1}
        height={layout.lower}
        {...{ width, paint }}
      />
    </>
  );
};

const Middle = ({ state, paint }: { readonly state: TuiState; readonly paint: Paint }) => {
  const { model, view, time, scroll, columns: width, rows } = state;
  const height = rows - 3;
  const item = selectedItem(state);
  if (model === undefined) return <Progress progress={state.progress} {...{ width, height, paint }} />;
  if (view === 'help') return <Help {...{ scroll, width, height, paint }} />;
  if (view === 'gaps') return <Gaps {...{ model, scroll, width, height, paint }} />;
  if (view === 'detail' && item !== undefined) {
    return <FindingDetail hosts={model.hosts.length} {...{ item, scroll, width, height, paint }} />;
  }
  if (state.base === 'time' && time !== undefined) return <TimeView {...{ state, model, time, paint }} />;
  return <ListView {...{ state, model, paint }} />;
};

/** What is being done, or else what was. */
const noticeOf = ({ model, looking, progress, notice }: TuiState): string | undefined =>
  model !== undefined && looking ? `looking again: ${progress.at(-1) ?? '…'}` : notice;

/** The whole screen of a state: at most one line less than the terminal has. */
export const Screen = ({ state, paint }: { readonly state: TuiState; readonly paint: Paint }) => {
  const { columns, rows, model } = state;
  if (layoutFor(state).tooSmall) return <TooSmall needed={`${leastColumns}×${leastRows}`} {...{ columns, rows }} />;
  const item = selectedItem(state);
  const { time } = state;
  const then = time === undefined || time.judged.at === time.now ? undefined : time.judged.model;
  return (
    <Box flexDirection="column" width={columns}>
      <Header model={then ?? model} isThen={then !== undefined} width={columns} paint={paint} />
      <Middle state={state} paint={paint} />
      <StatusBar
        view={model === undefined ? 'collecting' : state.view}
        search={state.search}
        typing={state.typing}
        notice={noticeOf(state)}
        hasFix={state.base === 'list' && item !== undefined && item.change !== 'gone' && item.finding.fix !== null}
        hasText={item !== undefined && copyableTexts(item).length > 0}
        severalHosts={(model?.hosts.length ?? 1) > 1}
        width={columns}
        paint={paint}
      />
    </Box>
  );
};
