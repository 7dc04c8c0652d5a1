import { describe, expect, it } from 'vitest';
import { trustWithCa, certificateWithCa } from '../../src/domain/certificate-order.ts';
import { credentials } from '../../src/domain/credentials.ts';
import { inHome } from '../../src/domain/home-directory.ts';
import { roles } from '../../src/facts/role.ts';
import { aClient, aUser, dir, facts, file, link, remminaProfile, type Change } from '../support/facts.ts';

const alice = { uid: 1000 };
const profile = '/home/alice/.local/share/remmina/a.remmina';
const mine = { uid: 1000, gid: 1000 };
const elsewhere = (...changes: readonly Change[]): readonly string[] =>
  credentials(facts(...changes), roles)
    .sets.filter(({ isElsewhere }) => isElsewhere === true)
    .map(({ id }) => id);

describe('a home directory', () => {
  it('has what is below it', () => {
    const isOwn = inHome(facts(), alice);
    expect(['/home/alice', '/home/alice/x'].map(isOwn)).toEqual([true, true]);
    expect(['/home', '/home/alice2', '/etc', '/'].map(isOwn)).toEqual([false, false, false, false]);
  });

  it('may be reached by a link', () => {
    const isOwn = inHome(facts(dir('/data/alice', mine), link('/home/alice', '/data/alice')), alice);
    expect(['/home/alice/x', '/data/alice/x', '/data/bob'].map(isOwn)).toEqual([true, true, false]);
  });

  it('is nobody’s without an account', () => {
    expect(inHome(facts(), { uid: 4711 })('/home/alice')).toBe(false);
  });
});

describe('files that a user has led a program to', () => {
  it.each<[string, readonly Change[], readonly string[]]>([
    ['the own ones', [aUser], []],
    ['those of the system', [aClient], []],
    ['a link within the home directory', [aUser, link('/home/alice/.pki/libvirt/cacert.pem', '../ca.pem')], []],
    [
      'a link out of it',
      [aUser, file('/etc/shadow'), link('/home/alice/.pki/libvirt/cacert.pem', '/etc/shadow')],
      ['libvirt-client:alice'],
    ],
    [
      'a link to what is not there yet',
      [aUser, link('/home/alice/.pki/libvirt/cacert.pem', '/etc/cron.d/ca')],
      ['libvirt-client:alice'],
    ],
    ['a name in a profile', [remminaProfile(profile, { cacert: '/etc/shadow' })], ['vnc-client:remmina-profile:alice']],
    ['one in the home directory', [remminaProfile(profile, { cacert: '/home/alice/ca.pem' })], []],
    [
      'one that climbs out of it',
      [remminaProfile(profile, { cacert: '/home/alice/../../etc/shadow' }), file('/etc/shadow')],
      ['vnc-client:remmina-profile:alice'],
    ],
    ["root's own", [remminaProfile(profile, { cacert: '/etc/ca.pem' }, { users: ['root'] })], []],
  ])('%s', (_, changes, expected) => {
    expect(elsewhere(...changes)).toEqual(expected);
  });

  it('are written by no fix', () => {
    const built = facts(
      remminaProfile(profile, { cacert: '/etc/shadow', clientcert: '/etc/a.pem', clientkey: '/etc/a.key' }),
    );
    const [set] = credentials(built, roles).sets.filter(({ program }) => program === 'remmina');
    if (set === undefined) throw new Error('no set');
    expect(trustWithCa(built, set)).toEqual([]);
    expect(certificateWithCa(built, set, { newKey: true })).toEqual([]);
  });
});
