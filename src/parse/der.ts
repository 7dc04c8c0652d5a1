/** Thrown by the reader below; `gnutlsError` is the text that GnuTLS has for the same fault. */
export class DerError extends Error {
  readonly gnutlsError: string;
  /** The encoding claims more bytes than there are. */
  readonly truncated: boolean;

  constructor(gnutlsError: string, truncated = false) {
    super(gnutlsError);
    this.name = 'DerError';
    this.gnutlsError = gnutlsError;
    this.truncated = truncated;
  }
}

const derError = 'ASN1 parser: Error in DER parsing.';
const tagError = 'ASN1 parser: Error in TAG.';
const notFound = 'ASN1 parser: Element was not found.';

/** Universal tags, with the bit that marks a constructed encoding where DER asks for it. */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

/** One value with its header; `bytes` is the whole encoding, `content` what the header announces. Both are views. */
export interface DerValue {
  readonly tag: number;
  readonly bytes: Buffer;
  readonly content: Buffer;
}

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * The value that starts at `offset`: definite, minimal lengths and one-byte tags only, as libtasn1 demands of strict DER.
 * @throws DerError
 */
export function readValue(data: Uint8Array, offset = 0): DerValue {
  const bytes = view(data);
  const first = bytes[offset];
  let length = bytes[offset + 1];
  if (first === undefined || length === undefined) throw new DerError(derError, true);
  if ((first & 0x1f) === 0x1f) throw new DerError(tagError);
  let start = offset + 2;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 4) throw new DerError(derError);
    if (start + count > bytes.length) throw new DerError(derError, true);
    length = bytes.readUIntBE(start, count);
    start += count;
    if (length < 0x80 || (count > 1 && length < 2 ** (8 * (count - 1)))) throw new DerError(derError);
  }
  if (start + length > bytes.length) throw new DerError(derError, true);
  return {
    tag: first,
    bytes: bytes.subarray(offset, start + length),
    content: bytes.subarray(start, start + length),
  };
}

/** The one value that `data` holds, nothing after it. @throws DerError also where its tag is not `expected`. */
export function readOnly(data: Uint8Array, expected?: number): DerValue {
  // The tag comes first: libtasn1 reports it also where the length is wrong as well.
  if (expected !== undefined && data.length > 0 && data[0] !== expected) throw new DerError(tagError);
  const value = readValue(data);
  if (value.bytes.length !== data.length) throw new DerError(derError);
  return value;
}

/** The values one after another inside a constructed value. @throws DerError */
export function readAll(content: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  for (let offset = 0; offset < content.length;) {
    const value = readValue(content, offset);
    values.push(value);
    offset += value.bytes.length;
  }
  return values;
}

/** Walks the members of a SEQUENCE in order, optional ones included. */
export class DerSequence {
  readonly #values: readonly DerValue[];
  #next = 0;

  /** @throws DerError */
  constructor(value: DerValue, expected: number = tag.sequence) {
    if (value.tag !== expected) throw new DerError(tagError);
    this.#values = readAll(value.content);
  }

  /** The next member if its tag is one of `tags`. */
  optional(...tags: readonly number[]): DerValue | undefined {
    const value = this.#values[this.#next];
    if (value === undefined || !tags.includes(value.tag)) return undefined;
    this.#next += 1;
    return value;
  }

  /** The next member, which must have one of `tags` (any when none is given). @throws DerError */
  required(...tags: readonly number[]): DerValue {
    const value = this.#values[this.#next];
    // libtasn1 lets an empty sequence pass, and its members are missed only when they are asked for.
    if (value === undefined) throw new DerError(this.#values.length === 0 ? notFound : derError);
    if (tags.length > 0 && !tags.includes(value.tag)) throw new DerError(tagError);
    this.#next += 1;
    return value;
  }

  /** @throws DerError when a member is left over. */
  end(): void {
    if (this.#next < this.#values.length) throw new DerError(tagError);
  }
}

/** An object identifier in dotted form. @throws DerError */
export function objectIdentifier(value: DerValue): string {
  if (value.tag !== tag.objectIdentifier) throw new DerError(tagError);
  if (value.content.length === 0 || value.content.length > 128 || ((value.content.at(-1) ?? 0) & 0x80) !== 0)
    throw new DerError(derError);
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of value.content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    if (arcs.length === 0) {
      const root = arc < 40n ? 0n : arc < 80n ? 1n : 2n;
      arcs.push(root, arc - root * 40n);
    } else arcs.push(arc);
    arc = 0n;
  }
  return arcs.join('.');
}
