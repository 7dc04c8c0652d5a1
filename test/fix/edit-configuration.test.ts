import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { editConfiguration, repairConfiguration, reversed, spliced } from '../../src/fix/edit-configuration.ts';
import { repairOf } from '../../src/parse/configuration-repair.ts';
import { locateStatements, parseConfiguration } from '../../src/parse/configuration.ts';
import { settingsOf as definitions, vocabularies } from '../../src/reference/settings.ts';

// Real files, real programs, and often a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const edit = (text: string, key: string, value?: string): string => {
  const result = editConfiguration(Buffer.from(text), { key, value });
  return result.edited ? Buffer.from(result.content).toString() : `refused: ${result.because}`;
};

describe('editConfiguration', () => {
  it.each([
    ['changes a value in place', 'a = 0\n', 'a', '1', 'a = 1\n'],
    ['keeps the comment behind it', 'a=0 # why\nb = 1\n', 'a', '1', 'a=1 # why\nb = 1\n'],
    ['changes the first of two, which counts', 'a = 0\na = 2\n', 'a', '1', 'a = 1\na = 2\n'],
    ['replaces a list over several lines', 'a = [\n  "x",\n  "y"\n]\nb = 1\n', 'a', '["z"]', 'a = ["z"]\nb = 1\n'],
    [
      'puts a new one below its default',
      '# About a\n#a = 0\n\n# About b\n#b = 0\n',
      'a',
      '1',
      '# About a\n#a = 0\na = 1\n\n# About b\n#b = 0\n',
    ],
    [
      'prefers the default to an example',
      '#  a = 5\n#a = 0\n#  a = 7\n',
      'a',
      '1',
      '#  a = 5\n#a = 0\na = 1\n#  a = 7\n',
    ],
    [
      'passes a default over several lines',
      '#a = [\n#  "x",\n#]\nb = 1\n',
      'a',
      '["y"]',
      '#a = [\n#  "x",\n#]\na = ["y"]\nb = 1\n',
    ],
    ['is not misled by a longer name', '#aa = 0\n', 'a', '1', '#aa = 0\na = 1\n'],
    ['is not misled by a comment in a string', 'b = """\n#a = 0\n"""\n', 'a', '1', 'b = """\n#a = 0\n"""\na = 1\n'],
    ['appends', 'b = 1\n', 'a', '"x"', 'b = 1\na = "x"\n'],
    ['appends to nothing', '', 'a', '1', 'a = 1\n'],
    ['adds no last line feed', 'b = 1', 'a', '1', 'b = 1\na = 1'],
    ['keeps CRLF', '#a = 0\r\nb = 1\r\n', 'a', '1', '#a = 0\r\na = 1\r\nb = 1\r\n'],
    ['takes out a line', 'a = 1\nb = 2\n', 'a', undefined, 'b = 2\n'],
    ['takes out all of a name', 'a = 1\nb = 2\n  a = 3\n', 'a', undefined, 'b = 2\n'],
    ['leaves the comment behind it', 'a = 1 # why\nb = 2\n', 'a', undefined, '# why\nb = 2\n'],
    ['takes out the first of a line', 'a = 1; b = 2\n', 'a', undefined, 'b = 2\n'],
    ['takes out the last of a line', 'b = 2; a = 1\n', 'a', undefined, 'b = 2; \n'],
    ['takes out the middle of a line', 'b = 2; a = 1; c = 3\n', 'a', undefined, 'b = 2; c = 3\n'],
    ['takes out a last line without a line feed', 'b = 2\na = 1', 'a', undefined, 'b = 2\n'],
    ['takes out a list over several lines', 'a = [\n "x"\n]\nb = 1\n', 'a', undefined, 'b = 1\n'],
    ['changes nothing where nothing is', 'b = 1\n', 'a', undefined, 'b = 1\n'],
  ])('%s', (_, text, key, value, expected) => {
    expect(edit(text, key, value)).toBe(expected);
  });

  it.each([
    ['a file that libvirt would not load', 'b = \n', 'a', '1'],
    ['a value that is none', 'b = 1\n', 'a', 'yes'],
    ['a value that is two statements', 'b = 1\n', 'a', '1; c = 2'],
    ['a value that opens a comment', 'b = 1\n', 'a', '1 # 2'],
    ['a name that is none', 'b = 1\n', 'a b', '1'],
  ])('refuses %s', (_, text, key, value) => {
    expect(edit(text, key, value)).toMatch(/^refused: /);
  });

  it('keeps bytes that are no UTF-8', () => {
    const before = Buffer.from([...Buffer.from('# caf'), 0xe9, ...Buffer.from('\na = 1\n')]);
    const result = editConfiguration(before, { key: 'a', value: '"ü"' });
    expect(result.edited && Buffer.from(result.content).toString('latin1')).toBe('# caf\xe9\na = "\xc3\xbc"\n');
  });
});

const key = fc.constantFrom('a', 'ab', 'listen_tls', 'b_1');
const scalar = fc.oneof(
  fc.nat(99).map(String),
  fc.constantFrom('"x"', "'y'", '"#"', '"a = 1"', '-3', '"[]"', '"""\n#a = 1\n a = 2\n"""'),
);
const value = fc.oneof(
  scalar,
  fc
    .tuple(fc.array(scalar, { maxLength: 3 }), fc.constantFrom(', ', ',\n  '))
    .map(([items, by]) => `[${items.join(by)}]`),
);
const end = fc.constantFrom('\n', '\r\n', '\n\n', ' # note\n', ';', '; ', ' ;\n', '\t\n');
const statement = fc.tuple(key, fc.constantFrom('=', ' = '), value, end).map((parts) => parts.join(''));
const comment = fc
  .tuple(fc.constantFrom('#', '# ', '  #'), key, fc.constantFrom(' = 0', '=[', ' is'), fc.constantFrom('\n', '\r\n'))
  .map((parts) => parts.join(''));
const fileText = fc
  .tuple(fc.array(fc.oneof(statement, comment), { maxLength: 8 }), fc.constantFrom('', 'b_1 = 7', '# end'))
  .map(([lines, last]) => lines.join('') + last)
  .filter((text) => locateStatements(Buffer.from(text)) !== undefined);

const settingsOf = (text: string) =>
  parseConfiguration(Buffer.from(text), { known: new Set(['a', 'ab', 'listen_tls', 'b_1']), secret: new Set() });

describe('editConfiguration on any file that loads', () => {
  it('says what it takes out and puts in: enough to take it back, and nothing of another setting', () => {
    fc.assert(
      fc.property(fileText, key, fc.constantFrom(undefined, '1', '"x"'), (text, name, given) => {
        const before = Buffer.from(text);
        const result = editConfiguration(before, { key: name, value: given });
        if (!result.edited) return;
        const { content, splices } = result;
        expect(Buffer.from(spliced(before, splices) ?? [])).toEqual(Buffer.from(content));
        expect(Buffer.from(spliced(content, reversed(splices)) ?? []).toString()).toBe(text);
        const others = (locateStatements(before) ?? []).filter((place) => place.key !== name);
        for (const { at, out } of splices)
          for (const { start, end: stop } of others) expect(at >= stop || at + out.length <= start).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes back no edit of another file', () => {
    const result = editConfiguration(Buffer.from('a = 0\n'), { key: 'a', value: '1' });
    expect(result.edited && spliced(Buffer.from('a = 2\n'), reversed(result.splices))).toBeUndefined();
  });

  it('sets a setting and nothing else', () => {
    fc.assert(
      fc.property(fileText, key, fc.constantFrom('1', '"x"', '["x", "y"]'), (text, name, given) => {
        const after = edit(text, name, given);
        const [was, is] = [settingsOf(text), settingsOf(after)];
        expect(is.error).toBeUndefined();
        expect(is.settings.find((one) => one.key === name)?.value).toEqual(
          settingsOf(`${name} = ${given}`).settings[0]?.value,
        );
        const others = ({ settings }: typeof is) =>
          settings.filter((one) => one.key !== name).map((one) => [one.key, one.value]);
        expect(others(is)).toEqual(others(was));
        // `#a = 1` stands in a string that may be replaced.
        for (const one of text.match(/^[ \t]*#(?!a = 1).*$/gm) ?? []) expect(after).toContain(one);
        expect(edit(after, name, given)).toBe(after);
        // Only one piece of the text is another one.
        if (was.settings.every((one) => one.key !== name)) {
          const end = [...after].findIndex((character, index) => character !== text[index]);
          expect(text.startsWith(after.slice(0, end === -1 ? after.length : end))).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('takes a setting out and nothing else', () => {
    fc.assert(
      fc.property(fileText, key, (text, name) => {
        const after = edit(text, name);
        const is = settingsOf(after);
        expect(is.error).toBeUndefined();
        expect(is.settings.map((one) => [one.key, one.value])).toEqual(
          settingsOf(text)
            .settings.filter((one) => one.key !== name)
            .map((one) => [one.key, one.value]),
        );
        expect(edit(after, name)).toBe(after);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('repairConfiguration', () => {
  const bytes = (text: string) => Buffer.from(text);
  const evident = (text: string) => repairOf(bytes(text), vocabularies.libvirtd, definitions.libvirtd)?.edits ?? [];

  it.each([
    ['listen_addr = 1.', 'listen_addr = "1."'],
    ['listen_tls = yes # ä\nlog_level 3', 'listen_tls = 1 # ä\nlog_level = 3'],
    ['\ufefflisten_tls: true\r\n', 'listen_tls= 1\r\n'],
    ['auth_tls = "no\r\nne"\r\n', 'auth_tls = "none"\r\n'],
    ['[libvirtd]\ntls_allowed_dn_list = ["a" "b"\n', '#[libvirtd]\ntls_allowed_dn_list = ["a" ,"b"]\n'],
  ])('makes %j load, and can be taken back', (before, after) => {
    const result = repairConfiguration(bytes(before), evident(before), 'libvirtd');
    if (!result.edited) throw new Error(result.because);
    expect(Buffer.from(result.content).toString()).toBe(after);
    expect(parseConfiguration(result.content, vocabularies.libvirtd).error).toBeUndefined();
    expect(Buffer.from(spliced(result.content, reversed(result.splices)) ?? []).toString()).toBe(before);
  });

  it.each([
    ['a file with another fault', 'listen_tls = no\n'],
    ['a file that was mended', 'listen_tls = 1\n'],
    ['a file with a further fault', 'listen_tls = yes\nlog_level 3\n'],
  ])('leaves %s', (_, now) => {
    const result = repairConfiguration(bytes(now), evident('listen_tls = yes\n'), 'libvirtd');
    expect(result).toEqual({ edited: false, because: 'the fault is another than the one that was seen' });
  });
});
