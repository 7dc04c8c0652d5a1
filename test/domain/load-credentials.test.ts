import { describe, expect, it } from 'vitest';
import type { Account } from '../../src/domain/account.ts';
import { rootAccount } from '../../src/domain/account.ts';
import { loadCredentials, type LoadingOfCredentials } from '../../src/domain/load-credentials.ts';
import type { KeyUsage } from '../../src/facts/certificates.ts';
import { unknown } from '../../src/facts/fact.ts';
import { certificate as parsed } from '../support/certificates.ts';
import {
  absent,
  aRevocationList,
  certificate,
  dir,
  entry,
  facts,
  file,
  link,
  privateKey,
  revocationList,
  type Change,
} from '../support/facts.ts';

const [ca, crl, cert, key] = ['/pki/ca.pem', '/pki/crl.pem', '/pki/cert.pem', '/pki/private/key.pem'];
const server = parsed('server');

/** Everything is there and sound, and open to everybody. */
const sound: readonly Change[] = [
  certificate(ca, parsed('root')),
  revocationList(crl, aRevocationList(parsed('root'))),
  certificate(cert, server),
  privateKey(key, server.publicKey),
  file(key, { mode: 0o644 }),
];

const alice: Account = { name: 'alice', uid: 1000, gids: [1000] };

function load(changes: readonly Change[], question: Partial<LoadingOfCredentials> = {}) {
  return loadCredentials(facts(...sound, ...changes), {
    program: 'libvirt',
    endpoint: 'server',
    paths: { ca, revocationList: crl, certificate: cert, key },
    account: rootAccount,
    checks: true,
    at: '2030-01-01T00:00:00Z',
    requiresKeyEncipherment: false,
    ...question,
  });
}

/** What is printed, or what else comes of it. */
function said(changes: readonly Change[], question: Partial<LoadingOfCredentials> = {}): string {
  const outcome = load(changes, question);
  switch (outcome.state) {
    case 'refused':
      return outcome.refusal.text;
    case 'unknown':
      return `unknown: ${outcome.because.detail}`;
    case 'loaded':
      return outcome.identity === undefined ? 'loaded, without identity' : 'loaded';
  }
}

const malformed = (gnutlsError = 'Base64 decoding error.') => ({
  cause: 'base64' as const,
  gnutlsError,
});
const brokenCertificate = (path: string): Change =>
  certificate(path, { known: true, value: { certificates: [], malformation: malformed() } });
const brokenKey = privateKey(key, {
  state: 'malformed',
  malformation: malformed('The requested data were not available.'),
});
const brokenList = revocationList(crl, { lists: [], malformation: malformed() });
const unseen = (path: string): Change => entry(path, unknown('permission-denied', `${path} was closed to us`));

describe('loadCredentials', () => {
  it.each(['libvirt', 'qemu'] as const)('hands over what %s has loaded', (program) => {
    expect(load([], { program })).toMatchObject({
      state: 'loaded',
      anchors: [{ fingerprint: parsed('root').fingerprint }],
      revocationLists: [{}],
      identity: { certificatePath: cert, keyPath: key, chain: [{ fingerprint: server.fingerprint }] },
      warnings: [],
    });
  });

  /** virnettlscontext.c: virNetTLSContextSanityCheckCredentials, then CA, revocation list, key and certificate. */
  it.each<[string, readonly Change[], string]>([
    [
      'its own check before all else',
      [certificate(cert, parsed('server-expired')), absent(ca), brokenKey],
      'The server certificate /pki/cert.pem has expired',
    ],
    ['a missing CA', [absent(ca), absent(key)], "Cannot read CA certificate '/pki/ca.pem': No such file or directory"],
    [
      'the revocation list before the pair',
      [brokenList, absent(key)],
      'Unable to set x509 certificate revocation list: /pki/crl.pem: Base64 decoding error.',
    ],
    [
      'the certificate before the key',
      [absent(key), absent(cert)],
      "Cannot read certificate '/pki/cert.pem': No such file or directory",
    ],
    ['a missing key', [absent(key)], "Cannot read private key '/pki/private/key.pem': No such file or directory"],
    ['a revocation list that is not there', [absent(crl)], 'loaded'],
    [
      'a key that does not load',
      [brokenKey],
      'Unable to set x509 key and certificate: /pki/private/key.pem, /pki/cert.pem: The requested data were not available.',
    ],
    [
      'a key of somebody else',
      [privateKey(key, parsed('server-of-rsa').publicKey)],
      'Unable to set x509 key and certificate: /pki/private/key.pem, /pki/cert.pem: The certificate and the given key do not match.',
    ],
    [
      'a link that leads nowhere',
      [link(cert, 'nowhere.pem'), absent('/pki/nowhere.pem')],
      "Cannot read certificate '/pki/cert.pem': No such file or directory",
    ],
    [
      'a link to itself',
      [link(ca, 'ca.pem')],
      "Cannot read CA certificate '/pki/ca.pem': Too many levels of symbolic links",
    ],
    ['a directory for a CA', [dir(ca)], "Failed to read file '/pki/ca.pem': Is a directory"],
    ['a directory for a certificate', [dir(cert)], "Failed to read file '/pki/cert.pem': Is a directory"],
    [
      'a directory for a key',
      [dir(key)],
      'Unable to set x509 key and certificate: /pki/private/key.pem, /pki/cert.pem: Error while reading file.',
    ],
    [
      'a directory for a revocation list',
      [dir(crl)],
      'Unable to set x509 certificate revocation list: /pki/crl.pem: Error while reading file.',
    ],
  ])('libvirt meets %s', (_, changes, text) => {
    expect(said(changes)).toBe(text);
  });

  /** tlscredsx509.c: qcrypto_tls_creds_x509_load looks for all files, checks, and loads the revocation list last. */
  it.each<[string, readonly Change[], string]>([
    [
      'a missing certificate before its own check',
      [absent(cert), certificate(ca, parsed('expired-root'))],
      'Unable to access credentials /pki/cert.pem: No such file or directory',
    ],
    [
      'a missing CA before a missing key',
      [absent(ca), absent(key)],
      'Unable to access credentials /pki/ca.pem: No such file or directory',
    ],
    ['a revocation list that is not there', [absent(crl)], 'loaded'],
    [
      'its own check before a key that does not load',
      [brokenKey, certificate(cert, parsed('server-expired'))],
      'The server certificate /pki/cert.pem has expired',
    ],
    [
      'a key that does not load before a revocation list that does not',
      [brokenKey, brokenList],
      "Cannot load certificate '/pki/cert.pem' & key '/pki/private/key.pem': The requested data were not available.",
    ],
    ['a revocation list that does not load', [brokenList], "Cannot load CRL '/pki/crl.pem': Base64 decoding error."],
    [
      'a link to itself',
      [link(crl, 'crl.pem')],
      'Unable to access credentials /pki/crl.pem: Too many levels of symbolic links',
    ],
    [
      'a directory for a key',
      [dir(key)],
      "Cannot load certificate '/pki/cert.pem' & key '/pki/private/key.pem': Error while reading file.",
    ],
    ['a directory for a revocation list', [dir(crl)], "Cannot load CRL '/pki/crl.pem': Error while reading file."],
  ])('QEMU meets %s', (_, changes, text) => {
    expect(said(changes, { program: 'qemu' })).toBe(text);
  });

  /** What access(R_OK) or open(2) refuses, the check passes over, and the loader meets. */
  it.each<[LoadingOfCredentials['program'], string, string]>([
    ['libvirt', ca, 'Unable to set x509 CA certificate: /pki/ca.pem: Error while reading file.'],
    ['libvirt', crl, 'Unable to set x509 certificate revocation list: /pki/crl.pem: Error while reading file.'],
    [
      'libvirt',
      cert,
      'Unable to set x509 key and certificate: /pki/private/key.pem, /pki/cert.pem: Error while reading file.',
    ],
    [
      'libvirt',
      key,
      'Unable to set x509 key and certificate: /pki/private/key.pem, /pki/cert.pem: Error while reading file.',
    ],
    ['qemu', ca, "Cannot load CA certificate '/pki/ca.pem': Error while reading file."],
    ['qemu', crl, "Cannot load CRL '/pki/crl.pem': Error while reading file."],
    ['qemu', cert, "Cannot load certificate '/pki/cert.pem' & key '/pki/private/key.pem': Error while reading file."],
    ['qemu', key, "Cannot load certificate '/pki/cert.pem' & key '/pki/private/key.pem': Error while reading file."],
  ])('%s may not read %s', (program, path, text) => {
    const changes = [file(path, { mode: 0o600 })];
    expect(said(changes, { program, account: alice })).toBe(text);
    expect(load(changes, { program, account: alice })).toMatchObject({ refusal: { kind: 'unreadable', path } });
    expect(said(changes, { program })).toBe('loaded');
  });

  it.each<[LoadingOfCredentials['program'], string]>([
    ['libvirt', "Cannot read private key '/pki/private/key.pem': Permission denied"],
    ['qemu', 'Unable to access credentials /pki/private/key.pem: Permission denied'],
  ])('%s takes a directory that its account may not enter for missing files', (program, text) => {
    expect(said([dir('/pki/private', { mode: 0o700 })], { program, account: alice })).toBe(text);
    expect(said([dir('/pki/private', { mode: 0o700 })], { program })).toBe('loaded');
  });

  it.each(['libvirt', 'qemu'] as const)('%s as a client goes on without a certificate or key', (program) => {
    const question = { program, endpoint: 'client', checks: false } as const;
    expect(said([absent(cert)], question)).toBe('loaded, without identity');
    expect(said([absent(key)], question)).toBe('loaded, without identity');
    expect(said([absent(ca)], question)).toContain('No such file or directory');
  });

  it('goes on where it does not look for a file at all', () => {
    expect(said([], { paths: { ca } })).toBe('loaded, without identity');
    expect(load([], { paths: { certificate: cert, key } })).toMatchObject({ state: 'loaded', anchors: [] });
  });

  it('does not look at what it loads where its checks are off', () => {
    const changes = [certificate(cert, parsed('server-expired')), privateKey(key, parsed('server-expired').publicKey)];
    expect(said(changes)).toBe('The server certificate /pki/cert.pem has expired');
    expect(said(changes, { checks: false })).toBe('loaded');
    expect(said([brokenCertificate(ca)], { checks: false })).toBe(
      'Unable to set x509 CA certificate: /pki/ca.pem: Base64 decoding error.',
    );
    expect(said([brokenCertificate(ca)])).toBe('Unable to import CA certificate list /pki/ca.pem');
  });

  it('does not know only where what is not known is reached', () => {
    expect(said([unseen(key)])).toBe('unknown: /pki/private/key.pem was closed to us');
    expect(said([unseen(key), certificate(cert, parsed('server-expired'))])).toBe(
      'The server certificate /pki/cert.pem has expired',
    );
    expect(said([unseen(key), absent(ca)])).toContain('Cannot read CA certificate');
    // QEMU looks for all of its files before it opens one.
    expect(said([unseen(key), certificate(cert, parsed('server-expired'))], { program: 'qemu' })).toContain('unknown');
    expect(said([unseen(crl)])).toContain('unknown');
    expect(said([unseen(crl), absent(ca)])).toContain('Cannot read CA certificate');
    expect(said([unseen(cert), absent(ca)])).toContain('unknown');
    expect(said([unseen(cert), absent(ca)], { checks: false })).toContain('Cannot read CA certificate');
  });

  it('asks for the version only where the version decides', () => {
    const withUsage = (...usages: readonly KeyUsage[]): Change =>
      certificate(cert, { ...server, keyUsage: { critical: true, usages } });
    const changes = [withUsage('digitalSignature')];
    const question = { requiresKeyEncipherment: undefined };
    expect(said([withUsage('digitalSignature', 'keyEncipherment')], question)).toBe('loaded');
    expect(said(changes, question)).toContain('--libvirt-version says it');
    expect(said(changes, { requiresKeyEncipherment: true })).toBe(
      'Certificate /pki/cert.pem usage does not permit key encipherment',
    );
    expect(said(changes)).toBe('loaded');
  });

  it.each<[LoadingOfCredentials['passPhrase'], string]>([
    [undefined, 'Decryption has failed.'],
    ['does-not-fit', 'Decryption has failed.'],
    ['fits', 'loaded'],
    ['not-tried', 'unknown: whether the pass phrase that is given opens /pki/private/key.pem was not tried'],
  ])('with an encrypted key and a pass phrase that is %s: %s', (passPhrase, end) => {
    const changes = [privateKey(key, { state: 'encrypted', format: 'pkcs8' })];
    const question = passPhrase === undefined ? {} : { passPhrase };
    expect(said(changes, { program: 'qemu', ...question })).toMatch(new RegExp(`${end.replaceAll('.', '\\.')}$`));
  });

  it('shows the certificates of its file that lead from the first one up', () => {
    const both = [parsed('server-under-intermediate'), parsed('intermediate'), parsed('other-root')];
    expect(load([certificate(cert, ...both), privateKey(key, both[0]!.publicKey)], { checks: false })).toMatchObject({
      identity: { chain: [{ position: 0 }, { position: 1 }] },
    });
  });
});
