import { createDecipheriv, createHmac, type CipherGCMTypes } from 'node:crypto';
import { ByteCursor, decoder, type Decoder } from './decoded.ts';

/** What a TLS server's first flight says, as far as it came. Certificates and names are DER. */
export interface ServerFlight {
  /** Version that the server chose, such as 0x0303 for TLS 1.2; absent when there was no hello. */
  readonly version?: number;
  readonly cipherSuite?: number;
  readonly certificates: readonly Buffer[];
  /** Subjects of the CAs of a CertificateRequest, `null` when the flight ended without one; absent while that is open. */
  readonly requestedAuthorities?: readonly Buffer[] | null;
  /** False when the bytes are no records of TLS. */
  readonly tls: boolean;
}

const handshakeTypes = {
  serverHello: 2,
  certificate: 11,
  certificateRequest: 13,
  serverHelloDone: 14,
  finished: 20,
} as const;
const recordTypes = { changeCipherSpec: 20, handshake: 22, applicationData: 23 } as const;
const tls13 = 0x0304;

/** Certificates beyond these are not looked at. */
const maximumCertificates = 50;
const maximumNames = 1000;

/** RFC 8446, 4.1.3: the random of a HelloRetryRequest. */
const retryRandom = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

const record: Decoder<{ readonly type: number; readonly header: Buffer; readonly payload: Buffer }> = decoder(
  (cursor) => {
    const type = cursor.u8();
    const version = cursor.u16();
    const length = cursor.u16();
    const header = Buffer.from([type, version >> 8, version & 0xff, length >> 8, length & 0xff]);
    return { type, header, payload: cursor.take(length) };
  },
);

const message: Decoder<{ readonly type: number; readonly body: Buffer }> = decoder((cursor) => {
  const type = cursor.u8();
  return { type, body: cursor.take(cursor.u24()) };
});

/**
 * Reads what a server sent during a handshake. Up to TLS 1.2 that is in the clear; of TLS 1.3 it takes the secret that a client has
 * as SERVER_HANDSHAKE_TRAFFIC_SECRET (RFC 8446, 7.1), without which only the hello is seen.
 *
 * Node shows neither the list as it was served (it completes it from its own store) nor what a client is asked for. Never throws.
 */
export function readServerFlight(bytes: Uint8Array, trafficSecret?: Uint8Array): ServerFlight {
  let flight: ServerFlight = { certificates: [], tls: true };
  let messages = Buffer.alloc(0);
  let keys: TrafficKeys | undefined;
  let sealed = false;
  let rest = bytes;
  let done = false;
  while (rest.length > 0 && !done) {
    const type = rest[0] ?? 0;
    if (type < 20 || type > 24 || (rest[1] ?? 3) !== 3) return { ...flight, tls: false };
    const next = record(rest);
    if (next.state !== 'complete') break;
    rest = rest.subarray(next.size);
    let { payload } = next.value;
    let kind = next.value.type;
    if (kind === recordTypes.changeCipherSpec) {
      // TLS 1.3 sends it for show; up to 1.2 all that follows is encrypted.
      sealed = flight.version !== tls13;
      continue;
    }
    if (sealed) break;
    if (kind === recordTypes.applicationData) {
      keys ??= trafficKeys(flight.cipherSuite, trafficSecret);
      const opened = keys?.open(next.value.header, payload);
      if (opened === undefined) break;
      ({ kind, payload } = opened);
    }
    if (kind !== recordTypes.handshake) continue;
    messages = Buffer.concat([messages, payload]);
    for (let one = message(messages); one.state === 'complete'; one = message(messages)) {
      messages = messages.subarray(one.size);
      flight = withMessage(flight, one.value.type, one.value.body);
      if (one.value.type === handshakeTypes.serverHelloDone || one.value.type === handshakeTypes.finished) done = true;
    }
  }
  return done && flight.requestedAuthorities === undefined ? { ...flight, requestedAuthorities: null } : flight;
}

function withMessage(flight: ServerFlight, type: number, body: Buffer): ServerFlight {
  const read = <T>(decode: (cursor: ByteCursor) => T): T | undefined => {
    const decoded = decoder(decode)(body);
    return decoded.state === 'complete' ? decoded.value : undefined;
  };
  switch (type) {
    case handshakeTypes.serverHello:
      return { ...flight, ...read(serverHello) };
    case handshakeTypes.certificate:
      return { ...flight, certificates: read((cursor) => certificateList(cursor, flight.version === tls13)) ?? [] };
    case handshakeTypes.certificateRequest: {
      const authorities = read((cursor) => requestedAuthorities(cursor, flight.version ?? 0));
      return authorities === undefined ? flight : { ...flight, requestedAuthorities: authorities };
    }
    default:
      return flight;
  }
}

function serverHello(cursor: ByteCursor): Partial<ServerFlight> {
  const legacyVersion = cursor.u16();
  const random = cursor.take(32);
  cursor.take(cursor.u8());
  const cipherSuite = cursor.u16();
  cursor.u8();
  if (random.equals(retryRandom)) return { version: tls13 };
  const supported = cursor.left === 0 ? undefined : extensionsOf(cursor).get(43);
  return { version: supported?.length === 2 ? supported.readUInt16BE() : legacyVersion, cipherSuite };
}

function extensionsOf(cursor: ByteCursor): Map<number, Buffer> {
  const inner = new ByteCursor(cursor.take(cursor.u16()));
  const extensions = new Map<number, Buffer>();
  while (inner.left > 0) extensions.set(inner.u16(), inner.take(inner.u16()));
  return extensions;
}

function certificateList(cursor: ByteCursor, version13: boolean): readonly Buffer[] {
  if (version13) cursor.take(cursor.u8());
  const inner = new ByteCursor(cursor.take(cursor.u24()));
  const certificates: Buffer[] = [];
  while (inner.left > 0 && certificates.length < maximumCertificates) {
    certificates.push(inner.take(inner.u24()));
    if (version13) inner.take(inner.u16());
  }
  return certificates;
}

function requestedAuthorities(cursor: ByteCursor, version: number): readonly Buffer[] {
  if (version === tls13) {
    cursor.take(cursor.u8());
    const extension = extensionsOf(cursor).get(47);
    return extension === undefined ? [] : names(new ByteCursor(extension));
  }
  cursor.take(cursor.u8());
  if (version === 0x0303) cursor.take(cursor.u16());
  return names(cursor);
}

function names(cursor: ByteCursor): readonly Buffer[] {
  const inner = new ByteCursor(cursor.take(cursor.u16()));
  const list: Buffer[] = [];
  while (inner.left > 0 && list.length < maximumNames) list.push(inner.take(inner.u16()));
  return list;
}

interface TrafficKeys {
  /** The content of a record and its kind; undefined when it does not decrypt. */
  open(header: Buffer, payload: Buffer): { readonly kind: number; readonly payload: Buffer } | undefined;
}

const suites: Readonly<
  Record<
    number,
    { readonly cipher: string; readonly hash: string; readonly keyLength: number; readonly tagLength: number }
  >
> = {
  0x1301: { cipher: 'aes-128-gcm', hash: 'sha256', keyLength: 16, tagLength: 16 },
  0x1302: { cipher: 'aes-256-gcm', hash: 'sha384', keyLength: 32, tagLength: 16 },
  0x1303: { cipher: 'chacha20-poly1305', hash: 'sha256', keyLength: 32, tagLength: 16 },
};

function trafficKeys(cipherSuite: number | undefined, secret: Uint8Array | undefined): TrafficKeys | undefined {
  const suite = suites[cipherSuite ?? 0];
  if (suite === undefined || secret === undefined) return undefined;
  const { cipher, hash, keyLength, tagLength } = suite;
  const key = expandLabel(hash, secret, 'key', keyLength);
  const iv = expandLabel(hash, secret, 'iv', 12);
  let sequence = 0;
  return {
    open(header, payload) {
      if (payload.length <= tagLength) return undefined;
      const nonce = Buffer.from(iv);
      nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence) >>> 0, 8);
      sequence += 1;
      // One type for all three: that the tag and the associated data are set the same way is all that matters.
      const decipher = createDecipheriv(cipher as CipherGCMTypes, key, nonce, { authTagLength: tagLength });
      decipher.setAAD(header);
      decipher.setAuthTag(payload.subarray(payload.length - tagLength));
      try {
        const plain = Buffer.concat([
          decipher.update(payload.subarray(0, payload.length - tagLength)),
          decipher.final(),
        ]);
        const end = plain.findLastIndex((byte) => byte !== 0);
        return end < 0 ? undefined : { kind: plain[end] ?? 0, payload: plain.subarray(0, end) };
      } catch {
        return undefined;
      }
    },
  };
}

/** HKDF-Expand-Label with an empty context (RFC 8446, 7.1), for lengths within one block of the hash. */
function expandLabel(hash: string, secret: Uint8Array, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])]);
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
}
