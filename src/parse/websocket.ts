import { decoder, MalformedMessage, type Decoder } from './decoded.ts';

/* The parts of RFC 6455 that a client of QEMU's VNC needs. Source: qemu io/channel-websock.c. */

const maximumHead = 8192;
const maximumFrame = 1 << 16;

/** The request that turns a connection into a WebSocket; `key` is 16 bytes in base64. */
export const encodeUpgrade = (host: string, key: string): Buffer =>
  Buffer.from(
    [
      'GET / HTTP/1.1',
      `Host: ${host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: binary',
      '',
      '',
    ].join('\r\n'),
  );

/** The status of an HTTP response's head. */
export const decodeUpgradeReply: Decoder<{ readonly status: number }> = decoder((cursor) => {
  cursor.literal(Buffer.from('HTTP/1.'), 'answer of HTTP');
  const head: number[] = [];
  const end = [0x0d, 0x0a, 0x0d, 0x0a];
  while (!end.every((byte, index) => head.at(index - 4) === byte)) {
    if (head.length === maximumHead) throw new MalformedMessage('a head of HTTP without end');
    head.push(cursor.u8());
  }
  const status = /^\d (\d{3})[ \r]/.exec(Buffer.from(head.slice(0, 16)).toString('latin1'))?.[1];
  if (status === undefined) throw new MalformedMessage('no status of HTTP');
  return { status: Number(status) };
});

/** A frame of a server. */
export interface Frame {
  readonly kind: 'data' | 'close' | 'control';
  readonly payload: Buffer;
}

/** One frame of at most 64 KiB; a server's frames are not masked. */
export const decodeFrame: Decoder<Frame> = decoder((cursor) => {
  const first = cursor.u8();
  const second = cursor.u8();
  if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new MalformedMessage('no frame of a WebSocket’s server');
  const short = second & 0x7f;
  const length = short === 127 ? Number(cursor.u64()) : short === 126 ? cursor.u16() : short;
  const payload = cursor.take(cursor.length(length, maximumFrame, 'a frame'));
  const opcode = first & 0x0f;
  if (opcode <= 2) return { kind: 'data', payload };
  if (opcode === 8) return { kind: 'close', payload };
  if (opcode === 9 || opcode === 10) return { kind: 'control', payload };
  throw new MalformedMessage(`a frame of kind ${opcode}`);
});

/** A client's frame of binary data (fewer than 126 bytes), masked with four bytes. */
export function encodeFrame(payload: Uint8Array, mask: Uint8Array): Buffer {
  if (payload.length > 125) throw new RangeError('frames of more than 125 bytes are not written');
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x82, 0x80 | payload.length]), mask.subarray(0, 4), masked]);
}
