import { describe, expect, it } from 'vitest';
import domains from '../../src/collect/domains.ts';
import { HostView } from '../../src/host/host-view.ts';
import { memoryHost, type MemoryEntry } from '../support/memory-host.ts';

const collect = (tree: Record<string, MemoryEntry>) => domains.collect(new HostView(memoryHost(tree)), {});

describe('guests of libvirt', () => {
  it('are read from their files, without their passwords', async () => {
    const found = await collect({
      '/etc/libvirt/qemu/vm1.xml':
        "<domain type='kvm'><name>vm1</name><devices><graphics type='vnc' passwd='geheim'/></devices></domain>",
      '/run/libvirt/qemu/vm1.xml': "<domstatus state='running' pid='77'><domain><name>vm1</name></domain></domstatus>",
      '/etc/libvirt/qemu/networks/default.xml': '<network/>',
    });
    expect(Object.keys(found)).toEqual(['/etc/libvirt/qemu/vm1.xml', '/run/libvirt/qemu/vm1.xml']);
    expect(found['/etc/libvirt/qemu/vm1.xml']).toMatchObject({
      known: true,
      value: { domain: { name: 'vm1', graphics: [{ type: 'vnc', password: { length: 6 } }] } },
    });
    expect(found['/run/libvirt/qemu/vm1.xml']).toMatchObject({ value: { domain: { status: { pid: 77 } } } });
    expect(JSON.stringify(found)).not.toContain('geheim');
  });

  it('are not known where a directory may not be listed', async () => {
    const vm1 = '<domain><name>vm1</name></domain>';
    const found = await collect({
      '/etc/libvirt/qemu': { refused: 'permission-denied' },
      '/run/libvirt/qemu/vm1.xml': `<domstatus state='running' pid='77'>${vm1}</domstatus>`,
    });
    expect(found).toMatchObject({
      '/etc/libvirt/qemu': { known: false, reason: 'permission-denied' },
      '/run/libvirt/qemu/vm1.xml': { known: true },
    });
  });

  it.each<[string, MemoryEntry, object]>([
    ['no XML', 'hello', { known: true, value: { malformation: { line: 1 } } }],
    ['a directory', { type: 'directory' }, { known: true, value: { malformation: { cause: 'root' } } }],
    ['too much', 'x'.repeat(1024 * 1024 + 1), { known: true, value: { malformation: { cause: 'too-complex' } } }],
    ['closed', { refused: 'permission-denied' }, { known: false, reason: 'permission-denied' }],
  ])('tell of %s', async (_, entry, expected) => {
    expect((await collect({ '/etc/libvirt/qemu/vm1.xml': entry }))['/etc/libvirt/qemu/vm1.xml']).toMatchObject(
      expected,
    );
  });
});
