import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableLines, printableReport } from '../../src/report/printable.ts';
import { cleanReport, faultyReport } from '../support/report.ts';

describe('printable', () => {
  it.each([
    ['escape', '\x1b[2J', '\\x1b[2J'],
    ['line feed and carriage return', 'a\r\nb', 'a\\x0d\\x0ab'],
    ['DEL', 'a\x7f', 'a\\x7f'],
    ['C1 control sequence introducer', '\x9b31m', '\\x9b31m'],
    ['right-to-left override', 'a\u202eb', 'a\\u202eb'],
    ['isolate', '\u2066', '\\u2066'],
    ['zero width space', 'a\u200bb', 'a\\u200bb'],
    ['byte order mark', '\ufeffa', '\\ufeffa'],
    ['tag character beyond the basic plane', '\u{e0041}', '\\u{e0041}'],
    ['Hangul filler, which is drawn as nothing', '\u3164', '\\u3164'],
    ['line separator', '\u2028', '\\u2028'],
    ['lone surrogate', '\ud800', '\\ud800'],
    ['a byte that is not UTF-8', 'caf\udce9', 'caf\\xe9'],
  ])('shows %s', (_name, given, shown) => expect(printable(given)).toBe(shown));

  it.each(['', 'plain', 'Zürich', '日本語', 'пример', '😀', 'e\u0301', '/etc/pki/CA/cacert.pem', '\'"$`\\'])(
    'leaves %j alone',
    (text) => expect(printable(text)).toBe(text),
  );

  it('leaves nothing that steers or hides, and is idempotent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(printable(shown)).toBe(shown);
      }),
    );
  });

  it('divides lines at line feeds only', () =>
    expect(printableLines('a\tb\n\x1b\r\n')).toEqual(['a  b', '\\x1b\\x0d', '']));
});

describe('printableReport', () => {
  it('changes nothing in an honest report', () => {
    expect(printableReport(faultyReport)).toEqual(faultyReport);
    expect(printableReport(cleanReport)).toEqual(cleanReport);
  });
});
