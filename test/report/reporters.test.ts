import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import json from '../../src/report/json.ts';
import text from '../../src/report/text.ts';
import type { Reporter, RenderOptions } from '../../src/report/reporter.ts';
import { aReport, cleanReport, faultyReport, hostileReport, hostileTexts } from '../support/report.ts';

const reporters: readonly Reporter[] = [json, text];
const plain: RenderOptions = { color: false, width: 80, verbose: true, quiet: false };
const graphics = /\x1b\[[0-9;]*m/g;

/** Whatever steers a terminal or hides from a reader, but line feeds. */
const unsafe = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe.each(reporters)('every reporter, $name', (reporter) => {
  it.each(hostileTexts)('gives a terminal nothing but text: %j', (hostile) => {
    const report = hostileReport(hostile);
    expect(reporter.render(report, plain)).not.toMatch(unsafe);
    expect(reporter.render(report, { ...plain, color: true }).replace(graphics, '')).not.toMatch(unsafe);
  });

  it('gives a terminal nothing but text, whatever a host is called', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.integer({ min: 1, max: 200 }),
        (hostile, color, width) => {
          const shown = reporter.render(hostileReport(hostile), { ...plain, color, width });
          expect(color ? shown.replace(graphics, '') : shown).not.toMatch(unsafe);
        },
      ),
    );
  });

  it('ends with a line feed, and colour changes nothing but colour', () => {
    for (const report of [cleanReport, faultyReport, aReport()]) {
      const shown = reporter.render(report, plain);
      expect(shown).toMatch(/[^\n]\n$/);
      expect(reporter.render(report, { ...plain, color: true }).replace(graphics, '')).toBe(shown);
    }
  });
});
