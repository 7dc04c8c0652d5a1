import { hostname, networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import identity from '../../src/collect/identity.ts';
import { localHost } from '../../src/host/file-system-host.ts';
import { HostView } from '../../src/host/host-view.ts';
import { memoryHost, type MemoryEntry, type MemoryHostOptions } from '../support/memory-host.ts';

const collect = (tree: Record<string, MemoryEntry>, options?: MemoryHostOptions) =>
  identity.collect(new HostView(memoryHost(tree, options)), {});

describe('names', () => {
  it.each([
    ['the first line that is no comment', { '/etc/hostname': '# ours\n\n kvm1 \nkvm2\n' }, 'kvm1', undefined],
    ['qualified by itself', { '/etc/hostname': 'kvm1.example.com\n' }, 'kvm1.example.com', 'kvm1.example.com'],
    [
      'qualified by the hosts file',
      { '/etc/hostname': 'kvm1\n', '/etc/hosts': '127.0.0.1 localhost\n127.0.1.1 kvm1.example.com kvm1\n' },
      'kvm1',
      'kvm1.example.com',
    ],
    [
      'by an alias',
      { '/etc/hostname': 'kvm1\n', '/etc/hosts': '127.0.1.1 KVM1 kvm1.example.org\n' },
      'kvm1',
      'kvm1.example.org',
    ],
    [
      'by a name that begins with it',
      { '/etc/hostname': 'kvm1\n', '/etc/hosts': '192.0.2.1 kvm1.example.net\n' },
      'kvm1',
      'kvm1.example.net',
    ],
    [
      'not by another host',
      { '/etc/hostname': 'kvm1\n', '/etc/hosts': '192.0.2.1 kvm10.example.net kvm10\n' },
      'kvm1',
      undefined,
    ],
    ['absent', {}, undefined, undefined],
  ])('%s', async (_, tree, hostname, fqdn) => {
    const seen = await collect(tree);
    expect([seen.hostname, seen.fqdn]).toEqual([hostname, fqdn]);
  });

  it('are the kernel’s on a live host alone', async () => {
    const tree = { '/etc/hostname': 'configured\n', '/proc/sys/kernel/hostname': 'kernel\n' };
    expect((await collect(tree, { live: true })).hostname).toBe('kernel');
    expect((await collect(tree)).hostname).toBe('configured');
  });
});

describe('addresses', () => {
  const trie = (address: string) => `Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- ${address}\n        /32 host LOCAL\n`;
  const tree = {
    '/proc/net': { link: 'self/net' },
    '/proc/self': { link: '77' },
    '/proc/77/net/fib_trie': trie('192.0.2.77'),
    '/proc/1/net/fib_trie': trie('192.0.2.1'),
    '/proc/1/net/if_inet6': '20010db8000000000000000000000001 02 40 00 80 eth0\n',
  };

  it('are those of the first process in a directory, and of ourselves on a live host', async () => {
    expect((await collect(tree)).addresses).toEqual(['192.0.2.1', '2001:db8::1']);
    expect((await collect(tree, { live: true })).addresses).toEqual(['192.0.2.77']);
  });

  it('are unknown without proc', async () => {
    expect(await collect({})).toEqual({ hosts: [] });
  });
});

it('this machine has the names and addresses that the system calls tell', async () => {
  const seen = await identity.collect(new HostView(localHost()), {});
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all!.map(({ address }) => address));
  expect(seen.hostname).toBe(hostname());
  expect(seen.addresses).toEqual(expect.arrayContaining(addresses));
});
