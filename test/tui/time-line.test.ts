import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisFrom, axisLabels, bar, beginning, columnOf, later, steps } from '../../src/tui/time-line.ts';

const at = (iso: string): number => Date.parse(iso);
const iso = (moment: number): string => new Date(moment).toISOString();

describe('later', () => {
  it.each([
    ['2026-01-31T09:00:00Z', 'month', 1, '2026-02-28T09:00:00.000Z'],
    ['2028-02-29T09:00:00Z', 'year', 1, '2029-02-28T09:00:00.000Z'],
    ['2026-01-15T09:00:00Z', 'month', -2, '2025-11-15T09:00:00.000Z'],
    ['2026-12-31T23:59:59Z', 'day', 1, '2027-01-01T23:59:59.000Z'],
    ['2026-12-31T00:00:00Z', 'week', -1, '2026-12-24T00:00:00.000Z'],
    ['9998-06-01T00:00:00Z', 'year', 5, '9999-01-01T00:00:00.000Z'],
    ['1970-01-02T00:00:00Z', 'week', -1, '1970-01-01T00:00:00.000Z'],
  ] as const)('%s, a %s times %i: %s', (from, step, count, to) => expect(iso(later(at(from), step, count))).toBe(to));

  it('goes on in its direction, and stays a moment with a year of four digits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: at('9990-01-01') }),
        fc.constantFrom(...steps),
        fc.integer({ min: 1, max: 20000 }),
        (moment, step, count) => {
          expect(later(moment, step, count)).toBeGreaterThan(moment);
          expect(later(moment, step, -count)).toBeLessThanOrEqual(moment);
          expect(iso(later(moment, step, count))).toMatch(/^\d{4}-/);
        },
      ),
    );
  });
});

describe('beginning', () => {
  it.each([
    ['day', '2026-05-17T00:00:00.000Z'],
    ['week', '2026-05-17T00:00:00.000Z'],
    ['month', '2026-05-01T00:00:00.000Z'],
    ['year', '2026-01-01T00:00:00.000Z'],
  ] as const)('of the %s is %s', (step, to) => expect(iso(beginning(at('2026-05-17T13:00:00Z'), step))).toBe(to));
});

describe('an axis', () => {
  const axis = axisFrom(at('2025-10-01'), 'month', 30);
  it('knows in which column a moment lies', () => {
    expect(columnOf(axis, at('2025-09-30'))).toBe(-1);
    expect(columnOf(axis, at('2025-10-01'))).toBe(0);
    expect(columnOf(axis, at('2026-01-31'))).toBe(3);
    expect(columnOf(axis, at('2030-01-01'))).toBe(30);
  });
  it.each([
    ['month', '2025-10-01', '   2026        2027           '],
    ['year', '2025-01-01', '2025 2030      2040      2050 '],
    ['day', '2025-10-20', '2025-10     2025-11           '],
  ] as const)('is labelled, one column a %s', (step, start, labels) =>
    expect(axisLabels(axisFrom(at(start), step, 30))).toBe(labels),
  );
});

describe('a bar', () => {
  const axis = axisFrom(at('2026-01-01'), 'month', 12);
  const drawn = (from: string, until: string, moment = '2026-05-15') =>
    bar(axis, { from: at(from), until: at(until), now: at('2026-03-10'), at: at(moment) });
  it.each([
    ['2026-02-01', '2026-07-15', ' ━┿━╋━╸     '],
    ['2020-01-01', '2030-01-01', '←━┿━╋━━━━━━→'],
    ['2020-01-01', '2026-01-15', '╸ ┊ ┃       '],
    ['2020-01-01', '2021-01-01', '  ┊ ┃       '],
    ['2027-01-01', '2028-01-01', '  ┊ ┃       '],
  ])('from %s to %s', (from, until, shown) => expect(drawn(from, until)).toBe(shown));
  it('has one mark where the moment is now', () =>
    expect(drawn('2026-02-01', '2026-07-15', '2026-03-10')).toBe(' ━╋━━━╸     '));
});
