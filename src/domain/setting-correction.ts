import type { ConfigurationFile, ConfigurationValue, Setting } from '../facts/configurations.ts';
import { authenticationsToWrite, isLaxSwitch, mayFallBack, switchOf } from '../reference/meant-values.ts';
import type { SettingType } from '../reference/settings.ts';
import { nearestName } from './nearest-name.ts';
import { effectiveSetting } from './setting-value.ts';

/** What to do with a statement whose value libvirt refuses: write this in its place (the text after the equals sign), or take it out. */
export type Correction = { readonly kind: 'set'; readonly value: string } | { readonly kind: 'unset' };

/**
 * The one way to put a refused value right: the same in the type that libvirt reads, else none where its default is as strict. Undefined
 * where only a person knows what was meant, or where the outcome would let in more than the value can have meant. `isRefused` tells of a
 * file whether the same statement is still at fault in it.
 */
export function correctionOf(
  file: ConfigurationFile,
  setting: Setting,
  type: SettingType | undefined,
  isRefused: (file: ConfigurationFile) => boolean,
): Correction | undefined {
  const { key } = setting;
  if (setting.value.type === 'redacted') return undefined;
  const meant = type === undefined ? undefined : meantValue(file, setting, type);
  const text = meant === undefined ? undefined : literal(meant);
  if (meant !== undefined && text !== undefined && !isRefused(withValue(file, setting, meant)))
    return { kind: 'set', value: text };
  return mayFallBack(key) && !isRefused(withValue(file, setting, undefined)) ? { kind: 'unset' } : undefined;
}

/** A file with another value in the place of one, or without that setting. */
const withValue = (
  file: ConfigurationFile,
  setting: Setting,
  value: ConfigurationValue | undefined,
): ConfigurationFile => ({
  settings:
    value === undefined
      ? file.settings.filter(({ key }) => key !== setting.key)
      : file.settings.map((one) => (one === setting ? { ...one, value } : one)),
});

function meantValue(
  file: ConfigurationFile,
  { key, value }: Setting,
  type: SettingType,
): ConfigurationValue | undefined {
  switch (type) {
    case 'bool': {
      const on =
        value.type === 'string'
          ? switchOf(value.value)
          : value.type === 'unsigned' || value.type === 'signed'
            ? value.value !== 0
            : undefined;
      return on === undefined || isLaxSwitch(key, on) ? undefined : { type: 'unsigned', value: on ? 1 : 0 };
    }
    case 'string':
      return meantString(file, key, value);
    case 'string-list':
      // One distinguished name has commas; names of users that are apart by something are several.
      if (value.type !== 'string' || value.value === '') return undefined;
      if (key !== 'tls_allowed_dn_list' && /[,;\s]/.test(value.value)) return undefined;
      return { type: 'list', items: [value] };
    case 'unsigned':
    case 'signed': {
      if (key === 'tcp_min_ssf') return { type: 'unsigned', value: 112 };
      const digits = value.type === 'string' ? /^\s*(-?)(\d{1,9})\s*$/.exec(value.value) : null;
      if (digits === null) return undefined;
      const [, minus, number] = digits;
      if (minus === '') return { type: 'unsigned', value: Number(number) };
      return type === 'signed' ? { type: 'signed', value: -Number(number) } : undefined;
    }
    case 'string-or-list':
    case 'core-size':
      return undefined;
  }
}

function meantString(file: ConfigurationFile, key: string, value: ConfigurationValue): ConfigurationValue | undefined {
  const string = (text: string): ConfigurationValue => ({ type: 'string', value: text });
  if (/^unix_sock_(?:ro|rw)_perms$/.test(key)) {
    // The digits of an octal number, which lost its leading zero and its quotes.
    if (value.type === 'unsigned' && /^[0-7]{1,3}$/.test(String(value.value)))
      return string(String(value.value).padStart(4, '0'));
    // Never more than the group that the file names.
    return string(effectiveSetting(file, 'unix_sock_group') === undefined ? '0700' : '0770');
  }
  if (/^(?:tls|tcp)_port$/.test(key))
    return value.type === 'unsigned' && value.value > 0 && value.value < 65536
      ? string(String(value.value))
      : undefined;
  if (/^auth_/.test(key) && value.type === 'string') {
    const word = value.value.trim().toLowerCase();
    if (authenticationsToWrite(key).includes(word)) return string(word);
    const near = nearestName(word, ['sasl', 'polkit']);
    return near === undefined ? undefined : string(near);
  }
  return undefined;
}

/** A value as it is written; undefined where no quotes hold it. */
export function literal(value: ConfigurationValue): string | undefined {
  switch (value.type) {
    case 'string': {
      if (/[\r\n\0]/.test(value.value)) return undefined;
      const quote = ['"', "'"].find((one) => !value.value.includes(one));
      return quote === undefined ? undefined : `${quote}${value.value}${quote}`;
    }
    case 'list': {
      const items = value.items.map(literal);
      return items.includes(undefined) ? undefined : `[${items.join(', ')}]`;
    }
    case 'unsigned':
    case 'signed':
      return String(value.value);
    case 'redacted':
      return undefined;
  }
}
