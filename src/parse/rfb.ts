import { decoder, MalformedMessage, peerText, type ByteCursor, type Decoder } from './decoded.ts';
import { mechanismNames } from './mechanism-names.ts';

/* Messages of RFB (RFC 6143), VeNCrypt and QEMU's SASL type as a client receives them. Sources: qemu ui/vnc.c, ui/vnc-auth-vencrypt.c,
   ui/vnc-auth-sasl.c. */

/** Longer reasons and lists are no message; gtk-vnc accepts 300 bytes of mechanisms. */
const maximumText = 4096;

const digits = /^\d{3}$/;

/** The version of a server's greeting. */
export const decodeVersion: Decoder<{ readonly major: number; readonly minor: number }> = decoder((cursor) => {
  cursor.literal(Buffer.from('RFB '), 'greeting of VNC');
  const major = cursor.take(3).toString('latin1');
  cursor.literal(Buffer.from('.'), 'greeting of VNC');
  const minor = cursor.take(3).toString('latin1');
  if (!digits.test(major) || !digits.test(minor)) throw new MalformedMessage('no version of VNC');
  cursor.literal(Buffer.from('\n'), 'end of VNC’s greeting');
  return { major: Number(major), minor: Number(minor) };
});

/** A version as either side says it. */
export const encodeVersion = (major: number, minor: number): Buffer =>
  Buffer.from(`RFB ${String(major).padStart(3, '0')}.${String(minor).padStart(3, '0')}\n`);

/** The security types on offer, or why there are none. */
export type SecurityOffer =
  { readonly offered: readonly number[] } | { readonly offered: readonly []; readonly reason: string };

const reason = (cursor: ByteCursor): string =>
  peerText(cursor.take(cursor.length(cursor.u32(), maximumText, 'a reason')));

/** The list of versions 3.7 and 3.8. */
export const decodeSecurityTypes: Decoder<SecurityOffer> = decoder((cursor) => {
  const count = cursor.u8();
  if (count === 0) return { offered: [], reason: reason(cursor) };
  return { offered: [...cursor.take(count)] };
});

/** The one type that a server of version 3.3 decides on. QEMU sends 0 and closes, without a reason, where it needs more than 3.3 has. */
export const decodeSecurityType33: Decoder<SecurityOffer> = decoder((cursor) => {
  const type = cursor.u32();
  if (type > 0xff) throw new MalformedMessage(`security type ${type}`);
  return type === 0 ? { offered: [], reason: 'none that VNC 3.3 has' } : { offered: [type] };
});

/** The version of VeNCrypt. */
export const decodeVeNCryptVersion: Decoder<{ readonly major: number; readonly minor: number }> = decoder((cursor) => ({
  major: cursor.u8(),
  minor: cursor.u8(),
}));

/** A single byte, such as VeNCrypt's answers to a version (0 is yes) and to a sub-type (1 is yes). */
export const decodeByte: Decoder<number> = decoder((cursor) => cursor.u8());

/** The sub-types of VeNCrypt 0.2. */
export const decodeSubTypes: Decoder<readonly number[]> = decoder((cursor) =>
  Array.from({ length: cursor.u8() }, () => cursor.u32()),
);

/** A sub-type chosen. */
export const encodeSubType = (subType: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(subType);
  return bytes;
};

/** The end of authentication; a failure has a reason since version 3.8. */
export const decodeSecurityResult: Decoder<{ readonly ok: true } | { readonly ok: false; readonly reason: string }> =
  decoder((cursor) => {
    const result = cursor.u32();
    if (result === 0) return { ok: true };
    if (result > 2) throw new MalformedMessage(`security result ${result}`);
    return { ok: false, reason: reason(cursor) };
  });

/** The challenge of the password scheme: that it came is all that matters here. */
export const decodeChallenge: Decoder<true> = decoder((cursor) => {
  cursor.take(16);
  return true;
});

/** The mechanisms of the SASL type. */
export const decodeSaslMechanisms: Decoder<readonly string[]> = decoder((cursor) =>
  mechanismNames(cursor.take(cursor.length(cursor.u32(), maximumText, 'a list of mechanisms'))),
);
