import { decoder, MalformedMessage, type Decoder } from './decoded.ts';

/* The link stage of SPICE. Sources: spice-protocol spice/protocol.h (SpiceLinkHeader, SpiceLinkMess, SpiceLinkReply), little-endian. */

const magic = Buffer.from('REDQ');
const major = 2;
const minor = 2;

/** The size of a SpiceLinkReply: error, public key of 162 bytes, two counts and an offset. */
const replySize = 4 + 162 + 3 * 4;

/** SPICE_COMMON_CAP_PROTOCOL_AUTH_SELECTION: without it, a server takes what follows for an encrypted ticket. */
const authSelection = 1;

/** The first message of a client: it asks for the main channel of a new session, and has no effect before a ticket follows. */
export function encodeLink(): Buffer {
  const message = Buffer.alloc(16 + 18 + 4);
  magic.copy(message);
  message.writeUInt32LE(major, 4);
  message.writeUInt32LE(minor, 8);
  message.writeUInt32LE(18 + 4, 12);
  // connection_id 0, SPICE_CHANNEL_MAIN, channel_id 0, one word of common capabilities, none of the channel's, and where they begin.
  message.writeUInt8(1, 20);
  message.writeUInt32LE(1, 22);
  message.writeUInt32LE(18, 30);
  message.writeUInt32LE(authSelection, 34);
  return message;
}

/** A server's answer: SpiceLinkErr, 0 is OK. A server of another major version answers with an error alone. */
export const decodeLinkReply: Decoder<{ readonly error: number }> = decoder((cursor) => {
  cursor.literal(magic, 'link reply of SPICE');
  cursor.u32le();
  cursor.u32le();
  const size = cursor.length(cursor.u32le(), 4096, 'a link reply');
  if (size < 4) throw new MalformedMessage(`a link reply of ${size} bytes`);
  const error = cursor.u32le();
  cursor.take(size - 4);
  return { error };
});

/** A server's answer, for peers that play one. */
export function encodeLinkReply(error: number): Buffer {
  const message = Buffer.alloc(16 + replySize);
  magic.copy(message);
  message.writeUInt32LE(major, 4);
  message.writeUInt32LE(minor, 8);
  message.writeUInt32LE(replySize, 12);
  message.writeUInt32LE(error, 16);
  message.writeUInt32LE(replySize, 16 + replySize - 4);
  return message;
}
