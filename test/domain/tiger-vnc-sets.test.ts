import { describe, expect, it } from 'vitest';
import { filesOf } from '../../src/domain/credentials.ts';
import { lookedUpPaths } from '../../src/domain/looked-up-paths.ts';
import { malformedText } from '../../src/domain/malformation-text.ts';
import { inferRoles } from '../../src/domain/roles.ts';
import { tigerVncSets } from '../../src/domain/tiger-vnc-sets.ts';
import { unknown } from '../../src/facts/fact.ts';
import { dir, entry, facts, file, installed, link, type Change } from '../support/facts.ts';

const mine = { uid: 1000, gid: 1000 };
const older = '/home/alice/.vnc';
const newer = '/home/alice/.config/tigervnc';
const viewer = installed('xtigervncviewer');
const hidden = entry(`${older}/x509_ca.pem`, unknown('permission-denied', 'EACCES'));
const sets = (...changes: readonly Change[]) =>
  tigerVncSets(facts(...changes)).sets.map((set) => [set.id, ...filesOf(set).map(({ path }) => path)]);

describe('sets of TigerVNC', () => {
  it.each<[string, readonly Change[], readonly string[]]>([
    ['what is in the older directory', [file(`${older}/x509_ca.pem`, mine)], [`${older}/x509_ca.pem`]],
    ['a list alone', [file(`${older}/x509_crl.pem`, mine)], [`${older}/x509_crl.pem`]],
    [
      'the newer directory before the older',
      [file(`${older}/x509_ca.pem`, mine), file(`${newer}/x509_crl.pem`, mine)],
      [`${newer}/x509_crl.pem`],
    ],
  ])('%s', (_, changes, expected) => {
    expect(sets(...changes)).toEqual([['vnc-client:tigervnc:alice', ...expected]]);
  });

  it.each<[string, readonly Change[]]>([
    ['nothing', [viewer]],
    ['a directory', [viewer, dir(older, mine)]],
    ['a link to nothing', [viewer, link(`${older}/x509_ca.pem`, '/nowhere')]],
    ['an older directory beside a newer', [viewer, file(`${older}/x509_ca.pem`, mine), dir(newer, mine)]],
  ])('none for %s', (_, changes) => {
    expect(sets(...changes)).toEqual([]);
  });

  it('says what it could not look at where the viewer is installed', () => {
    expect(tigerVncSets(facts(viewer, dir(older, mine), hidden)).gaps.map(({ path }) => path)).toEqual([
      `${older}/x509_ca.pem`,
    ]);
    expect(tigerVncSets(facts(dir(older, mine), hidden)).gaps).toEqual([]);
  });

  it('show a VNC client', () => {
    expect(inferRoles(facts(file(`${older}/x509_ca.pem`, mine)))).toEqual(['vnc-client']);
    expect(inferRoles(facts(dir(older, mine)))).toEqual([]);
  });

  it('are looked for in both directories, of users who have them', () => {
    const all = lookedUpPaths(facts());
    for (const directory of [older, newer]) {
      expect(all.certificates).toContain(`${directory}/x509_ca.pem`);
      expect(all.revocationLists).toContain(`${directory}/x509_crl.pem`);
    }
    const some = lookedUpPaths(facts(), (directory) => directory !== newer);
    expect(some.certificates).toContain(`${older}/x509_ca.pem`);
    expect(some.certificates).not.toContain(`${newer}/x509_ca.pem`);
    expect(some.others).toContain(newer);
  });

  it('have the words of TigerVNC, which says nothing of a file without any certificate', () => {
    const [set] = tigerVncSets(facts(file(`${older}/x509_ca.pem`, mine))).sets;
    if (set?.ca === undefined) throw new Error('no set');
    // Measured: gnutls_certificate_set_x509_trust_file of GnuTLS 3.7.9 fails for the first three, and answers 0 for the others.
    for (const cause of ['base64', 'truncated', 'not-a-file'] as const)
      expect(malformedText(set, set.ca, { cause }, 0)).toBe('Could not load user specified certificate authority');
    for (const cause of ['empty', 'no-pem', 'der', 'wrong-label'] as const)
      expect(malformedText(set, set.ca, { cause }, 0)).toBeUndefined();
    expect(malformedText(set, { kind: 'revocation-list', path: '' }, { cause: 'empty' }, 0)).toBe(
      'Could not load user specified certificate revocation list',
    );
  });
});
