import { decoder, MalformedMessage, peerText, type Decoder } from './decoded.ts';

/* The negotiation of NBD. Source: doc/proto.md of the NBD project; qemu nbd/nbd-internal.h, nbd/server.c. */

const greetingMagic = Buffer.from('NBDMAGIC');
const optionMagic = Buffer.from('IHAVEOPT');
const oldstyleMagic = Buffer.from('0000420281861253', 'hex');
const replyMagic = Buffer.from('0003e889045565a9', 'hex');

/** Options that we send. */
export const nbdOptions = { abort: 2, startTls: 5, structuredReply: 8 } as const;

/** Types of a reply; errors have the highest bit set. */
export const nbdReplies = { ack: 1, tlsNeeded: 0x8000_0005 } as const;

/** A server's greeting; `fixed` servers survive an option that they do not know. */
export const decodeGreeting: Decoder<{ readonly style: 'newstyle' | 'oldstyle'; readonly fixed: boolean }> = decoder(
  (cursor) => {
    cursor.literal(greetingMagic, 'greeting of NBD');
    const magic = cursor.take(8);
    if (magic.equals(optionMagic)) return { style: 'newstyle', fixed: (cursor.u16() & 1) !== 0 };
    if (!magic.equals(oldstyleMagic)) throw new MalformedMessage('no style of NBD that is known');
    // Size, flags and 124 zeros.
    cursor.take(8 + 4 + 124);
    return { style: 'oldstyle', fixed: false };
  },
);

/** The client's flags: fixed newstyle. */
export const encodeClientFlags = (): Buffer => Buffer.from([0, 0, 0, 1]);

/** An option without data. */
export function encodeOption(option: number): Buffer {
  const bytes = Buffer.alloc(16);
  optionMagic.copy(bytes);
  bytes.writeUInt32BE(option, 8);
  return bytes;
}

/** A reply to an option. */
export interface OptionReply {
  readonly option: number;
  readonly type: number;
  /** What an error says for people. */
  readonly text: string;
}

/** A reply with at most 4096 bytes of data. */
export const decodeOptionReply: Decoder<OptionReply> = decoder((cursor) => {
  cursor.literal(replyMagic, 'reply of NBD');
  const option = cursor.u32();
  const type = cursor.u32();
  return { option, type, text: peerText(cursor.take(cursor.length(cursor.u32(), 4096, 'a reply'))) };
});

/** A reply, for peers that play a server. */
export function encodeOptionReply(option: number, type: number, text = ''): Buffer {
  const data = Buffer.from(text);
  const bytes = Buffer.alloc(20);
  replyMagic.copy(bytes);
  bytes.writeUInt32BE(option, 8);
  bytes.writeUInt32BE(type, 12);
  bytes.writeUInt32BE(data.length, 16);
  return Buffer.concat([bytes, data]);
}
