import type { ConfigurationFile, ConfigurationValue, Setting } from '../facts/configurations.ts';

/** What libvirt's error numbers print before the message (virerror.c virErrorMsg). */
export type ErrorCategory =
  'internal error' | 'configuration file syntax error' | 'unsupported configuration' | 'invalid argument';

/** A value that libvirt refuses, in its words; 9.0 and 11.3 render the same texts. */
export interface Refusal {
  /** The message without category and file, such as `expected a bool for 'listen_tls' parameter`. */
  readonly error: string;
  /** Absent where the daemon logs the bare text (VIR_ERROR). */
  readonly category?: ErrorCategory;
  /** Does libvirt name the file between category and message. */
  readonly namesFile: boolean;
  readonly setting: Setting;
}

/** What a typed getter returns: the value of the setting that counts, nothing when it is not set, or libvirt's refusal. */
export type SettingValue<T> =
  | {
      readonly ok: true;
      /** Absent when the setting is not set, and when its value was redacted: then `setting` is there. */
      readonly value: T | undefined;
      readonly setting?: Setting;
    }
  | ({ readonly ok: false } & Refusal);

/** libvirt's whole message: category, file where it names it, and text. */
export function refusalText(refusal: Refusal, path: string): string {
  const { category, namesFile, error } = refusal;
  return `${category === undefined ? '' : `${category}: `}${namesFile ? `${path}: ` : ''}${error}`;
}

/** The statement that counts: the first of a name (virConfGetValue); names are case-sensitive. */
export const effectiveSetting = (file: ConfigurationFile, key: string): Setting | undefined =>
  file.settings.find((setting) => setting.key === key);

const written = (value: ConfigurationValue): Exclude<ConfigurationValue['type'], 'redacted'> =>
  value.type === 'redacted' ? value.was : value.type;

const refuse = (
  setting: Setting,
  error: string,
  category: ErrorCategory = 'internal error',
): { ok: false } & Refusal => ({
  ok: false,
  error,
  category,
  namesFile: true,
  setting,
});

/** Reads one type; `accepts` lists the types that libvirt takes, `expected` is its refusal of the others. */
function typed<T>(
  file: ConfigurationFile,
  key: string,
  accepts: readonly string[],
  expected: string,
  read: (value: ConfigurationValue, setting: Setting) => SettingValue<T>,
): SettingValue<T> {
  const setting = effectiveSetting(file, key);
  if (setting === undefined) return { ok: true, value: undefined };
  if (!accepts.includes(written(setting.value))) return refuse(setting, `expected ${expected} for '${key}' parameter`);
  if (setting.value.type === 'redacted') return { ok: true, value: undefined, setting };
  return read(setting.value, setting);
}

function integer(
  file: ConfigurationFile,
  key: string,
  accepts: readonly string[],
  expected: string,
  range: { readonly least: number; readonly most: number; readonly text: string },
): SettingValue<number> {
  return typed(file, key, accepts, expected, (value, setting) => {
    if (value.type !== 'unsigned' && value.type !== 'signed') return { ok: true, value: undefined, setting };
    if (value.value < range.least || value.value > range.most) {
      return refuse(setting, `value for '${key}' parameter must be ${range.text}`);
    }
    return { ok: true, value: value.value, setting };
  });
}

/** virConfGetValueBool: an unquoted 0 or 1 without a minus sign. */
export function boolSetting(file: ConfigurationFile, key: string): SettingValue<boolean> {
  const number = integer(file, key, ['unsigned'], 'a bool', { least: 0, most: 1, text: '0 or 1' });
  return number.ok ? { ...number, value: number.value === undefined ? undefined : number.value === 1 } : number;
}

/** virConfGetValueString. */
export const stringSetting = (file: ConfigurationFile, key: string): SettingValue<string> =>
  typed(file, key, ['string'], 'a string', (value, setting) => ({
    ok: true,
    value: value.type === 'string' ? value.value : undefined,
    setting,
  }));

/** virConfGetValueStringList; `acceptString` is its compatString: a lone string is a list of one. */
export function stringListSetting(
  file: ConfigurationFile,
  key: string,
  { acceptString = false }: { readonly acceptString?: boolean } = {},
): SettingValue<readonly string[]> {
  const accepts = acceptString ? ['list', 'string'] : ['list'];
  return typed(file, key, accepts, acceptString ? 'a string or string list' : 'a string list', (value, setting) => {
    if (value.type === 'string') return { ok: true, value: [value.value], setting };
    const items = value.type === 'list' ? value.items : [];
    const strings = items.flatMap((item) => (item.type === 'string' ? [item.value] : []));
    if (strings.length < items.length) {
      return refuse(setting, `expected a string list for '${key}' parameter`, 'configuration file syntax error');
    }
    return { ok: true, value: strings, setting };
  });
}

/** virConfGetValueUInt: 32 bits. */
export const unsignedSetting = (file: ConfigurationFile, key: string): SettingValue<number> =>
  integer(file, key, ['unsigned'], 'an unsigned integer', {
    least: 0,
    most: 0xffff_ffff,
    text: 'in range 0:4294967295',
  });

/** virConfGetValueInt: 32 bits, written with or without a sign. */
export const signedSetting = (file: ConfigurationFile, key: string): SettingValue<number> =>
  integer(file, key, ['signed', 'unsigned'], 'a signed integer', {
    least: -0x8000_0000,
    most: 0x7fff_ffff,
    text: 'in range -2147483648:2147483647',
  });

/** virConfGetValueULLong: 64 bits, which the grammar cannot exceed. */
export const unsignedLongSetting = (file: ConfigurationFile, key: string): SettingValue<number> =>
  integer(file, key, ['unsigned'], 'an unsigned integer', { least: 0, most: Infinity, text: '' });
