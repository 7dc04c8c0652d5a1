import { describe, expect, it } from 'vitest';
import {
  boolSetting,
  effectiveSetting,
  refusalText,
  signedSetting,
  stringListSetting,
  stringSetting,
  unsignedLongSetting,
  unsignedSetting,
  type SettingValue,
} from '../../src/domain/setting-value.ts';
import type { ConfigurationFile } from '../../src/facts/configurations.ts';
import { parseConfiguration } from '../../src/parse/configuration.ts';

const file = (text: string): ConfigurationFile =>
  parseConfiguration(new TextEncoder().encode(text), { known: new Set(['k']), secret: new Set() });

const strings = (source: ConfigurationFile, key: string) => stringListSetting(source, key, { acceptString: true });

type Getter = (file: ConfigurationFile, key: string) => SettingValue<unknown>;

describe('what libvirt takes', () => {
  it.each<[string, Getter, string, unknown]>([
    ['bool', boolSetting, '1', true],
    ['bool', boolSetting, '0', false],
    ['bool', boolSetting, '+1', true],
    ['string', stringSetting, '"x"', 'x'],
    ['string', stringSetting, '""', ''],
    ['string list', stringListSetting, '["x", "y"]', ['x', 'y']],
    ['string list', stringListSetting, '[]', []],
    ['string or list', strings, '"x"', ['x']],
    ['unsigned', unsignedSetting, '4294967295', 4294967295],
    ['signed', signedSetting, '-2147483648', -2147483648],
    ['signed', signedSetting, '5', 5],
    ['unsigned long', unsignedLongSetting, '4294967296', 4294967296],
  ])('%s: %s %s', (_, getter, written, value) => {
    expect(getter(file(`k = ${written}`), 'k')).toMatchObject({ ok: true, value, setting: { key: 'k', line: 1 } });
  });
});

describe('what libvirt refuses, and its words', () => {
  it.each<[string, Getter, string, string]>([
    ['a quoted bool', boolSetting, '"1"', "internal error: FILE: expected a bool for 'k' parameter"],
    ['a negative bool', boolSetting, '-1', "internal error: FILE: expected a bool for 'k' parameter"],
    ['a large bool', boolSetting, '2', "internal error: FILE: value for 'k' parameter must be 0 or 1"],
    ['a number for a string', stringSetting, '16514', "internal error: FILE: expected a string for 'k' parameter"],
    ['a string for a list', stringListSetting, '"x"', "internal error: FILE: expected a string list for 'k' parameter"],
    [
      'a number in a list',
      stringListSetting,
      '["x", 1]',
      "configuration file syntax error: FILE: expected a string list for 'k' parameter",
    ],
    [
      'a number for a string or list',
      strings,
      '1',
      "internal error: FILE: expected a string or string list for 'k' parameter",
    ],
    [
      'a negative number',
      unsignedSetting,
      '-1',
      "internal error: FILE: expected an unsigned integer for 'k' parameter",
    ],
    [
      '33 bits',
      unsignedSetting,
      '4294967296',
      "internal error: FILE: value for 'k' parameter must be in range 0:4294967295",
    ],
    [
      '32 bits, signed',
      signedSetting,
      '2147483648',
      "internal error: FILE: value for 'k' parameter must be in range -2147483648:2147483647",
    ],
    [
      'a string for a signed number',
      signedSetting,
      '"1"',
      "internal error: FILE: expected a signed integer for 'k' parameter",
    ],
  ])('%s', (_, getter, written, text) => {
    const read = getter(file(`k = ${written}`), 'k');
    expect(read.ok ? 'accepted' : refusalText(read, 'FILE')).toBe(text);
  });
});

describe('which statement counts', () => {
  it('is the first of a name, in its exact spelling', () => {
    expect(effectiveSetting(file('K = 0\nk = 1\nk = 2'), 'k')).toMatchObject({ line: 2, value: { value: 1 } });
  });

  it('is none when it is not set', () => {
    expect(boolSetting(file(''), 'k')).toEqual({ ok: true, value: undefined });
  });

  it('is known to be there, though not its value, when that was redacted', () => {
    const secret = file('s = "hunter2"');
    expect(stringSetting(secret, 's')).toMatchObject({ ok: true, value: undefined, setting: { key: 's' } });
    expect(boolSetting(secret, 's')).toMatchObject({ ok: false, error: "expected a bool for 's' parameter" });
  });
});
