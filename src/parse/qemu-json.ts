import { QemuArgumentError } from './qemu-options.ts';

export type QemuJson = string | number | boolean | null | readonly QemuJson[] | ReadonlyMap<string, QemuJson>;

/** QEMU's own limit (qobject/json-streamer.c: MAX_NESTING). */
const maximumDepth = 1024;

/**
 * JSON as QEMU takes it on the command line: single quotes will do as well, a key may not come twice.
 *
 * Source: QEMU qobject/json-lexer.c, json-parser.c.
 *
 * @throws QemuArgumentError `JSON parse error` alone: QEMU's own text goes on with a piece of the argument, which may be a secret.
 */
export function parseQemuJson(text: string): QemuJson {
  const blank = /[ \t\r\n]*/y;
  const scalar = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;
  let at = 0;

  const fail = (): never => {
    throw new QemuArgumentError('JSON parse error');
  };
  const skipBlanks = (): void => {
    blank.lastIndex = at;
    blank.exec(text);
    at = blank.lastIndex;
  };
  const take = (character: string): boolean => {
    skipBlanks();
    if (text[at] !== character) return false;
    at += 1;
    return true;
  };
  const string = (): string => {
    const quote = text[at];
    const pieces: string[] = [];
    let from = (at += 1);
    for (; at < text.length; at += 1) {
      const character = text[at];
      if (character === quote) {
        pieces.push(text.slice(from, at));
        at += 1;
        return pieces.join('');
      }
      if (character !== '\\') {
        if (text.charCodeAt(at) < 0x20) fail();
        continue;
      }
      pieces.push(text.slice(from, at));
      const escape = text[at + 1] ?? '';
      if (escape === 'u') {
        const hex = /^[0-9a-fA-F]{4}$/.exec(text.slice(at + 2, at + 6));
        if (hex === null) fail();
        pieces.push(String.fromCharCode(Number.parseInt(text.slice(at + 2, at + 6), 16)));
        at += 5;
      } else {
        pieces.push(escapes[escape] ?? fail());
        at += 1;
      }
      from = at + 1;
    }
    return fail();
  };
  const value = (depth: number): QemuJson => {
    if (depth > maximumDepth) fail();
    skipBlanks();
    const character = text[at];
    if (character === '"' || character === "'") return string();
    if (take('{')) {
      const members = new Map<string, QemuJson>();
      if (take('}')) return members;
      do {
        skipBlanks();
        if (text[at] !== '"' && text[at] !== "'") fail();
        const key = string();
        if (members.has(key) || !take(':')) fail();
        members.set(key, value(depth + 1));
      } while (take(','));
      return take('}') ? members : fail();
    }
    if (take('[')) {
      const items: QemuJson[] = [];
      if (take(']')) return items;
      do items.push(value(depth + 1));
      while (take(','));
      return take(']') ? items : fail();
    }
    scalar.lastIndex = at;
    const [word] = scalar.exec(text) ?? fail();
    at = scalar.lastIndex;
    return JSON.parse(word) as number | boolean | null;
  };

  const result = value(1);
  skipBlanks();
  return at === text.length ? result : fail();
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
