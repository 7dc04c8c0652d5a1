import { decoder, MalformedMessage, peerText, type ByteCursor, type Decoder } from './decoded.ts';
import { mechanismNames } from './mechanism-names.ts';

/** REMOTE_PROGRAM and its version (src/remote/remote_protocol.x). */
const remoteProgram = 0x20008086;
const remoteVersion = 1;

const headerSize = 28;

/** What we ask has answers of a few hundred bytes; libvirt itself allows 32 MiB (virnetprotocol.x). */
const maximumSize = 1 << 16;

/** The procedures that we call: none of them opens a connection to a hypervisor. */
export const procedures = { authList: 66, authSaslInit: 67 } as const;

export type MessageType = 'call' | 'reply' | 'message' | 'stream';
const types: readonly MessageType[] = ['call', 'reply', 'message', 'stream'];

export type MessageStatus = 'ok' | 'error' | 'continue';
const statuses: readonly MessageStatus[] = ['ok', 'error', 'continue'];

/** A message of libvirt's RPC (src/rpc/virnetprotocol.x: virNetMessageHeader), with its body still in XDR. */
export interface RpcMessage {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly type: MessageType;
  readonly serial: number;
  readonly status: MessageStatus;
  readonly body: Buffer;
}

/** The bytes of a message, its length first. */
export function encodeMessage(message: RpcMessage): Buffer {
  const header = Buffer.alloc(headerSize);
  const { program, version, procedure, type, serial, status, body } = message;
  const words = [
    headerSize + body.length,
    program,
    version,
    procedure,
    types.indexOf(type),
    serial,
    statuses.indexOf(status),
  ];
  words.forEach((word, index) => header.writeUInt32BE(word >>> 0, index * 4));
  return Buffer.concat([header, body]);
}

/** A call of a procedure of the remote program that takes no arguments. */
export const encodeCall = (procedure: number, serial: number): Buffer =>
  encodeMessage({
    program: remoteProgram,
    version: remoteVersion,
    procedure,
    type: 'call',
    serial,
    status: 'ok',
    body: Buffer.alloc(0),
  });

/** One message of the remote program; other programs and messages above 64 KiB are none. */
export const decodeMessage: Decoder<RpcMessage> = decoder((cursor) => {
  const size = cursor.length(cursor.u32(), maximumSize, 'a message');
  if (size < headerSize) throw new MalformedMessage(`a message of ${size} bytes`);
  const program = cursor.u32();
  if (program !== remoteProgram) throw new MalformedMessage('no message of libvirt’s remote program');
  const version = cursor.u32();
  const procedure = cursor.i32();
  const type = types[cursor.u32()];
  const serial = cursor.u32();
  const status = statuses[cursor.u32()];
  if (type === undefined || status === undefined) throw new MalformedMessage('an unknown type or status of a message');
  return { program, version, procedure, type, serial, status, body: cursor.take(size - headerSize) };
});

/** A string of XDR: length, bytes, zeros up to a multiple of four. */
function xdrString(cursor: ByteCursor): Buffer {
  const length = cursor.length(cursor.u32(), maximumSize, 'a string');
  const bytes = cursor.take(length);
  cursor.take((4 - (length % 4)) % 4);
  return bytes;
}

/** The types in a body of remote_auth_list_ret: 0 none, 1 SASL, 2 polkit; at most REMOTE_AUTH_TYPE_LIST_MAX of them. */
export const decodeAuthList: Decoder<readonly number[]> = decoder((cursor) => {
  const count = cursor.u32();
  if (count > 20) throw new MalformedMessage(`${count} types of authentication`);
  return Array.from({ length: count }, () => cursor.u32());
});

/** The mechanisms in a body of remote_auth_sasl_init_ret. */
export const decodeMechanisms: Decoder<readonly string[]> = decoder((cursor) => mechanismNames(xdrString(cursor)));

/** The first members of a body of virNetMessageError: virErrorNumber, virErrorDomain and the text. */
export const decodeError: Decoder<{ readonly code: number; readonly domain: number; readonly message: string }> =
  decoder((cursor) => {
    const code = cursor.i32();
    const domain = cursor.i32();
    const message = cursor.u32() === 0 ? '' : peerText(xdrString(cursor), 500);
    return { code, domain, message };
  });
