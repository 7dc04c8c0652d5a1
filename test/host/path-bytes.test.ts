import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLatin1, decodePath, encodePath, isUtf8 } from '../../src/host/path-bytes.ts';

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .array(
      fc.oneof(
        fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
        fc.uint8Array({ maxLength: 3 }),
      ),
    )
    .map((parts) => Buffer.concat(parts)),
);

describe('names as strings', () => {
  it.each([
    ['plain', Buffer.from('serverkey.pem'), 'serverkey.pem'],
    ['UTF-8', Buffer.from('schlüssel'), 'schlüssel'],
    ['a byte that is not UTF-8', Buffer.from([0x61, 0xff, 0x62]), 'a\udcffb'],
    ['an encoded surrogate', Buffer.from([0xed, 0xb2, 0x80]), '\udced\udcb2\udc80'],
    ['a truncated sequence', Buffer.from([0xe2, 0x82]), '\udce2\udc82'],
    ['a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0x61]), '\ufeffa'],
  ])('%s', (_, given, expected) => {
    expect(decodePath(Buffer.from(given))).toBe(expected);
    expect(decodeLatin1(given.toString('latin1'))).toBe(expected);
  });

  it('give the bytes back, also through JSON', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        const text = JSON.parse(JSON.stringify(decodePath(Buffer.from(given)))) as string;
        expect(Buffer.from(encodePath(text))).toEqual(Buffer.from(given));
        expect(isUtf8(text)).toBe(typeof encodePath(text) === 'string');
      }),
    );
  });
});
