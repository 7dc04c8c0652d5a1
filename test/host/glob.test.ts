import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directoryHost } from '../../src/host/file-system-host.ts';
import { glob } from '../../src/host/glob.ts';
import { HostView } from '../../src/host/host-view.ts';
import { directoryTree } from '../support/directory-tree.ts';
import { memoryHost, type MemoryEntry } from '../support/memory-host.ts';

const globbed = (tree: Record<string, MemoryEntry>, ...patterns: string[]) =>
  glob(new HostView(memoryHost(tree)), patterns);

describe('glob', () => {
  it.each<readonly [string, Record<string, MemoryEntry>, string, readonly string[]]>([
    ['names in one directory', { '/a/x.xml': '', '/a/y.txt': '', '/a/b/z.xml': '' }, '/a/*.xml', ['/a/x.xml']],
    [
      'names at any depth, hidden ones too',
      { '/a/key': '', '/a/b/.c/mykey.pem': '' },
      '/a/**/*key*',
      ['/a/b/.c/mykey.pem', '/a/key'],
    ],
    [
      'names in several directories',
      { '/a/x/key': '', '/a/y/key': '', '/a/z/key': '' },
      '/a/{x,y}/*',
      ['/a/x/key', '/a/y/key'],
    ],
    [
      'links by their own name, not through them',
      { '/a/l': { link: '/b' }, '/b/key': '', '/a/key': { link: '/b/key' } },
      '/a/**/*key',
      ['/a/key'],
    ],
    ['below a link on the fixed way', { '/a': { link: '/srv/a' }, '/srv/a/b/key': '' }, '/a/b/*key', ['/a/b/key']],
    ['nothing where there is nothing', { '/b/key': '' }, '/a/**/*key', []],
    ['nothing where the way loops', { '/a': { link: '/a' } }, '/a/**/*key', []],
    [
      'names that look like patterns',
      { '/a/[x]*key': '', '/a/{y}\nkey': '' },
      '/a/*key',
      ['/a/[x]*key', '/a/{y}\nkey'],
    ],
    [
      'what may be seen, beside what may not',
      { '/a/b': { refused: 'permission-denied' }, '/a/key': '' },
      '/a/**/*key',
      ['/a/key'],
    ],
  ])('finds %s', async (_, tree, pattern, found) => {
    expect(await globbed(tree, pattern)).toEqual(found);
  });

  it('says where there are more names than it goes through', async () => {
    const tree = Object.fromEntries(Array.from({ length: 50_001 }, (_, index) => [`/a/${index}`, '']));
    const host = memoryHost({ '/a': { type: 'directory' } });
    const names = Object.keys(tree).map((path) => path.slice(3));
    const wide = { ...host, list: async (path: string) => (path === '/a' ? names : []) };
    await expect(glob(new HostView(wide), ['/a/**/*key*'])).rejects.toThrow('/a: more than 50000 names');
  });

  it('does not look at our own machine through a link on the way', async () => {
    const outside = directoryTree({ '/libvirt/a-key.pem': 'x', '/libvirt/sub/b-key.pem': 'x' });
    const root = directoryTree({ '/etc/pki': { link: outside } });
    // Inside the host there is a directory of the same name, with the same names of other types.
    mkdirSync(join(root, outside, 'libvirt/a-key.pem/c-key.pem'), { recursive: true });
    symlinkSync('/nowhere', join(root, outside, 'libvirt/sub'));
    expect(await glob(new HostView(directoryHost(root)), ['/etc/pki/{libvirt,CA}/**/*key*'])).toEqual([
      '/etc/pki/libvirt/a-key.pem',
      '/etc/pki/libvirt/a-key.pem/c-key.pem',
    ]);
  });
});
