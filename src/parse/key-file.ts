/** A value of a key file, and where it stands. */
export interface KeyFileValue {
  readonly value: string;
  /** The line, from 1. */
  readonly line: number;
}

/** What was asked of a key file. */
export interface KeyFile {
  /** By key; absent keys have no entry, and neither have those whose value is no UTF-8. */
  readonly values: Readonly<Record<string, KeyFileValue>>;
  /** The first line that GLib refuses, where it stops reading; what stands above has been read. */
  readonly error?: { readonly line: number };
}

/** A value as it was found: the bytes of the last statement of a key. */
interface Statement {
  readonly raw: string;
  readonly line: number;
}

/**
 * Reads the named keys of one group of a GLib key file, and no others: such files hold passwords beside what may be known.
 *
 * Source: GLib 2.74 glib/gkeyfile.c: g_key_file_parse_line, g_key_file_is_key_name, g_key_file_parse_value_as_string.
 */
export function parseKeyFile(content: Uint8Array, group: string, keys: readonly string[]): KeyFile {
  const wanted = new Set(keys);
  const statements = new Map<string, Statement>();
  const error = readLines(Buffer.from(content).toString('latin1'), (name, key, statement) => {
    if (name === group && wanted.has(key)) statements.set(key, statement);
  });
  const values: Record<string, KeyFileValue> = {};
  for (const [key, { raw, line }] of statements) {
    const value = valueOf(raw);
    if (value !== undefined) values[key] = { value, line };
  }
  return error === undefined ? { values } : { values, error };
}

/** Goes through the statements until a line is refused; each character is one byte. */
function readLines(
  text: string,
  visit: (group: string, key: string, statement: Statement) => void,
): { readonly line: number } | undefined {
  let first: string | undefined;
  let current: string | undefined;
  let number = 0;
  for (const whole of text.split('\n')) {
    number += 1;
    // A NUL ends a line as it ends every C string.
    const line = untilNul(whole.endsWith('\r') ? whole.slice(0, -1) : whole).replace(/^[ \t\n\f\r]+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const name = /^\[([^\]]*)\][ \t]*$/.exec(line)?.[1];
    if (name !== undefined) {
      // The end of the name is looked for from the end of the line, whatever is between.
      const isLonger = whole.lastIndexOf(']') > whole.indexOf(']');
      if (name === '' || isLonger || /[[\x00-\x1f\x7f]/.test(name)) return { line: number };
      current = name;
      first ??= name;
      continue;
    }
    const end = line.indexOf('=');
    if (end <= 0 || current === undefined) return { line: number };
    const key = withoutBlanksAfter(line.slice(0, end));
    if (!isKeyName(key)) return { line: number };
    const raw = line.slice(end + 1).replace(/^[ \t\n\f\r]+/, '');
    if (current === first && key === 'Encoding' && raw.toUpperCase() !== 'UTF-8') return { line: number };
    visit(current, key, { raw, line: number });
  }
  return undefined;
}

/** By hand, for an expression would try every run of blanks to its end. */
function withoutBlanksAfter(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\n\f\r'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

const untilNul = (line: string): string => {
  const end = line.indexOf('\0');
  return end === -1 ? line : line.slice(0, end);
};

/** Any name without brackets, with a locale in brackets after it or none. */
function isKeyName(key: string): boolean {
  const [, name = '', locale] = /^([^[\]]*)(?:\[([^\]]*)\])?$/.exec(key) ?? [];
  if (name === '' || name.endsWith(' ')) return false;
  return locale === undefined || /^[\p{L}\p{N}\-_.@]*$/u.test(Buffer.from(locale, 'latin1').toString());
}

/** What follows a backslash; one at the end of the line is dropped. */
const escapes: Readonly<Record<string, string>> = { s: ' ', n: '\n', t: '\t', r: '\r', '\\': '\\', '': '' };

/** A value without its escapes; undefined where it is no UTF-8. An escape that means nothing stays. */
function valueOf(raw: string): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(raw, 'latin1'));
    return text.replace(/\\(.?)/gsu, (whole, letter: string) => escapes[letter] ?? whole);
  } catch {
    return undefined;
  }
}
