const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const dotted = new RegExp(`^${octet}(?:\\.${octet}){3}$`);

/** Four decimal octets without leading zeros, as inet_pton(3) reads them. */
export const isIPv4 = (text: string): boolean => dotted.test(text);

/** The one form in which facts hold an address: IPv4 as it is, IPv6 by RFC 5952; undefined for anything else, zones included. */
export function canonicalAddress(text: string): string | undefined {
  if (text.length > 64) return undefined;
  if (isIPv4(text)) return text;
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(':')) return undefined;
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
}
