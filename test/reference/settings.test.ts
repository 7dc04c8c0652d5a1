import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configurationFiles, type ConfigurationName } from '../../src/reference/configuration-files.ts';
import { deadSettings, networkSettings, settingsOf, vocabularies } from '../../src/reference/settings.ts';

const names = Object.keys(settingsOf) as ConfigurationName[];

/** `#name = value` and `name = value` lines of a shipped file: all settings that its authors thought of. */
const shipped = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/^#?([a-z][a-z0-9_]*) = ?["[\d]/gm)].map(([, name = '']) => name);

describe.each(names)('%s', (name) => {
  it('has defaults of the type that its settings have', () => {
    const kinds = { bool: ['boolean'], string: ['string'], unsigned: ['number'], signed: ['number'] } as const;
    for (const [key, { type, default: byDefault }] of Object.entries(settingsOf[name])) {
      if (byDefault === undefined) continue;
      const allowed: readonly string[] = kinds[type as keyof typeof kinds] ?? [];
      expect(allowed, key).toContain(typeof byDefault);
    }
  });

  it('falls back on settings that it has, of the same type', () => {
    for (const { type, fallback } of Object.values(settingsOf[name])) {
      if (fallback !== undefined) expect(settingsOf[name][fallback]?.type).toBe(type);
    }
  });

  it('cites a source everywhere, and calls no living setting dead', () => {
    for (const [key, { source }] of [...Object.entries(settingsOf[name]), ...Object.entries(deadSettings[name])]) {
      expect(source, key).toMatch(/\w+\.(?:c|conf\.in|aug)\b/);
    }
    expect(Object.keys(deadSettings[name]).filter((key) => key in settingsOf[name])).toEqual([]);
  });

  it('names a living setting in place of a dead one', () => {
    for (const { insteadOf } of Object.values(deadSettings[name])) {
      if (insteadOf !== undefined && name !== 'virtqemud') expect(settingsOf[name]).toHaveProperty(insteadOf);
    }
  });

  const path = configurationFiles[name];
  it.skipIf(!existsSync(path))(`knows every setting that ${path} shows, if it is installed`, () => {
    const strangers = shipped(path).filter((key) => !vocabularies[name].known.has(key));
    // Local additions are not ours to know; a shipped file has none.
    expect(strangers).toEqual([]);
  });
});

it('keeps the network out of virtqemud', () => {
  expect(Object.keys(settingsOf.virtqemud).filter((key) => networkSettings.has(key))).toEqual([]);
  expect([...networkSettings].filter((key) => !(key in settingsOf.libvirtd))).toEqual([]);
});

it('lets only libvirtd listen by default', () => {
  expect(settingsOf.libvirtd['listen_tls']?.default).toBe(true);
  expect(settingsOf.virtproxyd['listen_tls']?.default).toBe(false);
});

it('treats every password as secret', () => {
  for (const name of names) {
    const passwords = Object.keys(settingsOf[name]).filter((key) => /passw/.test(key));
    expect([...vocabularies[name].secret].sort()).toEqual(passwords.sort());
  }
});
