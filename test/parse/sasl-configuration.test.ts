import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSaslConfiguration } from '../../src/parse/sasl-configuration.ts';

describe('a SASL service file', () => {
  it.each<readonly [string, string, readonly (readonly [string, string, number])[]]>([
    [
      'keys and values',
      'mech_list: gssapi scram-sha-256\nkeytab:/etc/krb5.tab\n',
      [
        ['mech_list', 'gssapi scram-sha-256', 1],
        ['keytab', '/etc/krb5.tab', 2],
      ],
    ],
    ['blanks around', ' \t mech_list:   gssapi \t\r\n', [['mech_list', 'gssapi', 1]]],
    ['keys in capitals', 'MECH_LIST: gssapi', [['mech_list', 'gssapi', 1]]],
    [
      'comments at the start of a line only',
      '# no\n\n  # no\nmech_list: gssapi # yes',
      [['mech_list', 'gssapi # yes', 4]],
    ],
    ['the first of a key', 'mech_list: gssapi\nmech_list: anonymous', [['mech_list', 'gssapi', 1]]],
    ['no key that we do not judge', 'sql_passwd: x\nmech_list: plain\nldapdb_pw: y', [['mech_list', 'plain', 2]]],
    ['nothing', '', []],
    ['no quotes', 'mech_list: "gssapi"', [['mech_list', '"gssapi"', 1]]],
    ['a colon inside a value', 'keytab: FILE:/x', [['keytab', 'FILE:/x', 1]]],
    ['nothing of an empty key', ': x\nmech_list: a', [['mech_list', 'a', 2]]],
    ['what stands before a NUL', 'mech_list: a\0b\n\0keytab = /x', [['mech_list', 'a', 1]]],
    ['a long line as two', `: ${'a'.repeat(4093)}keytab: /k`, [['keytab', '/k', 1]]],
  ])('gives %s', (_, text, settings) => {
    expect(parseSaslConfiguration(text)).toEqual({
      settings: settings.map(([key, value, line]) => ({ key, value, line })),
    });
  });

  it.each([
    ['a blank before the colon', 'mech_list : gssapi', 1, 'colon'],
    ['an equals sign', 'keytab: /x\nmech_list = gssapi', 2, 'colon'],
    ['no key', '= gssapi', 1, 'key'],
    ['no colon', 'mech_list', 1, 'colon'],
    ['a continuation', 'mech_list: a\n  b', 2, 'colon'],
    ['a key in quotes', '"mech_list": x', 1, 'key'],
    ['a value of NUL', 'mech_list: \0x', 1, 'value'],
    ['no value', 'mech_list:  \t', 1, 'value'],
    ['no value after the colon at once', '\nmech_list:', 2, 'value'],
    ['the rest of a line that is too long', `mech_list: ${'x'.repeat(4095)}`, 1, 'colon'],
  ] as const)('is void for %s', (_, text, line, cause) => {
    expect(parseSaslConfiguration(text).error).toEqual({ line, cause });
  });

  it('keeps what stood before the fault', () => {
    expect(parseSaslConfiguration('mech_list: gssapi\noops\nkeytab: /x').settings).toEqual([
      { key: 'mech_list', value: 'gssapi', line: 1 },
    ]);
  });

  it('never throws, and never keeps a value of a key that may be secret', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { settings } = parseSaslConfiguration(`sql_passwd: hunter2\n${text}`);
        expect(JSON.stringify(settings)).not.toContain('hunter2');
      }),
    );
  });

  it('takes time in proportion to the text', () => {
    const begin = performance.now();
    parseSaslConfiguration(`a: x${' '.repeat(4000)}y\n`.repeat(60));
    parseSaslConfiguration(`a: x${' '.repeat(256 * 1024)}y`);
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});
