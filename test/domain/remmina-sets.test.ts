import { describe, expect, it } from 'vitest';
import { filesOf } from '../../src/domain/credentials.ts';
import { lookedUpPaths } from '../../src/domain/looked-up-paths.ts';
import { malformedText } from '../../src/domain/malformation-text.ts';
import { ownCredentials } from '../../src/domain/own-credentials.ts';
import { remminaSets } from '../../src/domain/remmina-sets.ts';
import { inferRoles } from '../../src/domain/roles.ts';
import type { MalformationCause } from '../../src/facts/certificates.ts';
import { unknown } from '../../src/facts/fact.ts';
import type { Facts } from '../../src/facts/facts.ts';
import {
  caCertificate,
  certificate,
  clientCertificate,
  facts,
  file,
  having,
  installed,
  privateKey,
  publicKey,
  remminaProfile,
  type Change,
} from '../support/facts.ts';

const directory = '/home/alice/.local/share/remmina';
const first = `${directory}/a.remmina`;
const second = `${directory}/b.remmina`;
const pair = { clientcert: '/home/alice/c.pem', clientkey: '/home/alice/c.key' };
const whole = { cacert: '/home/alice/ca.pem', cacrl: '/home/alice/crl.pem', ...pair };
const sets = (...changes: readonly Change[]) =>
  remminaSets(facts(...changes)).sets.map((set) => [set.id, ...filesOf(set).map(({ path }) => path)]);
const closed: Change = (built) =>
  having({ remminaProfiles: { ...built.remminaProfiles, [directory]: unknown('permission-denied', 'EACCES') } })(built);

describe('sets of Remmina', () => {
  it('are the files of a profile, which it names by their keys', () => {
    const [set] = remminaSets(facts(remminaProfile(first, whole))).sets;
    expect(set).toMatchObject({
      id: 'vnc-client:remmina-profile:alice',
      owner: "alice's Remmina",
      readers: [{ name: 'alice', uid: 1000 }],
      ca: { kind: 'ca-certificate', path: '/home/alice/ca.pem', setting: { path: first, key: 'cacert', line: 4 } },
      crl: { kind: 'revocation-list', path: '/home/alice/crl.pem', setting: { path: first, key: 'cacrl', line: 5 } },
      certificate: { kind: 'certificate', path: '/home/alice/c.pem' },
      key: { kind: 'private-key', path: '/home/alice/c.key' },
    });
  });

  it.each<[string, readonly Change[], readonly (readonly string[])[]]>([
    ['no profile', [installed('remmina')], []],
    ['a profile that names nothing', [remminaProfile(first, {})], []],
    ['one without encryption', [remminaProfile(first, whole, { withoutEncryption: true })], []],
    ['a path that depends on where Remmina is started', [remminaProfile(first, { cacert: 'ca.pem' })], []],
    ['somebody who is not there', [remminaProfile(first, whole, { users: ['mallory'] })], []],
    [
      'profiles that name the same once',
      [remminaProfile(first, { cacert: '/ca.pem' }), remminaProfile(second, { cacert: '/ca.pem' })],
      [['vnc-client:remmina-profile:alice', '/ca.pem']],
    ],
    [
      'each profile that names something else',
      [remminaProfile(first, { cacert: '/ca.pem' }), remminaProfile(second, { cacert: '/other.pem' })],
      [
        ['vnc-client:remmina-profile:alice', '/ca.pem'],
        ['vnc-client:remmina-profile-2:alice', '/other.pem'],
      ],
    ],
    [
      'each user of a profile',
      [remminaProfile(first, { cacert: '/ca.pem' }, { users: ['alice', 'root'] })],
      [
        ['vnc-client:remmina-profile:alice', '/ca.pem'],
        ['vnc-client:remmina-profile:root', '/ca.pem'],
      ],
    ],
  ])('for %s', (_, changes, expected) => {
    expect(sets(...changes)).toEqual(expected);
  });

  it('say what could not be looked at where Remmina is installed', () => {
    expect(remminaSets(facts(installed('remmina'), closed)).gaps.map(({ path }) => path)).toEqual([directory]);
    expect(remminaSets(facts(closed)).gaps).toEqual([]);
  });

  it('show a VNC client', () => {
    expect(inferRoles(facts(remminaProfile(first, { cacert: '/ca.pem' })))).toEqual(['vnc-client']);
    expect(inferRoles(facts(remminaProfile(first, {})))).toEqual([]);
  });

  it('are looked for, but no key of a CA beside them', () => {
    const found = lookedUpPaths(facts(remminaProfile(first, { ...whole, cacert: '/srv/cacert.pem' })));
    expect(found.certificates).toEqual(expect.arrayContaining(['/srv/cacert.pem', '/home/alice/c.pem']));
    expect(found.privateKeys).toContain('/home/alice/c.key');
    expect(found.privateKeys.filter((path) => path.startsWith('/srv'))).toEqual([]);
    expect(found.revocationLists).toContain('/home/alice/crl.pem');
  });
});

// Measured with libvncclient 0.9.14 and GnuTLS 3.7.9.
describe('the words of libvncclient', () => {
  const base = [remminaProfile(first, whole), file('/home/alice/ca.pem', { uid: 1000 })];
  const text = (
    kind: 'ca' | 'key' | 'crl',
    malformation: { readonly cause: MalformationCause; readonly gnutlsError?: string },
    readable = 0,
  ) => {
    const [set] = remminaSets(facts(...base)).sets;
    const one = set?.[kind];
    if (set === undefined || one === undefined) throw new Error('no set');
    return malformedText(set, one, malformation, readable);
  };

  it('are about the call that failed', () => {
    expect(text('ca', { cause: 'truncated', gnutlsError: 'Base64 unexpected header error.' })).toBe(
      'Cannot load CA credentials: Base64 unexpected header error.',
    );
    expect(text('ca', { cause: 'not-a-file' })).toBe('Cannot load CA credentials: Error while reading file.');
    expect(text('crl', { cause: 'empty' })).toBe('Cannot load CRL: Base64 decoding error.');
    expect(text('key', { cause: 'truncated', gnutlsError: 'The requested data were not available.' })).toBe(
      'Cannot load client certificate or key: The requested data were not available.',
    );
  });

  it.each(['empty', 'no-pem', 'der', 'wrong-label'] as const)(
    'are about the server where the CA file is %s',
    (cause) => {
      expect(text('ca', { cause })).toBe("The certificate hasn't got a known issuer.");
      expect(text('ca', { cause: 'truncated' }, 1)).toBe('Cannot load CA credentials: Base64 decoding error.');
    },
  );

  it('are about the pair where certificate and key are none', () => {
    const built: Facts = facts(
      ...base,
      certificate('/home/alice/ca.pem', caCertificate()),
      certificate('/home/alice/c.pem', clientCertificate()),
      privateKey('/home/alice/c.key', publicKey('another')),
    );
    const [own] = ownCredentials(built, ['vnc-client']).sets;
    expect(own?.loading).toMatchObject([
      {
        kind: 'key-mismatch',
        text: 'Cannot load client certificate or key: The certificate and the given key do not match.',
      },
    ]);
    expect(own?.consequence).toBe("alice's Remmina does not get in, and asks for other files");
  });
});
