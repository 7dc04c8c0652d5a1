import type { Key } from 'ink';
import { printable } from '../report/printable.ts';
import { reduce, type Action, type Move, type TuiState } from './state.ts';

/** A key as Ink tells it: its text, and which special key it is. */
export interface Keypress {
  readonly input: string;
  readonly key: Partial<Key>;
}

/** Keys that a burst of input holds as characters. */
const control: Readonly<Record<string, Partial<Key>>> = {
  '\r': { return: true },
  '\n': { return: true },
  '\t': { tab: true },
  '\x1b': { escape: true },
  '\x7f': { backspace: true },
  '\b': { backspace: true },
  '\x03': { ctrl: true },
};

/** The single keys of what Ink tells at once: input that came in one burst (typed ahead, pasted) counts one character at a time. */
export function singleKeys(pressed: Keypress): readonly Keypress[] {
  const characters = [...pressed.input];
  if (characters.length <= 1) return [pressed];
  return characters.map((character) => {
    const special = control[character];
    const text = character === '\x03' ? 'c' : special === undefined ? character : '';
    return { input: text, key: special ?? {} };
  });
}

/** Escape and a key in one burst look like that key with Alt, with which we have no business. */
export const withEscape = (pressed: Keypress): readonly Keypress[] =>
  pressed.key.meta === true && pressed.key.escape !== true && pressed.input !== ''
    ? [
        { input: '', key: { escape: true } },
        { ...pressed, key: { ...pressed.key, meta: false } },
      ]
    : [pressed];

/** The state after a key, or after a burst of them. */
export const reduceKey = (state: TuiState, pressed: Keypress): TuiState =>
  (state.typing ? [pressed] : withEscape(pressed)).flatMap(singleKeys).reduce((before, { input, key }) => {
    const action = actionFor(input, key, before);
    return action === undefined ? before : reduce(before, action);
  }, state);

/** What a key means in a state. */
export function actionFor(input: string, key: Partial<Key>, state: TuiState): Action | undefined {
  if (key.ctrl === true) return input === 'c' ? { kind: 'quit' } : undefined;
  if (state.typing) return typingAction(input, key);
  if (input === 'q') return { kind: 'quit' };
  if (state.model === undefined) return undefined;
  return movement(input, key) ?? command(input, key, state);
}

const typingAction = (input: string, key: Partial<Key>): Action | undefined => {
  if (key.escape === true) return { kind: 'back' };
  if (key.return === true) return { kind: 'accept' };
  if (key.backspace === true || key.delete === true) return { kind: 'erase' };
  const move = key.upArrow === true || key.downArrow === true ? movement('', key) : undefined;
  if (move !== undefined) return move;
  return input === '' || key.meta === true || printable(input) !== input ? undefined : { kind: 'type', text: input };
};

/** The keys that move a cursor or scroll, the same on every screen. */
export const movement = (input: string, key: Partial<Key>): Move | undefined => {
  if (key.upArrow === true || input === 'k') return { kind: 'move', by: 'line', direction: -1 };
  if (key.downArrow === true || input === 'j') return { kind: 'move', by: 'line', direction: 1 };
  if (key.pageUp === true) return { kind: 'move', by: 'page', direction: -1 };
  if (key.pageDown === true || input === ' ') return { kind: 'move', by: 'page', direction: 1 };
  if (key.home === true || input === 'g') return { kind: 'move', by: 'end', direction: -1 };
  if (key.end === true || input === 'G') return { kind: 'move', by: 'end', direction: 1 };
  return undefined;
};

const command = (input: string, key: Partial<Key>, { view }: TuiState): Action | undefined => {
  if (key.escape === true || key.backspace === true) return { kind: 'back' };
  if (view === 'time') {
    const action = timeAction(input, key);
    if (action !== undefined) return action;
  }
  switch (input) {
    case '?':
      return { kind: 'show', view: 'help' };
    case 'u':
      return { kind: 'show', view: 'gaps' };
    case 'r':
      return { kind: 'look-again' };
  }
  if (view === 'detail' && key.rightArrow === true) return { kind: 'turn', direction: 1 };
  if (view === 'detail' && key.leftArrow === true) return { kind: 'turn', direction: -1 };
  if (view !== 'list' && view !== 'detail' && view !== 'time') return undefined;
  if (input === 't') return { kind: 'time' };
  if (input === 'c') return { kind: 'copy' };
  if (input === 'f') return { kind: 'fix' };
  if (key.return === true) return { kind: 'open' };
  return view === 'list' ? listAction(input, key) : undefined;
};

const listAction = (input: string, key: Partial<Key>): Action | undefined => {
  if (key.tab === true) return { kind: 'family', direction: key.shift === true ? -1 : 1 };
  if (key.rightArrow === true) return { kind: 'family', direction: 1 };
  if (key.leftArrow === true) return { kind: 'family', direction: -1 };
  switch (input) {
    case 'e':
      return { kind: 'severity', severity: 'error' };
    case 'w':
      return { kind: 'severity', severity: 'warning' };
    case 'n':
      return { kind: 'severity', severity: 'note' };
    case 'a':
      return { kind: 'severity', severity: undefined };
    case 'h':
      return { kind: 'host', direction: 1 };
    case 'H':
      return { kind: 'host', direction: -1 };
    case '/':
      return { kind: 'search' };
    default:
      return undefined;
  }
};

const timeAction = (input: string, key: Partial<Key>): Action | undefined => {
  if (key.rightArrow === true || input === 'l') return { kind: 'shift', direction: 1 };
  if (key.leftArrow === true || input === 'h') return { kind: 'shift', direction: -1 };
  if (key.tab === true) return { kind: 'ending', direction: key.shift === true ? -1 : 1 };
  switch (input) {
    case 'd':
      return { kind: 'step', step: 'day' };
    case 'w':
      return { kind: 'step', step: 'week' };
    case 'm':
      return { kind: 'step', step: 'month' };
    case 'y':
      return { kind: 'step', step: 'year' };
    case '0':
      return { kind: 'present' };
    case 't':
      return { kind: 'time' };
    default:
      return undefined;
  }
};
