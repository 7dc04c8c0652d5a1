import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { access, replaceable } from '../../src/domain/access.ts';
import { accountOf } from '../../src/domain/account.ts';
import { walk } from '../../src/domain/walk.ts';
import type { Accounts } from '../../src/facts/accounts.ts';
import { known, type Fact } from '../../src/facts/fact.ts';
import type { AclEntry, FileEntry } from '../../src/facts/files.ts';
import { parseGetfacl } from '../../src/host/extended-attributes.ts';
import { runSeed } from '../support/random-scenarios/random.ts';

const missing = ['setpriv', 'setfacl', 'getfacl'].filter(
  (name) => !['/usr/bin', '/bin'].some((bin) => existsSync(`${bin}/${name}`)),
);
const because =
  process.getuid?.() !== 0
    ? ' (skipped: not root)'
    : missing.length > 0
      ? ` (skipped: ${missing.join(', ')} not installed)`
      : '';

const accounts: Accounts = {
  users: [0, 1, 2, 3].map((index) => ({
    name: `u${index}`,
    uid: 61_000 + index,
    gid: 62_000 + index,
    home: '/nonexistent',
    shell: '/bin/false',
  })),
  groups: [0, 1, 2, 3, 4].map((index) => ({
    name: `g${index}`,
    gid: 62_000 + index,
    members: index === 4 ? ['u1', 'u2'] : index === 0 ? ['u3'] : [],
  })),
  otherSources: [],
};

/** Mulberry32: small, and the same everywhere. */
const generator = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};

describe.skipIf(because !== '')(`file access, against the kernel${because}`, () => {
  const seed = runSeed();
  const random = generator(seed);
  const root = because === '' ? mkdtempSync(join(tmpdir(), 'file-access-')) : '';
  afterAll(() => root !== '' && rmSync(root, { recursive: true, force: true }));

  const uid = (): number => [0, ...accounts.users.map((user) => user.uid)][random(5)] ?? 0;
  const gid = (): number => [0, ...accounts.groups.map((group) => group.gid)][random(6)] ?? 0;
  const letters = (): string => ['---', 'r--', '-w-', '--x', 'rw-', 'r-x', '-wx', 'rwx'][random(8)] ?? '---';
  const withAcl = (path: string): void => {
    const entries = Array.from({ length: 1 + random(3) }, () =>
      random(2) === 0 ? `u:${61_000 + random(4)}:${letters()}` : `g:${62_000 + random(5)}:${letters()}`,
    );
    execFileSync('setfacl', ['-m', entries.join(','), path]);
    if (random(2) === 0) execFileSync('setfacl', ['-m', `m::${letters()}`, path]);
  };
  const dress = (path: string, mode: number, acl: boolean): void => {
    chownSync(path, uid(), gid());
    chmodSync(path, mode);
    if (acl) withAcl(path);
  };

  const cases = 240;
  const paths: string[] = [];
  const created: string[] = [];
  if (because === '') {
    chmodSync(root, 0o755);
    for (let index = 0; index < cases; index += 1) {
      const directory = join(root, `d${index}`);
      const path = join(directory, 'file');
      mkdirSync(directory);
      writeFileSync(path, '');
      dress(path, random(0o1000), random(2) === 0);
      const linked = random(4) === 0;
      if (linked) {
        mkdirSync(`${directory}-links`);
        symlinkSync(random(2) === 0 ? path : `../d${index}/file`, join(`${directory}-links`, 'link'));
        dress(`${directory}-links`, 0o111 | random(0o1000), false);
        created.push(`${directory}-links`, join(`${directory}-links`, 'link'));
      }
      // Half of the directories let everybody through, so that the file decides.
      dress(
        directory,
        (random(3) === 0 ? 0o1000 : 0) | (random(2) === 0 ? 0o111 : 0) | random(0o1000),
        random(3) === 0,
      );
      created.push(directory, path);
      paths.push(linked ? join(`${directory}-links`, 'link') : path);
    }
  }

  const recorded = (): Readonly<Record<string, Fact<FileEntry>>> => {
    const above: string[] = ['/'];
    for (const name of root.split('/').filter((part) => part !== '')) above.push(join(above.at(-1) ?? '/', name));
    const all = [...above, ...created];
    const acls = new Map<string, readonly AclEntry[] | 'unread'>(
      parseGetfacl(
        execFileSync('getfacl', [
          '--access',
          '--skip-base',
          '--numeric',
          '--absolute-names',
          '--physical',
          '--',
          ...all,
        ]).toString('latin1'),
      ),
    );
    return Object.fromEntries(
      all.map((path) => {
        const stat = lstatSync(path);
        const acl = acls.get(path);
        const metadata = {
          uid: stat.uid,
          gid: stat.gid,
          mode: stat.mode & 0o7777,
          modified: stat.mtime.toISOString(),
          ...(acl === undefined ? {} : { acl }),
        };
        const entry: FileEntry = stat.isSymbolicLink()
          ? { type: 'symlink', ...metadata, target: execFileSync('readlink', [path]).toString().replace(/\n$/, '') }
          : stat.isDirectory()
            ? { type: 'directory', ...metadata }
            : { type: 'file', ...metadata, size: stat.size };
        return [path, known(entry)];
      }),
    );
  };

  /** Lines that a shell prints as another account. */
  const as = (account: { uid: number; gids: readonly number[] }, script: string, input: readonly string[]): string[] =>
    execFileSync(
      'setpriv',
      [
        `--reuid=${account.uid}`,
        `--regid=${account.gids[0]}`,
        `--groups=${account.gids.join(',')}`,
        'sh',
        '-c',
        script,
      ],
      { input: input.map((path) => `${path}\n`).join(''), cwd: '/' },
    )
      .toString()
      .trim()
      .split('\n');

  it.each(accounts.users)(`answers as the kernel does for $name (seed ${seed})`, (user) => {
    const files = recorded();
    const account = accountOf(accounts, user);
    const script =
      'while read -r p; do if true <"$p"; then r=1; else r=0; fi 2>/dev/null; if true >>"$p"; then w=1; else w=0; fi 2>/dev/null; echo "$r$w"; done';
    const real = as(account, script, paths);
    const differences = paths.flatMap((path, index) => {
      const way = walk(files, path);
      const ours = (['read', 'write'] as const)
        .map((permission) => (access(way, account, permission).may === true ? 1 : 0))
        .join('');
      return ours === real[index] ? [] : [{ path, account, ours, real: real[index], steps: way.steps }];
    });
    expect(real).toHaveLength(cases);
    expect(differences).toEqual([]);
    expect(real.some((line) => line.startsWith('1'))).toBe(true);
    expect(real.some((line) => line.startsWith('0'))).toBe(true);
  });

  it.each(accounts.users)(`knows whom a directory lets replace its entries: $name (seed ${seed})`, (user) => {
    const files = recorded();
    const account = accountOf(accounts, user);
    // What belongs to the account it can open by chmod first, which the attempt below does not.
    const targets = created.filter((path) => path.endsWith('/file') && lstatSync(join(path, '..')).uid !== user.uid);
    const script =
      'while read -r p; do if mv -T "$p" "$p.moved" 2>/dev/null; then mv -T "$p.moved" "$p"; echo 1; else echo 0; fi; done';
    const real = as(account, script, targets);
    const differences = targets.flatMap((path, index) => {
      const parent = join(path, '..');
      const found = replaceable(walk(files, path), accounts).find((component) => component.path === parent);
      // "Every account" is what others may; that a group may less is not told apart there.
      if (found?.by.anyone === true) return [];
      const ours = found?.by.users.includes(user.name) === true ? '1' : '0';
      return ours === real[index]
        ? []
        : [{ path, account, ours, real: real[index], directory: files[parent], file: files[path] }];
    });
    expect(differences).toEqual([]);
    expect(real).toContain('1');
    expect(real).toContain('0');
  });
});
