import { describe, expect, it } from 'vitest';
import { clientPaths, type ClientAccount } from '../../src/domain/client-paths.ts';
import { credentials } from '../../src/domain/credentials.ts';
import { firstRefusal, tlsPathRefusal } from '../../src/domain/daemon-configuration.ts';
import { loadsIdentities, requiresKeyEncipherment } from '../../src/domain/libvirt-version.ts';
import { lookedUpPaths } from '../../src/domain/looked-up-paths.ts';
import { missingFiles } from '../../src/domain/missing-credentials.ts';
import { parseConfiguration } from '../../src/parse/configuration.ts';
import { vocabularies } from '../../src/reference/settings.ts';
import {
  absent,
  aClient,
  aServer,
  aUser,
  facts,
  file,
  having,
  serverCertificate,
  certificate,
  settings,
  type Change,
} from '../support/facts.ts';

const ofLibvirt = (version: string): Change =>
  having({ software: { installed: [], libvirt: { version, source: 'given' } } });
const alice: ClientAccount = { name: 'alice', uid: 1000, gids: [1000], home: '/home/alice' };
const own = '/home/alice/.pki/libvirt';
const serverCert = '/etc/pki/libvirt/servercert.pem';

it.each<['libvirt' | 'qemu', string | undefined, boolean]>([
  ['libvirt', '11.9.0', false],
  ['libvirt', '11.10.0', true],
  ['libvirt', '12.8.0-1', true],
  ['qemu', '1:10.1.3+ds-1', false],
  ['qemu', '1:10.2.0+ds-1', true],
  ['qemu', undefined, false],
])('knows whether %s %s loads several identities', (program, version, expected) => {
  expect(loadsIdentities(program, version)).toBe(expected);
});

it.each<[string, boolean]>([
  ['1:10.1.2+ds-3', true],
  ['1:10.1.3+ds-1', false],
])('knows the stable release of QEMU 10.1 without key encipherment: %s', (version, expected) => {
  expect(requiresKeyEncipherment('qemu', version)).toBe(expected);
});

/** Observed with libvirtd 12.8.0. */
describe('the daemon’s lists of identities', () => {
  const configuration = (text: string) => parseConfiguration(new TextEncoder().encode(text), vocabularies.libvirtd);
  const counts = (certificates: number, keys: number): string =>
    `Number of certificates (${certificates}) must match number of keys (${keys})`;
  const exclusive = 'cert_file/key_file are mutually exclusive with cert_files/key_files';

  it.each<[string, string | undefined]>([
    ['cert_file = "/a"', counts(1, 0)],
    ['key_file = "/a"', counts(0, 1)],
    ['cert_file = ""', counts(1, 0)],
    ['cert_files = ["/a"]\nkey_files = ["/b", "/c"]', counts(1, 2)],
    ['cert_files = []\nkey_file = "/a"', counts(0, 1)],
    ['cert_files = ["/a"]\nkey_file = "/b"', undefined],
    ['cert_file = "/a"\ncert_files = ["/b", "/c"]', exclusive],
    ['cert_file = "/a"\ncert_files = []\nkey_file = "/b"', exclusive],
    ['cert_file = "/a"\nca_file = 1', counts(1, 0)],
    ['key_files = "x"\nca_file = 1', "expected a string list for 'key_files' parameter"],
    ['key_file = "/a"\ncert_file = "/b"', undefined],
  ])('are held against one another: %s', (text, expected) => {
    expect(firstRefusal(configuration(text), 'libvirtd', '11.10.0')?.error).toBe(expected);
  });

  it('are no affair of older ones', () => {
    expect(firstRefusal(configuration('cert_file = "/a"\ncert_files = ["/b"]'), 'libvirtd', '11.9.0')).toBeUndefined();
  });

  it.each<[string, string | undefined]>([
    ['ca_file = "/a"', 'No server certificate path(s) set to match server key(s)'],
    ['cert_file = "/a"\nkey_file = "/b"', 'No CA certificate path set to match server key(s)/cert(s)'],
    ['cert_files = ["/a"]\nkey_files = ["/b"]', 'No CA certificate path set to match server key(s)/cert(s)'],
    ['ca_file = "/a"\ncert_files = ["/a"]\nkey_files = ["/b"]', undefined],
  ])('stand for single names: %s', (text, expected) => {
    expect(tlsPathRefusal(configuration(text), '11.10.0')?.error).toBe(expected);
  });
});

/** Observed with virsh 12.8.0. */
describe('a user’s client from 11.10 on', () => {
  const found = (...changes: readonly Change[]) => clientPaths(facts(...changes).files, alice, undefined, '12.8.0');
  const nothing = [0].flatMap((number) => [
    absent(`${own}/clientcert${number}.pem`),
    absent(`${own}/clientkey${number}.pem`),
  ]);

  it('takes its own pair as soon as there is half of it', () => {
    const paths = { certificate: `${own}/clientcert.pem`, key: `${own}/clientkey.pem` };
    expect(found(aUser, ...nothing, absent(paths.key))).toMatchObject({ paths });
    expect(found(aUser, absent(paths.key), absent(paths.certificate), ...nothing)).toMatchObject({
      paths: { certificate: '/etc/pki/libvirt/clientcert.pem' },
    });
  });

  it('or a numbered one', () => {
    const paths = [absent(`${own}/clientcert.pem`), absent(`${own}/clientkey.pem`)];
    expect(found(aUser, ...paths, ...nothing, file(`${own}/clientcert0.pem`))).toMatchObject({
      paths: { certificate: `${own}/clientcert.pem` },
      further: [{ certificate: `${own}/clientcert0.pem`, key: `${own}/clientkey0.pem` }, {}, {}, {}],
    });
  });
});

describe('the sets of credentials', () => {
  const sets = (...changes: readonly Change[]) =>
    credentials(facts(...changes), ['libvirt-server']).sets.map(({ id, certificate: one }) => [id, one?.path]);
  const second = file('/etc/pki/libvirt/servercert0.pem');

  it('count numbered identities where the version has them', () => {
    expect(sets(aServer, second, ofLibvirt('11.3.0'))).toEqual([['libvirt-server', serverCert]]);
    expect(sets(aServer, second, ofLibvirt('11.10.0'))).toEqual([
      ['libvirt-server', serverCert],
      ['libvirt-server-1', '/etc/pki/libvirt/servercert0.pem'],
    ]);
  });

  it('begin with the first that is there', () => {
    const key = absent('/etc/pki/libvirt/private/serverkey.pem');
    expect(sets(aServer, second, absent(serverCert), key, ofLibvirt('11.10.0'))).toEqual([
      ['libvirt-server', '/etc/pki/libvirt/servercert0.pem'],
    ]);
  });

  it('follow the daemon’s lists', () => {
    const lists = settings('/etc/libvirt/libvirtd.conf', {
      ca_file: '/a/ca.pem',
      cert_files: ['/a/1.pem', '/a/2.pem'],
      key_files: ['/a/1.key', '/a/2.key'],
    });
    expect(sets(aServer, lists, ofLibvirt('11.10.0'))).toEqual([
      ['libvirt-server', '/a/1.pem'],
      ['libvirt-server-1', '/a/2.pem'],
    ]);
    expect(lookedUpPaths(facts(aServer, lists)).privateKeys).toEqual(expect.arrayContaining(['/a/1.key', '/a/2.key']));
  });

  it('name the missing half in the words of the version', () => {
    const built = facts(
      aServer,
      certificate('/etc/pki/libvirt/servercert0.pem', serverCertificate()),
      ofLibvirt('11.10.0'),
    );
    const { missing } = missingFiles(built, ['libvirt-server'], 'private-key', 'server');
    expect(missing.map(({ text, fatal }) => [text, fatal])).toEqual([
      [
        "Key '/etc/pki/libvirt/private/serverkey0.pem' does not exist, but certificate '/etc/pki/libvirt/servercert0.pem' does: No such file or directory",
        true,
      ],
    ]);
    expect(credentials(facts(aClient, ofLibvirt('11.10.0')), ['libvirt-client']).sets).toHaveLength(1);
  });
});
