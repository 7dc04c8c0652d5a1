/** What the bytes so far hold of a message: all of it (`size` bytes), not yet all, or something else. */
export type Decoded<T> =
  | { readonly state: 'complete'; readonly value: T; readonly size: number }
  | { readonly state: 'incomplete' }
  | { readonly state: 'malformed'; readonly detail: string };

/** Reads one message from the beginning of a stream's bytes. It announces at most a bounded size, and never throws. */
export type Decoder<T> = (bytes: Uint8Array) => Decoded<T>;

class Incomplete extends Error {}

/** Thrown inside a decoder by what the grammar excludes. */
export class MalformedMessage extends Error {}

/** Walks bytes from the front, big-endian unless said otherwise; running out of them means that the message is not yet complete. */
export class ByteCursor {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  take(count: number): Buffer {
    if (count > this.left) throw new Incomplete();
    this.#offset += count;
    return this.#bytes.subarray(this.#offset - count, this.#offset);
  }

  u8 = (): number => this.take(1).readUInt8();
  u16 = (): number => this.take(2).readUInt16BE();
  u24 = (): number => this.take(3).readUIntBE(0, 3);
  u32 = (): number => this.take(4).readUInt32BE();
  i32 = (): number => this.take(4).readInt32BE();
  u64 = (): bigint => this.take(8).readBigUInt64BE();
  u32le = (): number => this.take(4).readUInt32LE();

  /** The bytes that must stand here; a difference shows before all of them are there. */
  literal(expected: Uint8Array, what: string): void {
    const there = this.#bytes.subarray(this.#offset, this.#offset + expected.length);
    if (!there.equals(expected.subarray(0, there.length))) throw new MalformedMessage(`no ${what}`);
    this.take(expected.length);
  }

  /** A length that is not above `limit`. */
  length(value: number, limit: number, what: string): number {
    if (value > limit) throw new MalformedMessage(`${what} of ${value} bytes`);
    return value;
  }
}

/** A decoder from a function that walks a cursor. */
export const decoder =
  <T>(read: (cursor: ByteCursor) => T): Decoder<T> =>
  (bytes) => {
    const cursor = new ByteCursor(bytes);
    try {
      const value = read(cursor);
      return { state: 'complete', value, size: cursor.offset };
    } catch (error) {
      if (error instanceof Incomplete) return { state: 'incomplete' };
      if (error instanceof MalformedMessage) return { state: 'malformed', detail: error.message };
      throw error;
    }
  };

/** Decodes bytes that are all there is: what is not complete is malformed. */
export function decodeWhole<T>(decode: Decoder<T>, bytes: Uint8Array): Exclude<Decoded<T>, { state: 'incomplete' }> {
  const decoded = decode(bytes);
  return decoded.state === 'incomplete' ? { state: 'malformed', detail: 'cut off' } : decoded;
}

/** Text of a peer, for a person: bounded, one line, without control characters. */
export const peerText = (bytes: Uint8Array, limit = 200): string => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, limit)).toString('utf8');
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
};
