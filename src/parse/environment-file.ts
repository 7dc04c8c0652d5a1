/** One `NAME=value` of an environment file; the line of its name, from 1. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

const whitespace = ' \t\n\r';
const isSpace = (character: string): boolean => whitespace.includes(character);
const isNewline = (character: string): boolean => character === '\n' || character === '\r';

/** What a shell escapes inside double quotes (SHELL_NEED_ESCAPE of systemd). */
const escapable = '"\\`$';

type State =
  | 'before-key'
  | 'key'
  | 'before-value'
  | 'value'
  | 'value-escape'
  | 'single-quotes'
  | 'double-quotes'
  | 'double-quotes-escape'
  | 'comment'
  | 'comment-escape';

/**
 * Reads an EnvironmentFile= as systemd does (src/basic/env-file.c, parse_env_file_internal), all assignments in order: the last of a
 * name counts (`lastAssignment`). Lines without `=` and names that no environment can have are passed over. Nothing is expanded.
 *
 * A backslash at the end of a comment continues nothing, as since systemd 254.
 */
export function parseEnvironmentFile(text: string): readonly Assignment[] {
  const assignments: Assignment[] = [];
  let state: State = 'before-key';
  let line = 1;
  let keyLine = 1;
  let key = '';
  let value: string[] = [];
  /** Length of `value` without the unquoted blanks at its end. */
  let solid = 0;

  const start = (): void => {
    value = [];
    solid = 0;
  };
  const add = (character: string, isBlankAtEnd = false): void => {
    value.push(character);
    if (!isBlankAtEnd) solid = value.length;
  };
  const finish = (): void => {
    const name = key.trimEnd();
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      assignments.push({ name, value: value.slice(0, solid).join(''), line: keyLine });
    }
    state = 'before-key';
  };

  // An index, not an iterator: characters beyond the BMP may pass in halves, for none of them is special.
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    switch (state) {
      case 'before-key':
        if (character === '#' || character === ';') state = 'comment';
        else if (!isSpace(character)) {
          state = 'key';
          key = character;
          keyLine = line;
          start();
        }
        break;
      case 'key':
        if (isNewline(character)) state = 'before-key';
        else if (character === '=') state = 'before-value';
        else key += character;
        break;
      case 'before-value':
        if (isNewline(character)) finish();
        else if (character === "'") state = 'single-quotes';
        else if (character === '"') state = 'double-quotes';
        else if (character === '\\') state = 'value-escape';
        else if (!isSpace(character)) {
          state = 'value';
          add(character);
        }
        break;
      case 'value':
        if (isNewline(character)) finish();
        else if (character === '\\') {
          state = 'value-escape';
          solid = value.length;
        } else add(character, isSpace(character));
        break;
      case 'value-escape':
        state = 'value';
        if (!isNewline(character)) add(character);
        break;
      case 'single-quotes':
        if (character === "'") state = 'before-value';
        else add(character);
        break;
      case 'double-quotes':
        if (character === '"') state = 'before-value';
        else if (character === '\\') state = 'double-quotes-escape';
        else add(character);
        break;
      case 'double-quotes-escape':
        state = 'double-quotes';
        if (escapable.includes(character)) add(character);
        else if (!isNewline(character)) {
          add('\\');
          add(character);
        }
        break;
      case 'comment':
        if (character === '\\') state = 'comment-escape';
        else if (isNewline(character)) state = 'before-key';
        break;
      case 'comment-escape':
        state = isNewline(character) ? 'before-key' : 'comment';
        break;
    }
    if (character === '\n') line += 1;
  }
  // The end of the file ends a value in any state of it, an open quote too.
  if (!['before-key', 'key', 'comment', 'comment-escape'].includes(state)) finish();
  return assignments;
}

/** The assignment that counts: the last of a name. */
export const lastAssignment = (assignments: readonly Assignment[], name: string): Assignment | undefined =>
  assignments.findLast((assignment) => assignment.name === name);

/**
 * The words that an unquoted `$NAME` in ExecStart= becomes (src/basic/env-util.c replace_env_argv: split at white space, with quotes and
 * backslashes removed; an open quote ends with the text).
 */
export function splitArguments(value: string): readonly string[] {
  const words: string[] = [];
  let word: string[] | undefined;
  let quote = '';
  for (let index = 0; index < value.length; index += 1) {
    const character = value.charAt(index);
    if (character === '\\') {
      index += 1;
      word ??= [];
      word.push(value.charAt(index));
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word?.push(character);
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= [];
    } else if (!isSpace(character)) {
      word ??= [];
      word.push(character);
    } else if (word !== undefined) {
      words.push(word.join(''));
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word.join(''));
  return words;
}
