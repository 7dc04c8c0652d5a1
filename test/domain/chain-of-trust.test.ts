import { describe, expect, it } from 'vitest';
import {
  isRevoked,
  signatureVerdict,
  statusText,
  verifyChain,
  type ChainQuestion,
  type TrustStatus,
} from '../../src/domain/chain-of-trust.ts';
import { parseRevocationListFile } from '../../src/parse/revocation-list-file.ts';
import { certificate, fixture } from '../support/certificates.ts';

const at = '2030-01-01T00:00:00Z';

function verdict(presented: string, trusted: string, options: ChainQuestion['options'] = {}) {
  const all = (names: string) => names.split(' ').filter(Boolean).map(certificate);
  const result = verifyChain({ certificates: all(presented), anchors: all(trusted), at, options });
  return result.trusted ? 'trusted' : `${result.fault.kind}: ${[...result.status].sort().join(' ')}`;
}

describe('verifyChain', () => {
  it('goes by the newest of several revocation lists of one issuer, of two that are as old by the later', () => {
    const leaf = certificate('server');
    const list = (thisUpdate: string, ...serials: string[]) => ({
      issuer: leaf.issuer,
      thisUpdate,
      signatureAlgorithm: 'ECDSA-SHA256',
      revoked: serials.map((serial) => ({ serial, date: thisUpdate })),
    });
    const [old, recent] = ['2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'];
    expect(isRevoked(leaf, [list(old, leaf.serial)])).toBe(true);
    expect(isRevoked(leaf, [list(old, leaf.serial), list(recent)])).toBe(false);
    expect(isRevoked(leaf, [list(recent), list(old, leaf.serial)])).toBe(false);
    expect(isRevoked(leaf, [list(old, leaf.serial), list(old)])).toBe(false);
    expect(isRevoked(leaf, [list(old), list(old, leaf.serial)])).toBe(true);
  });

  it('asks whether a certificate is in force already before it asks whether it still is', () => {
    const reversed = { ...certificate('root'), notBefore: '2040-01-01T00:00:00Z', notAfter: '2025-01-01T00:00:00Z' };
    const result = verifyChain({ certificates: [certificate('server')], anchors: [reversed], at });
    expect(result).toMatchObject({ trusted: false, status: new Set(['invalid', 'not-activated']) });
  });

  it.each([
    ['a leaf of a trusted CA', 'server', 'root', 'trusted'],
    ['among several', 'server', 'other-root root', 'trusted'],
    ['a leaf that is trusted itself', 'server', 'server', 'trusted'],
    ['an intermediate as anchor', 'server-under-intermediate', 'intermediate', 'trusted'],
    ['a chain', 'server-under-intermediate intermediate', 'root', 'trusted'],
    ['a chain with its root', 'server-under-intermediate intermediate root', 'root', 'trusted'],
    ['a version 1 anchor', 'server-of-v1-root', 'v1-root', 'trusted'],
    ['an anchor signed with SHA-1', 'server-of-sha1-root', 'root-sha1', 'trusted'],
    ['names within the constraints', 'server-permitted', 'constrained-root', 'trusted'],
    ['RSA', 'server-of-rsa', 'root-rsa', 'trusted'],
    ['Ed25519', 'server-ed25519', 'root', 'trusted'],
    ['a short key without a profile', 'server-weak', 'root', 'trusted'],
    ['no anchor', 'server', '', 'other-ca: invalid signer-not-found'],
    ['another CA', 'server', 'other-root', 'other-ca: invalid signer-not-found'],
    [
      'the same name with another key',
      'server',
      'root-same-name-other-key',
      'same-name-other-key: invalid signer-not-found',
    ],
    ['a root that only the peer has', 'server root', 'other-root', 'other-ca: invalid signer-not-found'],
    ['a missing intermediate', 'server-under-intermediate', 'root', 'other-ca: invalid signer-not-found'],
    ['an expired leaf', 'server-expired', 'root', 'expired: expired invalid'],
    ['a future leaf', 'server-future', 'root', 'not-yet-valid: invalid not-activated'],
    ['an expired anchor', 'server-of-expired-root', 'expired-root', 'expired: expired invalid'],
    [
      'an issuer that is no CA',
      'server-of-not-a-ca',
      'not-a-ca',
      'issuer-not-a-ca: invalid signer-constraints-failure signer-not-ca',
    ],
    [
      'an issuer that may not sign',
      'server-of-root-without-certsign',
      'root-without-certsign',
      'issuer-key-usage: invalid signer-constraints-failure',
    ],
    [
      'a path too long',
      'server-of-short-intermediate short-intermediate',
      'short-root',
      'path-length: invalid signer-constraints-failure',
    ],
    [
      'names beyond the constraints',
      'server-not-permitted',
      'constrained-root',
      'name-constraints: invalid signer-constraints-failure',
    ],
    ['a SHA-1 signature', 'server-sha1', 'root', 'insecure-algorithm: insecure-algorithm invalid'],
    [
      'an unknown critical extension',
      'server-unknown-critical',
      'root',
      'unknown-critical-extension: invalid unknown-critical-extensions',
    ],
  ])('%s', (_, presented, trusted, expected) => {
    expect(verdict(presented, trusted)).toBe(expected);
    // Sessions differ in what they sort and in the strength that they ask for, not in these.
    expect(verdict(presented, trusted, { algorithm: 'session', profile: 'low' })).toBe(expected);
  });

  it('lines up what a peer sent in a session, and not in a list', () => {
    const presented = 'server-under-intermediate root intermediate';
    expect(verdict(presented, 'root', { algorithm: 'session' })).toBe('trusted');
    expect(verdict(presented, 'root')).toBe('other-ca: invalid signer-not-found');
  });

  it('holds keys to a profile', () => {
    expect(verdict('server-weak', 'root', { profile: 'low' })).toBe('trusted');
    expect(verdict('server-weak', 'root', { profile: 'medium' })).toBe('weak-key: insecure-algorithm invalid');
  });

  it('finds the intermediate that is at hand, but not looked at', () => {
    const further = [certificate('intermediate')];
    const result = verifyChain({
      certificates: [certificate('server-under-intermediate')],
      anchors: [certificate('root')],
      at,
      options: { further },
    });
    expect(!result.trusted && result.fault).toMatchObject({
      kind: 'intermediate-missing',
      issuer: 'C=GB,O=Example,CN=Intermediate CA',
      intermediate: further[0],
    });
  });

  it('looks certificates up in revocation lists', () => {
    const revocationLists = parseRevocationListFile(fixture('revoked-client')).lists;
    for (const algorithm of ['list', 'session'] as const) {
      expect(verdict('client', 'root', { algorithm, revocationLists })).toBe('revoked: invalid revoked');
      expect(verdict('server', 'root', { algorithm, revocationLists })).toBe('trusted');
    }
  });

  it('sees that a certificate was altered', () => {
    const server = certificate('server');
    const der = Buffer.from(server.der, 'base64');
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    const altered = { ...server, der: der.toString('base64'), fingerprint: 'altered' };
    expect(signatureVerdict(server, certificate('root'))).toBe('good');
    const result = verifyChain({ certificates: [altered], anchors: [certificate('root')], at });
    expect(!result.trusted && [result.fault.kind, ...result.status]).toEqual([
      'bad-signature',
      'invalid',
      'signature-failure',
    ]);
  });

  it('answers no when asked about nothing it can read', () => {
    const garbage = { ...certificate('server'), der: 'AAAA', fingerprint: 'garbage' };
    expect(verifyChain({ certificates: [garbage], anchors: [certificate('root')], at }).trusted).toBe(false);
  });
});

describe('statusText', () => {
  it.each<[TrustStatus[], string]>([
    [['invalid', 'expired'], 'The certificate is not trusted.'],
    [['invalid', 'signer-not-found'], "The certificate hasn't got a known issuer."],
    [['invalid', 'signer-not-found', 'revoked'], 'The certificate has been revoked.'],
    [['invalid', 'revoked', 'insecure-algorithm'], 'The certificate uses an insecure algorithm'],
  ])('%s: %s', (status, libvirt) => {
    expect(statusText(new Set(status), 'libvirt')).toBe(libvirt);
    expect(statusText(new Set(status), 'qemu')).toBe(libvirt.replace(/\.$/, ''));
  });
});
