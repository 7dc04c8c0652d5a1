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
import { TooSmall } from './components/too-small.tsx';
import { layoutOf, leastColumns, leastRows } from './layout.ts';
import type { Model } from './model.ts';
import { selectedItem, visibleItems, type TuiState } from './state.ts';

const filterText = ({ severity, family, search }: TuiState): string =>
  [severity === undefined ? '' : `${severity}s`, family ?? '', search === '' ? '' : `“${search}”`]
    .filter((part) => part !== '')
    .join(', ');

const ListView = ({
  state,
  model,
  paint,
}: {
  readonly state: TuiState;
  readonly model: Model;
  readonly paint: Paint;
}) => {
  const layout = layoutOf(state);
  return (
    <>
      <Box>
        <Families
          families={model.families}
          selected={state.family}
          width={layout.families}
          height={layout.upper}
          paint={paint}
        />
        <Findings
          items={visibleItems(state)}
          total={model.items.length}
          selected={state.selected}
          filter={filterText(state)}
          empty={model.items.length === 0 ? totalsText(model.report.summary) : 'No finding fits; Esc drops the filters'}
          severalHosts={model.hosts.length > 1}
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

const Middle = ({ state, paint }: { readonly state: TuiState; readonly paint: Paint }) => {
  const { model, view, scroll, columns: width, rows } = state;
  const height = rows - 3;
  const item = selectedItem(state);
  if (model === undefined) return <Progress progress={state.progress} {...{ width, height, paint }} />;
  if (view === 'help') return <Help {...{ scroll, width, height, paint }} />;
  if (view === 'gaps') return <Gaps {...{ model, scroll, width, height, paint }} />;
  if (view === 'detail' && item !== undefined) {
    return <FindingDetail hosts={model.hosts.length} {...{ item, scroll, width, height, paint }} />;
  }
  return <ListView {...{ state, model, paint }} />;
};

/** The whole screen of a state: at most one line less than the terminal has. */
export const Screen = ({ state, paint }: { readonly state: TuiState; readonly paint: Paint }) => {
  const { columns, rows, model } = state;
  if (layoutOf(state).tooSmall) return <TooSmall needed={`${leastColumns}×${leastRows}`} {...{ columns, rows }} />;
  return (
    <Box flexDirection="column" width={columns}>
      <Header model={model} width={columns} paint={paint} />
      <Middle state={state} paint={paint} />
      <StatusBar
        view={model === undefined ? 'collecting' : state.view}
        search={state.search}
        typing={state.typing}
        width={columns}
        paint={paint}
      />
    </Box>
  );
};
