import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWhole, peerText, type Decoder } from '../../src/parse/decoded.ts';
import {
  decodeAuthList,
  decodeError,
  decodeMechanisms,
  decodeMessage,
  encodeCall,
  encodeMessage,
  procedures,
} from '../../src/parse/libvirt-rpc.ts';
import {
  decodeGreeting,
  decodeOptionReply,
  encodeClientFlags,
  encodeOption,
  encodeOptionReply,
  nbdOptions,
} from '../../src/parse/nbd-negotiation.ts';
import {
  decodeChallenge,
  decodeSaslMechanisms,
  decodeSecurityResult,
  decodeSecurityType33,
  decodeSecurityTypes,
  decodeSubTypes,
  decodeVeNCryptVersion,
  decodeVersion,
  encodeSubType,
  encodeVersion,
} from '../../src/parse/rfb.ts';
import { decodeLinkReply, encodeLink, encodeLinkReply } from '../../src/parse/spice-link.ts';
import { spokenProtocol } from '../../src/parse/spoken-protocol.ts';
import { decodeBanner } from '../../src/parse/ssh-banner.ts';
import { decodeFrame, decodeUpgradeReply, encodeFrame, encodeUpgrade } from '../../src/parse/websocket.ts';

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
const counted = (text: string): Buffer => Buffer.concat([u32(Buffer.byteLength(text)), Buffer.from(text)]);
const xdrString = (text: string): Buffer =>
  Buffer.concat([counted(text), Buffer.alloc((4 - (Buffer.byteLength(text) % 4)) % 4)]);

const word = fc.integer({ min: 0, max: 0xffffffff });
const int = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const line = fc.stringMatching(/^[!-~][ -~]{0,80}$/).map((text) => text.trim());
const mechanism = fc.stringMatching(/^[A-Z][A-Z0-9-]{0,15}$/);
const data = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

/** A message, its decoder, and values of it with their bytes. */
interface Grammar {
  readonly name: string;
  readonly decode: Decoder<unknown>;
  readonly messages: fc.Arbitrary<readonly [value: unknown, bytes: Buffer]>;
}

const grammar = <T>(
  name: string,
  decode: Decoder<unknown>,
  values: fc.Arbitrary<T>,
  encode: (value: T) => Buffer,
): Grammar => ({
  name,
  decode,
  messages: values.map((value) => [value, encode(value)] as const),
});

const grammars: readonly Grammar[] = [
  grammar(
    'a message of libvirt',
    decodeMessage,
    fc.record({
      program: fc.constant(0x20008086),
      version: word,
      procedure: int,
      type: fc.constantFrom('call', 'reply', 'message', 'stream'),
      serial: word,
      status: fc.constantFrom('ok', 'error', 'continue'),
      body: data,
    }),
    encodeMessage,
  ),
  grammar('authentication types', decodeAuthList, fc.array(word, { maxLength: 20 }), (types) =>
    Buffer.concat([u32(types.length), ...types.map(u32)]),
  ),
  grammar('mechanisms of libvirt', decodeMechanisms, fc.array(mechanism, { maxLength: 20 }), (names) =>
    xdrString(names.join(',')),
  ),
  grammar(
    'an error of libvirt',
    decodeError,
    fc.record({ code: int, domain: int, message: line }),
    ({ code, domain, message }) => Buffer.concat([u32(code), u32(domain), u32(1), xdrString(message)]),
  ),
  grammar(
    'the greeting of VNC',
    decodeVersion,
    fc.record({ major: fc.nat({ max: 999 }), minor: fc.nat({ max: 999 }) }),
    ({ major, minor }) => encodeVersion(major, minor),
  ),
  grammar(
    'security types',
    decodeSecurityTypes,
    fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 255 }).map((offered) => ({ offered })),
    ({ offered }) => Buffer.from([offered.length, ...offered]),
  ),
  grammar(
    'no security type',
    decodeSecurityTypes,
    line.map((reason) => ({ offered: [] as const, reason })),
    ({ reason }) => Buffer.concat([Buffer.from([0]), counted(reason)]),
  ),
  grammar(
    'the security type of VNC 3.3',
    decodeSecurityType33,
    fc.integer({ min: 1, max: 255 }).map((type) => ({ offered: [type] })),
    ({ offered }) => u32(offered[0] ?? 0),
  ),
  grammar(
    'the version of VeNCrypt',
    decodeVeNCryptVersion,
    fc.record({ major: fc.nat({ max: 255 }), minor: fc.nat({ max: 255 }) }),
    ({ major, minor }) => Buffer.from([major, minor]),
  ),
  grammar('sub-types', decodeSubTypes, fc.array(word, { maxLength: 255 }), (types) =>
    Buffer.concat([Buffer.from([types.length]), ...types.map(encodeSubType)]),
  ),
  grammar('success', decodeSecurityResult, fc.constant({ ok: true } as const), () => u32(0)),
  grammar(
    'failure',
    decodeSecurityResult,
    line.map((reason) => ({ ok: false, reason }) as const),
    ({ reason }) => Buffer.concat([u32(1), counted(reason)]),
  ),
  { name: 'a challenge', decode: decodeChallenge, messages: fc.constant([true, Buffer.alloc(16, 7)]) },
  grammar('mechanisms of VNC', decodeSaslMechanisms, fc.array(mechanism, { maxLength: 20 }), (names) =>
    counted(names.join(',')),
  ),
  grammar(
    'a link reply of SPICE',
    decodeLinkReply,
    word.map((error) => ({ error })),
    ({ error }) => encodeLinkReply(error),
  ),
  grammar(
    'the greeting of NBD',
    decodeGreeting,
    fc.boolean().map((fixed) => ({ style: 'newstyle', fixed }) as const),
    ({ fixed }) => Buffer.concat([Buffer.from('NBDMAGICIHAVEOPT'), Buffer.from([0, fixed ? 3 : 2])]),
  ),
  grammar(
    'a reply of NBD',
    decodeOptionReply,
    fc.record({ option: word, type: word, text: line }),
    ({ option, type, text }) => encodeOptionReply(option, type, text),
  ),
  grammar(
    'the identification of ssh',
    decodeBanner,
    line.map((text) => `SSH-2.0-${text}`),
    (text) => Buffer.from(`hello\r\n${text}\r\n`),
  ),
  grammar(
    'the answer of a WebSocket',
    decodeUpgradeReply,
    fc.integer({ min: 100, max: 599 }).map((status) => ({ status })),
    ({ status }) => Buffer.from(`HTTP/1.1 ${status} Such\r\nUpgrade: websocket\r\n\r\n`),
  ),
  grammar(
    'a frame of a WebSocket',
    decodeFrame,
    fc.record({ kind: fc.constant('data' as const), payload: fc.oneof(data, fc.constant(Buffer.alloc(300, 1))) }),
    ({ payload }) =>
      Buffer.concat([
        payload.length < 126
          ? Buffer.from([0x82, payload.length])
          : Buffer.from([0x82, 126, payload.length >> 8, payload.length & 255]),
        payload,
      ]),
  ),
];

describe.each(grammars)('$name', ({ decode, messages }) => {
  it('is read whole, whatever follows', () => {
    fc.assert(
      fc.property(messages, data, ([value, bytes], rest) => {
        expect(decode(Buffer.concat([bytes, rest]))).toEqual({ state: 'complete', value, size: bytes.length });
      }),
    );
  });

  it('is waited for until its last byte', () => {
    fc.assert(
      fc.property(messages, ([, bytes]) => {
        for (let size = 0; size < bytes.length; size += 1)
          expect(decode(bytes.subarray(0, size)), `${size} bytes`).toEqual({ state: 'incomplete' });
      }),
      { numRuns: 20 },
    );
  });

  it('takes anything, and an end of it comes', () => {
    fc.assert(
      fc.property(messages, fc.uint8Array({ maxLength: 64 }), fc.nat({ max: 255 }), ([, bytes], noise, fill) => {
        for (const start of [noise, Buffer.concat([bytes.subarray(0, bytes.length >> 1), noise])]) {
          const decoded = decode(start);
          if (decoded.state === 'complete') expect(decoded.size).toBeLessThanOrEqual(start.length);
          expect(decode(Buffer.concat([start, Buffer.alloc(1 << 17, fill)])).state).not.toBe('incomplete');
        }
      }),
    );
  });
});

describe('what is not the protocol', () => {
  it.each([
    ['libvirt', decodeMessage, 'HTTP/1.1 400 Bad Request\r\n'],
    ['libvirt', decodeMessage, '\x16\x03\x01\x02\x00'],
    ['VNC', decodeVersion, 'S'],
    ['NBD', decodeGreeting, 'RFB 0'],
    ['SPICE', decodeLinkReply, 'R!'],
    ['ssh', decodeBanner, '\x00\x00\x00\x10'],
    ['ssh', decodeBanner, `${'nothing\n'.repeat(20)}`],
    ['a WebSocket', decodeUpgradeReply, 'RFB 003.008\n'],
  ] as const)('%s', (_name, decode, text) => {
    expect(decode(Buffer.from(text, 'latin1'))).toMatchObject({ state: 'malformed' });
  });

  it('shows what it is by its first bytes', () => {
    const spoken = (text: string) => spokenProtocol(Buffer.from(text, 'latin1'));
    expect(spoken('\x15\x03\x03\x00\x02\x02\x28')).toBe('tls');
    expect(spoken('SSH-2.0-OpenSSH_9.2p1')).toBe('ssh');
    expect(spoken('HTTP/1.1 400 Bad Request')).toBe('http');
    expect(spoken('RFB 003.008\n')).toBe('rfb');
    expect(spoken('NBDMAGICIHAVEOPT')).toBe('nbd');
    expect(spoken('220 mail ESMTP')).toBe('smtp-or-ftp');
    expect(spokenProtocol(encodeLinkReply(0))).toBe('spice');
    expect(spokenProtocol(encodeCall(66, 0))).toBe('libvirt');
    expect(spoken('who knows')).toBeUndefined();
    expect(spoken('')).toBeUndefined();
  });

  it('is shown in one line without control characters', () => {
    expect(peerText(Buffer.from('a\x1b[31m\r\nb\u202ec\0'))).toBe('a [31m b c');
    expect(peerText(Buffer.alloc(10_000, 0x61))).toHaveLength(200);
  });
});

describe('what is sent', () => {
  it('is the call of AUTH_LIST that libvirtd knows', () => {
    expect(encodeCall(procedures.authList, 0).toString('hex')).toBe(
      '0000001c20008086000000010000004200000000' + '0000000000000000',
    );
  });

  it('is a link message for the main channel', () => {
    expect(encodeLink().toString('hex')).toBe(
      '52454451020000000200000016000000' + '00000000' + '0100' + '010000000000000012000000' + '01000000',
    );
  });

  it('are options of NBD', () => {
    expect(encodeClientFlags().toString('hex')).toBe('00000001');
    expect(encodeOption(nbdOptions.startTls).toString('latin1')).toBe('IHAVEOPT\0\0\0\x05\0\0\0\0');
  });

  it('is a request for a WebSocket, and masked frames', () => {
    expect(encodeUpgrade('[::1]:5700', 'a2V5').toString()).toMatch(
      /^GET \/ HTTP\/1\.1\r\nHost: \[::1\]:5700\r\n[^]*\r\n\r\n$/,
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 125 }), fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes, mask) => {
        const frame = encodeFrame(bytes, mask);
        expect([...frame.subarray(0, 2)]).toEqual([0x82, 0x80 | bytes.length]);
        expect([...frame.subarray(6)].map((byte, index) => byte ^ (mask[index % 4] ?? 0))).toEqual([...bytes]);
      }),
    );
    expect(() => encodeFrame(Buffer.alloc(126), Buffer.alloc(4))).toThrow(RangeError);
  });

  it('is cut off nowhere: a whole body that ends early is malformed', () => {
    expect(decodeWhole(decodeAuthList, u32(3))).toEqual({ state: 'malformed', detail: 'cut off' });
  });
});
