import fastGlob from 'fast-glob';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allRules } from '../../src/cli/load-rules.ts';
import { collectors } from '../../src/collect/collectors.ts';
import type { Rule } from '../../src/rule/define-rule.ts';
import { rulePage } from '../../src/rule/rule-page.ts';

const top = join(import.meta.dirname, '../..');
const files = fastGlob.sync('rules/*/*.ts', { cwd: top }).sort();
const rules = await Promise.all(
  files.map(async (file) => ({ file, rule: ((await import(join(top, file))) as { default: Rule }).default })),
);

describe('the list that the build makes', () => {
  it('holds every file of rules/ (npm run build makes it anew)', () => {
    expect(allRules.map(({ family, rule }) => `rules/${family}/${rule.id}.ts`)).toEqual(files);
  });

  it('has no id twice', () => {
    expect(new Set(rules.map(({ rule }) => rule.id)).size).toBe(rules.length);
  });
});

describe.each(rules)('$file', ({ file, rule }) => {
  it('is named after its id', () => {
    expect(basename(file, '.ts')).toBe(rule.id);
    expect(rule.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
  });

  it('has a test', () => {
    expect(existsSync(join(top, 'test', dirname(file), `${rule.id}.test.ts`))).toBe(true);
  });

  it('says what is wrong, why it matters and what to do', () => {
    expect(rule.title).not.toMatch(/\.$/);
    expect(rule.title.length).toBeLessThanOrEqual(90);
    for (const prose of [rule.rationale, rule.remedy]) {
      expect(prose.length).toBeGreaterThan(30);
      expect(prose).toMatch(/\.$/);
    }
    expect(rule.references.length).toBeGreaterThan(0);
    for (const { url } of rule.references) expect(new URL(url).protocol).toBe('https:');
  });

  it('asks for facts that are collected, each once', () => {
    expect(rule.needs.length).toBeGreaterThan(0);
    expect(new Set(rule.needs).size).toBe(rule.needs.length);
    for (const need of rule.needs) expect(Object.keys(collectors)).toContain(need);
    expect(rule.roles.length).toBeGreaterThan(0);
  });

  it('has a page that is complete', () => {
    const page = rulePage(rule, basename(dirname(file)));
    expect(page).toContain(rule.id);
    // Markdown escapes what would otherwise be markup.
    const words = page.replaceAll(/\\([_*`<>[\]|#\\])/g, '$1');
    expect(words).toContain(rule.rationale);
    expect(words).toContain(rule.remedy);
    expect(page.replaceAll(rule.id, '')).not.toMatch(/undefined|NaN|\[object/);
  });

  it('never offers to weaken security', () => {
    const text =
      JSON.stringify(rule.messages, (_key, value: unknown) => (typeof value === 'function' ? String(value) : value)) +
      rule.remedy;
    expect(text).not.toMatch(/chmod 0?(644|666|777)[^.]*key/);
  });
});
