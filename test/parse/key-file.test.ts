import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseKeyFile, type KeyFile } from '../../src/parse/key-file.ts';

const read = (text: string | Uint8Array, keys: readonly string[] = ['cacert']): KeyFile =>
  parseKeyFile(typeof text === 'string' ? Buffer.from(text) : text, 'remmina', keys);

const cacert = (text: string | Uint8Array): string | undefined => read(text).values['cacert']?.value;

// Each row was compared with g_key_file_load_from_file and g_key_file_get_string of GLib 2.74.6.
describe('a key file', () => {
  it.each<[string, string, string | undefined]>([
    ['a value', '[remmina]\ncacert=/ca.pem\n', '/ca.pem'],
    ['no line break at the end', '[remmina]\ncacert=/ca.pem', '/ca.pem'],
    ['line breaks of DOS', '[remmina]\r\ncacert=/ca.pem\r\n', '/ca.pem'],
    ['blanks before the value and around the key', '[remmina]\n\t cacert \t= \f/ca.pem\n', '/ca.pem'],
    ['blanks after the value', '[remmina]\ncacert=/ca.pem \n', '/ca.pem '],
    ['blanks after the group', '[remmina] \t\ncacert=/ca.pem\n', '/ca.pem'],
    ['comments and empty lines', '# one\n\n[remmina]\n  #cacert=/no.pem\ncacert=/ca.pem\n', '/ca.pem'],
    ['a value with =, # and ;', '[remmina]\ncacert=/a=b#c;d\n', '/a=b#c;d'],
    ['escapes', String.raw`[remmina]` + '\n' + String.raw`cacert=\sa\tb\\s\x\;`, String.raw` a	b\s\x\;`],
    ['a backslash at the end', '[remmina]\ncacert=/ca\\\n', '/ca'],
    ['an empty value', '[remmina]\ncacert=\n', ''],
    ['the last of several', '[remmina]\ncacert=/a\ncacert=/b\n', '/b'],
    ['a group in two parts', '[remmina]\ncacert=/a\n[other]\ncacert=/c\n[remmina]\nname=x\n', '/a'],
    ['another group', '[other]\ncacert=/a\n', undefined],
    ['a translated key', '[remmina]\ncacert[de]=/a\n', undefined],
    ['another case', '[Remmina]\nCacert=/a\n[remmina]\nCacert=/a\n', undefined],
    ['what follows a NUL', '[remmina]\ncacert=/a\0b\n', '/a'],
  ])('%s', (_, text, expected) => {
    expect(cacert(text)).toBe(expected);
    expect(read(text).error).toBeUndefined();
  });

  it.each<[string, string, number]>([
    ['a statement before any group', 'cacert=/a\n[remmina]\n', 1],
    ['a line that is neither', '[remmina]\n\ncacert\n', 3],
    ['a key without a name', '[remmina]\n=/a\n', 2],
    ['a key in brackets', '[remmina]\n[x]y=/a\n', 2],
    ['a bracket in a key', '[remmina]\na]=/a\n', 2],
    ['a group without a name', '[]\n', 1],
    ['a group with a bracket', '[a[b]\n', 1],
    ['a group with a control character', '[a\u0007]\n', 1],
    ['a group that does not end', '[remmina\n', 1],
    ['a mark of byte order', '\ufeff[remmina]\ncacert=/a\n', 1],
    ['a vertical tab', '[remmina]\n\v\n', 2],
    ['another encoding', '[remmina]\nEncoding=latin1\n', 2],
  ])('ends at %s', (_, text, line) => {
    expect(read(text).error).toEqual({ line });
  });

  it('keeps what stands above the line at which it ends', () => {
    expect(read('[remmina]\ncacert=/a\nnothing\ncacert=/b\n')).toEqual({
      values: { cacert: { value: '/a', line: 2 } },
      error: { line: 3 },
    });
  });

  it('has no value that is no UTF-8', () => {
    expect(cacert(Buffer.from('[remmina]\ncacert=/\xff\n', 'latin1'))).toBeUndefined();
    expect(cacert('[remmina]\ncacert=/ü\n')).toBe('/ü');
  });

  it('gives what was asked for and nothing else', () => {
    expect(JSON.stringify(read('[remmina]\npassword=hunter2\ncacert=/a\n'))).not.toContain('hunter2');
  });

  it('gives back what was written, as GLib writes it', () => {
    const written = (value: string): string =>
      value
        .replaceAll('\\', '\\\\')
        .replaceAll('\n', '\\n')
        .replaceAll('\r', '\\r')
        .replaceAll('\t', '\\t')
        .replace(/^ +/, (blanks) => '\\s'.repeat(blanks.length));
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0') && !value.startsWith('\f'));
    fc.assert(
      fc.property(text, fc.nat(5), (value, above) => {
        const content = `[remmina]\n${'name=x\n'.repeat(above)}cacert=${written(value)}\n`;
        expect(read(content)).toEqual({ values: { cacert: { value, line: above + 2 } } });
      }),
    );
  });

  it('does not fail or tarry whatever it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        const { error } = read(content, ['cacert', 'name']);
        expect(error === undefined || error.line >= 1).toBe(true);
      }),
    );
    const started = performance.now();
    for (const unit of ['[', ' =', ' ', ' a', '\\', '\n', '[remmina]\n', 'a[', ']=']) {
      const much = unit.repeat(65_536 / unit.length);
      for (const line of [`cacert=${much}`, `a${much}b=`, `[${much}a`, much]) read(`[remmina]\n${line}`);
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
