import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCertificateFile } from '../../src/parse/certificate-file.ts';
import { certificate, fixture, pemOf } from '../support/certificates.ts';
import { encodeCertificate, keyPair, pem, subjectAltName, type GeneralName } from '../support/random-scenarios/x509.ts';

const server = pemOf('server');

/** A certificate of these alternative names. */
function named(names: readonly GeneralName[]): Buffer {
  const key = keyPair('p256', 0);
  const name = [{ type: 'CN', value: 'x' }];
  const [notBefore, notAfter] = [new Date('2024-01-01'), new Date('2049-01-01')];
  const shape = { version: 3, serial: 1, subject: name, issuer: name, notBefore, notAfter, key } as const;
  return Buffer.from(
    pem('CERTIFICATE', encodeCertificate({ ...shape, extensions: [subjectAltName(names)] }, key, 'sha256')),
  );
}

describe('a certificate', () => {
  it.each<[string, readonly GeneralName[]]>([
    ['a host name', [{ dns: 'x' }, { dns: '' }]],
    ['an e-mail address', [{ email: '' }]],
    ['an address', [{ bytes: [] }, { dns: 'x' }]],
  ])('is refused as a whole for %s that is empty', (_, names) => {
    expect(parseCertificateFile(named(names))).toMatchObject({
      certificates: [],
      malformation: { gnutlsError: 'Unknown Subject Alternative name in X.509 certificate.' },
    });
    expect(parseCertificateFile(named([{ dns: 'x' }])).certificates).toHaveLength(1);
  });

  it('is decoded with all that is asked about it', () => {
    const { der, fingerprint, serial, publicKey, subject, issuer, ...rest } = certificate('server');
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(serial).toMatch(/^[0-9a-f]+$/);
    expect(Buffer.from(der, 'base64')[0]).toBe(0x30);
    expect(publicKey).toMatchObject({ algorithm: 'EC', bits: 256, curve: 'prime256v1' });
    expect(subject).toMatchObject({ text: 'C=GB,O=Example,CN=kvm1.example.com', commonNames: ['kvm1.example.com'] });
    expect(issuer.text).toBe('C=GB,O=Example,CN=Root CA');
    expect(issuer.der).toBe(certificate('root').subject.der);
    expect(rest).toMatchObject({
      position: 0,
      version: 3,
      notBefore: '2024-01-01T00:00:00Z',
      notAfter: '2049-12-31T00:00:00Z',
      signatureAlgorithm: 'ECDSA-SHA256',
      signatureHash: 'sha256',
      basicConstraints: { critical: true, ca: false },
      keyUsage: { critical: true, usages: ['digitalSignature'] },
      extendedKeyUsage: { critical: false, purposes: ['1.3.6.1.5.5.7.3.1'] },
      subjectAlternativeName: {
        critical: false,
        dns: ['kvm1.example.com', '*.guests.example.com'],
        ip: ['192.0.2.10', '2001:db8::10'],
        email: [],
        uri: ['https://example.com/'],
        other: 0,
      },
      authorityKeyIdentifier: certificate('root').subjectKeyIdentifier,
      unknownCriticalExtensions: [],
    });
  });

  it.each([
    [
      'names',
      'C=GB,ST=Some\\, State,L=Zürich,O=Ex\\"am\\\\p\\+le\\; \\<x\\>,OU=\\#hash,UID=u1,DC=example,DC=com,CN=ünï,EMAIL=a@example.com,1.2.3.4=#0c0378797a',
    ],
    ['multi-valued', 'C=GB,O=Org+CN=multi,CN=\\ lead trail\\ '],
  ])('has its name as GnuTLS prints it: %s', (name, text) => {
    expect(certificate(name).subject.text).toBe(text);
  });

  it.each([
    ['v1-root', { version: 1, unknownCriticalExtensions: [] }],
    ['short-root', { basicConstraints: { critical: true, ca: true, pathLength: 0 } }],
    ['server-unknown-critical', { unknownCriticalExtensions: ['1.2.3.4.5'] }],
    ['server-sha1', { signatureHash: 'sha1' }],
    ['server-weak', { publicKey: expect.objectContaining({ algorithm: 'RSA', bits: 1024 }) as unknown }],
    ['server-ed25519', { publicKey: expect.objectContaining({ algorithm: 'Ed25519' }) as unknown }],
    ['root-rsa', { signatureAlgorithm: 'RSA-SHA256' }],
    [
      'constrained-root',
      {
        nameConstraints: {
          critical: true,
          permitted: [
            { kind: 'ip', value: '192.0.2.0/24' },
            { kind: 'dns', value: 'example.com' },
          ],
          excluded: [{ kind: 'dns', value: 'secret.example.com' }],
        },
      },
    ],
  ])('%s', (name, expected) => {
    expect(certificate(name)).toMatchObject(expected);
  });
});

describe('a file of certificates', () => {
  it('lists them in order, with the lines of their headers', () => {
    const { certificates, malformation } = parseCertificateFile(Buffer.from(`# ours\n${server}\n${pemOf('client')}`));
    expect(malformation).toBeUndefined();
    expect(certificates.map(({ position, line }) => [position, line])).toEqual([
      [0, 2],
      [1, server.split('\n').length + 2],
    ]);
  });

  it('tells the line of a private key that it holds as well', () => {
    expect(parseCertificateFile(Buffer.from(`${server}-----BEGIN PRIVATE KEY-----\nAAAA\n`)).privateKeyLine).toBe(
      server.split('\n').length,
    );
  });

  it.each<[string, Uint8Array | string, object, number]>([
    ['empty', '', { cause: 'empty' }, 0],
    ['white space', ' \r\n\n', { cause: 'empty' }, 0],
    ['words', 'hello\n', { cause: 'no-pem', gnutlsError: 'Base64 unexpected header error.' }, 0],
    ['DER', Buffer.from(certificate('server').der, 'base64'), { cause: 'der' }, 0],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${server}`, 'utf16le'), { cause: 'utf-16' }, 0],
    ['UTF-16 without one', Buffer.from(server, 'utf16le').swap16(), { cause: 'utf-16' }, 0],
    ['binary', Buffer.from([0xfe, 0x01, 0x00, 0x7f]), { cause: 'binary' }, 0],
    [
      "OpenSSL's trusted label",
      `\n${server.replaceAll('CERT', 'TRUSTED CERT')}`,
      { cause: 'trusted-certificate', line: 2 },
      0,
    ],
    ['a key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', { cause: 'wrong-label', line: 1 }, 0],
    ['a request', server.replaceAll('CERTIFICATE', 'NEW REQUEST'), { cause: 'wrong-label', line: 1 }, 0],
    ['no END', server.replace(/-----END.*/, ''), { cause: 'truncated', line: 1 }, 0],
    ['cut short', server.slice(0, 300), { cause: 'truncated', line: 1 }, 0],
    ['an odd character', server.replace('\n', '\n!'), { cause: 'base64', line: 1 }, 0],
    [
      'something else inside',
      server.replace(/\nM[^-]*/, '\nAAAA\n'),
      { cause: 'structure', line: 1, gnutlsError: 'ASN1 parser: Error in TAG.' },
      0,
    ],
    [
      'a broken second block',
      `${server}${server.replace('\n', '\n!')}`,
      { cause: 'base64', line: server.split('\n').length },
      1,
    ],
    ['NUL before', `\0${server}`, { cause: 'binary', line: 1 }, 1],
    ['NUL before several', `\0${server}${server}`, { cause: 'binary', line: 1 }, 2],
    ['over 65536 bytes', `${'#\n'.repeat(32768)}\n${server}`, { cause: 'too-large' }, 1],
    ['beyond 1 MiB', `${'#\n'.repeat(600_000)}${server}`, { cause: 'no-pem' }, 0],
  ])('%s', (_, content, malformation, count) => {
    const file = parseCertificateFile(Buffer.from(content));
    expect(file.malformation).toMatchObject(malformation);
    expect(file.certificates).toHaveLength(count);
  });

  it('accepts exactly 65536 bytes', () => {
    const padded = server + '\n'.repeat(65536 - Buffer.byteLength(server));
    expect(parseCertificateFile(Buffer.from(padded)).malformation).toBeUndefined();
  });

  it('stops at 1000 certificates', () => {
    const small = pemOf('v1-root');
    const many = Buffer.from(small.repeat(1010));
    expect(many.length).toBeLessThan(1024 * 1024);
    expect(parseCertificateFile(many).certificates).toHaveLength(1000);
  }, 10_000);
});

describe('hostile input', () => {
  it('never throws on bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => void parseCertificateFile(bytes)));
  });

  it('never throws on a damaged certificate, in PEM or in DER', () => {
    const der = Buffer.from(certificate('server').der, 'base64');
    const pem = fixture('server');
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(changes, fc.boolean(), (list, inside) => {
        const bytes = Buffer.from(inside ? der : pem);
        for (const [offset, value] of list) bytes[offset % bytes.length] = value;
        const file = inside
          ? `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`
          : bytes;
        const { certificates, malformation } = parseCertificateFile(Buffer.from(file));
        expect(certificates.length === 1 || malformation !== undefined).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
