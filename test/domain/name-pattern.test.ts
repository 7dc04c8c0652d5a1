import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern, unmatchable } from '../../src/domain/name-pattern.ts';

describe('matchesPattern', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'anything, really', true],
    ['a*c', 'abbbc', true],
    ['a*c', 'abbbd', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a?c', 'aüc', true],
    ['a?c', 'a😀c', true],
    ['a?c', 'ac', false],
    ['a[bc]', 'ab', false],
    ['a[bc]', 'a[bc]', true],
    ['a\\*', 'a*', false],
    ['a\\*', 'a\\xyz', true],
    ['A', 'a', false],
    ['a', 'ab', false],
    ['C=GB,O=*,CN=admin', 'C=GB,O=evil,CN=user,OU=y,CN=admin', true],
  ])('%j and %j: %s', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected);
  });

  it('agrees with a regular expression', () => {
    const letters = fc.stringMatching(/^[ab*?]{0,8}$/);
    fc.assert(
      fc.property(letters, fc.stringMatching(/^[ab]{0,10}$/), (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(matchesPattern(pattern, text)).toBe(expression.test(text));
      }),
    );
  });

  it('takes no exponential time', () => {
    expect(matchesPattern('*a'.repeat(500) + 'b', 'a'.repeat(5000))).toBe(false);
  }, 5000);
});

describe('unmatchable', () => {
  it.each([
    ['C=GB,O=Example,CN=alice', undefined],
    ['*CN=alice', undefined],
    ['CN=*', undefined],
    ['*', undefined],
    ['O=Acme\\, Inc.,CN=alice', undefined],
    ['1.2.3.4=#0c0378797a,CN=alice', undefined],
    ['C=GB, O=Example, CN=alice', { reasons: ['spaces'], proposed: 'C=GB,O=Example,CN=alice' }],
    ['C = GB, CN = alice', { reasons: ['spaces'], proposed: 'C=GB,CN=alice' }],
    ['/C=GB/O=Example/CN=alice', { reasons: ['slashes'], proposed: 'C=GB,O=Example,CN=alice' }],
    ['subject=C=GB,CN=alice', { reasons: ['prefix'], proposed: 'C=GB,CN=alice' }],
    ['C=GB,CN=alice,emailAddress=a@b', { reasons: ['attribute-name'], proposed: 'C=GB,CN=alice,EMAIL=a@b' }],
    ['c=GB,cn=alice', { reasons: ['attribute-name'], proposed: 'C=GB,CN=alice' }],
    ['C=GB,CN=[ab]lice', { reasons: ['brackets'], proposed: 'C=GB,CN=?lice' }],
    ['C=GB,O=Acme, Inc.,CN=x', { reasons: ['unescaped-comma'], proposed: 'C=GB,O=Acme\\, Inc.,CN=x' }],
    ['CN=alice,O=Example,C=GB', { reasons: ['common-name-first'], proposed: 'C=GB,O=Example,CN=alice' }],
    ['CN=alice,O=*,C=GB', { reasons: ['common-name-first'], proposed: 'C=GB,O=*,CN=alice' }],
  ])('%j', (pattern, expected) => {
    expect(unmatchable(pattern)).toEqual(expected);
  });

  it('judges the order by the names at hand', () => {
    expect(unmatchable('CN=alice,O=Example', ['CN=alice,O=Example'])).toBeUndefined();
    expect(unmatchable('CN=bob,O=Example', ['CN=alice,O=Example'])).toBeUndefined();
    expect(unmatchable('O=Example,C=GB,CN=alice', ['C=GB,O=Example,CN=alice'])).toEqual({
      reasons: ['other-order'],
      proposed: 'C=GB,O=Example,CN=alice',
    });
    expect(unmatchable('CN=*,O=Example', ['O=Example,CN=alice'])).toEqual({
      reasons: ['other-order'],
      proposed: 'O=Example,CN=*',
    });
  });

  it('never throws, nor on its own proposals', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z,=/*?[\]\\ ]{0,30}$/), (pattern) => {
        const proposed = unmatchable(pattern)?.proposed;
        if (proposed !== undefined) unmatchable(proposed);
      }),
    );
  });
});
