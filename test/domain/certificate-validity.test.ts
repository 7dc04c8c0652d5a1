import { describe, expect, it } from 'vitest';
import { daysLeft, validityAt } from '../../src/domain/certificate-validity.ts';

const certificate = { notBefore: '2024-01-01T00:00:00Z', notAfter: '2025-01-01T00:00:00Z' };

describe('validityAt', () => {
  it.each([
    ['2023-12-31T23:59:59Z', 'not-yet-valid'],
    ['2023-12-31T23:59:59.999Z', 'not-yet-valid'],
    ['2024-01-01T00:00:00Z', 'valid'],
    ['2025-01-01T00:00:00Z', 'valid'],
    ['2025-01-01T00:00:00.900Z', 'valid'], // time(2) counts whole seconds
    ['2025-01-01T00:00:01Z', 'expired'],
  ])('%s: %s', (at, expected) => {
    expect(validityAt(certificate, at)).toBe(expected);
  });
});

describe('daysLeft', () => {
  it.each([
    ['2024-12-31T00:00:00Z', 1],
    ['2024-12-31T00:00:01Z', 0],
    ['2025-01-01T00:00:00Z', 0],
    ['2025-01-01T00:00:01Z', -1],
    ['2024-01-01T00:00:00Z', 366],
  ])('%s: %d', (at, expected) => {
    expect(daysLeft(certificate, at)).toBe(expected);
  });
});
