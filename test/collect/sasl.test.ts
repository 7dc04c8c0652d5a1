import { describe, expect, it } from 'vitest';
import keytabs from '../../src/collect/keytabs.ts';
import saslConfigurations from '../../src/collect/sasl-configurations.ts';
import saslPlugins from '../../src/collect/sasl-plugins.ts';
import { known } from '../../src/facts/fact.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { HostView } from '../../src/host/host-view.ts';
import { memoryHost, type MemoryEntry } from '../support/memory-host.ts';

const view = (tree: Record<string, MemoryEntry>): HostView => new HostView(memoryHost(tree));

/** Version 2, one entry: a principal of two components, kvno 3, AES-256, and a key of 0xAA. */
function aKeytab(realm: string, ...components: readonly string[]): Uint8Array {
  const counted = (text: string): Buffer => Buffer.concat([u16(text.length), Buffer.from(text)]);
  const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
  const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)]);
  const entry = Buffer.concat([
    u16(components.length),
    counted(realm),
    ...components.map(counted),
    u32(1),
    u32(1_700_000_000),
    Buffer.from([3]),
    u16(18),
    u16(32),
    Buffer.alloc(32, 0xaa),
  ]);
  return Buffer.concat([Buffer.from([5, 2]), u32(entry.length), entry]);
}

describe('SASL service files', () => {
  const collect = (tree: Record<string, MemoryEntry>, configurations: Facts['configurations'] = {}) =>
    saslConfigurations.collect(view(tree), { configurations });

  it('are found under their names, in the directories of the distributions', async () => {
    const found = await collect({
      '/etc/sasl2/libvirt.conf': 'mech_list: gssapi\n',
      '/etc/sasl2/libvirtd.conf': 'mech_list: gssapi\n',
      '/etc/sasl2/qemu-kvm.conf': 'mech_list : gssapi\n',
      '/etc/sasl2/spice.conf': { link: 'qemu-kvm.conf' },
      '/usr/lib/x86_64-linux-gnu/sasl2/qemu.conf': '# nothing\n',
    });
    expect(found).toEqual({
      '/etc/sasl2/libvirt.conf': known({ settings: [{ key: 'mech_list', value: 'gssapi', line: 1 }] }),
      '/etc/sasl2/qemu-kvm.conf': known({ settings: [], error: { line: 1, cause: 'colon' } }),
      '/etc/sasl2/spice.conf': known({ settings: [], error: { line: 1, cause: 'colon' } }),
      '/usr/lib/x86_64-linux-gnu/sasl2/qemu.conf': known({ settings: [] }),
    });
  });

  it('are found in the directories that qemu.conf names', async () => {
    const setting = (key: string, value: string) => ({
      key,
      value: { type: 'string', value } as const,
      line: 1,
      column: 1,
    });
    const tree = { '/srv/vnc/qemu.conf': '# x\n', '/srv/spice/qemu.conf': '# x\n', '/srv/b/qemu.conf': '# x\n' };
    const settings = [setting('vnc_sasl_dir', '/srv/vnc/:/srv/b'), setting('spice_sasl_dir', '/srv/spice')];
    expect(Object.keys(await collect(tree, { '/etc/libvirt/qemu.conf': known({ settings }) }))).toEqual(
      Object.keys(tree).sort(),
    );
  });
});

describe('keytabs', () => {
  const collect = (tree: Record<string, MemoryEntry>, keytab?: string) =>
    keytabs.collect(view(tree), {
      saslConfigurations:
        keytab === undefined
          ? {}
          : { '/etc/sasl2/libvirt.conf': known({ settings: [{ key: 'keytab', value: keytab, line: 1 }] }) },
    });

  it('are read where a service file names them and in the usual places, without their keys', async () => {
    const found = await collect(
      {
        '/srv/kvm1.keytab': { content: aKeytab('EXAMPLE.COM', 'libvirt', 'kvm1.example.com') },
        '/etc/krb5.keytab': { content: Buffer.from([5, 2]) },
        '/etc/qemu/krb5.tab': { refused: 'permission-denied' },
      },
      'FILE:/srv/kvm1.keytab',
    );
    expect(Object.keys(found)).toEqual(['/etc/krb5.keytab', '/etc/qemu/krb5.tab', '/srv/kvm1.keytab']);
    expect(found['/srv/kvm1.keytab']).toEqual(
      known({
        entries: [
          {
            principal: 'libvirt/kvm1.example.com@EXAMPLE.COM',
            components: ['libvirt', 'kvm1.example.com'],
            realm: 'EXAMPLE.COM',
            nameType: 1,
            written: '2023-11-14T22:13:20.000Z',
            keyVersion: 3,
            encryptionType: 18,
          },
        ],
        deleted: 0,
      }),
    );
    expect(found['/etc/krb5.keytab']).toEqual(known({ entries: [], deleted: 0 }));
    expect(found['/etc/qemu/krb5.tab']).toMatchObject({ known: false, reason: 'permission-denied' });
  });

  it('are none when they are directories, or far too large', async () => {
    const found = await collect({
      '/etc/krb5.keytab': { type: 'directory' },
      '/etc/libvirt/krb5.tab': { content: Buffer.alloc(2 << 20, 5) },
    });
    expect(found['/etc/krb5.keytab']).toMatchObject({ value: { fault: { cause: 'not-a-keytab' } } });
    expect(found['/etc/libvirt/krb5.tab']).toMatchObject({ value: { fault: { cause: 'too-many' } } });
  });
});

describe('plug-ins', () => {
  it('are the libraries in the directories that there are', async () => {
    const found = await saslPlugins.collect(
      view({
        '/usr/lib/x86_64-linux-gnu/sasl2/libscram.so.2': { link: 'libscram.so.2.0.25' },
        '/usr/lib/x86_64-linux-gnu/sasl2/libscram.so.2.0.25': 'ELF',
        '/usr/lib/x86_64-linux-gnu/sasl2/libvirt.conf': '',
        '/usr/lib/sasl2': { link: 'nowhere' },
        '/usr/lib64/sasl2': { refused: 'permission-denied' },
      }),
      {},
    );
    expect(found).toEqual({
      '/usr/lib/x86_64-linux-gnu/sasl2': known(['libscram.so.2', 'libscram.so.2.0.25']),
      '/usr/lib64/sasl2': expect.objectContaining({ known: false, reason: 'permission-denied' }),
    });
  });
});
