import { locateStatements, parseConfiguration, type StatementPlace } from '../parse/configuration.ts';
import { repairOf } from '../parse/configuration-repair.ts';
import type { ConfigurationValue, TextEdit } from '../facts/configurations.ts';
import { configurationFiles, type ConfigurationName } from '../reference/configuration-files.ts';
import { settingsOf, vocabularies } from '../reference/settings.ts';
import type { FixStep } from '../rule/fix.ts';

/** A change of one setting: a value as it is written after the equals sign, or none to take the setting out. */
export interface ConfigurationEdit {
  readonly key: string;
  readonly value: string | undefined;
}

/** Bytes taken out of a file, and those put in their place; each character U+0000 to U+00FF is a byte. */
export interface Splice {
  /** Where they stand in the file before any of its edits. */
  readonly at: number;
  readonly out: string;
  readonly in: string;
}

/** The file as it is to be with what makes it so, in ascending order; or why it is left as it is. */
export type Edited =
  | { readonly edited: true; readonly content: Uint8Array; readonly splices: readonly Splice[] }
  | { readonly edited: false; readonly because: string };

const refuse = (because: string): Edited => ({ edited: false, because });

/** Bytes as characters U+0000 to U+00FF, so that text operations count bytes. */
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/**
 * Gives a setting a value, or takes it out, and leaves every other byte of a libvirt configuration file as it is: comments, layout, line
 * ends, a missing last line feed. The statement that counts (the first of its name) gets the value in place; a new one goes below its
 * commented default, or to the end. A setting that is taken out is gone with all its repetitions, for else the next would count.
 *
 * What comes out is read again before it is given: it says what was asked for, and else what it said before.
 */
export function editConfiguration(content: Uint8Array, { key, value }: ConfigurationEdit): Edited {
  const places = locateStatements(content);
  if (places === undefined) return refuse('libvirt would not load the file as it is');
  const wanted = value === undefined ? undefined : valueOf(value);
  if (wanted === null || !/^[A-Za-z][A-Za-z0-9_]*$/.test(key)) return refuse(`${key} cannot be set to this`);
  const text = textOf(content);
  const written = value === undefined ? '' : textOf(Buffer.from(value, 'utf8'));
  const own = places.filter((place) => place.key === key);
  const [first] = own;
  const splices =
    value === undefined
      ? without(text, own)
      : first === undefined
        ? [withLine(text, places, key, `${key} = ${written}`)]
        : [{ at: first.value, out: text.slice(first.value, first.end), in: written }];
  const result = spliced(content, splices);
  return result !== undefined && says(content, result, key, wanted)
    ? { edited: true, content: result, splices }
    : refuse(`the file would not say what is meant; edit ${key} by hand`);
}

/**
 * Mends a file that does not parse by edits of which each stands in the file as those before it left it, where they are the repair that is
 * evident for the file as it is, and changes nothing else.
 */
export function repairConfiguration(content: Uint8Array, edits: readonly TextEdit[], name: ConfigurationName): Edited {
  const evident = repairOf(content, vocabularies[name], settingsOf[name]);
  if (evident === undefined || JSON.stringify(evident.edits.map(textEdit)) !== JSON.stringify(edits.map(textEdit)))
    return refuse('the fault is another than the one that was seen');
  let text = textOf(content);
  let splices: readonly Splice[] = [];
  for (const { line, column, from, to } of edits) {
    const start = text.split('\n', line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
    const [out, put] = [from, to].map((one) => textOf(Buffer.from(one, 'utf8'))) as [string, string];
    text = text.slice(0, start) + put + text.slice(start + out.length);
    splices = withSplice(splices, { at: start, out, in: put });
  }
  const result = spliced(content, splices);
  return result !== undefined && textOf(result) === text
    ? { edited: true, content: result, splices }
    : refuse('the edits do not fit together');
}

/** A step that changes the text of a configuration file. */
export type EditStep = Extract<FixStep, { readonly kind: 'set' | 'unset' | 'repair' }>;

/** Does a step change the text of a configuration file. */
export const isEdit = <T extends { readonly kind: string }>(step: T): step is T & EditStep =>
  step.kind === 'set' || step.kind === 'unset' || step.kind === 'repair';

/** A configuration file of the host by its path; a user's own is a client's. */
export const configurationNamed = (path: string): ConfigurationName =>
  (Object.keys(configurationFiles) as ConfigurationName[]).find((one) => configurationFiles[one] === path) ?? 'libvirt';

/** The text of a file as a step leaves it. */
export const editedBy = (content: Uint8Array, step: EditStep): Edited =>
  step.kind === 'repair'
    ? repairConfiguration(content, step.edits, configurationNamed(step.path))
    : editConfiguration(content, { key: step.key, value: step.kind === 'set' ? step.value : undefined });

const textEdit = ({ line, column, from, to }: TextEdit): TextEdit => ({ line, column, from, to });

/** Adds a change that stands in the text as the others left it; one that begins in what the last one put there becomes part of it. */
function withSplice(splices: readonly Splice[], { at, out, in: put }: Splice): readonly Splice[] {
  const last = splices.at(-1);
  const shift = splices.reduce((sum, one) => sum + one.in.length - one.out.length, 0);
  if (last === undefined) return [{ at, out, in: put }];
  const offset = at - (last.at + shift - (last.in.length - last.out.length));
  // Of an earlier place there is no such splice: `spliced` refuses it.
  if (offset < 0 || offset > last.in.length) return [...splices, { at: at - shift, out, in: put }];
  const over = last.in.slice(offset);
  const merged = {
    at: last.at,
    out: last.out + out.slice(over.length),
    in: last.in.slice(0, offset) + put + over.slice(out.length),
  };
  return [...splices.slice(0, -1), merged];
}

/** A file after its edits; undefined when what they take out is not there. */
export function spliced(content: Uint8Array, splices: readonly Splice[]): Uint8Array | undefined {
  const text = textOf(content);
  const parts: string[] = [];
  let end = 0;
  for (const { at, out, in: put } of splices) {
    if (at < end || !text.startsWith(out, at)) return undefined;
    parts.push(text.slice(end, at), put);
    end = at + out.length;
  }
  return bytesOf([...parts, text.slice(end)].join(''));
}

/** The edits that take these back. */
export function reversed(splices: readonly Splice[]): readonly Splice[] {
  let shift = 0;
  return splices.map(({ at, out, in: put }) => {
    const back = { at: at + shift, out: put, in: out };
    shift += put.length - out.length;
    return back;
  });
}

/** A value of libvirt's grammar from its text; null when it is none. */
export function valueOf(text: string): ConfigurationValue | null {
  const key = 'setting';
  const { settings, error } = parseConfiguration(Buffer.from(`${key} = ${text}\n`), {
    known: new Set([key]),
    secret: new Set(),
  });
  const [only] = settings;
  return error === undefined && settings.length === 1 && only !== undefined && !text.includes('#') ? only.value : null;
}

/** A value as libvirt reads it. */
export function textOfValue(value: ConfigurationValue): string {
  switch (value.type) {
    case 'string': {
      const quote = ['"', "'"].find((one) => !value.value.includes(one) && !/[\r\n]/.test(value.value)) ?? '"""';
      return `${quote}${value.value}${quote}`;
    }
    case 'list':
      return `[${value.items.map(textOfValue).join(', ')}]`;
    case 'redacted':
      return '(not shown)';
    case 'signed':
    case 'unsigned':
      return String(value.value);
  }
}

/** Is `after` what `before` was, but for one setting, of which the statement that counts has this value. */
function says(before: Uint8Array, after: Uint8Array, key: string, wanted: ConfigurationValue | undefined): boolean {
  const read = (bytes: Uint8Array) => {
    const places = locateStatements(bytes);
    const known = new Set(places?.map((place) => place.key));
    return parseConfiguration(bytes, { known, secret: new Set() });
  };
  const [was, is] = [read(before), read(after)];
  if (is.error !== undefined) return false;
  const others = (file: typeof was) =>
    file.settings.filter((one) => one.key !== key).map((one) => [one.key, one.value]);
  const counts = is.settings.find((one) => one.key === key)?.value;
  return (
    JSON.stringify(counts ?? null) === JSON.stringify(wanted ?? null) &&
    JSON.stringify(others(was)) === JSON.stringify(others(is))
  );
}

/** The line end of the file: that of its first line. */
const lineEnd = (text: string): string => /\r?\n|\r/.exec(text)?.[0] ?? '\n';

const isEnd = (character: string | undefined): boolean => character === '\n' || character === '\r';

/** Puts a line of its own below the commented default of its setting, or at the end. */
function withLine(text: string, places: readonly StatementPlace[], key: string, line: string): Splice {
  const end = lineEnd(text);
  const default_ = commentedDefault(text, places, key);
  if (default_ === undefined && (text === '' || isEnd(text.at(-1))))
    return { at: text.length, out: '', in: `${line}${end}` };
  const at = default_ ?? text.length;
  return { at, out: '', in: `${end}${line}` };
}

/**
 * Where the line of the commented default ends. libvirt's samples write it as `#key = value`, and examples in prose with blanks before
 * the name; a list may go on over further comment lines.
 */
function commentedDefault(text: string, places: readonly StatementPlace[], key: string): number | undefined {
  const lines = [...text.matchAll(new RegExp(`^[ \\t]*#([ \\t]*)${key}[ \\t]*=[^\\r\\n]*`, 'gm'))].filter(
    ({ index }) => !places.some(({ start, end }) => start <= index && index < end),
  );
  const line = lines.findLast(([, blanks]) => blanks === '') ?? lines.at(-1);
  if (line === undefined) return undefined;
  const at = line.index + line[0].length;
  if (!/=[ \t]*\[[^\]]*$/.test(line[0])) return at;
  const list = /^(?:(?:\r\n|\n|\r)[ \t]*#[^\]\r\n]*)*(?:\r\n|\n|\r)[ \t]*#[^\r\n]*\][^\r\n]*/.exec(text.slice(at));
  return at + (list?.[0].length ?? 0);
}

/** Takes statements out; a line that held nothing else goes with them, a comment behind one stays. */
function without(text: string, own: readonly StatementPlace[]): readonly Splice[] {
  let rest = text;
  let gone: { readonly from: number; readonly to: number }[] = [];
  for (const { start, end } of [...own].reverse()) {
    let [from, to] = [start, end];
    while (rest[to] === ' ' || rest[to] === '\t') to += 1;
    const isAlone = !/[^ \t]/.test(rest.slice(lineStart(rest, from), from));
    if (rest[to] === ';') {
      to += 1;
      while (rest[to] === ' ' || rest[to] === '\t') to += 1;
    } else if (!isAlone) {
      // The last of several on a line: the semicolon before it ends nothing that follows, and may stay.
      to = end;
    }
    if (isAlone) from = lineStart(rest, from);
    if (isAlone && (to >= rest.length || isEnd(rest[to]))) {
      to += rest.startsWith('\r\n', to) ? 2 : 1;
    }
    rest = rest.slice(0, from) + rest.slice(to);
    // What went before lies behind, and may lie within.
    const within = gone.filter((range) => {
      if (range.from >= to) return false;
      to += range.to - range.from;
      return true;
    });
    gone = [{ from, to: Math.min(to, text.length) }, ...gone.slice(within.length)];
  }
  // A file of blank lines alone does not load, an empty one does.
  if (!/[^ \t\r\n]/.test(rest)) gone = [{ from: 0, to: text.length }];
  return gone.map(({ from: at, to }) => ({ at, out: text.slice(at, to), in: '' }));
}

const lineStart = (text: string, at: number): number => {
  let start = at;
  while (start > 0 && !isEnd(text[start - 1])) start -= 1;
  return start;
};
