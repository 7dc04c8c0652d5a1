import { expect, it } from 'vitest';
import { isAtLeast, upstreamNumbers } from '../../src/domain/upstream-version.ts';

it.each([
  ['9.0.0-4+deb12u2', [9, 0, 0]],
  ['1:7.2+dfsg-7+deb12u18', [7, 2]],
  ['11.3.0', [11, 3, 0]],
  ['unknown', []],
  ['', []],
])('%j begins with %j', (version, numbers) => {
  expect(upstreamNumbers(version)).toEqual(numbers);
});

it.each([
  ['9.0.0', '9.0', true],
  ['9', '9.0.0', true],
  ['11.3.0-3+deb13u3', '11.10', false],
  ['11.10.0', '11.3', true],
  ['10.0.0', '9.8', true],
])('%s is at least %s: %s', (version, wanted, expected) => {
  expect(isAtLeast(version, wanted)).toBe(expected);
});
