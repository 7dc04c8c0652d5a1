import type { Key } from 'ink';
import { printable } from '../../report/printable.ts';
import { movement, singleKeys, withEscape, type Keypress } from '../keys.ts';
import { reduceFix, type FixAction, type FixState } from './state.ts';

/** The state after a key, or after a burst of them. */
export const reduceFixKey = (state: FixState, pressed: Keypress): FixState =>
  (state.typing ? [pressed] : withEscape(pressed)).flatMap(singleKeys).reduce((before, { input, key }) => {
    const action = fixAction(input, key, before);
    return action === undefined ? before : reduceFix(before, action);
  }, state);

/** What a key means on the screen of fixes. */
function fixAction(input: string, key: Partial<Key>, state: FixState): FixAction | undefined {
  if (key.ctrl === true) return input === 'c' ? { kind: 'quit' } : undefined;
  if (state.typing) return typingAction(input, key);
  if (input === 'q') return { kind: 'leave' };
  if (state.fixing === undefined) return key.escape === true ? { kind: 'leave' } : undefined;
  if (state.view === 'busy') return undefined;
  if (key.escape === true || key.backspace === true) return { kind: 'back' };
  if (input === '?') return { kind: 'help' };
  if (state.view === 'ways' && state.pane === 'ways' && input === ' ') return { kind: 'choose' };
  return movement(input, key) ?? (state.view === 'ways' ? command(input, key, state) : answer(input, key, state));
}

function typingAction(input: string, key: Partial<Key>): FixAction | undefined {
  if (key.escape === true) return { kind: 'back' };
  if (key.return === true) return { kind: 'accept' };
  if (key.backspace === true || key.delete === true) return { kind: 'erase' };
  if (key.upArrow === true || key.downArrow === true) return movement('', key);
  return input === '' || key.meta === true || printable(input) !== input ? undefined : { kind: 'type', text: input };
}

/** On what asks or tells: yes, no, go on. Only `y` agrees, so that nothing is changed by a key too many. */
function answer(input: string, key: Partial<Key>, { view }: FixState): FixAction | undefined {
  const asks = view === 'ask' || view === 'ask-undo';
  if (asks && input === 'y') return { kind: 'agree' };
  if (asks && input === 'n') return { kind: 'back' };
  if (view === 'result' && input === 'u') return { kind: 'ask-undo' };
  return view === 'result' && key.return === true ? { kind: 'back' } : undefined;
}

function command(input: string, key: Partial<Key>, { pane }: FixState): FixAction | undefined {
  if (key.return === true) return { kind: 'proceed' };
  if (key.tab === true) return { kind: 'pane' };
  if (key.rightArrow === true) return pane === 'ways' ? { kind: 'pane', pane: 'changes' } : undefined;
  if (key.leftArrow === true) return pane === 'changes' ? { kind: 'pane', pane: 'ways' } : undefined;
  const actions: Readonly<Record<string, FixAction>> = {
    a: { kind: 'choose-safe' },
    u: { kind: 'ask-undo' },
    r: { kind: 'look' },
    c: { kind: 'copy' },
    '/': { kind: 'search' },
  };
  return Object.hasOwn(actions, input) ? actions[input] : undefined;
}
