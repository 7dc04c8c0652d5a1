import { describe, expect, it } from 'vitest';
import { authorize } from '../../src/domain/qemu-authorization.ts';
import type { QemuObject } from '../../src/facts/qemu-processes.ts';

const list = (
  policy: 'allow' | 'deny',
  ...rules: readonly (readonly [string, 'allow' | 'deny', 'exact' | 'glob'])[]
): QemuObject => ({
  type: 'authz-list',
  id: 'a',
  policy,
  rules: rules.map(([match, each, format]) => ({ match, policy: each, format })),
});

const alice = 'C=GB,O=Acme,CN=alice';

/** QEMU authz/simple.c; authz/list.c: qauthz_list_is_allowed (the first rule that matches, else the policy). */
describe('authorize', () => {
  it.each<[string, QemuObject, boolean | undefined]>([
    ['the one identity', { type: 'authz-simple', id: 'a', identity: alice }, true],
    ['its parts in another order', { type: 'authz-simple', id: 'a', identity: 'CN=alice,O=Acme,C=GB' }, false],
    ['an empty list that denies', list('deny'), false],
    ['an empty list that allows', list('allow'), true],
    ['the first rule that matches', list('deny', [alice, 'allow', 'exact'], ['*', 'deny', 'glob']), true],
    ['a denial that comes first', list('allow', ['C=GB*', 'deny', 'glob'], [alice, 'allow', 'exact']), false],
    ['a pattern', list('deny', ['C=GB,O=Acme,CN=*', 'allow', 'glob']), true],
    ['a pattern that is taken literally', list('deny', ['C=GB,O=Acme,CN=*', 'allow', 'exact']), false],
    [
      'a file, which is not read',
      { type: 'authz-listfile', id: 'a', filename: '/etc/a.json', refresh: true },
      undefined,
    ],
    ['PAM', { type: 'authz-pam', id: 'a', service: 'qemu' }, undefined],
    ['an object of another kind', { type: 'other', id: 'a', qomType: 'iothread' }, false],
  ])('%s', (_, object, allowed) => {
    const answer = authorize([{ type: 'other', id: 'b', qomType: 'iothread' }, object], 'a', alice);
    expect(answer.allowed).toBe(allowed);
    expect(answer.because).toContain('a');
  });

  it('lets nobody in by an id that names nothing', () => {
    expect(authorize([], 'a', alice)).toEqual({ allowed: false, because: 'there is no object a' });
  });
});
