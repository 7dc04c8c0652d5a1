import type { ConfigurationRepair, ConfigurationValue, TextEdit } from '../facts/configurations.ts';
import { authenticationsToWrite, isLaxSwitch, mayFallBack, switchOf } from '../reference/meant-values.ts';
import type { SettingDefinition, SettingType } from '../reference/settings.ts';
import { parseConfiguration, type ConfigurationVocabulary } from './configuration.ts';

/** Larger files are left to people. */
const maximumSize = 256 * 1024;

/** So many faults, and no more, look like a file in libvirt's grammar with slips. */
const maximumFaults = 5;

/** A change of one fault, and the setting that it gives a value. */
interface Mend {
  readonly edits: readonly TextEdit[];
  readonly key?: string;
}

/** What is said of the statement in which the parser stopped. */
interface Place {
  readonly lines: readonly string[];
  /** Counts from 0, in bytes. */
  readonly at: number;
  readonly row: number;
  readonly definitions: Readonly<Record<string, SettingDefinition>>;
}

/**
 * The one evident repair of a file that libvirt's parser refuses: a missing quote, bracket, comma or equals sign, a word for a switch, the
 * comment sign of another language. Undefined where it is not clear what was meant, where a setting would come out that libvirt refuses, or
 * one that lets in whom another value keeps out. Not for files that hold secrets.
 */
export function repairOf(
  bytes: Uint8Array,
  vocabulary: ConfigurationVocabulary,
  definitions: Readonly<Record<string, SettingDefinition>>,
): ConfigurationRepair | undefined {
  if (bytes.length > maximumSize || bytes.includes(0) || vocabulary.secret.size > 0) return undefined;
  let text = latin1(bytes);
  const edits: TextEdit[] = [];
  const keys = new Set<string>();
  for (let fault = 0; fault <= maximumFaults; fault += 1) {
    const { settings, error } = parseConfiguration(Buffer.from(text, 'latin1'), vocabulary);
    if (error === undefined) {
      if (edits.some(({ from, to }) => from === '' || to === '')) return undefined;
      const isRight = [...keys].every((key) => {
        const value = settings.find((one) => one.key === key)?.value;
        return value !== undefined && isAcceptable(key, definitions[key]?.type, value);
      });
      return isRight && edits.length > 0 ? { edits, settings } : undefined;
    }
    const { line, column, expected } = error;
    const lines = text.split('\n');
    const at = Math.min(column - 1, lines[line - 1]?.length ?? 0);
    const mend = mendOf(expected, { lines, row: line - 1, at, definitions });
    if (mend === undefined) return undefined;
    for (const bare of mend.edits) {
      const edit = withNeighbour(text, bare);
      const changed = edited(text, edit);
      const last = edits.at(-1);
      const isBehind =
        last === undefined || edit.line > last.line || (edit.line === last.line && edit.column >= last.column);
      if (changed === undefined || !isBehind) return undefined;
      text = changed;
      edits.splice(0, edits.length, ...withEdit(edits, edit));
    }
    if (mend.key !== undefined) keys.add(mend.key);
  }
  return undefined;
}

const latin1 = (text: Uint8Array | string): string => Buffer.from(text as string).toString('latin1');

/** A text of bytes after an edit; undefined where what it replaces is not there, or where bytes and characters count differently. */
function edited(text: string, { line, column, from, to }: TextEdit): string | undefined {
  const before = text.split('\n', line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const start = before + column - 1;
  if (/[\x80-\xff]/.test(text.slice(before, start))) return undefined;
  const old = latin1(from);
  return text.startsWith(old, start) ? text.slice(0, start) + latin1(to) + text.slice(start + old.length) : undefined;
}

/**
 * The same edit with a sign beside it that stays, so that whoever performs it sees whether it is in its place, and whether it is done: `from`
 * and `to` are never empty.
 */
function withNeighbour(text: string, bare: TextEdit): TextEdit {
  const { line, column, from, to } = bare;
  if (from !== '' && to !== '') return bare;
  const own = text.split('\n')[line - 1] ?? '';
  const [before, after] = [own[column - 2] ?? '', own[column - 1 + latin1(from).length] ?? ''];
  const isSign = (sign: string): boolean => /^[\x21-\x7e]$/.test(sign);
  if (isSign(before)) return { line, column: column - 1, from: before + from, to: before + to };
  return isSign(after) ? { line, column, from: from + after, to: to + after } : bare;
}

/** Adds an edit; one that changes what the last one put there becomes part of it, for else nobody could see whether that was done. */
function withEdit(edits: readonly TextEdit[], edit: TextEdit): readonly TextEdit[] {
  const last = edits.at(-1);
  const offset = edit.column - (last?.column ?? 0);
  if (last?.line !== edit.line || offset < 0 || offset >= last.to.length) return [...edits, edit];
  const over = last.to.slice(offset);
  const { line, column } = last;
  const from = last.from + edit.from.slice(over.length);
  const to = last.to.slice(0, offset) + edit.to + over.slice(edit.from.length);
  return [...edits.slice(0, -1), { line, column, from, to }];
}

/** Does libvirt take it, and does it open nothing that a program should not open. */
function isAcceptable(key: string, type: SettingType | undefined, value: ConfigurationValue): boolean {
  switch (type) {
    case 'bool':
      return value.type === 'unsigned' && value.value <= 1 && !isLaxSwitch(key, value.value === 1);
    case 'string':
      return value.type === 'string' && (!key.startsWith('auth_') || authenticationsToWrite(key).includes(value.value));
    case 'string-list':
      return value.type === 'list' && value.items.every((item) => item.type === 'string');
    case 'unsigned':
      return value.type === 'unsigned';
    case 'signed':
      return value.type === 'unsigned' || value.type === 'signed';
    case 'string-or-list':
    case 'core-size':
    case undefined:
      return false;
  }
}

function mendOf(expected: string, place: Place): Mend | undefined {
  switch (expected) {
    case 'expecting a name':
      return foreignComment(place);
    case 'expecting an assignment':
      return assignment(place);
    case 'expecting a value':
      return openList(place) ?? value(place);
    case 'expecting a separator':
      return separator(place);
    case 'unterminated string':
      return openString(place);
    case 'expecting a separator in list':
      return listSeparator(place);
    case 'list is not closed with ]':
      return closing(place);
    default:
      return undefined;
  }
}

const edit = ({ row }: Pick<Place, 'row'>, at: number, from: string, to: string): TextEdit => ({
  line: row + 1,
  column: at + 1,
  from,
  to,
});

function foreignComment(place: Place): Mend | undefined {
  const { lines, row, at } = place;
  const line = lines[row] ?? '';
  const byteOrderMark = '\ufeff';
  if (row === 0 && line.startsWith(latin1(byteOrderMark))) return { edits: [edit(place, 0, byteOrderMark, '')] };
  if (/[^ \t]/.test(line.slice(0, at))) return undefined;
  const sign = /^(?:;+|\/\/+|--|!|%)/.exec(line.slice(at))?.[0];
  if (sign !== undefined) return { edits: [edit(place, at, sign, '#')] };
  return /^\[[\w ./-]+\][ \t\r]*$/.test(line.slice(at)) ? { edits: [edit(place, at, '', '#')] } : undefined;
}

/** A statement of a line by itself: `key`, the signs between, and the value without a comment behind it. */
interface Statement {
  readonly key: string;
  readonly keyAt: number;
  readonly sign: string;
  readonly signAt: number;
  readonly value: string;
  readonly valueAt: number;
  readonly type: SettingType;
}

function statementOf({ lines, row, definitions }: Place, isKnown = true): Statement | undefined {
  const match = /^([ \t]*)([A-Za-z][\w-]*)([ \t]*)([:=]*)([ \t]*)(.*)$/s.exec(lines[row] ?? '');
  if (match === null) return undefined;
  const [, indent = '', key = '', before = '', sign = '', after = '', rest = ''] = match;
  const name = isKnown ? key : key.replaceAll('-', '_');
  const type = Object.hasOwn(definitions, name) ? definitions[name]?.type : undefined;
  if (type === undefined) return undefined;
  const signAt = indent.length + key.length + before.length;
  const value = rest.replace(/(?:^|[ \t]+)#.*$/s, '').replace(/[ \t\r]+$/, '');
  return { key, keyAt: indent.length, sign, signAt, value, valueAt: signAt + sign.length + after.length, type };
}

/** The line put aside, where the default is as good as anything that can have been meant. */
const commentedOut = (place: Place, { key, keyAt }: Statement): Mend | undefined =>
  mayFallBack(key) ? { edits: [edit(place, keyAt, '', '#')] } : undefined;

function assignment(place: Place): Mend | undefined {
  const own = statementOf(place, false);
  if (own === undefined) return undefined;
  const { key, keyAt, sign, signAt, value: text, valueAt } = own;
  if (key.includes('-')) {
    const edits = [...key.matchAll(/-/g)].map(({ index }) => edit(place, keyAt + index, '-', '_'));
    return { edits, key: key.replaceAll('-', '_') };
  }
  if (sign === ':' || sign === ':=') return { edits: [edit(place, signAt, sign, '=')], key };
  if (sign !== '') return undefined;
  if (text === '') return commentedOut(place, own);
  return valueAt > keyAt + key.length ? { edits: [edit(place, valueAt, '', '= ')], key } : undefined;
}

const around = (place: Place, at: number, text: string, open: string, close: string): readonly TextEdit[] => [
  edit(place, at, '', open),
  edit(place, at + open.length + text.length, '', close),
];

function value(place: Place): Mend | undefined {
  const own = statementOf(place);
  if (own === undefined) return undefined;
  const { key, sign, signAt, value: text, valueAt, type } = own;
  if (sign === '==') return { edits: [edit(place, signAt, sign, '=')], key };
  if (sign !== '=' || place.at < valueAt) return undefined;
  if (text === '') return commentedOut(place, own);
  const curved = /^(?:\xe2\x80[\x9c-\x9f])([^"\x80-\xff]*)(?:\xe2\x80[\x9c-\x9f])$/.exec(text);
  if (curved !== null) {
    const quoteAt = (at: number): string => Buffer.from(text.slice(at, at + 3), 'latin1').toString();
    const [, inner = ''] = curved;
    const second = edit(place, valueAt + 1 + inner.length, quoteAt(3 + inner.length), '"');
    return { edits: [edit(place, valueAt, quoteAt(0), '"'), second], key };
  }
  switch (type) {
    case 'bool': {
      const on = switchOf(text);
      if (on === undefined || isLaxSwitch(key, on)) return commentedOut(place, own);
      return { edits: [edit(place, valueAt, text, on ? '1' : '0')], key };
    }
    case 'unsigned':
    case 'signed':
      return commentedOut(place, own);
    case 'string':
      if (/^[^"'\s]+"$/.test(text)) return { edits: [edit(place, valueAt, '', '"')], key };
      return /["']/.test(text) ? undefined : { edits: around(place, valueAt, text, '"', '"'), key };
    case 'string-list': {
      const bare = /^\[[ \t]*([^"'[\],]*[^"'[\], \t])[ \t]*\]$/.exec(text);
      if (bare !== null) {
        const [all, item = ''] = bare;
        return { edits: around(place, valueAt + all.indexOf(item), item, '"', '"'), key };
      }
      const isOne = !/["'[\](){}]/.test(text) && (key === 'tls_allowed_dn_list' || !/[,;\s]/.test(text));
      if (isOne) return { edits: around(place, valueAt, text, '["', '"]'), key };
      if (!/^\{[^{}[\]]*\}$|^\([^()[\]]*\)$/.test(text)) return undefined;
      const last = text.length - 1;
      return {
        edits: [edit(place, valueAt, text.slice(0, 1), '['), edit(place, valueAt + last, text.slice(last), ']')],
        key,
      };
    }
    case 'string-or-list':
    case 'core-size':
      return undefined;
  }
}

const quoted = /"[^"]*"|'[^']*'/.source;
const items = `(?:${quoted})(?:[ \\t]*,[ \\t]*(?:${quoted}))*`;
const patterns = {
  quotedThenSign: new RegExp(`^(${quoted})([ \\t]*[,.:]+)$`),
  itemsAlone: new RegExp(`^${items}[ \\t]*,?$`),
  itemsClosed: new RegExp(`^${items}[ \\t]*,?[ \\t]*\\]$`),
  listThenSigns: /^(\[[^\]]*\])([\],.;]+)$/,
  foreignComment: new RegExp(`^(?:${quoted}|[01]|\\d+)[ \\t]*(\\/\\/|--)`),
} as const;

function separator(place: Place): Mend | undefined {
  const own = statementOf(place);
  if (own?.sign !== '=') return undefined;
  const { key, value: text, valueAt, type } = own;
  const without = (kept: string): Mend => {
    const junk = text.slice(kept.length);
    return { edits: [edit(place, valueAt + kept.length, junk, '')], key };
  };
  const comment = patterns.foreignComment.exec(text);
  if (comment !== null) {
    const [all, sign = ''] = comment;
    return { edits: [edit(place, valueAt + all.length - sign.length, sign, '#')], key };
  }
  switch (type) {
    case 'string':
      if (/^[\d+-][^"'\s]*$/.test(text)) return { edits: around(place, valueAt, text, '"', '"'), key };
      return keeping(patterns.quotedThenSign.exec(text), without);
    case 'bool':
      return keeping(/^([01])[A-Za-z,.:]{1,4}$/.exec(text), without);
    case 'unsigned':
    case 'signed':
      return keeping(/^([-+]?\d+)[,.:]+$/.exec(text), without);
    case 'string-list':
      if (patterns.itemsAlone.test(text)) return { edits: around(place, valueAt, text, '[', ']'), key };
      if (patterns.itemsClosed.test(text)) return { edits: [edit(place, valueAt, '', '[')], key };
      return keeping(patterns.listThenSigns.exec(text), without);
    case 'string-or-list':
    case 'core-size':
      return undefined;
  }
}

const keeping = (match: RegExpExecArray | null, without: (kept: string) => Mend): Mend | undefined =>
  match?.[1] === undefined ? undefined : without(match[1]);

function openString(place: Place): Mend | undefined {
  const own = statementOf(place);
  if (own?.sign !== '=') return undefined;
  const { key, valueAt, type } = own;
  const line = place.lines[place.row] ?? '';
  // A number sign in an open string is part of it.
  const text = line.slice(valueAt).replace(/[ \t\r]+$/, '');
  if (text.includes('#')) return undefined;
  const end = valueAt + text.length;
  if (type === 'string-list') {
    const open = /^\[.*?(["'])[^"']*?([ \t]*\],?)?$/.exec(text);
    const quote = open?.[1];
    if (quote === undefined || text.split(quote).length % 2 !== 0) return undefined;
    return { edits: [edit(place, end - (open?.[2] ?? '').length, '', quote)], key };
  }
  const [quote = ''] = text;
  const body = text.slice(1);
  if (type !== 'string' || !/["']/.test(quote) || body.includes(quote)) return undefined;
  if (/["']$/.test(body)) return { edits: [edit(place, end - 1, body.slice(-1), quote)], key };
  const next = place.lines[place.row + 1] ?? '';
  const isContinued = next.indexOf(quote) > -1 && !/["'=#]/.test(next.replace(/[ \t\r]+$/, '').slice(0, -1));
  if (isContinued) {
    const cut = line.slice(end);
    return { edits: [edit(place, end, `${cut}\n`, '')], key };
  }
  return { edits: [edit(place, end, '', quote)], key };
}

/** A comma before what comes next in a list, or its end before the next statement. */
function listSeparator(place: Place): Mend | undefined {
  const sign = place.lines[place.row]?.[place.at] ?? '';
  const key = listKey(place);
  if (key === undefined) return undefined;
  if (/["']/.test(sign)) return { edits: [edit(place, place.at, '', ',')], key };
  if (/[)}]/.test(sign)) return { edits: [edit(place, place.at, sign, ']')], key };
  if (sign === ';') return { edits: [edit(place, place.at, sign, ',')], key };
  return /[A-Za-z]/.test(sign) ? closing(place) : undefined;
}

/** The setting of the list in which the parser stands: the nearest line before that opens one. */
function listKey(place: Place): string | undefined {
  for (let row = Math.min(place.row, place.lines.length - 1); row >= 0; row -= 1) {
    const own = statementOf({ ...place, row });
    if (own?.value.startsWith('[') === true)
      return own.sign === '=' && own.type === 'string-list' ? own.key : undefined;
  }
  return undefined;
}

/** The bracket that ends a list, behind its last item. */
function closing(place: Place): Mend | undefined {
  const { lines } = place;
  const key = listKey(place);
  let row = place.row;
  let line = (lines[row] ?? '').slice(0, place.at);
  while (row > 0 && /^[ \t\r]*$/.test(line)) {
    row -= 1;
    line = lines[row] ?? '';
  }
  if (key === undefined || line.includes('#')) return undefined;
  return { edits: [edit({ row }, line.replace(/[ \t\r]+$/, '').length, '', ']')], key };
}

/** A list whose last comma is followed by the next statement, or by nothing. */
function openList(place: Place): Mend | undefined {
  const line = place.lines[place.row] ?? '';
  const isBlank = /^[ \t\r]*$/.test(line.slice(0, place.at));
  const isStatement = /^[A-Za-z]\w*[ \t]*=/.test(line.slice(place.at)) || /^[ \t\r]*$/.test(line.slice(place.at));
  if (!isBlank || !isStatement) return undefined;
  return closing(place);
}
