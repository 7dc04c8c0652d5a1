import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfigurationValue } from '../../src/facts/configurations.ts';
import { configurationTooLarge, maximumConfigurationSize, parseConfiguration } from '../../src/parse/configuration.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const vocabulary = { known: new Set(['a', 'b', 'c', 'password']), secret: new Set(['password']) };
const parse = (text: string | Uint8Array) =>
  parseConfiguration(typeof text === 'string' ? encode(text) : text, vocabulary);
const valueOf = (text: string) => parse(`a = ${text}\n`).settings[0]?.value;

describe('values', () => {
  it.each<[string, string, ConfigurationValue]>([
    ['double quotes', '"x"', { type: 'string', value: 'x' }],
    ['single quotes', "'x'", { type: 'string', value: 'x' }],
    ['the other quote inside', `'a"b'`, { type: 'string', value: 'a"b' }],
    ['backslashes are literal', '"a\\nb\\"', { type: 'string', value: 'a\\nb\\' }],
    ['number signs inside quotes', '"#1"', { type: 'string', value: '#1' }],
    ['three quotes span lines', '"""x\ny"""', { type: 'string', value: 'x\ny' }],
    ['UTF-8', '"é"', { type: 'string', value: 'é' }],
    ['a string ends at a NUL', '"x\0y"', { type: 'string', value: 'x' }],
    ['an integer', '42', { type: 'unsigned', value: 42 }],
    ['leading zeros are decimal', '0770', { type: 'unsigned', value: 770 }],
    ['a plus sign changes nothing', '+1', { type: 'unsigned', value: 1 }],
    ['a minus sign changes the type', '-1', { type: 'signed', value: -1 }],
    ['minus nothing', '-0', { type: 'signed', value: 0 }],
    ['an empty list', '[]', { type: 'list', items: [] }],
    ['a trailing comma', '["x",]', { type: 'list', items: [{ type: 'string', value: 'x' }] }],
    [
      'a list over lines',
      '[\n "x",\r\n 1\n]',
      {
        type: 'list',
        items: [
          { type: 'string', value: 'x' },
          { type: 'unsigned', value: 1 },
        ],
      },
    ],
    [
      'nested lists',
      '[[],[-1]]',
      {
        type: 'list',
        items: [
          { type: 'list', items: [] },
          { type: 'list', items: [{ type: 'signed', value: -1 }] },
        ],
      },
    ],
  ])('%s: %j', (_, written, value) => {
    expect(valueOf(written)).toStrictEqual(value);
  });

  it('says where each statement stands, and keeps all of a name', () => {
    const { settings, error } = parse('# note\r\n\r\n a = 1; b = "é" ; c=3\na = 2 # again');
    expect(error).toBeUndefined();
    expect(settings.map(({ key, line, column }) => [key, line, column])).toEqual([
      ['a', 3, 2],
      ['b', 3, 9],
      ['c', 3, 19],
      ['a', 4, 1],
    ]);
  });

  it.each([['9223372036854775808'], ['99999999999999999999'], ['-9223372036854775808']])(
    'refuses %s as libvirt 11.3 does',
    (number) => {
      expect(parse(`a = ${number}`).error).toMatchObject({ expected: 'numeric overflow in conf value', line: 1 });
    },
  );

  it.each([
    ['18446744073709551617', 1],
    ['9223372036854775808', 9223372036854775808],
    ['-18446744073709551615', 1],
  ])('wraps %s around as libvirt 9.0 does', (number, value) => {
    const { settings } = parseConfiguration(encode(`a = ${number}`), vocabulary, { overflow: 'wraps' });
    expect(settings[0]?.value).toMatchObject({ value });
  });
});

describe('errors', () => {
  it.each<[string, string, string, number, number]>([
    ['a bare word', 'a = yes\n', 'expecting a value', 1, 5],
    ['no value', 'a =\nb = 1', 'expecting a value', 1, 4],
    ['no value at the end', 'a = ', 'expecting a value', 1, 5],
    ['no assignment', 'a 1', 'expecting an assignment', 1, 3],
    ['a hyphen in a name', 'a-b = 1', 'expecting an assignment', 1, 2],
    ['a section', '[a]\n', 'expecting a name', 1, 1],
    ['a byte order mark', '\u{feff}a = 1', 'expecting a name', 1, 1],
    ['only blank lines', '\n \n', 'expecting a name', 3, 1],
    ['two values', 'a = 1 2', 'expecting a separator', 1, 7],
    ['an escaped quote', 'a = "x\\"y"', 'expecting a separator', 1, 9],
    ['characters, not bytes, are columns', 'a = "é" x', 'expecting a separator', 1, 9],
    ['list items without comma', 'a = [1\n 2]', 'expecting a separator in list', 2, 2],
    ['a comment in a list', 'a = [ # one\n1 ]', 'expecting a value', 1, 7],
    ['an open list', 'a = [1,\n2\n', 'list is not closed with ]', 3, 1],
    ['an open string', 'b = 1\na = "x\nb = 1', 'unterminated string', 2, 7],
    // libvirt looks for three quotes up to the last but two bytes.
    ['an open long string', 'a = """x\ny\n\n', 'unterminated string', 2, 2],
    ['a sign alone', 'a = -', 'unterminated number', 1, 6],
    ['a semicolon alone', ';', 'expecting a name', 1, 1],
  ])('%s', (_, text, expected, line, column) => {
    expect(parse(text).error).toEqual({ expected, line, column });
  });

  it('keeps what stood before it', () => {
    expect(parse('a = 1\nb = 2 c = 3').settings.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('refuses more than libvirt reads, and reads just as much', () => {
    const most = new Uint8Array(maximumConfigurationSize).fill(0x23);
    expect(parse(most)).toEqual({ settings: [] });
    expect(parse(new Uint8Array(maximumConfigurationSize + 1)).error?.expected).toBe(configurationTooLarge);
  });
});

describe('redaction', () => {
  it.each<[string, ConfigurationValue]>([
    ['password = "hunter2"', { type: 'redacted', was: 'string', length: 7 }],
    ['pasword = "hünter2"', { type: 'redacted', was: 'string', length: 8 }],
    ['pasword = 1234', { type: 'redacted', was: 'unsigned', length: 4 }],
    ['pasword = -12', { type: 'redacted', was: 'signed', length: 2 }],
    ['password = ["hunter2", "x"]', { type: 'redacted', was: 'list', length: 2 }],
  ])('%s', (text, value) => {
    expect(parse(text).settings[0]?.value).toStrictEqual(value);
  });

  it.each([['a = """open\npassword = "hunter2"\nb = """\n'], ['a = ["x", ["password=hunter2"]]']])(
    'does not keep a secret that another value has swallowed: %j',
    (text) => {
      expect(JSON.stringify(parse(text))).not.toContain('hunter2');
    },
  );

  it('lets no value of an unknown or secret name out, whatever follows', () => {
    const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,9}$/).filter((name) => !['a', 'b', 'c'].includes(name));
    fc.assert(
      fc.property(key, fc.string({ unit: 'grapheme-ascii', maxLength: 12 }), (name, tail) => {
        const text = JSON.stringify(parse(`${name} = "hunter2hunter2"${tail}\n`));
        expect(text).not.toContain('hunter2');
      }),
    );
  });
});

/** A value as libvirt would write it (virConfSaveValue), for values that can be written. */
const write = (value: ConfigurationValue): string => {
  switch (value.type) {
    case 'string':
      return value.value.includes('\n')
        ? `"""${value.value}"""`
        : value.value.includes('"')
          ? `'${value.value}'`
          : `"${value.value}"`;
    case 'unsigned':
    case 'signed':
      return String(value.value);
    case 'list':
      return `[ ${value.items.map(write).join(', ')} ]`;
    case 'redacted':
      throw new Error('not a value');
  }
};

const scalar = fc.oneof(
  fc
    .string({ unit: 'binary', maxLength: 12 })
    .filter((text) => !/[\0\r"]/.test(text))
    .map((value): ConfigurationValue => ({ type: 'string', value })),
  fc.stringMatching(/^[ -&(-~]{0,9}$/).map((value): ConfigurationValue => ({ type: 'string', value })),
  fc.maxSafeNat().map((value): ConfigurationValue => ({ type: 'unsigned', value })),
  fc.integer({ max: -1 }).map((value): ConfigurationValue => ({ type: 'signed', value })),
);
const { value: anyValue } = fc.letrec<{ value: ConfigurationValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }).map((items): ConfigurationValue => ({ type: 'list', items })),
  ),
}));

describe('properties', () => {
  it('reads back what libvirt would write', () => {
    const file = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), anyValue), { maxLength: 6 });
    fc.assert(
      fc.property(file, fc.constantFrom('\n', '\r\n', ';', ' # note\n'), (statements, separator) => {
        const text = statements.map(([key, value]) => `${key} = ${write(value)}`).join(separator);
        const read = parse(text);
        expect(read.error).toBeUndefined();
        expect(read.settings.map(({ key, value }) => [key, value])).toStrictEqual(statements);
      }),
    );
  });

  it('never throws, and points into the file', () => {
    const syntax = fc.string({
      unit: fc.constantFrom('a', '1', '=', '"', "'", '[', ']', ',', ';', '#', ' ', '\n', '\r', '\0', '-', 'é'),
    });
    fc.assert(
      fc.property(fc.oneof(syntax.map(encode), fc.uint8Array({ maxLength: 64 })), (bytes) => {
        const { error } = parse(bytes);
        if (error === undefined) return;
        const lines = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\n');
        expect(error.line).toBeGreaterThanOrEqual(1);
        expect(error.line).toBeLessThanOrEqual(lines.length);
        expect(error.column).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['opening brackets', 'a = ' + '['.repeat(maximumConfigurationSize - 8)],
    ['nested lists', `a = ${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}`],
    ['digits', `a = ${'9'.repeat(1_000_000)}`],
    ['blank lines', '\n'.repeat(maximumConfigurationSize)],
    ['an open string', `a = """${'\n'.repeat(maximumConfigurationSize - 8)}`],
  ])('reads a file of %s in a moment', { timeout: 20_000 }, (_, text) => {
    expect(JSON.stringify(parseConfiguration(encode(text), vocabulary, { overflow: 'wraps' })).length).toBeLessThan(
      1000,
    );
  });
});
