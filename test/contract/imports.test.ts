import fastGlob from 'fast-glob';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const top = join(import.meta.dirname, '../..');

/** Which rooms a room may import from; its own files always. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  facts: [],
  reference: ['facts'],
  domain: ['facts', 'reference'],
  parse: ['facts', 'reference'],
  host: ['facts'],
  collect: ['host', 'parse', 'facts', 'reference', 'domain'],
  diagnosis: ['rule', 'domain', 'reference', 'facts'],
  probe: ['parse', 'facts', 'reference', 'domain'],
  rule: ['facts'],
  rules: ['rule', 'domain', 'reference', 'facts'],
  // Arguments of QEMU mean other things to other versions: who assumes one has them read again.
  engine: ['rule', 'diagnosis', 'facts', 'domain', 'parse'],
  explain: ['engine', 'reference'],
  // Draws evidence in the terms of the programs.
  report: ['engine', 'explain', 'domain', 'reference', 'rule', 'facts'],
  // Edits text, and says what a change of it does, by the grammar that reads it.
  fix: ['rule', 'engine', 'diagnosis', 'domain', 'facts', 'reference', 'host', 'parse', 'report'],
  tui: ['engine', 'fix', 'report', 'rule', 'facts'],
  cli: [
    'collect',
    'diagnosis',
    'domain',
    'engine',
    'explain',
    'facts',
    'fix',
    'host',
    'parse',
    'probe',
    'reference',
    'report',
    'rule',
    'rules',
    'tui',
  ],
};

/** Packages, and the only rooms that may use them. */
const packages: Readonly<Record<string, readonly string[]>> = {
  ink: ['tui'],
  react: ['tui'],
  '@peculiar/x509': ['parse', 'fix'],
  'reflect-metadata': ['parse', 'fix'],
  ajv: ['cli'],
  yargs: ['cli'],
  'fast-glob': ['host'],
  'fast-string-width': ['tui', 'report'],
};

const outside = /^node:(fs|child_process|dgram|http|https|os)(\/|$)/;
const mayReachOutside = new Set(['host', 'cli', 'tui']);
/** The only writing: the rest of its room plans. */
const writers = new Set(['apply', 'journal', 'writable-tree'].map((name) => `src/fix/${name}.ts`));
/** Only probes send anything. */
const network = /^node:(net|tls|dns)(\/|$)/;

const files = fastGlob.sync(['src/**/*.{ts,tsx}', 'rules/**/*.ts'], { cwd: top });

const importsOf = (file: string): readonly string[] =>
  [
    ...readFileSync(join(top, file), 'utf8').matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');

const roomOf = (file: string): string => (file.startsWith('rules/') ? 'rules' : (file.split('/')[1] ?? ''));

describe('imports', () => {
  it('finds the rooms of the house', () => {
    expect(new Set(files.map(roomOf))).toEqual(new Set(Object.keys(allowed)));
  });

  it.each(files)('%s imports only from where its room may', (file) => {
    const room = roomOf(file);
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) {
        const target = relative(top, join(top, dirname(file), specifier));
        if (target === 'package.json') continue;
        const other = roomOf(target);
        if (room === 'rules') expect(other, `${file} imports another rule: ${specifier}`).not.toBe('rules');
        if (other !== room) expect(allowed[room], `${file} imports ${specifier}`).toContain(other);
        expect(specifier, 'imports name their file').toMatch(/\.(ts|tsx|json)$/);
      } else if (specifier.startsWith('node:')) {
        if (outside.test(specifier))
          expect(mayReachOutside.has(room) || writers.has(file), `${file} imports ${specifier}`).toBe(true);
        if (network.test(specifier)) expect(room, `${file} imports ${specifier}`).toBe('probe');
      } else if (!specifier.startsWith('#')) {
        const name = specifier.startsWith('@')
          ? specifier.split('/').slice(0, 2).join('/')
          : (specifier.split('/')[0] ?? '');
        expect(packages[name], `${file} imports ${specifier}, which no room may`).toContain(room);
      }
    }
  });

  it('keeps the X.509 library in two files: one that reads by it, and one that writes', () => {
    expect(files.filter((file) => importsOf(file).includes('@peculiar/x509'))).toEqual([
      'src/fix/issue-certificate.ts',
      'src/parse/x509.ts',
    ]);
  });

  it('has no room for things without a name', () => {
    expect(files.filter((file) => /(utils?|helpers?|common|manager|misc)/i.test(file))).toEqual([]);
  });
});
