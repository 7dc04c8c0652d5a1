/**
 * A name of the file system as a string: UTF-8 where it is UTF-8; each byte that is not part of valid UTF-8 becomes the lone
 * surrogate U+DC00 + byte, as in Python's `surrogateescape`, so that no two names share a string and JSON keeps them apart.
 */
export const decodePath = (bytes: Buffer): string => {
  try {
    return strict.decode(bytes);
  } catch {
    const parts: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = sequenceLength(bytes, at);
      parts.push(
        length === 0
          ? String.fromCharCode(0xdc00 + bytes.readUInt8(at))
          : strict.decode(bytes.subarray(at, at + length)),
      );
      at += Math.max(1, length);
    }
    return parts.join('');
  }
};

/** Does a string of `decodePath` stand for bytes that are UTF-8. */
export const isUtf8 = (path: string): boolean => !/\p{Surrogate}/u.test(path);

/** What Node's file system functions take for a string of `decodePath`: the string itself where that says the same. */
export const encodePath = (path: string): string | Buffer => {
  if (isUtf8(path)) return path;
  const parts: Buffer[] = [];
  for (const character of path) {
    const code = character.charCodeAt(0);
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(character));
  }
  return Buffer.concat(parts);
};

/** `decodePath` for bytes that Node handed over as latin1, which is cheap for the usual names. */
export const decodeLatin1 = (text: string): string =>
  beyondAscii.test(text) ? decodePath(Buffer.from(text, 'latin1')) : text;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const beyondAscii = /[\x80-\xff]/;

/** Length of the valid UTF-8 sequence that begins at `at`, or 0. */
const sequenceLength = (bytes: Buffer, at: number): number => {
  const lead = bytes.readUInt8(at);
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
};
