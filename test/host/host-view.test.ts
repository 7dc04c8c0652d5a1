import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directoryHost } from '../../src/host/file-system-host.ts';
import { HostView, type Walked } from '../../src/host/host-view.ts';
import { encodePath } from '../../src/host/path-bytes.ts';
import { memoryHost, type MemoryEntry } from '../support/memory-host.ts';

const summary = (walked: Walked): string => (walked.outcome === 'found' ? walked.path : walked.outcome);

const chain = (links: number): Record<string, MemoryEntry> =>
  Object.fromEntries(
    Array.from({ length: links }, (_, n) => [`/l${n}`, n === 0 ? { link: '/etc' } : { link: `l${n - 1}` }]),
  );

const tree: Record<string, MemoryEntry> = {
  '/etc/file': 'x',
  '/etc/pki/key': 'x',
  '/absolute': { link: '/etc/pki' },
  '/etc/relative': { link: '../etc/./pki//' },
  '/etc/out': { link: '../../../../etc/file' },
  '/to-root': { link: '/' },
  '/to-file': { link: 'etc/file' },
  '/to-file-slash': { link: 'etc/file/' },
  '/dangling': { link: 'nothing/here' },
  '/loop': { link: 'loop' },
  '/empty': { link: '' },
  '/refused': { refused: 'permission-denied' },
  ...chain(41),
};

describe('a walk ends where the kernel would', () => {
  it.each([
    ['/etc/pki/key', '/etc/pki/key'],
    ['//etc/./pki//key', '/etc/pki/key'],
    ['etc/file', '/etc/file'],
    ['/', '/'],
    ['', 'absent'],
    ['/etc/', '/etc'],
    ['/absolute/key', '/etc/pki/key'],
    ['/etc/relative/../file', '/etc/file'],
    ['/absolute/../file', '/etc/file'],
    ['/etc/out', '/etc/file'],
    ['/../../etc/file', '/etc/file'],
    ['/to-root/etc/file', '/etc/file'],
    ['/etc/file/', 'absent'],
    ['/etc/file/.', 'absent'],
    ['/etc/file/..', 'absent'],
    ['/etc/file/x', 'absent'],
    ['/to-file', '/etc/file'],
    ['/to-file/', 'absent'],
    ['/to-file-slash', 'absent'],
    ['/to-file/..', 'absent'],
    ['/dangling', 'absent'],
    ['/nothing/..', 'absent'],
    ['/loop', 'loop'],
    ['/loop/x', 'loop'],
    ['/empty', '/'],
    ['/l39', '/etc'],
    ['/l40', 'loop'],
    ['/l39/file', '/etc/file'],
    ['/refused', 'refused'],
    ['/refused/x', 'refused'],
    [`/${'a/../'.repeat(2000)}`, 'refused'],
  ])('%s', async (path, expected) => {
    expect(summary(await new HostView(memoryHost(tree)).walk(path))).toBe(expected);
  });

  it('or at the last link, when that is what is asked for', async () => {
    const view = new HostView(memoryHost(tree));
    const walked = (path: string) => view.walk(path, undefined, { followLast: false }).then(summary);
    expect(await walked('/dangling')).toBe('/dangling');
    expect(await walked('/to-root/absolute')).toBe('/absolute');
    expect(await walked('/absolute/')).toBe('/etc/pki');
  });

  it('visiting every component on the way once', async () => {
    const visited: string[] = [];
    await new HostView(memoryHost(tree)).walk('/absolute/key', (path) => visited.push(path));
    expect(visited).toEqual(['/', '/absolute', '/etc', '/etc/pki', '/etc/pki/key']);
  });
});

describe('a view remembers', () => {
  it('entries and contents, but not across limits', async () => {
    const asked: string[] = [];
    const host = memoryHost(tree);
    const view = new HostView({
      ...host,
      lstat: (path) => (asked.push(`lstat ${path}`), host.lstat(path)),
      read: (path, limit) => (asked.push(`read ${path}`), host.read(path, limit)),
    });
    await Promise.all([view.readText('/to-file'), view.readText('/etc/file'), view.exists('/etc/file')]);
    expect(asked).toEqual(['lstat /', 'lstat /to-file', 'lstat /etc', 'lstat /etc/file', 'read /etc/file']);
    await expect(view.read('/etc/file', 0)).rejects.toMatchObject({ reason: 'too-large' });
  });

  it('and says why a loop cannot be read', async () => {
    await expect(new HostView(memoryHost(tree)).read('/loop')).rejects.toMatchObject({
      reason: 'unreadable',
      message: /too many levels/,
    });
  });
});

type Tree = { [name: string]: 'file' | { link: string } | { children: Tree } };

/** A byte that is not UTF-8 in one of the names; `..` and empty components in paths. */
const names = ['a', 'b', 'c', 'd\udcff'] as const;
const path = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...names) }, fc.constantFrom('.', '..', '', '..')), {
      minLength: 1,
      maxLength: 6,
    }),
    fc.boolean(),
  )
  .map(([absolute, parts, slash]) => (absolute ? '/' : '') + parts.join('/') + (slash ? '/' : ''));
const trees = fc.letrec<{ tree: Tree; node: Tree[string] }>((tie) => ({
  tree: fc.dictionary(fc.constantFrom(...names), tie('node'), { maxKeys: 4, noNullPrototype: true }),
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant('file' as const),
    path.filter((target) => target !== '').map((link) => ({ link })),
    tie('tree').map((children) => ({ children })),
    tie('tree').map((children) => ({ children })),
  ),
})).tree;

const paths = fc.array(path, { minLength: 30, maxLength: 30 });

const plant = (root: string, given: Tree): void => {
  for (const [name, node] of Object.entries(given)) {
    const at = `${root}/${name}`;
    if (node === 'file') writeFileSync(encodePath(at), '');
    else if ('link' in node) symlinkSync(encodePath(node.link), encodePath(at));
    else {
      mkdirSync(encodePath(at));
      plant(at, node.children);
    }
  }
};

/**
 * Takes pairs of a root and paths (hexadecimal bytes); prints, for each path, the inode that the kernel finds from inside a chroot,
 * or the errno's name.
 */
const oracle = `
import errno, os, sys
for root, paths in zip(sys.argv[1::2], sys.argv[2::2]):
    if os.fork():
        os.wait()
        continue
    os.chroot(root); os.chdir('/')
    for path in paths.split(','):
        try: print(os.stat(bytes.fromhex(path)).st_ino)
        except OSError as error: print(errno.errorcode[error.errno])
    sys.stdout.flush()
    os._exit(0)
`;
const command = process.geteuid?.() === 0 ? ['python3'] : ['unshare', '-r', 'python3'];
const ask = (questions: readonly (readonly [root: string, paths: readonly string[]])[]): string[] => {
  const given = questions.flatMap(([root, paths]) => [
    root,
    paths.map((one) => Buffer.from(encodePath(one)).toString('hex')).join(','),
  ]);
  const { stdout, status, stderr } = spawnSync(command[0]!, [...command.slice(1), '-c', oracle, ...given], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim().split('\n');
};
const chrootable = spawnSync(command[0]!, [...command.slice(1), '-c', 'import os; os.chroot("/")']).status === 0;

describe.skipIf(!chrootable)(
  `walks in random trees${chrootable ? '' : ' (python3 or the right to chroot is missing)'}`,
  () => {
    it('end at the inode that the kernel finds in a chroot', { timeout: 60_000 }, async () => {
      const outcomes: Record<string, number> = {};
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(trees, paths), { minLength: 10, maxLength: 10 }), async (given) => {
          const parent = mkdtempSync(join(tmpdir(), 'virt-pki-check-'));
          try {
            const questions = given.map(([tree, paths], index) => {
              const root = join(parent, String(index));
              mkdirSync(root);
              plant(root, tree);
              return [root, paths] as const;
            });
            const seen: string[] = [];
            for (const [root, paths] of questions) {
              const view = new HostView(directoryHost(root));
              for (const one of paths) {
                const walked = await view.walk(one);
                outcomes[walked.outcome] = (outcomes[walked.outcome] ?? 0) + 1;
                const found = () => String(lstatSync(encodePath(root + (walked as { path: string }).path)).ino);
                seen.push(
                  walked.outcome === 'found'
                    ? found()
                    : { absent: 'ENOENT', loop: 'ELOOP', refused: 'refused' }[walked.outcome],
                );
              }
            }
            expect(seen).toEqual(ask(questions).map((answer) => (answer === 'ENOTDIR' ? 'ENOENT' : answer)));
          } finally {
            rmSync(parent, { recursive: true });
          }
        }),
        { numRuns: 15 },
      );
      expect(Math.min(outcomes['found']!, outcomes['absent']!, outcomes['loop']!)).toBeGreaterThan(20);
    });
  },
);
