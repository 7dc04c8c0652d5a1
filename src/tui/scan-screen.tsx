import type { Report } from '../engine/report.ts';
import type { ScreenKind } from './app.tsx';
import { reduceKey } from './keys.ts';
import { makeModel } from './model.ts';
import { Screen } from './screen.tsx';
import { initialState, reduce, type TuiState } from './state.ts';

/** The screen of a scan. `familyOf` gives the folder of a rule, by its id. */
export const scanScreen = (familyOf: (rule: string) => string | undefined): ScreenKind<Report, TuiState> => ({
  initial: initialState,
  next: (state, event) => {
    if ('input' in event) return reduceKey(state, event);
    return reduce(
      state,
      event.kind === 'report' ? { kind: 'loaded', model: makeModel(event.report, familyOf) } : event,
    );
  },
  draw: (state, paint) => <Screen state={state} paint={paint} />,
});
