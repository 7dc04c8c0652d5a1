import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, findPem, firstLabel, lineAt, nextPem } from '../../src/parse/pem.ts';

const find = (text: string, label = 'X') => {
  const result = findPem(Buffer.from(text), label);
  return result.found ? result.der.toString('latin1') : result.fault;
};

describe('findPem', () => {
  it.each([
    ['a plain block', '-----BEGIN X-----\nYWJj\n-----END X-----\n', 'abc'],
    ['no newline anywhere', '-----BEGIN X-----YWJj-----END X-----', 'abc'],
    ['any other END', '-----BEGIN X-----\nYWJj\n-----END Y-----\n', 'abc'],
    ['a longer label', '-----BEGIN X AND Y-----\nYWJj\n-----END X-----\n', 'abc'],
    [
      'a block without END before another',
      '-----BEGIN X-----\nYWJj\n-----BEGIN X-----\nZGVm\n-----END X-----\n',
      'abc',
    ],
    ['a header of lines', '-----BEGIN X-----\nA: b\n\nYWJj\n-----END X-----\n', 'base64'],
    ['no BEGIN', 'YWJj\n-----END X-----\n', 'header'],
    ['no END', '-----BEGIN X-----\nYWJj\n', 'end'],
    ['nothing inside', '-----BEGIN X-----\n-----END X-----\n', 'base64'],
    ['no dashes after the label', '-----BEGIN X\nYWJj\n-----END X-----\n', 'end'],
  ])('%s', (_, text, expected) => {
    expect(find(text)).toBe(expected);
  });

  it('gives back what was armoured, whatever stands around it', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 3, maxLength: 200 }),
        fc.stringMatching(/^[a-z\r\n -]{0,20}$/),
        (bytes, noise) => {
          const lines = Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\r\n');
          const result = findPem(Buffer.from(`${noise}\n-----BEGIN X-----\n${lines}\n-----END X-----${noise}`), 'X');
          expect(result.found && result.der.equals(bytes)).toBe(true);
        },
      ),
    );
  });
});

describe('decodeBase64', () => {
  it.each([
    ['YWJj', 'abc'],
    ['YW\tJ\r\nj', 'abc'],
    ['YWI=', 'ab'],
    ['YQ==', 'a'],
    ['YWJj-garbage', 'abc'],
    ['YWI', undefined],
    ['YWJ=', undefined], // bits left over under the padding
    ['YQ=', undefined],
    ['YWJj====', undefined],
    ['YW=j', undefined],
    ['YWJ_', undefined],
    ['', undefined],
  ])('%j', (text, expected) => {
    expect(decodeBase64(Buffer.from(text))?.toString()).toBe(expected);
  });
});

describe("finding one's way", () => {
  const data = Buffer.from('one\ntwo\n-----BEGIN B-----\n-----BEGIN A-----\n');

  it('counts lines from 1', () => {
    expect([0, 3, 4, 8].map((offset) => lineAt(data, offset))).toEqual([1, 1, 2, 3]);
  });

  it('prefers the first label to the first place', () => {
    expect(nextPem(data, ['A', 'B'])).toBe(data.indexOf('-----BEGIN A'));
    expect(nextPem(data, ['C'])).toBe(-1);
  });

  it('names the first label', () => {
    expect(firstLabel(data)).toEqual({ label: 'B', begin: 8 });
    expect(firstLabel(Buffer.from('nothing'))).toBeUndefined();
  });
});
