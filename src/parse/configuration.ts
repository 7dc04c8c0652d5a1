import type {
  ConfigurationFile,
  ConfigurationSyntaxError,
  ConfigurationValue,
  Setting,
} from '../facts/configurations.ts';

/** Names of a configuration file: values of others, and of secret ones, do not leave the parser. */
export interface ConfigurationVocabulary {
  readonly known: ReadonlySet<string>;
  readonly secret: ReadonlySet<string>;
}

export interface ConfigurationDialect {
  /**
   * What becomes of an integer beyond 64 bits: libvirt 9.0 wraps it around, 11.3 refuses the file (virConfParseLong). Default `refused`.
   */
  readonly overflow?: 'wraps' | 'refused';
}

/** virConfReadFile reads no more than this (MAX_CONFIG_FILE_SIZE). */
export const maximumConfigurationSize = 10 * 1024 * 1024;

/** What libvirt says, after `Failed to read file '<file>': `, of a file beyond `maximumConfigurationSize`. */
export const configurationTooLarge = 'Value too large for defined data type';

/** Lists may nest without end for libvirt; deeper ones than this, which no setting takes, are kept without their items. */
const maximumKeptDepth = 16;

/** LLONG_MAX. */
const maximumLong = 0x7fff_ffff_ffff_ffffn;

const [tab, newline, carriageReturn, space] = [0x09, 0x0a, 0x0d, 0x20];
const [doubleQuote, numberSign, singleQuote, plus, comma, minus] = [0x22, 0x23, 0x27, 0x2b, 0x2c, 0x2d];
const [semicolon, equals, openBracket, closeBracket, underscore] = [0x3b, 0x3d, 0x5b, 0x5d, 0x5f];

const isEndOfLine = (byte: number): boolean => byte === newline || byte === carriageReturn;
const isBlank = (byte: number): boolean => byte === space || byte === tab;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;

/** A value with the length of what was written: bytes of a string, digits of a number, items of a list. */
interface Written {
  readonly value: Exclude<ConfigurationValue, { type: 'redacted' }>;
  readonly length: number;
}

/** Thrown inside this module only, to leave the parser from any depth. */
class SyntaxStop extends Error {}

/**
 * Reads a configuration file as libvirt does (src/util/virconf.c, virConfParse of 9.0.0 and 11.3.0): every statement in order, or
 * the first complaint in libvirt's words, at the line that libvirt counts and the column (in characters) where it stops.
 *
 * Values of secret or unknown names are redacted: a misspelt password setting holds a password. No error quotes the input.
 */
export function parseConfiguration(
  bytes: Uint8Array,
  vocabulary: ConfigurationVocabulary,
  dialect: ConfigurationDialect = {},
): ConfigurationFile {
  if (bytes.length > maximumConfigurationSize) {
    return { settings: [], error: { expected: configurationTooLarge, line: 1, column: 1 } };
  }
  const parser = new Parser(bytes, dialect.overflow ?? 'refused');
  const settings: Setting[] = [];
  try {
    while (!parser.atEnd) {
      const statement = parser.statement();
      if (statement !== undefined) {
        const { key, line, column, written } = statement;
        settings.push({ key, value: admitted(key, written, vocabulary), line, column });
      }
      parser.separator();
    }
  } catch (error) {
    if (!(error instanceof SyntaxStop)) throw error;
    return { settings, error: { expected: error.message, ...parser.position() } };
  }
  return { settings };
}

/** Where a statement stands in a file, in bytes. */
export interface StatementPlace {
  readonly key: string;
  readonly start: number;
  /** The value begins here … */
  readonly value: number;
  /** … and ends before this byte; a comment behind it is not part of the statement. */
  readonly end: number;
}

/** The places of all statements of a configuration file, in order; undefined where libvirt would not load it. */
export function locateStatements(
  bytes: Uint8Array,
  dialect: ConfigurationDialect = {},
): readonly StatementPlace[] | undefined {
  if (bytes.length > maximumConfigurationSize) return undefined;
  const parser = new Parser(bytes, dialect.overflow ?? 'refused');
  const places: StatementPlace[] = [];
  try {
    while (!parser.atEnd) {
      const statement = parser.statement();
      if (statement !== undefined) places.push({ key: statement.key, ...statement.place });
      parser.separator();
    }
  } catch (error) {
    if (!(error instanceof SyntaxStop)) throw error;
    return undefined;
  }
  return places;
}

/** The value as it may be kept; one that names a secret setting has swallowed its statement (an open `"""` does) and is redacted too. */
function admitted(
  key: string,
  { value, length }: Written,
  { known, secret }: ConfigurationVocabulary,
): ConfigurationValue {
  const harmless = known.has(key) && !secret.has(key) && ![...secret].some((name) => mentions(value, name));
  return harmless ? value : { type: 'redacted', was: value.type, length };
}

function mentions(value: ConfigurationValue, name: string): boolean {
  if (value.type === 'string') return value.value.includes(name);
  return value.type === 'list' && value.items.some((item) => mentions(item, name));
}

class Parser {
  readonly #bytes: Uint8Array;
  readonly #overflow: 'wraps' | 'refused';
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #cursor = 0;
  // Lines are counted up to here; positions are asked for in ascending order, so that the file is walked once.
  #counted = 0;
  #line = 1;
  #column = 1;

  constructor(bytes: Uint8Array, overflow: 'wraps' | 'refused') {
    this.#bytes = bytes;
    this.#overflow = overflow;
  }

  get atEnd(): boolean {
    return this.#cursor >= this.#bytes.length;
  }

  /** libvirt's buffer ends in a NUL, and a NUL inside it ends nothing. */
  #at(offset: number): number {
    return this.#bytes[offset] ?? 0;
  }

  get #current(): number {
    return this.#at(this.#cursor);
  }

  /** Where the cursor stands. */
  position(): Omit<ConfigurationSyntaxError, 'expected'> {
    for (; this.#counted < this.#cursor; this.#counted += 1) {
      const byte = this.#at(this.#counted);
      if (byte === newline) {
        this.#line += 1;
        this.#column = 1;
      } else if ((byte & 0xc0) !== 0x80) {
        this.#column += 1;
      }
    }
    return { line: this.#line, column: this.#column };
  }

  #skipBlanks(): void {
    while (!this.atEnd && isBlank(this.#current)) this.#cursor += 1;
  }

  #skipBlanksAndLines(): void {
    while (!this.atEnd && (isBlank(this.#current) || isEndOfLine(this.#current))) this.#cursor += 1;
  }

  #skipComment(): void {
    while (!this.atEnd && !isEndOfLine(this.#current)) this.#cursor += 1;
  }

  /** virConfParseStatement; undefined for a comment. */
  statement():
    { key: string; line: number; column: number; written: Written; place: Omit<StatementPlace, 'key'> } | undefined {
    this.#skipBlanksAndLines();
    if (this.#current === numberSign) {
      this.#skipComment();
      return undefined;
    }
    const { line, column } = this.position();
    const start = this.#cursor;
    const key = this.#name();
    this.#skipBlanks();
    if (this.#current !== equals) throw new SyntaxStop('expecting an assignment');
    this.#cursor += 1;
    this.#skipBlanks();
    const value = this.#cursor;
    const written = this.#value();
    const place = { start, value, end: this.#cursor };
    this.#skipBlanks();
    if (this.#current === numberSign) this.#skipComment();
    return { key, line, column, written, place };
  }

  /** virConfParseSeparator. */
  separator(): void {
    this.#skipBlanks();
    if (this.atEnd) return;
    if (this.#current === semicolon) this.#cursor += 1;
    else if (!isEndOfLine(this.#current)) throw new SyntaxStop('expecting a separator');
    this.#skipBlanksAndLines();
  }

  #name(): string {
    const start = this.#cursor;
    if (!isLetter(this.#current)) throw new SyntaxStop('expecting a name');
    while (isLetter(this.#current) || isDigit(this.#current) || this.#current === underscore) this.#cursor += 1;
    return this.#text(start, this.#cursor);
  }

  /** virConfParseValue, without recursion: a file of opening brackets must not exhaust the stack. */
  #value(): Written {
    const open: ConfigurationValue[][] = [];
    let depth = 0;
    for (;;) {
      this.#skipBlanks();
      if (this.atEnd) throw new SyntaxStop('expecting a value');
      let written: Written;
      if (this.#current === openBracket) {
        this.#cursor += 1;
        depth += 1;
        if (depth <= maximumKeptDepth) open.push([]);
        this.#skipBlanksAndLines();
        if (!this.atEnd && this.#current !== closeBracket) continue;
        written = this.#closeList(open, depth);
        depth -= 1;
      } else {
        written = this.#scalar();
      }
      for (;;) {
        if (depth === 0) return written;
        if (depth <= maximumKeptDepth) open.at(-1)?.push(written.value);
        this.#skipBlanksAndLines();
        if (!this.atEnd && this.#current !== closeBracket) {
          if (this.#current !== comma) throw new SyntaxStop('expecting a separator in list');
          this.#cursor += 1;
          this.#skipBlanksAndLines();
          if (this.#current !== closeBracket) break;
        }
        written = this.#closeList(open, depth);
        depth -= 1;
      }
    }
  }

  #closeList(open: ConfigurationValue[][], depth: number): Written {
    if (this.#current !== closeBracket) throw new SyntaxStop('list is not closed with ]');
    this.#cursor += 1;
    const items = depth <= maximumKeptDepth ? (open.pop() ?? []) : [];
    return { value: { type: 'list', items }, length: items.length };
  }

  #scalar(): Written {
    const first = this.#current;
    if (first === doubleQuote || first === singleQuote) return this.#string();
    if (isDigit(first) || first === minus || first === plus) return this.#integer();
    throw new SyntaxStop('expecting a value');
  }

  /** virConfParseLong: a minus sign, and not the value, makes the signed type. */
  #integer(): Written {
    const negative = this.#current === minus;
    if (negative || this.#current === plus) this.#cursor += 1;
    if (!isDigit(this.#current)) throw new SyntaxStop('unterminated number');
    const start = this.#cursor;
    let exact = 0n;
    for (; isDigit(this.#current); this.#cursor += 1) {
      const next = exact * 10n + BigInt(this.#current - 0x30);
      if (next > maximumLong && this.#overflow === 'refused') throw new SyntaxStop('numeric overflow in conf value');
      exact = BigInt.asUintN(64, next);
    }
    const length = this.#cursor - start;
    return negative
      ? { value: { type: 'signed', value: Number(BigInt.asIntN(64, -exact)) }, length }
      : { value: { type: 'unsigned', value: Number(BigInt.asUintN(64, exact)) }, length };
  }

  #isTripleQuote(offset: number): boolean {
    return (
      this.#at(offset) === doubleQuote && this.#at(offset + 1) === doubleQuote && this.#at(offset + 2) === doubleQuote
    );
  }

  /** virConfParseString; three quotes within the last six bytes of a file open an ordinary string. */
  #string(): Written {
    const end = this.#bytes.length;
    const quote = this.#current;
    const triple = this.#cursor + 6 < end && this.#isTripleQuote(this.#cursor);
    const width = triple ? 3 : 1;
    this.#cursor += width;
    const start = this.#cursor;
    if (triple) {
      while (this.#cursor + 2 < end && !this.#isTripleQuote(this.#cursor)) this.#cursor += 1;
      if (!this.#isTripleQuote(this.#cursor)) throw new SyntaxStop('unterminated string');
    } else {
      while (!this.atEnd && this.#current !== quote && !isEndOfLine(this.#current)) this.#cursor += 1;
      if (this.#current !== quote) throw new SyntaxStop('unterminated string');
    }
    // g_strndup stops at a NUL.
    const nul = this.#bytes.subarray(start, this.#cursor).indexOf(0);
    const stop = nul === -1 ? this.#cursor : start + nul;
    this.#cursor += width;
    return { value: { type: 'string', value: this.#text(start, stop) }, length: stop - start };
  }

  #text(start: number, stop: number): string {
    return this.#decoder.decode(this.#bytes.subarray(start, stop));
  }
}
