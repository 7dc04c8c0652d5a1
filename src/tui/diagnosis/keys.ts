import type { Key } from 'ink';
import { movement, singleKeys, type Keypress } from '../keys.ts';
import { reduceConnection, type ConnectionAction, type ConnectionState } from './state.ts';

/** The state after a key, or after a burst of them. */
export const reduceConnectionKey = (state: ConnectionState, pressed: Keypress): ConnectionState =>
  singleKeys(pressed).reduce((before, { input, key }) => {
    const action = connectionAction(input, key, before);
    return action === undefined ? before : reduceConnection(before, action);
  }, state);

/** What a key means on the screen of a connection. */
function connectionAction(input: string, key: Partial<Key>, state: ConnectionState): ConnectionAction | undefined {
  if (key.ctrl === true) return input === 'c' ? { kind: 'quit' } : undefined;
  if (input === 'q') return { kind: 'quit' };
  if (state.connection === undefined) return undefined;
  if (key.escape === true || key.backspace === true) return { kind: 'back' };
  if (input === '?') return { kind: 'help' };
  if (input === 'r') return { kind: 'look-again' };
  const move = movement(input, key);
  if (move !== undefined) return move;
  if (state.help) return undefined;
  if (key.tab === true) return { kind: 'pane' };
  if (key.return === true) return { kind: 'toggle' };
  if (key.rightArrow === true) return { kind: 'toggle', open: true };
  if (key.leftArrow === true) return { kind: 'toggle', open: false };
  return input === 'o' ? { kind: 'toggle-all' } : undefined;
}
