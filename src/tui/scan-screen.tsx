import type { ScreenKind } from './app.tsx';
import { reduceKey } from './keys.ts';
import { makeModel } from './model.ts';
import type { Scanned } from './scanned.ts';
import { Screen } from './screen.tsx';
import { initialState, reduce, type TuiState } from './state.ts';

/** The screen of a scan. `familyOf` gives the folder of a rule, by its id. */
export const scanScreen = (familyOf: (rule: string) => string | undefined): ScreenKind<Scanned, TuiState> => ({
  initial: initialState,
  next: (state, event) => {
    if ('input' in event) return reduceKey(state, event);
    switch (event.kind) {
      case 'report':
        return reduce(state, { kind: 'loaded', model: makeModel(event.report, familyOf) });
      case 'judged':
        return reduce(state, { kind: 'judged', at: event.at, model: makeModel(event.report, familyOf) });
      case 'progress':
      case 'resize':
        return reduce(state, event);
    }
  },
  failed: (state, why) => reduce(state, { kind: 'failed', why }),
  closed: (state, changed) => reduce(state, { kind: 'returned', changed }),
  draw: (state, paint) => <Screen state={state} paint={paint} />,
  answer: ({ model, question }) =>
    model === undefined || question === undefined
      ? undefined
      : { kind: 'judged', at: question, report: model.judgeAt(question) },
});
