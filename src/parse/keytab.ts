import type { Keytab, KeytabEntry, KeytabFault } from '../facts/keytab.ts';

/** Hostile files of many empty-looking entries end here; real ones have a few per principal. */
const maximumEntries = 10_000;

/**
 * Reads a keytab of MIT's format, version 2; of keys no byte is looked at.
 *
 * Source: krb5 1.21 lib/krb5/keytab/kt_file.c: krb5_ktfileint_open, krb5_ktfileint_internal_read_entry; doc/formats/keytab_file_format.
 */
export function parseKeytab(bytes: Uint8Array): Keytab {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: KeytabEntry[] = [];
  let deleted = 0;
  const end = (cause: KeytabFault, offset: number): Keytab => ({ entries, deleted, fault: { cause, offset } });

  if (bytes.length > 0 && bytes[0] !== 5) return end('not-a-keytab', 0);
  if (bytes.length < 2) return end('truncated', bytes.length);
  if (bytes[1] === 1) return end('version-1', 1);
  if (bytes[1] !== 2) return end('not-a-keytab', 1);

  let offset = 2;
  while (offset < bytes.length) {
    // A size that is cut off is the end of the file for MIT's library, which does not tell it from a clean one.
    if (offset + 4 > bytes.length) return end('truncated', offset);
    const size = view.getInt32(offset);
    if (size === 0) break;
    const start = offset + 4;
    if (size < 0) {
      // The library skips a hole without asking whether the file is that long; -2^31 has no counterpart.
      if (size === -0x8000_0000) return end('corrupt', offset);
      deleted += 1;
      offset = start - size;
      if (offset > bytes.length) return end('truncated', bytes.length);
      continue;
    }
    if (entries.length === maximumEntries) return end('too-many', offset);
    const entry = readEntry(bytes, start, Math.min(size, bytes.length - start));
    if (entry === undefined) return end(start + size > bytes.length ? 'truncated' : 'corrupt', offset);
    if (start + size > bytes.length) return end('truncated', offset);
    entries.push(entry);
    offset = start + size;
  }
  return { entries, deleted };
}

/** One entry within its record; undefined when a length leads out of it. */
function readEntry(bytes: Uint8Array, start: number, size: number): KeytabEntry | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, size);
  let at = 0;
  const left = (count: number): boolean => at + count <= size;
  const text = (): string | undefined => {
    if (!left(2)) return undefined;
    // Read as a signed number by the library, which refuses what is not above 0.
    const length = view.getInt16(at);
    at += 2;
    if (length <= 0 || !left(length)) return undefined;
    const value = printable(bytes.subarray(start + at, start + at + length));
    at += length;
    return value;
  };

  if (!left(2)) return undefined;
  const count = view.getInt16(at);
  at += 2;
  if (count <= 0) return undefined;
  const realm = text();
  if (realm === undefined) return undefined;
  const components: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const component = text();
    if (component === undefined) return undefined;
    components.push(component);
  }
  if (!left(4 + 4 + 1 + 2 + 2)) return undefined;
  const nameType = view.getInt32(at);
  const timestamp = view.getUint32(at + 4);
  const shortVersion = view.getUint8(at + 8);
  const encryptionType = view.getUint16(at + 9);
  const keyLength = view.getInt16(at + 11);
  at += 13;
  if (keyLength <= 0 || !left(keyLength)) return undefined;
  at += keyLength;
  const longVersion = left(4) ? view.getUint32(at) : 0;
  return {
    principal: `${components.map(escaped).join('/')}@${escaped(realm)}`,
    components,
    realm,
    nameType,
    ...(timestamp === 0 ? {} : { written: new Date(timestamp * 1000).toISOString() }),
    keyVersion: longVersion === 0 ? shortVersion : longVersion,
    encryptionType,
  };
}

/** Names are bytes; what is no UTF-8 or no printable character becomes a replacement character. */
const printable = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true })
    .decode(bytes)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd');

/** krb5_unparse_name: the separators are escaped. */
const escaped = (text: string): string => text.replace(/[\\/@]/g, '\\$&');
