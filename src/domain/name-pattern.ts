import { attributeTypes } from '../reference/x509-names.ts';

/**
 * GLib's g_pattern_match_simple, by which libvirt compares an entry of tls_allowed_dn_list or sasl_allowed_username_list with a whole
 * name: `*` is any run of characters, `?` one character (of Unicode), all else stands for itself, brackets and backslashes included.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const [wanted, given] = [Array.from(pattern), Array.from(text)];
  let [at, star, resume] = [0, -1, 0];
  for (let index = 0; index < given.length;) {
    const expected = wanted[at];
    if (expected === '*') {
      [star, resume] = [at, index];
      at += 1;
    } else if (expected !== undefined && (expected === '?' || expected === given[index])) {
      at += 1;
      index += 1;
    } else if (star !== -1) {
      // Only the latest star needs another try: an earlier one could win nothing by taking more.
      resume += 1;
      [at, index] = [star + 1, resume];
    } else return false;
  }
  return wanted.slice(at).every((each) => each === '*');
}

/** What is foreign in an entry to the names as GnuTLS prints them. */
export type UnmatchableReason =
  | 'prefix' // `subject=` or `Subject:` before the name
  | 'slashes' // OpenSSL's old form, /C=GB/CN=x
  | 'spaces' // after commas or around equals signs
  | 'attribute-name' // emailAddress=, cn=, E=: names are compared with regard to case
  | 'unescaped-comma' // a comma inside a value without its backslash
  | 'backslashes' // two of them before such a comma, as if libvirt's strings had escapes
  | 'brackets' // sets of characters, which GLib does not have
  | 'other-order' // the parts of a known name, in another order
  | 'common-name-first'; // the order that certtool -i and RFC 4514 have

export interface Unmatchable {
  readonly reasons: readonly UnmatchableReason[];
  /** The entry in the form in which GnuTLS prints names, where that can be told. */
  readonly proposed?: string;
}

/** Names that other programs have for attributes, in lower case, and GnuTLS' own. */
const aliases: Readonly<Record<string, string>> = {
  emailaddress: 'EMAIL',
  email: 'EMAIL',
  e: 'EMAIL',
  s: 'ST',
  sp: 'ST',
  userid: 'UID',
  sn: 'surName',
  surname: 'surName',
  gn: 'givenName',
  streetaddress: 'street',
  ...Object.fromEntries(
    Object.values(attributeTypes).flatMap(({ name }) => (name === undefined ? [] : [[name.toLowerCase(), name]])),
  ),
};

const attributeNames: ReadonlySet<string> = new Set(
  Object.values(attributeTypes).flatMap(({ name }) => (name === undefined ? [] : [name])),
);

/** Attributes that stand first in a name written from the leaf up, and those that stand last there. */
const innermost: readonly string[] = ['CN', 'EMAIL', 'UID'];
const outermost: readonly string[] = ['C', 'DC', 'O', 'ST', 'L'];

/**
 * Why an entry can match no distinguished name as gnutls_x509_crt_get_dn prints it (`C=GB,O=x,CN=y`, in the certificate's order), and
 * what was probably meant; undefined for an entry that can match. `known` are names of certificates at hand: an entry that matches one
 * is in order, whatever it looks like, and the order of its parts is judged by theirs.
 */
export function unmatchable(pattern: string, known: readonly string[] = []): Unmatchable | undefined {
  if (known.some((name) => matchesPattern(pattern, name))) return undefined;
  const reasons = new Set<UnmatchableReason>();
  let text = pattern;
  if (/^\s*subject(?:name)?\s*[=:]/i.test(text)) {
    reasons.add('prefix');
    text = text.replace(/^\s*subject(?:name)?\s*[=:]\s*/i, '');
  }
  if (/^\s*\/\w+=/.test(text)) {
    reasons.add('slashes');
    text = text
      .trim()
      .slice(1)
      .split(/\/(?=[A-Za-z][\w.]*=)/)
      .map((part) => part.replace(/(?<!\\),/g, '\\,'))
      .join(',');
  }
  // Before the next part, a backslash of the value itself stands doubled in its right.
  const doubled = /\\\\,(?!\s*[A-Za-z\d][\w.]*\s*=)/g;
  if (doubled.test(text)) {
    reasons.add('backslashes');
    text = text.replace(doubled, '\\,');
  }
  const parts = splitParts(text, reasons).map((part) => normalise(part, reasons));
  const inOrder = reorder(parts, known, reasons);
  if (reasons.size === 0) return undefined;
  return { reasons: [...reasons], proposed: inOrder.join(',') };
}

/** How many entries may stand in the place of one with sets. */
const maximumExpansion = 40;

/** An entry without its sets of characters, one for each that they mean; the entry itself where they are too many or no sets of a shell. */
export function expanded(entry: string): readonly string[] {
  let entries: readonly string[] = [entry];
  for (;;) {
    const set = /\[([A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9]+)\]/.exec(entries[0] ?? '');
    if (set === null) return entries.some((one) => one.includes('[')) ? [entry] : entries;
    const characters = charactersOf(set[1] ?? '');
    if (characters.length * entries.length > maximumExpansion || characters.length === 0) return [entry];
    entries = entries.flatMap((one) =>
      characters.map((each) => one.slice(0, set.index) + each + one.slice(set.index + set[0].length)),
    );
  }
}

function charactersOf(set: string): readonly string[] {
  const range = /^([a-z])-([a-z])$|^([A-Z])-([A-Z])$|^(\d)-(\d)$/.exec(set);
  if (range === null) return set.includes('-') ? [] : [...new Set(set)];
  const [from = '', to = ''] = range.slice(1).filter((each) => each !== undefined);
  const [first, last] = [from.charCodeAt(0), to.charCodeAt(0)];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => String.fromCharCode(first + index));
}

/** Splits at commas that separate parts; one that only a value can hold gets its backslash. */
function splitParts(text: string, reasons: Set<UnmatchableReason>): string[] {
  const parts: string[] = [];
  for (const piece of text.split(/(?<!\\),/)) {
    const previous = parts.at(-1);
    const startsPart = /^\s*[A-Za-z\d][\w.]*\s*=/.test(piece) || /^\s*[*?]/.test(piece);
    if (previous === undefined || startsPart || previous.endsWith('*')) parts.push(piece);
    else {
      reasons.add('unescaped-comma');
      parts[parts.length - 1] = `${previous}\\,${piece}`;
    }
  }
  return parts;
}

function normalise(part: string, reasons: Set<UnmatchableReason>): string {
  const fields = /^(\s*)([A-Za-z\d][\w.]*)(\s*)=(\s*)(.*)$/su.exec(part);
  if (fields === null) return part;
  const [, before = '', name = '', between = '', after = '', value = ''] = fields;
  if (before + between + after !== '') reasons.add('spaces');
  const own = attributeNames.has(name) || name.includes('.') ? name : (aliases[name.toLowerCase()] ?? name);
  if (own !== name) reasons.add('attribute-name');
  const plain = value.replace(/\[[^\]]+\]/g, '?');
  if (plain !== value) reasons.add('brackets');
  return `${own}=${plain}`;
}

const nameOf = (part: string): string => part.slice(0, Math.max(0, part.indexOf('=')));

function reorder(
  parts: readonly string[],
  known: readonly string[],
  reasons: Set<UnmatchableReason>,
): readonly string[] {
  if (parts.length < 2 || known.some((name) => matchesPattern(parts.join(','), name))) return parts;
  const sorted = (list: readonly string[]): string => [...list].sort().join(',');
  const same = known.map((name) => name.split(/(?<!\\),/)).find((name) => sorted(name) === sorted(parts));
  if (same !== undefined) {
    reasons.add('other-order');
    return same;
  }
  const reversed = [...parts].reverse();
  if (known.some((name) => matchesPattern(reversed.join(','), name))) {
    reasons.add('other-order');
    return reversed;
  }
  const [first, last] = [nameOf(parts[0] ?? ''), nameOf(parts.at(-1) ?? '')];
  const isUsual = known.some((name) => innermost.includes(nameOf(name)) && name.includes(','));
  if (!innermost.includes(first) || !outermost.includes(last) || isUsual) return parts;
  reasons.add('common-name-first');
  return reversed;
}
