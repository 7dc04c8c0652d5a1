import fastGlob from 'fast-glob';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inferRoles } from '../../src/domain/roles.ts';
import { runRule } from '../../src/engine/run-rule.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { Rule } from '../../src/rule/define-rule.ts';
import {
  absent,
  aRevocationList,
  aServer,
  aUser,
  aVncServer,
  caCertificate,
  certificate,
  change,
  clientCertificate,
  dir,
  facts,
  file,
  having,
  installed,
  link,
  privateKey,
  publicKey,
  remminaProfile,
  revocationList,
  type Change,
} from '../support/facts.ts';
import { snapshotOf } from '../support/test-rule.ts';

const top = join(import.meta.dirname, '../..');
const files = fastGlob.sync('rules/*/*.ts', { cwd: top }).sort();
const rules = await Promise.all(
  files.map(async (name) => ((await import(join(top, name))) as { default: Rule }).default),
);

const all =
  (...changes: readonly Change[]): Change =>
  (built) =>
    changes.reduce((result, one) => one(result), built);

const own = '/home/alice/.pki';
const mine = { uid: 1000, gid: 1000 };
const userCertificate = `${own}/libvirt-vnc/clientcert.pem`;
const userKey = `${own}/libvirt-vnc/private/clientkey.pem`;
const systemCertificate = '/etc/pki/libvirt-vnc/clientcert.pem';
const systemKey = '/etc/pki/libvirt-vnc/private/clientkey.pem';
const authority = '/etc/pki/CA/cacert.pem';

const home = all(
  dir('/home/alice', { ...mine, mode: 0o750 }),
  dir(own, { ...mine, mode: 0o700 }),
  dir(`${own}/libvirt-vnc`, { ...mine, mode: 0o700 }),
  dir(`${own}/libvirt-vnc/private`, { ...mine, mode: 0o700 }),
);
const aUserWithViewer = all(
  installed('virt-manager'),
  certificate(authority, caCertificate()),
  home,
  file(userCertificate, mine),
  file(userKey, { ...mine, mode: 0o600 }),
  certificate(userCertificate, clientCertificate()),
  privateKey(userKey, publicKey('client')),
);
/** A pair for the members of libvirt's group, out of sight of all others. */
const aSharedPair = all(
  installed('virt-manager'),
  certificate(authority, caCertificate()),
  certificate(systemCertificate, clientCertificate()),
  dir('/etc/pki/libvirt-vnc/private', { gid: 118, mode: 0o750 }),
  file(systemKey, { gid: 118, mode: 0o640 }),
  privateKey(systemKey, publicKey('client')),
);
/** alice uses one pair with libvirt, virt-viewer and virt-manager. */
const aUserOfEverything = all(
  aUser,
  aUserWithViewer,
  installed('virt-viewer'),
  dir(`${own}/libvirt/private`, { ...mine, mode: 0o700 }),
  link(`${own}/libvirt/private/clientkey.pem`, '../clientkey.pem'),
  privateKey(`${own}/libvirt/private/clientkey.pem`, publicKey('client')),
);

/** alice's TigerVNC trusts a CA of her own, and reads its list. */
const tiger = '/home/alice/.vnc';
const aUserOfTigerVnc = all(
  installed('xtigervncviewer'),
  dir('/home/alice', { ...mine, mode: 0o750 }),
  dir(tiger, { ...mine, mode: 0o700 }),
  file(`${tiger}/x509_ca.pem`, mine),
  file(`${tiger}/x509_crl.pem`, mine),
  certificate(`${tiger}/x509_ca.pem`, caCertificate()),
  revocationList(`${tiger}/x509_crl.pem`, aRevocationList(caCertificate())),
);

/** alice's Remmina opens a console over TLS, with everything that a profile can name. */
const profiles = '/home/alice/.local/share/remmina';
const aUserOfRemmina = all(
  installed('remmina'),
  dir('/home/alice', { ...mine, mode: 0o750 }),
  dir('/home/alice/certs', { ...mine, mode: 0o750 }),
  remminaProfile(`${profiles}/kvm1.remmina`, {
    cacert: '/home/alice/certs/ca.pem',
    cacrl: '/home/alice/certs/crl.pem',
    clientcert: '/home/alice/certs/client.pem',
    clientkey: '/home/alice/certs/client.key',
  }),
  file('/home/alice/certs/ca.pem', mine),
  file('/home/alice/certs/crl.pem', mine),
  file('/home/alice/certs/client.pem', mine),
  file('/home/alice/certs/client.key', { ...mine, mode: 0o600 }),
  certificate('/home/alice/certs/ca.pem', caCertificate()),
  revocationList('/home/alice/certs/crl.pem', aRevocationList(caCertificate())),
  certificate('/home/alice/certs/client.pem', clientCertificate()),
  privateKey('/home/alice/certs/client.key', publicKey('client')),
);
const named = '/home/alice/certs';

const judge = (built: Facts) => {
  const results = rules.map((rule) => runRule(rule, snapshotOf(built), inferRoles(built), {}));
  return {
    findings: results.flatMap(({ findings }) => findings),
    gaps: results.flatMap(({ verdict }) => (verdict.gaps ?? []).map(({ detail }) => `${verdict.rule}: ${detail}`)),
  };
};

describe('a healthy desk has nothing', () => {
  it.each<[string, Change]>([
    ['viewers and no certificates', installed('virt-manager', 'virt-viewer', 'vinagre', 'remmina', 'xtigervncviewer')],
    ['viewers and a CA', all(installed('virt-viewer'), certificate(authority, caCertificate()))],
    ['a user with a pair for virt-manager', aUserWithViewer],
    ['a pair for a group', aSharedPair],
    ['a user with one pair for everything', aUserOfEverything],
    ['a user of TigerVNC', aUserOfTigerVnc],
    [
      "a server's own certificate that TigerVNC trusts",
      all(aUserOfTigerVnc, certificate(`${tiger}/x509_ca.pem`, clientCertificate())),
    ],
    ['a directory of TigerVNC without files', dir(tiger, { ...mine, mode: 0o700 })],
    ['a user of Remmina', aUserOfRemmina],
    [
      'two profiles that name the same',
      all(aUserOfRemmina, remminaProfile(`${profiles}/kvm2.remmina`, { cacert: `${named}/ca.pem` })),
    ],
    [
      'a profile that names the CA of the system',
      all(
        installed('remmina'),
        remminaProfile(`${profiles}/kvm1.remmina`, { cacert: authority }),
        certificate(authority, caCertificate()),
      ),
    ],
    ['a server beside them', all(aServer, aVncServer, aUserWithViewer)],
    [
      'a CA of the user',
      all(
        aUserWithViewer,
        absent(authority),
        file(`${own}/CA/cacert.pem`, mine),
        certificate(`${own}/CA/cacert.pem`, caCertificate()),
      ),
    ],
  ])('%s', (_, base) => {
    const { findings, gaps } = judge(facts(base));
    expect(
      findings.filter(({ severity }) => severity !== 'note').map(({ rule, message }) => `${rule}: ${message}`),
    ).toEqual([]);
    expect(gaps).toEqual([]);
  });
});

const malformed = { known: true, value: { certificates: [], malformation: { cause: 'base64', line: 3 } } } as const;

describe('one fault, one finding', () => {
  it.each<[rule: string, severity: string, name: string, base: Change, ...defect: readonly Change[]]>([
    ['private-key-exposed', 'error', "a user's key", aUserWithViewer, ...opened(0o644)],
    [
      'private-key-exposed',
      'error',
      "the system's key",
      aSharedPair,
      change('/etc/pki/libvirt-vnc/private', { mode: 0o755 }),
      change(systemKey, { mode: 0o644 }),
    ],
    ['private-key-unreadable', 'error', "root's key in a home", aUserWithViewer, change(userKey, { uid: 0, gid: 0 })],
    [
      'private-key-unreadable',
      'error',
      "root's directory in a home",
      aUserWithViewer,
      change(`${own}/libvirt-vnc/private`, { uid: 0, gid: 0 }),
    ],
    [
      'certificate-unreadable',
      'error',
      "root's certificate in a home",
      aUserWithViewer,
      change(userCertificate, { uid: 0, gid: 0, mode: 0o600 }),
    ],
    ['private-key-mismatch', 'error', 'a key of another', aUserWithViewer, privateKey(userKey, publicKey('other'))],
    [
      'certificate-expired',
      'error',
      'a certificate',
      aUserWithViewer,
      certificate(userCertificate, clientCertificate({ notAfter: '2026-01-01T00:00:00.000Z' })),
    ],
    ['certificate-malformed', 'error', 'a certificate', aUserWithViewer, certificate(userCertificate, malformed)],
    ['client-key-missing', 'error', 'no key', aUserWithViewer, absent(userKey)],
    ['client-certificate-missing', 'warning', 'no certificate', aUserWithViewer, absent(userCertificate)],
    ['ca-certificate-missing', 'warning', 'no CA', aUserWithViewer, absent(authority)],
    ['dangling-symlink', 'error', 'a link', aUserWithViewer, link(userKey, '/nowhere')],
    [
      'client-key-missing',
      'warning',
      "a key in libvirt's place alone",
      all(aUserOfEverything, absent(`${own}/libvirt/private/clientkey.pem`), absent(`${own}/libvirt/private`)),
    ],
    ['ca-certificate-missing', 'warning', "a CA in libvirt's place alone", all(aUserOfEverything, absent(authority))],
    [
      'vnc-client-file-shadowed',
      'warning',
      "root's key in sight",
      aSharedPair,
      change('/etc/pki/libvirt-vnc/private', { gid: 0, mode: 0o755 }),
      change(systemKey, { gid: 0, mode: 0o600 }),
    ],
    [
      'vnc-client-file-shadowed',
      'error',
      "root's certificate before a user's",
      aUserWithViewer,
      certificate(systemCertificate, clientCertificate({ publicKey: publicKey('root') })),
      dir('/etc/pki/libvirt-vnc/private', { mode: 0o700 }),
      privateKey(systemKey, publicKey('root')),
    ],
    [
      'crl-expired',
      'warning',
      'a list of the user',
      aUserWithViewer,
      file(`${own}/CA/cacrl.pem`, mine),
      revocationList(
        `${own}/CA/cacrl.pem`,
        aRevocationList(caCertificate(), { nextUpdate: '2026-01-01T00:00:00.000Z' }),
      ),
    ],
    [
      'certificate-expired',
      'warning',
      "a CA of TigerVNC's",
      aUserOfTigerVnc,
      certificate(`${tiger}/x509_ca.pem`, caCertificate({ notAfter: '2026-01-01T00:00:00.000Z' })),
    ],
    [
      'certificate-malformed',
      'warning',
      "a CA of TigerVNC's",
      aUserOfTigerVnc,
      certificate(`${tiger}/x509_ca.pem`, malformed),
    ],
    [
      'certificate-unreadable',
      'warning',
      "root's CA where TigerVNC looks",
      aUserOfTigerVnc,
      change(`${tiger}/x509_ca.pem`, { uid: 0, gid: 0, mode: 0o600 }),
    ],
    [
      'crl-malformed',
      'warning',
      "a list of TigerVNC's",
      aUserOfTigerVnc,
      revocationList(`${tiger}/x509_crl.pem`, {
        known: true,
        value: { lists: [], malformation: { cause: 'base64', line: 3 } },
      }),
    ],
    [
      'crl-expired',
      'warning',
      "a list of TigerVNC's",
      aUserOfTigerVnc,
      revocationList(
        `${tiger}/x509_crl.pem`,
        aRevocationList(caCertificate(), { nextUpdate: '2026-01-01T00:00:00.000Z' }),
      ),
    ],
    ['crl-malformed', 'error', "a list of Remmina's that is not there", aUserOfRemmina, absent(`${named}/crl.pem`)],
    ['dangling-symlink', 'error', "Remmina's CA", aUserOfRemmina, link(`${named}/ca.pem`, 'gone.pem')],
    ['ca-certificate-missing', 'error', "Remmina's", aUserOfRemmina, absent(`${named}/ca.pem`)],
    ['client-key-missing', 'error', "Remmina's", aUserOfRemmina, absent(`${named}/client.key`)],
    ['client-certificate-missing', 'error', "Remmina's", aUserOfRemmina, absent(`${named}/client.pem`)],
    [
      'client-certificate-missing',
      'error',
      "Remmina's, and the key as well",
      aUserOfRemmina,
      absent(`${named}/client.pem`),
      absent(`${named}/client.key`),
    ],
    [
      'client-key-missing',
      'error',
      'a profile of Remmina that names none',
      aUserOfRemmina,
      having({ privateKeys: {} }),
      remminaProfile(`${profiles}/kvm1.remmina`, { cacert: `${named}/ca.pem`, clientcert: `${named}/client.pem` }),
    ],
    [
      'client-certificate-missing',
      'warning',
      'a profile of Remmina that names none',
      aUserOfRemmina,
      remminaProfile(`${profiles}/kvm1.remmina`, { cacert: `${named}/ca.pem`, clientkey: `${named}/client.key` }),
    ],
    [
      'private-key-exposed',
      'error',
      "Remmina's",
      aUserOfRemmina,
      change('/home/alice', { mode: 0o755 }),
      change(named, { mode: 0o755 }),
      change(`${named}/client.key`, { mode: 0o644 }),
    ],
    [
      'private-key-unreadable',
      'error',
      "root's where Remmina is told to look",
      aUserOfRemmina,
      change(`${named}/client.key`, { uid: 0, gid: 0 }),
    ],
    [
      'certificate-unreadable',
      'error',
      "root's where Remmina is told to look",
      aUserOfRemmina,
      change(`${named}/ca.pem`, { uid: 0, gid: 0, mode: 0o600 }),
    ],
    ['certificate-malformed', 'error', "a CA of Remmina's", aUserOfRemmina, certificate(`${named}/ca.pem`, malformed)],
    [
      'private-key-mismatch',
      'error',
      "Remmina's",
      aUserOfRemmina,
      privateKey(`${named}/client.key`, publicKey('another')),
    ],
    [
      'certificate-expired',
      'error',
      "a client's of Remmina's",
      aUserOfRemmina,
      certificate(`${named}/client.pem`, clientCertificate({ notAfter: '2026-01-01T00:00:00.000Z' })),
    ],
    [
      'crl-expired',
      'warning',
      "a list of Remmina's",
      aUserOfRemmina,
      revocationList(`${named}/crl.pem`, aRevocationList(caCertificate(), { nextUpdate: '2026-01-01T00:00:00.000Z' })),
    ],
    [
      'pki-file-replaceable',
      'error',
      "a CA of Remmina's",
      aUserOfRemmina,
      change('/home/alice', { mode: 0o755 }),
      change(named, { mode: 0o777 }),
    ],
    [
      'pki-file-replaceable',
      'error',
      "a CA of TigerVNC's",
      aUserOfTigerVnc,
      change('/home/alice', { mode: 0o755 }),
      change(tiger, { mode: 0o777 }),
    ],
  ])('%s, %s: %s', (rule, severity, _, base, ...defect) => {
    const { findings, gaps } = judge(facts(base, ...defect));
    const told = findings.filter((one) => one.severity !== 'note');
    expect(
      told.map((one) => `${one.rule}, ${one.severity}`),
      told.map(({ message }) => message).join('\n'),
    ).toEqual([`${rule}, ${severity}`]);
    expect(gaps).toEqual([]);
  });

  it("of libvirt's pair in the wrong places for virt-manager no more than a note", () => {
    const { findings } = judge(facts(certificate(authority, caCertificate()), aUser, installed('virt-manager')));
    expect(findings.map(({ rule, severity }) => `${rule}, ${severity}`)).toEqual(['client-certificate-missing, note']);
  });
});

/** The key of alice with that mode, and a way to it. */
function opened(mode: number): readonly Change[] {
  return [
    ...['/home/alice', own, `${own}/libvirt-vnc`, `${own}/libvirt-vnc/private`].map((path) =>
      change(path, { mode: 0o755 }),
    ),
    change(userKey, { mode }),
  ];
}
