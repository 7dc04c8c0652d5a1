import columnsOf from 'fast-string-width';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { painter } from '../../src/report/color.ts';
import { printable } from '../../src/report/printable.ts';
import { breakText, cutEnd, cutMiddle, drawLine } from '../../src/tui/line.ts';

const text = fc
  .string({
    unit: fc.oneof(fc.constantFrom(...'日本語ab/é'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })),
  })
  .map(printable);
const width = fc.integer({ min: 1, max: 40 });

describe('cutting', () => {
  it.each([
    [cutEnd, 'short', 5, 'short'],
    [cutEnd, 'longer', 5, 'long…'],
    [cutEnd, '日本語', 4, '日…'],
    [cutMiddle, '/etc/pki/libvirt/private/serverkey.pem', 20, '/etc…e/serverkey.pem'],
    [cutMiddle, 'ab', 1, '…'],
  ])('%o of %j at %i is %j', (cut, given, columns, shown) => expect(cut(given, columns)).toBe(shown));

  it.each([cutEnd, cutMiddle])('never exceeds the width, and says when it cuts: %o', (cut) => {
    fc.assert(
      fc.property(text, width, (given, columns) => {
        const shown = cut(given, columns);
        expect(columnsOf(shown)).toBeLessThanOrEqual(columns);
        expect(shown === given || shown.includes('…')).toBe(true);
      }),
    );
  });
});

describe('drawLine', () => {
  it('fills exactly the width, with colour as without', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), width, (texts, columns) => {
        const line = texts.map((each) => ({ text: each, tone: 'error' as const }));
        const shown = drawLine(line, columns, painter(false));
        expect(columnsOf(shown)).toBe(columns);
        expect(drawLine(line, columns, painter(true)).replace(/\x1b\[\d+m/g, '')).toBe(shown);
      }),
    );
  });
});

describe('breakText', () => {
  it('keeps everything, and marks each break', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 40 }), (given, columns) => {
        const lines = breakText(given, columns);
        expect(lines.map((line, index) => (index < lines.length - 1 ? line.slice(0, -1) : line)).join('')).toBe(given);
        expect(lines.slice(0, -1).every((line) => line.endsWith('↩'))).toBe(true);
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
