import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const top = join(import.meta.dirname, '../..');
const readme = readFileSync(join(top, 'README.md'), 'utf8');
const program = join(top, 'bin/virt-pki-check.js');

/** The command lines of the README's examples, comments taken off, in order: later ones use what earlier ones wrote. */
const examples = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block]) => (block ?? '').split('\n'))
  .map((line) => line.replace(/\s+#.*$/, ''))
  .filter((line) => line.startsWith('virt-pki-check'));

describe('the README', () => {
  let workDirectory: string;
  beforeAll(() => {
    workDirectory = mkdtempSync(join(tmpdir(), 'readme-'));
  });
  afterAll(() => {
    rmSync(workDirectory, { recursive: true });
  });

  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(6);
  });

  it.each(examples)('%s', (line) => {
    const args = line
      .split(' ')
      .slice(1)
      .filter(Boolean)
      .map((word) => (word.startsWith('fixtures/') ? join(top, word) : word));
    const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
      cwd: workDirectory,
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, TERM: 'dumb' },
    });
    expect(stderr).toBe('');
    expect([0, 1, 3]).toContain(status);
  });

  it('lists the rules and shows the TUI as they are (npm run build)', () => {
    expect(() =>
      execFileSync(process.execPath, [join(top, 'bin/readme.js'), '--check'], { stdio: 'pipe' }),
    ).not.toThrow();
  });

  it('names every flag that --help names, and none besides', () => {
    const help = execFileSync(process.execPath, [program, '--help'], { encoding: 'utf8' });
    const inHelp = [...help.matchAll(/--([a-z-]+)/g)]
      .map(([, name]) => name)
      .filter((name) => name !== 'help' && name !== 'version');
    const section = readme.slice(readme.indexOf('| flag |'), readme.indexOf('| exit status |'));
    const inReadme = [...section.matchAll(/`--([a-z-]+)/g)].map(([, name]) => name);
    expect([...new Set(inReadme)].sort()).toEqual([...new Set(inHelp)].sort());
  });

  it('says why for every package', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as Record<
      string,
      object
    >;
    const section = readme.slice(readme.indexOf('### Packages'));
    for (const name of [...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})]) {
      if (!name.startsWith('@types/'))
        expect(section, name).toMatch(new RegExp(`\\| [^|]*${name.replace('/', '\\/')}[^|]* \\|`));
    }
  });

  it('names folders that are there', () => {
    for (const [, folder] of readme.matchAll(/\| `((?:src|rules|bin)[a-z/]*)`/g)) {
      expect(existsSync(join(top, folder ?? '')), folder).toBe(true);
    }
  });
});
