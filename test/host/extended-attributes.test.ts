import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseContexts, parseGetfacl, parseLs, readExtendedAttributes } from '../../src/host/extended-attributes.ts';
import { directoryHost } from '../../src/host/file-system-host.ts';
import { directoryTree } from '../support/directory-tree.ts';

const installed = (program: string) => spawnSync(program, ['--version']).status === 0;
const oddNames = [
  'plain',
  'two words',
  'new\nline',
  'back\\slash',
  'quote"',
  'e\x1b[31mscape',
  'schlüssel',
  '012',
  '-dash',
  'tab\tbed',
];

const namedUser = [
  { tag: 'user-object', permissions: 6 },
  { tag: 'user', id: 1234, permissions: 4 },
  { tag: 'group-object', permissions: 4 },
  { tag: 'mask', permissions: 4 },
  { tag: 'other', permissions: 4 },
];

describe('ACLs', () => {
  it('are read from numeric output, default entries and effective rights left out', () => {
    const output =
      '# file: /d\n# owner: 0\n# group: 0\n# flags: -s-\nuser::rwx\nuser:7:rwx\t#effective:r-x\ngroup::r-x\ngroup:12:-w-\nmask::r-x\nother::---\ndefault:user:5:rwx\n\n';
    expect(parseGetfacl(output)).toEqual([
      [
        '/d',
        [
          { tag: 'user-object', permissions: 7 },
          { tag: 'user', id: 7, permissions: 7 },
          { tag: 'group-object', permissions: 5 },
          { tag: 'group', id: 12, permissions: 2 },
          { tag: 'mask', permissions: 5 },
          { tag: 'other', permissions: 0 },
        ],
      ],
    ]);
    expect(parseGetfacl('# file: /plain\nuser::rw-\ngroup::r--\nother::r--\n')).toEqual([]);
    expect(parseGetfacl('')).toEqual([]);
  });

  it.skipIf(!installed('setfacl'))('are read of files with any name (setfacl)', async () => {
    const root = directoryTree({
      ...Object.fromEntries(oddNames.map((name) => [`/${name}`, 'x'])),
      '/other': 'x',
      '/d': { type: 'directory' },
      '/link': { link: 'plain' },
    });
    spawnSync('setfacl', ['-m', 'u:1234:r', '--', ...oddNames.map((name) => join(root, name))]);
    spawnSync('setfacl', ['-m', 'd:u:1234:r', '--', join(root, 'd')]);
    const paths = ['/', ...oddNames.map((name) => `/${name}`), '/other', '/d', '/link', '/absent'];
    const attributes = await directoryHost(root).attributes(paths);
    expect(attributes).toEqual(new Map(oddNames.map((name) => [`/${name}`, { acl: namedUser }])));
    // ls does not tell a default ACL from an access ACL.
    const { stdout } = spawnSync('ls', ['-lndUQ', '--', ...paths.map((path) => root + path)], {
      encoding: 'latin1',
      env: { LC_ALL: 'C' },
    });
    expect(new Map(parseLs(stdout))).toEqual(new Map([...oddNames, 'd'].map((name) => [join(root, name), 'unread'])));
  });

  it.skipIf(!installed('setfacl'))('are read of more paths than one argument list takes (setfacl)', async () => {
    const names = Array.from({ length: 1500 }, (_, n) => `/${String(n).padStart(150, 'x')}`);
    const root = directoryTree(Object.fromEntries(names.map((name) => [name, ''])));
    spawnSync('setfacl', ['-m', 'u:1234:r', root + names.at(0)!, root + names.at(-1)!]);
    const attributes = await directoryHost(root).attributes(names);
    expect([...attributes.keys()]).toEqual([names.at(0), names.at(-1)]);
  });

  it('cannot be ruled out for a name that no program can be given', async () => {
    expect(await readExtendedAttributes(['/nowhere/\udcff'], { labels: false })).toEqual(
      new Map([['/nowhere/\udcff', { acl: 'unread' }]]),
    );
  });
});

describe('SELinux contexts', () => {
  it('are read from records', () => {
    expect(parseContexts('system_u:object_r:cert_t:s0\t/a\tb\n\0?\t/none\0')).toEqual([
      ['/a\tb\n', 'system_u:object_r:cert_t:s0'],
    ]);
  });

  const label = 'system_u:object_r:cert_t:s0';
  const labelled = (root: string, name: string) =>
    spawnSync('setfattr', ['-n', 'security.selinux', '-v', label, join(root, name)]).status === 0;
  const possible = process.geteuid?.() === 0 && installed('setfattr');

  it.skipIf(!possible)(
    'are read of an image that has SELinux configured, and not of another (setfattr, root)',
    async ({ skip }) => {
      const root = directoryTree({
        '/file': 'x',
        '/plain': 'x',
        '/etc/selinux/config': '# SELINUX= can be\nSELINUX=permissive\n',
      });
      if (!labelled(root, 'file')) skip('this file system takes no labels');
      expect((await directoryHost(root).attributes(['/file', '/plain'])).get('/file')).toEqual({ label });
      for (const configuration of ['SELINUX=disabled\n', '#SELINUX=enforcing\n']) {
        const other = directoryTree({ '/file': 'x', '/etc/selinux/config': configuration });
        labelled(other, 'file');
        expect(await directoryHost(other).attributes(['/file'])).toEqual(new Map());
      }
    },
  );
});
