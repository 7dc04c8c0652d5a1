/** Why GnuTLS found no content for a label. */
export type PemFault = 'header' | 'end' | 'base64';

/** What one search for a label gave: the decoded bytes, or why there are none; `begin` is where the BEGIN stands, if one was found. */
export type PemResult =
  | { readonly found: true; readonly der: Buffer; readonly begin: number }
  | { readonly found: false; readonly fault: PemFault; readonly begin?: number; readonly gnutlsError: string };

/** GnuTLS' texts for faults of the armour (lib/errors.c). */
export const pemErrors = {
  decoding: 'Base64 decoding error.',
  header: 'Base64 unexpected header error.',
} as const;

const begin = '-----BEGIN ';
const end = '-----END ';
const dashes = '-----';

/** A view of the bytes; nothing is copied. */
export const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Line, from 1, of the byte at `offset`. */
export function lineAt(data: Buffer, offset: number): number {
  let line = 1;
  for (let at = data.indexOf(10); at !== -1 && at < offset; at = data.indexOf(10, at + 1)) line += 1;
  return line;
}

/**
 * The first PEM object with `label` at or after `from`, as _gnutls_fbase64_decode (lib/x509_b64.c) finds it.
 *
 * The label is a prefix (`CERTIFICATE` also finds `CERTIFICATE REQUEST`), the header ends at the next five dashes whatever stands
 * between, the body at the next `-----END ` of any label, and the body's own text ends at the first dash in it: so a missing END
 * goes unnoticed when another block follows.
 */
export function findPem(data: Buffer, label: string, from = 0): PemResult {
  const start = data.indexOf(begin + label, from, 'latin1');
  if (start === -1) return { found: false, fault: 'header', gnutlsError: pemErrors.header };
  const decoding = (fault: PemFault): PemResult => ({
    found: false,
    fault,
    begin: start,
    gnutlsError: pemErrors.decoding,
  });
  const headerEnd = data.indexOf(dashes, start + 1, 'latin1');
  if (headerEnd === -1) return decoding('end');
  const body = headerEnd + dashes.length;
  const bodyEnd = data.indexOf(end, body, 'latin1');
  if (bodyEnd === -1) return decoding('end');
  const der = bodyEnd - body < 4 ? undefined : decodeBase64(data.subarray(body, bodyEnd));
  return der === undefined ? decoding('base64') : { found: true, der, begin: start };
}

/** Base64 up to the first dash, as cpydata and nettle's decoder read it: white space is skipped, padding must be exact. */
export function decodeBase64(data: Buffer): Buffer | undefined {
  const dash = data.indexOf('-');
  const text = data
    .subarray(0, dash === -1 ? data.length : dash)
    .toString('latin1')
    .replace(/[\t\n\v\f\r ]+/g, '');
  if (text.length === 0 || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const der = Buffer.from(text, 'base64');
  // Bits left over under the padding must be zero; Node ignores them.
  return der.length === 0 || der.toString('base64').slice(-4) !== text.slice(-4) ? undefined : der;
}

/**
 * Where the next object of a list starts at or after `from`: the first of `separators` that occurs at all wins, as in
 * gnutls_x509_crt_list_import, so that `X509 CERTIFICATE` blocks before the last `CERTIFICATE` block are passed over.
 */
export function nextPem(data: Buffer, labels: readonly string[], from = 0): number {
  for (const label of labels) {
    const at = data.indexOf(begin + label, from, 'latin1');
    if (at !== -1) return at;
  }
  return -1;
}

/** The label of the first PEM header in the data, and where it stands. */
export function firstLabel(data: Buffer): { readonly label: string; readonly begin: number } | undefined {
  const at = data.indexOf(begin, 0, 'latin1');
  if (at === -1) return undefined;
  const label = /^[^-\r\n]{0,64}/.exec(data.toString('latin1', at + begin.length, at + begin.length + 65))?.[0] ?? '';
  return { label: label.trim(), begin: at };
}
