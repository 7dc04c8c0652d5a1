import { isIPv4 as nodeIsIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, isIPv4 } from '../../src/facts/address.ts';

describe('canonicalAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.01', undefined],
    ['192.0.2.256', undefined],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['fe80::1%eth0', undefined],
    ['[::1]', undefined],
    ['host', undefined],
    ['', undefined],
  ])('%j: %j', (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected);
  });

  it('knows the addresses that Node knows', () => {
    const almost = fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{0,20}$/));
    fc.assert(
      fc.property(almost, (text) => {
        expect(isIPv4(text)).toBe(nodeIsIPv4(text));
        expect(canonicalAddress(text) !== undefined).toBe(nodeIsIPv4(text) || isIPv6(text));
      }),
    );
  });
});
