import type { SaslConfiguration, SaslSetting } from '../facts/sasl.ts';

/** Keys whose values are no secret and matter to us; others (sql_passwd, ldapdb_pw …) are dropped. */
const kept: ReadonlySet<string> = new Set([
  'mech_list',
  'keytab',
  'sasldb_path',
  'pwcheck_method',
  'auxprop_plugin',
  'saslauthd_path',
]);

/** Cyrus reads lines with a buffer of 4096 bytes: what is longer goes on as a line of its own. */
const longestLine = 4095;

/**
 * Reads a SASL service file as Cyrus does: `key: value`, one a line, comments only at the start of a line; the first of a key counts,
 * and the first fault voids the file. Line numbers are the file's own.
 *
 * Source: cyrus-sasl 2.1.28 lib/config.c: sasl_config_init.
 */
export function parseSaslConfiguration(text: string): SaslConfiguration {
  const settings: SaslSetting[] = [];
  for (const [index, whole] of text.split('\n').entries()) {
    const line = index + 1;
    for (const part of pieces(whole)) {
      // A NUL ends what C sees of a line.
      const content = withoutBlanks(part.split('\0', 1)[0] ?? '');
      if (content === '' || content.startsWith('#')) continue;
      const key = /^[A-Za-z0-9_-]*/.exec(content)?.[0] ?? '';
      if (content[key.length] !== ':') return { settings, error: { line, cause: key === '' ? 'key' : 'colon' } };
      const value = withoutBlanks(content.slice(key.length + 1));
      if (value === '') return { settings, error: { line, cause: 'value' } };
      const name = key.toLowerCase();
      if (kept.has(name) && !settings.some((setting) => setting.key === name))
        settings.push({ key: name, value, line });
    }
  }
  return { settings };
}

function pieces(line: string): readonly string[] {
  const found = [line.slice(0, longestLine)];
  for (let start = longestLine; start < line.length; start += longestLine)
    found.push(line.slice(start, start + longestLine));
  return found;
}

/** Without what isspace(3) takes off both ends: not String.trim, which knows more blanks, and no pattern, which would be quadratic. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** Space, and tab to carriage return. */
const isBlank = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d);
