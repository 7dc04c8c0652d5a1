import type { SecretHolder } from '../facts/facts.ts';

/**
 * Finds the passwords of a guest's graphics elements: where they stand and how long they are, never what they are.
 * A scan for the attribute, not an XML parser: damaged XML still shows its password to whoever reads the file.
 */
export function domainSecrets(xml: string): SecretHolder['secrets'] {
  const secrets: { name: string; line: number; length: number }[] = [];
  let line = 1;
  let counted = 0;
  for (const { name, value, offset } of graphicsAttributes(xml)) {
    if (name !== 'passwd') continue;
    for (; counted < offset; counted += 1) if (xml.charCodeAt(counted) === 0x0a) line += 1;
    secrets.push({ name: 'graphics passwd', line, length: value.replace(reference, '.').length });
  }
  return secrets;
}

/** A character or entity reference stands for one character. */
const reference = /&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|\w{1,10});/g;

/**
 * Attributes of `<graphics …>`, in order; a `>` inside quotes ends nothing. Every pattern is tried at one place only and the next goes on
 * behind it, so that the time stays in proportion to the text whatever stands in it.
 */
function* graphicsAttributes(
  xml: string,
): Generator<{ readonly name: string; readonly value: string; readonly offset: number }> {
  const attribute = /(\s*)([^\s=>"'<]+)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'))?/y;
  for (const start of xml.matchAll(/<graphics(?=\s)/g)) {
    let at = start.index + start[0].length;
    for (;;) {
      attribute.lastIndex = at;
      const match = attribute.exec(xml);
      if (match?.[1] === undefined || match[2] === undefined) break;
      const value = match[3] ?? match[4];
      if (value !== undefined) yield { name: match[2], value, offset: at + match[1].length };
      at = attribute.lastIndex;
    }
  }
}

/** Passwords of an auth.conf (virAuthConfig: an INI file of `password=` lines), likewise. */
export function clientAuthenticationSecrets(text: string): SecretHolder['secrets'] {
  return text.split('\n').flatMap((line, index) => {
    const equals = line.indexOf('=');
    if (equals === -1 || line.slice(0, equals).trim() !== 'password') return [];
    const { length } = line.slice(equals + 1).trim();
    return length > 0 ? [{ name: 'password', line: index + 1, length }] : [];
  });
}
