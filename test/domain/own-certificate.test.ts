import { describe, expect, it } from 'vitest';
import { checkLoading, checkOwnCertificate, type OwnCertificateQuestion } from '../../src/domain/own-certificate.ts';
import type { Certificate, CertificateFile, PrivateKeyFile } from '../../src/facts/certificates.ts';
import { parseCertificateFile } from '../../src/parse/certificate-file.ts';
import { certificate, fixture } from '../support/certificates.ts';

const files = (...certificates: readonly Certificate[]): CertificateFile => ({ certificates });
const server = certificate('server');
const root = certificate('root');

function check(leaf: CertificateFile, ca: CertificateFile, changes: Partial<OwnCertificateQuestion> = {}) {
  return checkOwnCertificate({
    program: 'libvirt',
    endpoint: 'server',
    certificate: { path: 'cert.pem', file: leaf },
    ca: { path: 'ca.pem', file: ca },
    at: '2030-01-01T00:00:00Z',
    requiresKeyEncipherment: false,
    ...changes,
  });
}

const texts = (list: readonly { readonly text: string }[]): string[] => list.map(({ text }) => text);

describe('checkOwnCertificate', () => {
  it.each<[string, CertificateFile, CertificateFile, string[]]>([
    ['a sound pair', files(server), files(root), []],
    [
      'an expired leaf',
      files(certificate('server-expired')),
      files(root),
      [
        'The server certificate cert.pem has expired',
        'Our own certificate cert.pem failed validation against ca.pem: The certificate is not trusted.',
      ],
    ],
    [
      'a future leaf',
      files(certificate('server-future')),
      files(root),
      [
        'The server certificate cert.pem is not yet active',
        'Our own certificate cert.pem failed validation against ca.pem: The certificate is not trusted.',
      ],
    ],
    [
      'a CA as leaf',
      files(root),
      files(root),
      [
        'The certificate cert.pem basic constraints show a CA, but we need one for a server',
        'Certificate cert.pem usage does not permit digital signature',
      ],
    ],
    [
      'an expired member of the bundle',
      files(server),
      files(root, certificate('expired-root')),
      ['The CA certificate ca.pem has expired'],
    ],
    [
      'a leaf in the bundle',
      files(server),
      files(root, certificate('client')),
      [
        'The certificate ca.pem basic constraints do not show a CA',
        'Certificate ca.pem usage does not permit certificate signing',
      ],
    ],
    [
      'a version 1 CA',
      files(server),
      files(root, certificate('v1-root')),
      ['The certificate ca.pem is missing basic constraints for a CA'],
    ],
    [
      'a CA that may not sign',
      files(server),
      files(root, certificate('root-without-certsign')),
      ['Certificate ca.pem usage does not permit certificate signing'],
    ],
    [
      'another CA',
      files(server),
      files(certificate('other-root')),
      ["Our own certificate cert.pem failed validation against ca.pem: The certificate hasn't got a known issuer."],
    ],
    [
      'a SHA-1 leaf',
      files(certificate('server-sha1')),
      files(root),
      ['Our own certificate cert.pem failed validation against ca.pem: The certificate uses an insecure algorithm'],
    ],
    [
      'no certificate',
      { certificates: [], malformation: { cause: 'empty' } },
      files(root),
      ['Unable to import server certificate cert.pem'],
    ],
    [
      'no CA',
      files(server),
      { certificates: [], malformation: { cause: 'empty' } },
      ['Unable to import CA certificate list ca.pem'],
    ],
    [
      'a leaf over 64 KiB',
      { certificates: [server], malformation: { cause: 'too-large' } },
      files(root),
      ["Failed to read file 'cert.pem': Value too large for defined data type"],
    ],
    [
      'a broken second block in the leaf file',
      { certificates: [server], malformation: { cause: 'base64', line: 9 } },
      files(root),
      [],
    ],
    [
      'a broken second block in the CA file',
      files(server),
      { certificates: [root], malformation: { cause: 'base64', line: 9 } },
      ['Unable to import CA certificate list ca.pem'],
    ],
  ])('%s', (_, leaf, ca, expected) => {
    expect(texts(check(leaf, ca).refusals)).toEqual(expected);
  });

  it('reads 16 certificates of the bundle', () => {
    const others = Array.from({ length: 15 }, () => certificate('other-root'));
    expect(check(files(server), files(...others, root)).refusals).toEqual([]);
    const [refusal] = check(files(server), files(...others, others[0] ?? root, root)).refusals;
    expect(refusal?.text).toMatch(/hasn't got a known issuer\.$/);
  });

  it('reads the leaf alone, and says which intermediate would have helped', () => {
    const chain = parseCertificateFile(fixture('server-with-intermediate'));
    const [refusal] = check(chain, files(root)).refusals;
    expect(refusal).toMatchObject({
      kind: 'untrusted',
      fault: { kind: 'intermediate-missing', intermediate: { position: 1 } },
    });
    expect(check(chain, files(root, certificate('intermediate'))).refusals).toEqual([]);
  });

  const withUsage = (critical: boolean, ...usages: NonNullable<Certificate['keyUsage']>['usages']): CertificateFile =>
    files({ ...server, keyUsage: { critical, usages } });

  it.each([
    [
      'critical, without digital signature',
      withUsage(true, 'keyEncipherment'),
      'libvirt',
      ['digital-signature-missing'],
      [],
    ],
    ['not critical', withUsage(false, 'keyEncipherment'), 'libvirt', [], ['digital-signature-missing']],
    [
      'critical, without key encipherment',
      withUsage(true, 'digitalSignature'),
      'libvirt',
      ['key-encipherment-missing'],
      [],
    ],
    ['critical, without both', withUsage(true), 'qemu', ['digital-signature-missing', 'key-encipherment-missing'], []],
  ] as const)('key usage: %s', (_, leaf, program, refusals, warnings) => {
    const verdict = check(leaf, files(root), { program, requiresKeyEncipherment: true });
    expect(verdict.refusals.map(({ kind }) => kind)).toEqual(refusals);
    expect(verdict.warnings.map(({ kind }) => kind)).toEqual(warnings);
  });

  const [serverAuth, clientAuth, codeSigning, any] = [
    '1.3.6.1.5.5.7.3.1',
    '1.3.6.1.5.5.7.3.2',
    '1.3.6.1.5.5.7.3.3',
    '2.5.29.37.0',
  ];
  const withPurposes = (critical: boolean, ...purposes: string[]): CertificateFile =>
    files({ ...server, extendedKeyUsage: { critical, purposes } });

  // libvirt takes an unknown purpose for any, and any for none; QEMU does neither.
  it.each([
    [[serverAuth], 'libvirt', true],
    [[clientAuth], 'libvirt', false],
    [[codeSigning], 'libvirt', true],
    [[clientAuth, codeSigning], 'libvirt', true],
    [[any], 'libvirt', false],
    [[any, serverAuth], 'libvirt', true],
    [[serverAuth], 'qemu', true],
    [[clientAuth], 'qemu', false],
    [[codeSigning], 'qemu', false],
    [[any], 'qemu', true],
  ] as const)('key purposes %s for a server of %s: %s', (purposes, program, allowed) => {
    const fatal = check(withPurposes(true, ...purposes), files(root), { program });
    expect(texts(fatal.refusals)).toEqual(
      allowed
        ? []
        : [
            `Certificate cert.pem purpose does not allow ${program === 'libvirt' ? 'use for with' : 'use with'} a TLS server`,
          ],
    );
    const warned = check(withPurposes(false, ...purposes), files(root), { program });
    expect([warned.refusals.length, warned.warnings.length]).toEqual([0, allowed ? 0 : 1]);
  });

  it("has QEMU's words", () => {
    const malformed: CertificateFile = {
      certificates: [],
      malformation: { cause: 'der', gnutlsError: 'Base64 unexpected header error.' },
    };
    expect(texts(check(malformed, files(root), { program: 'qemu', endpoint: 'client' }).refusals)).toEqual([
      'Unable to import client certificate cert.pem: Base64 unexpected header error.',
    ]);
    expect(texts(check(files(server), files(certificate('other-root')), { program: 'qemu' }).refusals)).toEqual([
      "Our own certificate cert.pem failed validation against ca.pem: The certificate hasn't got a known issuer",
    ]);
    expect(
      check({ certificates: [server], malformation: { cause: 'too-large' } }, files(root), { program: 'qemu' })
        .refusals,
    ).toEqual([]);
  });

  it('skips what is not there', () => {
    const question = {
      program: 'libvirt',
      endpoint: 'client',
      at: '2030-01-01T00:00:00Z',
      requiresKeyEncipherment: true,
    } as const;
    expect(checkOwnCertificate(question)).toEqual({ refusals: [], warnings: [] });
    expect(checkOwnCertificate({ ...question, ca: { path: 'ca.pem', file: files(root) } }).refusals).toEqual([]);
  });
});

describe('checkLoading', () => {
  const readable: PrivateKeyFile = { state: 'readable', format: 'pkcs8', publicKey: server.publicKey };
  const load = (certificateFile: CertificateFile, key: PrivateKeyFile, program: 'libvirt' | 'qemu' = 'libvirt') =>
    texts(
      checkLoading({
        program,
        certificate: { path: 'cert.pem', file: certificateFile },
        key: { path: 'key.pem', file: key },
      }),
    );
  const prefix = 'Unable to set x509 key and certificate: key.pem, cert.pem: ';

  it.each<[string, CertificateFile, PrivateKeyFile, string[]]>([
    ['a pair', files(server), readable, []],
    [
      'no pair of Ed25519, which GnuTLS does not try',
      files(certificate('server-ed25519')),
      { ...readable, publicKey: { ...certificate('server-ed25519').publicKey, fingerprint: 'of another key' } },
      [],
    ],
    ['no pair', files(root), readable, [`${prefix}The certificate and the given key do not match.`]],
    ['an encrypted key', files(server), { state: 'encrypted', format: 'pkcs8' }, [`${prefix}Decryption has failed.`]],
    [
      'an empty certificate file',
      { certificates: [], malformation: { cause: 'empty' } },
      readable,
      [`${prefix}Base64 decoding error.`],
    ],
    ['a file over 64 KiB', { certificates: [server], malformation: { cause: 'too-large' } }, readable, []],
    [
      'a malformed key',
      files(server),
      { state: 'malformed', malformation: { cause: 'structure', gnutlsError: 'ASN1 parser: Error in TAG.' } },
      [`${prefix}ASN1 parser: Error in TAG.`],
    ],
  ])('%s', (_, certificateFile, key, expected) => {
    expect(load(certificateFile, key)).toEqual(expected);
  });

  it("has QEMU's words", () => {
    expect(load(files(root), readable, 'qemu')).toEqual([
      "Cannot load certificate 'cert.pem' & key 'key.pem': The certificate and the given key do not match.",
    ]);
  });

  it('takes a given pass phrase for the right one', () => {
    const key: PrivateKeyFile = { state: 'encrypted', format: 'pkcs8' };
    const question = {
      program: 'qemu',
      certificate: { path: 'cert.pem', file: files(server) },
      key: { path: 'key.pem', file: key },
    } as const;
    expect(checkLoading({ ...question, hasPassPhrase: true })).toEqual([]);
    expect(checkLoading(question).map(({ kind }) => kind)).toEqual(['key-encrypted']);
  });

  it('reads past a NUL, unlike the check before', () => {
    const ca = { path: 'ca.pem', file: { ...files(root), malformation: { cause: 'binary' } as const } };
    expect(checkLoading({ program: 'libvirt', ca })).toEqual([]);
  });

  it('finds a malformed revocation list fatal, and an empty CA file not', () => {
    const refusals = checkLoading({
      program: 'libvirt',
      ca: { path: 'ca.pem', file: { certificates: [], malformation: { cause: 'empty' } } },
      crl: {
        path: 'crl.pem',
        file: { lists: [], malformation: { cause: 'empty', gnutlsError: 'Base64 decoding error.' } },
      },
    });
    expect(texts(refusals)).toEqual([
      'Unable to set x509 certificate revocation list: crl.pem: Base64 decoding error.',
    ]);
  });
});
