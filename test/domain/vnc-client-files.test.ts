import { describe, expect, it } from 'vitest';
import type { Account } from '../../src/domain/account.ts';
import { lookedUpPaths } from '../../src/domain/looked-up-paths.ts';
import { gtkVncFiles, type GtkVncFile, type GtkVncFiles } from '../../src/domain/vnc-client-files.ts';
import { unknown } from '../../src/facts/fact.ts';
import { gtkVncNames } from '../../src/reference/vnc-clients.ts';
import { absent, aUser, change, dir, entry, facts, file, having, link, type Change } from '../support/facts.ts';

const alice: Account = { name: 'alice', uid: 1000, gids: [1000, 118] };
const home = '/home/alice';
const own = `${home}/.pki`;
const mine = { uid: 1000, gid: 1000 };

const find = (name: string, ...changes: readonly Change[]): GtkVncFiles =>
  gtkVncFiles(facts(...changes).files, alice, home, name);
const text = (one: GtkVncFile): string => (one.state === 'found' ? one.path : one.state);
const texts = ({ ca, crl, certificate, key }: GtkVncFiles) => [ca, crl, certificate, key].map(text);

const systemPair = [
  file('/etc/pki/libvirt-vnc/clientcert.pem'),
  dir('/etc/pki/libvirt-vnc/private'),
  file('/etc/pki/libvirt-vnc/private/clientkey.pem', { mode: 0o600 }),
];
const userPair = [
  dir(home, { ...mine, mode: 0o750 }),
  dir(own, { ...mine, mode: 0o700 }),
  dir(`${own}/libvirt-vnc/private`, { ...mine, mode: 0o700 }),
  file(`${own}/libvirt-vnc/clientcert.pem`, mine),
  file(`${own}/libvirt-vnc/private/clientkey.pem`, { ...mine, mode: 0o600 }),
];

describe('gtkVncFiles', () => {
  it('finds nothing where nothing is', () => {
    expect(texts(find('libvirt-vnc'))).toEqual(['absent', 'absent', 'absent', 'absent']);
  });

  it('takes the system before the user, for each file by itself', () => {
    expect(
      texts(
        find(
          'libvirt-vnc',
          ...systemPair,
          ...userPair,
          absent('/etc/pki/libvirt-vnc/private/clientkey.pem'),
          file('/etc/pki/CA/cacert.pem'),
          file(`${own}/CA/cacert.pem`, mine),
          file(`${own}/CA/cacrl.pem`, mine),
        ),
      ),
    ).toEqual([
      '/etc/pki/CA/cacert.pem',
      `${own}/CA/cacrl.pem`,
      '/etc/pki/libvirt-vnc/clientcert.pem',
      `${own}/libvirt-vnc/private/clientkey.pem`,
    ]);
  });

  it('takes what is in sight although it cannot be read', () => {
    const { key } = find('libvirt-vnc', ...systemPair, ...userPair);
    expect(key).toEqual({ state: 'found', path: '/etc/pki/libvirt-vnc/private/clientkey.pem', at: 'system' });
  });

  it.each([
    ['root alone', { mode: 0o700 }],
    ['another group', { gid: 110, mode: 0o750 }],
    ['readers of the list, who may not search', { mode: 0o744 }],
  ])('passes over what lies in a directory of %s', (_, attributes) => {
    const { key } = find('libvirt-vnc', ...systemPair, ...userPair, change('/etc/pki/libvirt-vnc/private', attributes));
    expect(key).toEqual({ state: 'found', path: `${own}/libvirt-vnc/private/clientkey.pem`, at: 'user' });
  });

  it('sees what a directory of a group of the user holds', () => {
    const opened = change('/etc/pki/libvirt-vnc/private', { gid: 118, mode: 0o710 });
    expect(text(find('libvirt-vnc', ...systemPair, opened).key)).toBe('/etc/pki/libvirt-vnc/private/clientkey.pem');
  });

  it('follows links, and passes over those to nothing', () => {
    const elsewhere = file('/srv/ca.pem');
    expect(text(find('boxes', elsewhere, link('/etc/pki/CA/cacert.pem', '/srv/ca.pem')).ca)).toBe(
      '/etc/pki/CA/cacert.pem',
    );
    expect(text(find('boxes', link('/etc/pki/CA/cacert.pem', '/srv/none.pem')).ca)).toBe('absent');
  });

  it('takes whatever is there, if only a directory', () => {
    expect(text(find('boxes', dir('/etc/pki/CA/cacert.pem')).ca)).toBe('/etc/pki/CA/cacert.pem');
  });

  it("does not find a key where libvirt's client has it", () => {
    expect(texts(find('libvirt', aUser))).toEqual([
      'absent',
      'absent',
      '/home/alice/.pki/libvirt/clientcert.pem',
      'absent',
    ]);
  });

  it('says what it does not know, and does not guess past it', () => {
    const hidden = unknown('permission-denied', 'EACCES');
    const { certificate } = find('libvirt-vnc', ...userPair, entry('/etc/pki/libvirt-vnc/clientcert.pem', hidden));
    expect(certificate).toEqual({ state: 'unknown', path: '/etc/pki/libvirt-vnc/clientcert.pem', because: hidden });
    const unread = change('/etc/pki/libvirt-vnc/private', { mode: 0o770, acl: 'unread' });
    expect(find('libvirt-vnc', ...systemPair, unread).key.state).toBe('unknown');
  });

  it('does not need to know what the account may not see anyhow', () => {
    const hidden = entry('/etc/pki/libvirt-vnc/private/clientkey.pem', unknown('permission-denied', 'EACCES'));
    const closed = change('/etc/pki/libvirt-vnc/private', { mode: 0o700 });
    expect(text(find('libvirt-vnc', ...systemPair, hidden, closed, ...userPair).key)).toBe(
      `${own}/libvirt-vnc/private/clientkey.pem`,
    );
  });

  it('finds nothing for whom passwd does not know', () => {
    const { files } = facts(...systemPair);
    expect(texts(gtkVncFiles(files, alice, undefined, 'libvirt-vnc'))).toEqual([
      'absent',
      'absent',
      'absent',
      'absent',
    ]);
  });
});

describe('paths that collectors look at', () => {
  it.each(gtkVncNames)('those of %s, for everybody', (name) => {
    const { certificates, privateKeys, revocationLists } = lookedUpPaths(facts());
    for (const root of ['/etc/pki', '/root/.pki', '/home/alice/.pki', '/home/bob/.pki']) {
      expect(certificates).toEqual(expect.arrayContaining([`${root}/CA/cacert.pem`, `${root}/${name}/clientcert.pem`]));
      expect(privateKeys).toContain(`${root}/${name}/private/clientkey.pem`);
      expect(revocationLists).toContain(`${root}/CA/cacrl.pem`);
    }
  });

  it("those of the system, where only the caller's home is looked into", () => {
    const caller = { uid: 4242, gid: 4242, groups: [] };
    const { privateKeys } = lookedUpPaths(facts(having({ caller })));
    expect(privateKeys).toContain('/etc/pki/gvnccapture/private/clientkey.pem');
    expect(privateKeys).not.toContain('/home/alice/.pki/gvnccapture/private/clientkey.pem');
  });
});
