import { describe, expect, it } from 'vitest';
import { canonicalSteps, dangles, exists, walk } from '../../src/domain/walk.ts';
import { unknown } from '../../src/facts/fact.ts';
import { absent, dir, entry, facts, file, link } from '../support/facts.ts';

const { files } = facts(
  dir('/srv/pki'),
  file('/srv/pki/ca.pem'),
  absent('/srv/pki/gone.pem'),
  absent('/srv/gone'),
  link('/etc/pki', '../srv/pki'),
  link('/etc/ca', '/etc/pki/./ca.pem'),
  link('/etc/chain', 'ca'),
  link('/etc/dangling', 'pki/gone.pem'),
  link('/etc/chained', 'dangling'),
  link('/etc/nowhere', '/srv/gone'),
  link('/etc/a', 'b'),
  link('/etc/b', 'a'),
  entry('/srv/closed', unknown('permission-denied', 'permission denied on /srv/closed')),
);

describe('walk', () => {
  it.each([
    ['/srv/pki/ca.pem', '/srv/pki/ca.pem'],
    ['//srv/./pki//ca.pem', '/srv/pki/ca.pem'],
    ['/etc/pki/ca.pem', '/srv/pki/ca.pem'],
    ['/etc/pki/../pki/ca.pem', '/srv/pki/ca.pem'],
    ['/../../srv', '/srv'],
    ['/', '/'],
    ['/etc/chain', '/srv/pki/ca.pem'],
    ['/srv/pki/..', '/srv'],
  ])('finds %s at %s', (path, end) => {
    const way = walk(files, path);
    expect(way).toMatchObject({ outcome: 'found', path: end });
    expect(way.steps.at(-1)?.path).toBe(end);
  });

  it.each([
    ['/srv/pki/gone.pem', '/srv/pki/gone.pem', undefined],
    ['/etc/pki/gone.pem', '/srv/pki/gone.pem', undefined],
    ['/etc/dangling', '/srv/pki/gone.pem', '/etc/dangling'],
    ['/etc/chained', '/srv/pki/gone.pem', '/etc/dangling'],
    ['/etc/nowhere/ca.pem', '/srv/gone', '/etc/nowhere'],
    ['/srv/pki/ca.pem/x', '/srv/pki/ca.pem/x', undefined],
  ])('%s is absent: %s is missing, through the link %s', (path, missing, through) => {
    const way = walk(files, path);
    expect(way).toMatchObject({ outcome: 'absent', missing });
    expect(way.outcome === 'absent' ? way.link : 'not absent').toBe(through);
  });

  it('follows 40 links and no more', () => {
    const chain = (length: number) =>
      facts(file('/l0'), ...Array.from({ length }, (_, index) => link(`/l${index + 1}`, `l${index}`))).files;
    expect(walk(chain(40), '/l40').outcome).toBe('found');
    expect(walk(chain(41), '/l41').outcome).toBe('loop');
    expect(walk(files, '/etc/a').outcome).toBe('loop');
  });

  it('does not know what was not looked at, nor what is closed', () => {
    expect(walk(files, '/never/x')).toMatchObject({
      outcome: 'unknown',
      at: '/never',
      because: { reason: 'not-collected' },
    });
    expect(walk(files, '/srv/closed')).toMatchObject({ outcome: 'unknown', because: { reason: 'permission-denied' } });
    expect(walk(files, '/__proto__').outcome).toBe('unknown');
  });

  it('says what exists and what dangles', () => {
    expect(['/etc/chain', '/etc/dangling', '/etc/a', '/srv/closed'].map((path) => exists(files, path))).toEqual([
      true,
      false,
      false,
      undefined,
    ]);
    expect(
      ['/etc/chain', '/etc/dangling', '/etc/a', '/srv/pki/gone.pem', '/srv/closed'].map((path) => dangles(files, path)),
    ).toEqual([false, true, true, false, undefined]);
  });

  it('knows the way to the object without the links', () => {
    const way = walk(files, '/etc/chain');
    expect(way.outcome === 'found' ? canonicalSteps(way).map(({ path }) => path) : []).toEqual([
      '/',
      '/srv',
      '/srv/pki',
      '/srv/pki/ca.pem',
    ]);
  });
});
