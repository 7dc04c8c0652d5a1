import { describe, expect, it } from 'vitest';
import { credentials, filesOf } from '../../src/domain/credentials.ts';
import { lookedUpPaths } from '../../src/domain/looked-up-paths.ts';
import { roles as allRoles, type Role } from '../../src/facts/role.ts';
import { unknown } from '../../src/facts/fact.ts';
import type { Caller } from '../../src/facts/accounts.ts';
import {
  absent,
  aClient,
  aServer,
  aUser,
  aVncServer,
  configuration,
  dir,
  entry,
  facts,
  file,
  having,
  link,
  settings,
  type Change,
} from '../support/facts.ts';

const alice: Caller = { uid: 1000, gid: 1000, groups: [118], name: 'alice' };
const libvirtd = '/etc/libvirt/libvirtd.conf';
const qemu = '/etc/libvirt/qemu.conf';
const of = (roles: readonly Role[], ...changes: readonly Change[]) => credentials(facts(...changes), roles);
const set = (id: string, ...changes: readonly Change[]) => of(allRoles, ...changes).sets.find((one) => one.id === id);
const paths = (id: string, ...changes: readonly Change[]) => {
  const found = set(id, ...changes);
  return found === undefined ? undefined : filesOf(found).map(({ path }) => path);
};

describe('credentials of the daemon', () => {
  it.each([
    [
      'defaults',
      {},
      [
        '/etc/pki/CA/cacert.pem',
        '/etc/pki/libvirt/servercert.pem',
        '/etc/pki/libvirt/private/serverkey.pem',
        '/etc/pki/CA/cacrl.pem',
      ],
    ],
    [
      'crl_file alone is ignored',
      { crl_file: '/srv/crl' },
      [
        '/etc/pki/CA/cacert.pem',
        '/etc/pki/libvirt/servercert.pem',
        '/etc/pki/libvirt/private/serverkey.pem',
        '/etc/pki/CA/cacrl.pem',
      ],
    ],
    [
      'three settings switch the default list off',
      { ca_file: '/srv/ca', cert_file: '/srv/cert', key_file: '/srv/key' },
      ['/srv/ca', '/srv/cert', '/srv/key'],
    ],
    [
      'four settings',
      { ca_file: '/srv/ca', cert_file: '/srv/cert', key_file: '/srv/key', crl_file: '/srv/crl' },
      ['/srv/ca', '/srv/cert', '/srv/key', '/srv/crl'],
    ],
    [
      'an empty string loads nothing',
      { ca_file: '', cert_file: '/srv/cert', key_file: '/srv/key' },
      ['/srv/cert', '/srv/key'],
    ],
    ['two of three: it does not start', { ca_file: '/srv/ca', cert_file: '/srv/cert' }, undefined],
  ])('%s', (_name, values, expected) => {
    expect(paths('libvirt-server', aServer, settings(libvirtd, values))).toEqual(expected);
  });
  it('are not known where its configuration is not', () => {
    const { sets, gaps } = of(['libvirt-server'], configuration(libvirtd, unknown('permission-denied', 'closed')));
    expect(sets).toEqual([]);
    expect(gaps).toMatchObject([{ path: libvirtd }]);
  });
});

describe('credentials of clients', () => {
  it.each([
    ['root', undefined, ['root']],
    ['root, by root', { uid: 0, gid: 0, groups: [0], name: 'root' }, ['root']],
    ['root and the user who looks', alice, ['root', 'alice']],
  ])("the system's are for %s", (_name, caller, readers) => {
    expect(set('libvirt-client', aClient, having({ caller: caller ?? null }))?.readers.map(({ name }) => name)).toEqual(
      readers,
    );
  });
  it("the system's are not for a user with a pair of her own", () => {
    expect(set('libvirt-client', aClient, aUser, having({ caller: alice }))?.readers.map(({ name }) => name)).toEqual([
      'root',
    ]);
  });
  const home = '/home/alice/.pki/libvirt';
  const pair = [`${home}/clientcert.pem`, `${home}/clientkey.pem`];
  it.each([
    ['all of them', [], [`${home}/cacert.pem`, ...pair, '/etc/pki/CA/cacrl.pem']],
    ['her CA falls back', [absent(`${home}/cacert.pem`)], ['/etc/pki/CA/cacert.pem', ...pair, '/etc/pki/CA/cacrl.pem']],
    ['her own list', [file(`${home}/cacrl.pem`)], [`${home}/cacert.pem`, ...pair, `${home}/cacrl.pem`]],
    ['half a pair', [absent(pair[1] ?? '')], [`${home}/cacert.pem`, ...pair, '/etc/pki/CA/cacrl.pem']],
    ['no pair', pair.map(absent), [`${home}/cacert.pem`, '/etc/pki/CA/cacrl.pem']],
    [
      'a link to nothing is meant to be something',
      [absent('/srv/gone'), link(`${home}/cacert.pem`, '/srv/gone')],
      [`${home}/cacert.pem`, ...pair, '/etc/pki/CA/cacrl.pem'],
    ],
  ])("a user's: %s", (_name, changes, expected) => {
    expect(paths('libvirt-client:alice', aUser, ...changes)).toEqual(expected);
  });
  it("a user's are not judged on a host that is no client", () => {
    expect(of(['libvirt-server'], aServer, aUser).sets.map(({ id }) => id)).toEqual(['libvirt-server']);
  });
  it("another user's are no business of a user who looks", () => {
    const bob: Caller = { uid: 1001, gid: 1001, groups: [], name: 'bob' };
    expect(set('libvirt-client:alice', aUser, having({ caller: bob }))).toBeUndefined();
  });
  it('a closed home is a gap', () => {
    const { gaps } = of(['libvirt-client'], entry('/home/alice', unknown('permission-denied', 'closed')));
    expect(gaps).toMatchObject([{ because: { reason: 'permission-denied' } }]);
  });
});

describe('credentials of QEMU', () => {
  const pairIn = (directory: string): readonly Change[] => [
    file(`${directory}/server-cert.pem`),
    file(`${directory}/server-key.pem`),
  ];
  it.each([
    ['the conventional directory', [aVncServer], 'vnc-server', '/etc/pki/libvirt-vnc'],
    [
      'which beats the default that is set',
      [aVncServer, settings(qemu, { default_tls_x509_cert_dir: '/srv/pki' }), ...pairIn('/srv/pki')],
      'vnc-server',
      '/etc/pki/libvirt-vnc',
    ],
    [
      'its own setting beats it',
      [aVncServer, settings(qemu, { vnc_tls_x509_cert_dir: '/srv/vnc/' }), ...pairIn('/srv/vnc')],
      'vnc-server',
      '/srv/vnc',
    ],
    [
      'the default that is set',
      [settings(qemu, { default_tls_x509_cert_dir: '/srv/pki' }), ...pairIn('/srv/pki')],
      'vnc-server',
      '/srv/pki',
    ],
    ['the built-in default', pairIn('/etc/pki/qemu'), 'vnc-server', '/etc/pki/qemu'],
    ['migration', pairIn('/etc/pki/libvirt-migrate'), 'migrate-server', '/etc/pki/libvirt-migrate'],
  ])('%s', (_name, changes, id, directory) => {
    expect(set(id, ...changes)?.key?.path).toBe(`${directory}/server-key.pem`);
  });
  it('an empty conventional directory hides the default', () => {
    expect(
      of(['vnc-server'], ...pairIn('/etc/pki/qemu'), dir('/etc/pki/libvirt-vnc')).sets.map(({ id }) => id),
    ).not.toContain('vnc-server');
  });
  it('reads a revocation list as a server, not as a client, and not for SPICE', () => {
    expect(set('vnc-server', aVncServer)?.crl).toBeDefined();
    expect(set('spice-server', ...pairIn('/etc/pki/libvirt-spice'))?.crl).toBeUndefined();
    expect(set('nbd-client', file('/etc/pki/libvirt-nbd/client-key.pem'))?.crl).toBeUndefined();
  });
  it('is judged once in a directory that several uses share', () => {
    expect(of(['vnc-server'], ...pairIn('/etc/pki/qemu')).sets.map(({ id }) => id)).toEqual(['vnc-server']);
  });
  it('is a gap where its directory is closed', () => {
    const closed = entry('/etc/pki/libvirt-vnc/server-key.pem', unknown('permission-denied', 'closed'));
    expect(of(['vnc-server'], aVncServer, closed).gaps).toMatchObject([
      { path: '/etc/pki/libvirt-vnc/server-key.pem' },
    ]);
  });
  it('has no reader where its account is nobody of this host', () => {
    expect(set('vnc-server', aVncServer, settings(qemu, { user: 'no-such-user' }))?.readers).toEqual([]);
  });
});

describe('lookedUpPaths', () => {
  it.each([
    [
      'a server',
      [
        aServer,
        settings(libvirtd, { ca_file: '/srv/ca', cert_file: '/srv/cert', key_file: '/srv/key', crl_file: '/srv/crl' }),
      ],
    ],
    ['a client', [aClient]],
    ['a user', [aUser]],
    ['a VNC server', [aVncServer, settings(qemu, { vnc_tls_x509_cert_dir: '/srv/vnc', user: 'alice' })]],
    ['the user who looks', [aUser, having({ caller: alice })]],
  ] as const)('covers all that credentials() asks for: %s', (_name, changes) => {
    const built = facts(...changes);
    const looked = lookedUpPaths(built);
    for (const one of credentials(built, allRoles).sets) {
      if (one.ca !== undefined) expect(looked.certificates).toContain(one.ca.path);
      if (one.certificate !== undefined) expect(looked.certificates).toContain(one.certificate.path);
      if (one.key !== undefined) expect(looked.privateKeys).toContain(one.key.path);
      if (one.crl !== undefined) expect(looked.revocationLists).toContain(one.crl.path);
    }
  });
  it("leaves other people's homes alone when a user looks", () => {
    const all = Object.values(lookedUpPaths(facts(having({ caller: alice })))).flat();
    expect(all.some((path) => path.startsWith('/home/alice/'))).toBe(true);
    expect(all.some((path) => path.startsWith('/home/bob/') || path.startsWith('/root/'))).toBe(false);
  });
});
