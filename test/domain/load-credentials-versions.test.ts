import { describe, expect, it } from 'vitest';
import type { Account } from '../../src/domain/account.ts';
import { rootAccount } from '../../src/domain/account.ts';
import { loadCredentials, type LoadingOfCredentials } from '../../src/domain/load-credentials.ts';
import type { Certificate } from '../../src/facts/certificates.ts';
import { numberedFile, numberedIdentities } from '../../src/reference/pki-files.ts';
import { certificate as parsed } from '../support/certificates.ts';
import { absent, certificate, dir, facts, file, privateKey, revocationList, type Change } from '../support/facts.ts';

const [ca, crl, cert, key] = ['/p/ca-cert.pem', '/p/ca-crl.pem', '/p/server-cert.pem', '/p/server-key.pem'];
const server = parsed('server');
const root = parsed('root');
const stranger = parsed('other-root');
const alice: Account = { name: 'alice', uid: 1000, gids: [1000] };

const numbered = (path: string, number: number): string => numberedFile(path, number, 'qemu');

/** A certificate file, and the key of its first certificate. */
const pair = (at: string, keyAt: string, first: Certificate, ...others: readonly Certificate[]): readonly Change[] => [
  certificate(at, first, ...others),
  privateKey(keyAt, first.publicKey),
  file(keyAt, { mode: 0o644 }),
];
const furtherPair = (number: number, leaf: Certificate): readonly Change[] =>
  pair(numbered(cert, number), numbered(key, number), leaf);

/** All else that is looked for is not there. */
const nothingElse: Change = (built) =>
  [ca, crl, cert, key]
    .concat(numberedIdentities.flatMap((number) => [numbered(cert, number), numbered(key, number)]))
    .filter((path) => built.files[path] === undefined)
    .reduce((so, path) => absent(path)(so), built);
const sound: readonly Change[] = [certificate(ca, root), ...pair(cert, key, server)];

function said(changes: readonly Change[], question: Partial<LoadingOfCredentials>): string {
  const outcome = loadCredentials(facts(...changes, nothingElse), {
    program: 'libvirt',
    endpoint: 'server',
    paths: { ca, revocationList: crl, certificate: cert, key },
    further: numberedIdentities.map((number) => ({ certificate: numbered(cert, number), key: numbered(key, number) })),
    account: rootAccount,
    checks: true,
    at: '2030-01-01T00:00:00Z',
    requiresKeyEncipherment: false,
    ...question,
  });
  switch (outcome.state) {
    case 'refused':
      return outcome.refusal.text;
    case 'unknown':
      return 'unknown';
    case 'loaded':
      return outcome.identity?.certificatePath ?? 'nothing of its own';
  }
}

const missing = 'No such file or directory';
const broken = { certificates: [], malformation: { cause: 'no-pem' as const } };

/** Observed with libvirtd and virsh 12.8.0. */
describe('libvirt from 11.10 on', () => {
  it.each<[string, readonly Change[], Partial<LoadingOfCredentials>, string]>([
    ['nothing at all', [], {}, `CA certificate '${ca}' does not exist: ${missing}`],
    ['no identity', [certificate(ca, root)], {}, `Certificate '${cert}' does not exist: ${missing}`],
    ['a client without one', [certificate(ca, root)], { endpoint: 'client' }, 'nothing of its own'],
    [
      'a certificate without its key',
      [certificate(ca, root), certificate(cert, server)],
      { endpoint: 'client' },
      `Key '${key}' does not exist, but certificate '${cert}' does: ${missing}`,
    ],
    [
      'a key without its certificate',
      [certificate(ca, root), privateKey(key, server.publicKey)],
      {},
      `Certificate '${cert}' does not exist, but key '${key}' does: ${missing}`,
    ],
    ['the first numbered one alone', [certificate(ca, root), ...furtherPair(0, server)], {}, numbered(cert, 0)],
    [
      'half of a numbered one',
      [...sound, certificate(numbered(cert, 0), server)],
      {},
      `Key '${numbered(key, 0)}' does not exist, but certificate '${numbered(cert, 0)}' does: ${missing}`,
    ],
    ['one after a gap, which nobody looks at', [...sound, certificate(numbered(cert, 1), server)], {}, cert],
    [
      'a numbered one of another CA',
      [...sound, ...furtherPair(0, stranger)],
      { checks: true },
      `The certificate ${numbered(cert, 0)} basic constraints show a CA, but we need one for a server`,
    ],
    [
      'a chain, of which it still looks at the first alone',
      [certificate(ca, root), ...pair(cert, key, parsed('server-under-intermediate'), parsed('intermediate'))],
      {},
      `Our own certificate ${cert} failed validation against ${ca}: The certificate hasn't got a known issuer.`,
    ],
    [
      'a CA file without a certificate',
      [...sound, certificate(ca, { known: true, value: broken })],
      {},
      `Unable to import certificate list ${ca}`,
    ],
    [
      'a directory that the account may not enter',
      [certificate(ca, root), ...pair(cert, '/p/private/key.pem', server), dir('/p/private', { mode: 0o700 })],
      { account: alice, endpoint: 'client', paths: { ca, certificate: cert, key: '/p/private/key.pem' } },
      `Key '/p/private/key.pem' does not exist, but certificate '${cert}' does: Permission denied`,
    ],
    [
      'a revocation list that is named and not there',
      sound,
      { isNamed: true, further: [] },
      `Unable to set x509 certificate revocation list: ${crl}: Error while reading file.`,
    ],
    [
      'a name that is empty',
      sound,
      { isNamed: true, further: [], paths: { ca: '', certificate: cert, key } },
      `CA certificate '' does not exist: ${missing}`,
    ],
    [
      'a certificate that is named and not there',
      [certificate(ca, root), privateKey(key, server.publicKey)],
      { isNamed: true, further: [] },
      `Certificate '${cert}' does not exist: ${missing}`,
    ],
  ])('%s', (_case, changes, question, expected) => {
    expect(said(changes, { version: '11.10.0', ...question })).toBe(expected);
  });

  it('says less when its version is not known', () => {
    expect(said(sound, { version: null })).toBe(cert);
    expect(said([], { version: null })).toBe(`Cannot read CA certificate '${ca}': ${missing}`);
    expect(said([certificate(ca, root), certificate(cert, server)], { version: null, endpoint: 'client' })).toBe(
      'unknown',
    );
    expect(said([...sound, certificate(numbered(cert, 0), server)], { version: null })).toBe('unknown');
  });
});

/** Observed with QEMU 11.1.3; crypto/tlscredsx509.c of 10.2.1. */
describe('QEMU from 10.2 on', () => {
  it.each<[string, readonly Change[], Partial<LoadingOfCredentials>, string]>([
    ['nothing at all', [], {}, `Unable to access credentials ${ca}: ${missing}`],
    ['no identity', [certificate(ca, root)], {}, `Missing server cert '${cert}' & key '${key}'`],
    ['a client without one', [certificate(ca, root)], { endpoint: 'client' }, 'nothing of its own'],
    [
      'a certificate without its key',
      [certificate(ca, root), certificate(cert, server)],
      {},
      `Cert '${cert}' without corresponding key '${key}'`,
    ],
    [
      'a key without its certificate',
      [certificate(ca, root), privateKey(key, server.publicKey)],
      {},
      `Key '${key}' without corresponding cert '${cert}'`,
    ],
    ['the first numbered one alone', [certificate(ca, root), ...furtherPair(0, server)], {}, numbered(cert, 0)],
    [
      'a chain up to a CA',
      [certificate(ca, root), ...pair(cert, key, parsed('server-under-intermediate'), parsed('intermediate'))],
      {},
      cert,
    ],
    [
      'a chain with a gap',
      [certificate(ca, root), ...pair(cert, key, parsed('server-under-intermediate'), stranger)],
      {},
      `Cert '${stranger.subject.text}' does not match issuer of cert '${parsed('server-under-intermediate').subject.text}'`,
    ],
    [
      'an issuer that is missing',
      [certificate(ca, root), ...pair(cert, key, parsed('server-under-intermediate'))],
      {},
      `Cert '${parsed('server-under-intermediate').subject.text}' has no issuer in CA chain`,
    ],
    [
      'a leaf behind the leaf',
      [certificate(ca, root), ...pair(cert, key, server, parsed('client'))],
      {},
      `The certificate ${cert} basic constraints do not show a CA`,
    ],
    ['a CA off the way that has expired', [...sound, certificate(ca, root, parsed('expired-root'))], {}, cert],
    [
      'a CA file without a certificate',
      [...sound, certificate(ca, { known: true, value: broken })],
      {},
      `Unable to import certificate ${ca}: No certificate was found.`,
    ],
    [
      'a key that is none',
      [...sound, privateKey(key, { state: 'malformed', malformation: { cause: 'no-pem' } })],
      {},
      `Unable to import private key ${key}`,
    ],
    [
      'the key of another',
      [...sound, privateKey(key, stranger.publicKey)],
      {},
      `Cannot set certificate '${cert}' & key '${key}': The certificate and the given key do not match.`,
    ],
    [
      'a key that its account may not read',
      [...sound, file(key, { mode: 0o600 })],
      { account: alice },
      `Unable to access credentials ${key}: Permission denied`,
    ],
    [
      'a broken revocation list, after its check',
      [
        ...sound,
        revocationList(crl, { lists: [], malformation: { cause: 'empty', gnutlsError: 'Base64 decoding error.' } }),
      ],
      {},
      `Cannot load CRL '${crl}': Base64 decoding error.`,
    ],
  ])('%s', (_case, changes, question, expected) => {
    expect(said(changes, { program: 'qemu', version: '1:10.2.1+ds-1', ...question })).toBe(expected);
  });

  it('looks at all CAs in 10.1 already, and refuses one off the way that has expired', () => {
    const changes = [...sound, certificate(ca, root, parsed('expired-root'))];
    expect(said(changes, { program: 'qemu', version: '1:10.1.0+ds-5' })).toBe(`The CA certificate ${ca} has expired`);
    const many = certificate(ca, ...Array.from({ length: 16 }, () => stranger), root);
    expect(said([...sound, many], { program: 'qemu', version: '1:10.1.0+ds-5' })).toBe(cert);
    expect(said([...sound, many], { program: 'qemu', version: '1:10.0.13+ds' })).toContain("hasn't got a known issuer");
  });
});
