import type { SpokenProtocol } from '../facts/observation.ts';

const beginnings: readonly (readonly [SpokenProtocol, RegExp])[] = [
  // A record of type alert or handshake, of SSL 3.0 to TLS 1.3.
  ['tls', /^[\x15\x16]\x03[\x00-\x04]/],
  ['ssh', /^SSH-/],
  ['http', /^(?:HTTP\/|<!DOCTYPE|<html)/i],
  ['rfb', /^RFB \d/],
  ['nbd', /^NBDMAGIC/],
  ['spice', /^REDQ/],
  // Length, then the program number of libvirt's remote protocol or keep-alive.
  ['libvirt', /^[^]{4}(?:\x20\x00\x80\x86|keep)/],
  ['smtp-or-ftp', /^220[ -]/],
];

/** Which protocol a peer's first bytes are of; undefined when they show none that is known here. */
export function spokenProtocol(bytes: Uint8Array): SpokenProtocol | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 32)).toString('latin1');
  return beginnings.find(([, pattern]) => pattern.test(start))?.[0];
}
