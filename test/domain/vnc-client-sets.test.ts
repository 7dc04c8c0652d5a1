import { describe, expect, it } from 'vitest';
import { credentials, filesOf } from '../../src/domain/credentials.ts';
import { malformedText } from '../../src/domain/malformation-text.ts';
import { inferRoles, roleEvidence } from '../../src/domain/roles.ts';
import { vncClientSets } from '../../src/domain/vnc-client-sets.ts';
import { roles as allRoles } from '../../src/facts/role.ts';
import {
  aClient,
  aServer,
  aUser,
  aVncServer,
  dir,
  facts,
  file,
  installed,
  link,
  type Change,
} from '../support/facts.ts';

const own = '/home/alice/.pki';
const mine = { uid: 1000, gid: 1000 };
const userPair = (name: string): readonly Change[] => [
  dir('/home/alice', { ...mine, mode: 0o750 }),
  dir(own, { ...mine, mode: 0o700 }),
  file(`${own}/${name}/clientcert.pem`, mine),
  file(`${own}/${name}/private/clientkey.pem`, { ...mine, mode: 0o600 }),
];
const sets = (...changes: readonly Change[]) =>
  credentials(facts(...changes), allRoles)
    .sets.filter(({ program }) => program === 'gtk-vnc')
    .map((set) => [set.id, set.owner, ...filesOf(set).map(({ path }) => path)]);

describe('sets of VNC clients', () => {
  it.each<[string, readonly Change[]]>([
    ['a server', [aServer]],
    ["libvirt's clients", [aClient, aUser]],
    ['a server of consoles', [aVncServer]],
    ['viewers without any files', [installed('virt-viewer', 'virt-manager', 'gvncviewer')]],
    ["a user's CA and no viewer", [file(`${own}/CA/cacert.pem`, mine)]],
  ])('none for %s', (_, changes) => {
    expect(sets(...changes)).toEqual([]);
  });

  it('for the system, once the viewer is installed', () => {
    expect(sets(aClient, installed('remote-viewer'))).toEqual([
      [
        'vnc-client:libvirt',
        'virt-viewer',
        '/etc/pki/CA/cacert.pem',
        '/etc/pki/libvirt/clientcert.pem',
        '/etc/pki/libvirt/private/clientkey.pem',
      ],
    ]);
  });

  it('for a user with a pair of the viewer, installed or not', () => {
    expect(sets(...userPair('gvnccapture'), file('/etc/pki/CA/cacert.pem'))).toEqual([
      [
        'vnc-client:gvnccapture:alice',
        "alice's gvnccapture",
        '/etc/pki/CA/cacert.pem',
        `${own}/gvnccapture/clientcert.pem`,
        `${own}/gvnccapture/private/clientkey.pem`,
      ],
    ]);
  });

  it("for a user of libvirt's client, whose viewer looks elsewhere", () => {
    expect(sets(aUser, installed('virt-viewer', 'virt-manager'))).toEqual([
      [
        'vnc-client:libvirt-vnc:alice',
        "alice's virt-manager",
        `${own}/CA/cacert.pem`,
        `${own}/libvirt-vnc/clientcert.pem`,
        `${own}/libvirt-vnc/private/clientkey.pem`,
      ],
      [
        'vnc-client:libvirt:alice',
        "alice's virt-viewer",
        `${own}/CA/cacert.pem`,
        `${own}/libvirt/clientcert.pem`,
        `${own}/libvirt/private/clientkey.pem`,
      ],
    ]);
  });

  it('for a user with no more than a CA, without a pair', () => {
    expect(sets(file(`${own}/CA/cacert.pem`, mine), installed('vinagre'))).toEqual([
      ['vnc-client:vinagre:alice', "alice's Vinagre", `${own}/CA/cacert.pem`],
    ]);
  });

  it('with the revocation list that counts', () => {
    const lists = [file('/etc/pki/CA/cacrl.pem'), file(`${own}/CA/cacrl.pem`, mine)];
    expect(sets(...userPair('boxes'), ...lists)[0]).toContain('/etc/pki/CA/cacrl.pem');
  });
});

describe('the role of a VNC client', () => {
  const evidence = (...changes: readonly Change[]) =>
    roleEvidence(facts(...changes)).find(({ role }) => role === 'vnc-client')?.evidence;

  it.each<[string, readonly Change[], string | undefined]>([
    ['a viewer', [installed('virt-viewer')], 'virt-viewer is installed'],
    ['a viewer without gtk-vnc', [installed('xtigervncviewer')], 'xtigervncviewer is installed'],
    ["files of a user's viewer", userPair('libvirt-vnc'), `there is ${own}/libvirt-vnc/clientcert.pem`],
    [
      'a key where only viewers look',
      [link(`${own}/libvirt/private/clientkey.pem`, '../clientkey.pem')],
      `there is ${own}/libvirt/private/clientkey.pem`,
    ],
    ["libvirt's clients", [aClient, aUser], undefined],
    ['servers', [aServer, aVncServer], undefined],
  ])('%s', (_, changes, expected) => {
    expect(evidence(...changes)).toBe(expected);
  });

  it("virt-manager's files do not make a server of consoles", () => {
    const files = [file('/etc/pki/libvirt-vnc/clientcert.pem'), file('/etc/pki/libvirt-vnc/private/clientkey.pem')];
    expect(inferRoles(facts(...files))).toEqual(['vnc-client']);
    expect(inferRoles(facts(...files, file('/etc/pki/libvirt-vnc/server-cert.pem')))).toEqual([
      'vnc-server',
      'vnc-client',
    ]);
  });
});

// Measured with gvnccapture 1.3.1 and GnuTLS 3.7.9: a CA file that holds no certificate is nobody's CA, and one that is damaged does not load.
describe('what gtk-vnc says of a CA file', () => {
  const [set] = vncClientSets(facts(installed('virt-manager'), file(`${own}/CA/cacert.pem`, mine))).sets;
  if (set?.ca === undefined) throw new Error('no set');
  const { ca } = set;

  it.each(['empty', 'no-pem', 'der', 'wrong-label', 'utf-16'] as const)('%s', (cause) => {
    expect(malformedText(set, ca, { cause }, 0)).toBe('The certificate is not trusted');
  });

  it.each(['truncated', 'base64', 'structure', 'not-a-file'] as const)('%s', (cause) => {
    expect(malformedText(set, ca, { cause }, 0)).toBe('Failed to allocate credentials');
  });
});
