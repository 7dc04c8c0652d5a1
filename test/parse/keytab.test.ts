import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseKeytab } from '../../src/parse/keytab.ts';

interface Key {
  readonly realm: string;
  readonly components: readonly string[];
  readonly nameType: number;
  readonly timestamp: number;
  readonly keyVersion: number;
  readonly encryptionType: number;
  readonly key: Uint8Array;
  /** Written as 32 bits as well, as MIT does. */
  readonly long: boolean;
  /** Bytes of an older, longer entry that was overwritten. */
  readonly padding: number;
}

const u16 = (value: number): Buffer => Buffer.from([(value >> 8) & 0xff, value & 0xff]);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
const counted = (text: string): Buffer => Buffer.concat([u16(Buffer.byteLength(text)), Buffer.from(text)]);

function print({
  realm,
  components,
  nameType,
  timestamp,
  keyVersion,
  encryptionType,
  key,
  long,
  padding,
}: Key): Buffer {
  const record = Buffer.concat([
    u16(components.length),
    counted(realm),
    ...components.map(counted),
    u32(nameType),
    u32(timestamp),
    Buffer.from([keyVersion & 0xff]),
    u16(encryptionType),
    u16(key.length),
    key,
    ...(long ? [u32(keyVersion), Buffer.alloc(padding)] : []),
  ]);
  return Buffer.concat([u32(record.length), record]);
}

const hole = (size: number): Buffer => Buffer.concat([u32(-size), Buffer.alloc(size)]);
const file = (...records: readonly Buffer[]): Buffer => Buffer.concat([Buffer.from([5, 2]), ...records]);

const libvirt: Key = {
  realm: 'EXAMPLE.COM',
  components: ['libvirt', 'kvm1.example.com'],
  nameType: 1,
  timestamp: 1_700_000_000,
  keyVersion: 2,
  encryptionType: 18,
  key: Buffer.alloc(32, 'K'),
  long: true,
  padding: 0,
};

describe('keytab', () => {
  it('reads what a key is for, and when and how it was made', () => {
    expect(parseKeytab(file(print(libvirt)))).toStrictEqual({
      entries: [
        {
          principal: 'libvirt/kvm1.example.com@EXAMPLE.COM',
          components: ['libvirt', 'kvm1.example.com'],
          realm: 'EXAMPLE.COM',
          nameType: 1,
          written: '2023-11-14T22:13:20.000Z',
          keyVersion: 2,
          encryptionType: 18,
        },
      ],
      deleted: 0,
    });
  });

  it('keeps nothing of a key', () => {
    const marked = { ...libvirt, key: Buffer.from('correct horse battery') };
    expect(JSON.stringify(parseKeytab(file(print(marked), print({ ...marked, long: false }))))).not.toContain('horse');
  });

  it('takes the 32-bit version over the 8-bit one, unless it is 0', () => {
    const zero = print({ ...libvirt, keyVersion: 7, long: false, padding: 0 });
    const withZero = Buffer.concat([u32(zero.length - 4 + 4), zero.subarray(4), u32(0)]);
    const versions = parseKeytab(file(print({ ...libvirt, keyVersion: 513 }), zero, withZero)).entries.map(
      ({ keyVersion }) => keyVersion,
    );
    expect(versions).toEqual([513, 7, 7]);
  });

  it('is empty with its version alone, and ends at a size of 0', () => {
    expect(parseKeytab(file())).toEqual({ entries: [], deleted: 0 });
    expect(parseKeytab(file(u32(0), print(libvirt)))).toEqual({ entries: [], deleted: 0 });
  });

  it('steps over what was deleted', () => {
    const { entries, deleted, fault } = parseKeytab(file(hole(60), print(libvirt), hole(4), print(libvirt)));
    expect([entries.length, deleted, fault]).toEqual([2, 2, undefined]);
  });

  it('escapes separators inside names', () => {
    const odd = { ...libvirt, components: ['a/b', 'c@d\\'], realm: 'R@' };
    expect(parseKeytab(file(print(odd))).entries[0]?.principal).toBe('a\\/b/c\\@d\\\\@R\\@');
  });

  it.each<[string, Buffer, unknown]>([
    ['an empty file', Buffer.alloc(0), { cause: 'truncated', offset: 0 }],
    ['one byte', Buffer.from([5]), { cause: 'truncated', offset: 1 }],
    ['a text', Buffer.from('keytab: /etc/krb5.keytab\n'), { cause: 'not-a-keytab', offset: 0 }],
    ['version 1', Buffer.from([5, 1, 0, 0]), { cause: 'version-1', offset: 1 }],
    ['version 3', Buffer.from([5, 3]), { cause: 'not-a-keytab', offset: 1 }],
    ['a size that is cut off', file(Buffer.from([0, 0])), { cause: 'truncated', offset: 2 }],
    ['an entry that is cut off', file(print(libvirt)).subarray(0, 60), { cause: 'truncated', offset: 2 }],
    ['a hole beyond the end', file(u32(-100)), { cause: 'truncated', offset: 6 }],
    ['the size -2^31', file(u32(0x8000_0000)), { cause: 'corrupt', offset: 2 }],
    ['no components', file(print({ ...libvirt, components: [] })), { cause: 'corrupt', offset: 2 }],
    ['an empty component', file(print({ ...libvirt, components: ['libvirt', ''] })), { cause: 'corrupt', offset: 2 }],
    ['an empty realm', file(print({ ...libvirt, realm: '' })), { cause: 'corrupt', offset: 2 }],
    ['no key', file(print({ ...libvirt, key: Buffer.alloc(0) })), { cause: 'corrupt', offset: 2 }],
    [
      'lengths that leave their record',
      file(Buffer.concat([u32(6), u16(1), u16(100), u16(0)]), Buffer.alloc(200)),
      { cause: 'corrupt', offset: 2 },
    ],
    ['a negative length', file(Buffer.concat([u32(8), u16(1), u16(0xffff), u32(0)])), { cause: 'corrupt', offset: 2 }],
  ])('says what is wrong with %s', (_, bytes, fault) => {
    expect(parseKeytab(bytes).fault).toEqual(fault);
  });

  it('keeps the entries before the damage', () => {
    const { entries, fault } = parseKeytab(file(print(libvirt), print(libvirt).subarray(0, 20)));
    expect([entries.length, fault?.cause]).toEqual([1, 'truncated']);
  });

  const name = fc.string({
    unit: fc.constantFrom('a', 'B', '-', '.', '/', '@', '\\', 'é', '7'),
    minLength: 1,
    maxLength: 12,
  });
  const key: fc.Arbitrary<Key> = fc.record({
    realm: name,
    components: fc.array(name, { minLength: 1, maxLength: 3 }),
    nameType: fc.integer({ min: 0, max: 20 }),
    timestamp: fc.integer({ min: 1, max: 0xffff_ffff }),
    keyVersion: fc.integer({ min: 1, max: 255 }),
    encryptionType: fc.constantFrom(1, 3, 16, 17, 18, 19, 20, 23, 26, 511),
    key: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    long: fc.boolean(),
    padding: fc.integer({ min: 0, max: 9 }),
  });

  it('reads back what was written', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(key, fc.integer({ min: 1, max: 80 })), { maxLength: 8 }), (records) => {
        const keys = records.filter((record) => typeof record !== 'number');
        const parsed = parseKeytab(file(...records.map((record) => (typeof record === 'number' ? hole(record) : print(record)))));
        expect(parsed.fault).toBeUndefined();
        expect(parsed.deleted).toBe(records.length - keys.length);
        expect(
          parsed.entries.map(({ realm, components, nameType, written, keyVersion, encryptionType }) => ({
            realm, components, nameType, timestamp: Date.parse(written ?? '') / 1000, keyVersion, encryptionType,
          })),
        ).toEqual(
          keys.map(({ realm, components, nameType, timestamp, keyVersion, encryptionType }) => ({
            realm, components, nameType, timestamp, keyVersion, encryptionType,
          })),
        );
      }),
    ); // prettier-ignore
  });

  it('takes any bytes without harm, and finds no entry that is not there', () => {
    const hostile = fc
      .tuple(fc.array(key, { maxLength: 3 }), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat())
      .map(([keys, changes, cut]) => {
        const bytes = file(...keys.map(print));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes.subarray(0, cut % (bytes.length + 1));
      });
    fc.assert(
      fc.property(
        fc.oneof(
          hostile,
          fc.uint8Array({ maxLength: 200 }).map((bytes) => file(Buffer.from(bytes))),
        ),
        (bytes) => {
          const { entries, deleted } = parseKeytab(bytes);
          expect(entries.length * 20 + deleted * 4).toBeLessThanOrEqual(bytes.length);
        },
      ),
    );
  });

  it('stops at a sensible number of entries', () => {
    const many = parseKeytab(file(...Array.from({ length: 10_001 }, () => print(libvirt))));
    expect([many.entries.length, many.fault?.cause]).toEqual([10_000, 'too-many']);
  });
});

const ktutil = spawnSync('ktutil', [], { input: 'quit\n', encoding: 'utf8' });
const isInstalled = ktutil.error === undefined;

describe.skipIf(!isInstalled)(isInstalled ? 'a keytab of ktutil' : 'ktutil (krb5-user) is not installed', () => {
  it('is read as klist reads it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'keytab-'));
    try {
      const path = join(directory, 'krb5.tab');
      const input = [
        'addent -password -p libvirt/kvm1.example.com@EXAMPLE.COM -k 3 -e aes256-cts-hmac-sha1-96',
        'secret',
        'addent -password -p vnc/kvm1.example.com@EXAMPLE.COM -k 300 -e aes128-cts-hmac-sha256-128',
        'secret',
        `wkt ${path}`,
        'quit',
        '',
      ].join('\n');
      spawnSync('ktutil', [], { input, encoding: 'utf8' });
      const { entries, fault } = parseKeytab(readFileSync(path));
      expect(fault).toBeUndefined();
      expect(
        entries.map(({ principal, keyVersion, encryptionType }) => [principal, keyVersion, encryptionType]),
      ).toEqual([
        ['libvirt/kvm1.example.com@EXAMPLE.COM', 3, 18],
        ['vnc/kvm1.example.com@EXAMPLE.COM', 300, 19],
      ]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
