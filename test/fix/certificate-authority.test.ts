import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { distinguishedNameOf } from '../../src/parse/distinguished-name.ts';
import { parseCertificate } from '../../src/parse/x509.ts';
import { parseCertificateFile } from '../../src/parse/certificate-file.ts';
import { parsePrivateKeyFile } from '../../src/parse/private-key-file.ts';
import { pemText } from '../../src/domain/pem-text.ts';
import {
  AuthorityError,
  certificateAuthority,
  type CertificateAuthority,
} from '../../src/fix/certificate-authority.ts';
import type { Wanted } from '../../src/fix/realize.ts';
import type { CertificateOrder } from '../../src/rule/fix.ts';

// Real programs, and often a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const installed = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const missing = ['openssl', 'certtool'].filter((program) => !installed(program));

const now = '2031-03-04T05:06:07.000Z';
const server: CertificateOrder = {
  endpoint: 'server',
  subject: { commonName: 'host.example' },
  dns: ['host.example', 'host'],
  ip: ['192.0.2.7', '2001:db8::1', '::ffff:192.0.2.8'],
  days: 90,
};
const client: CertificateOrder = { endpoint: 'client', subject: { commonName: 'alice' }, dns: [], ip: [], days: 30 };
const want = (order: CertificateOrder, key = '/key.pem'): Wanted => ({ id: 'id', order, key });

/** How openssl makes the key of a CA. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  'RSA, PKCS #8': ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'RSA, PKCS #1': ['genrsa', '-traditional', '2048'],
  'P-256, SEC 1, with its parameters before it': ['ecparam', '-genkey', '-name', 'prime256v1'],
  'P-384': ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'P-521': ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  Ed25519: ['genpkey', '-algorithm', 'ED25519'],
};
const algorithms: Readonly<Record<string, string>> = {
  'RSA, PKCS #8': 'RSA-SHA256',
  'RSA, PKCS #1': 'RSA-SHA256',
  'P-256, SEC 1, with its parameters before it': 'ECDSA-SHA256',
  'P-384': 'ECDSA-SHA384',
  'P-521': 'ECDSA-SHA512',
  Ed25519: 'Ed25519',
};

const scratch = mkdtempSync(join(tmpdir(), 'virt-pki-check-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const at = (name: string): string => join(scratch, name);
const openssl = (...args: readonly string[]): Buffer =>
  execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });

/** A CA's certificate that is valid in 2031, by what openssl's configuration says of it. */
function selfSigned(
  name: string,
  key: string,
  more: readonly string[] = ['basicConstraints=critical,CA:true', 'keyUsage=critical,keyCertSign,cRLSign'],
): void {
  openssl(
    ...[
      'req',
      '-x509',
      '-new',
      '-key',
      at(key),
      '-subj',
      `/O=Test/CN=${name}`,
      '-days',
      '7300',
      '-out',
      at(`${name}.pem`),
    ],
    ...more.flatMap((one) => ['-addext', one]),
  );
}

const load = (certificate: string, key: string, moment = now): Promise<CertificateAuthority> =>
  certificateAuthority({
    certificate: readFileSync(at(certificate)),
    key: readFileSync(at(key)),
    at: moment,
  });

describe.skipIf(missing.length > 0)(`a CA at hand (missing: ${missing.join(', ') || 'nothing'})`, () => {
  beforeAll(() => {
    Object.values(kinds).forEach((args, index) => {
      writeFileSync(at(`ca-${index}.key`), openssl(...args));
      selfSigned(`ca-${index}`, `ca-${index}.key`);
    });
  });

  describe.each(Object.keys(kinds).map((kind, index) => [kind, index] as const))('%s', (kind, index) => {
    it.each([
      ['server', server],
      ['client', client],
    ] as const)('issues for a %s what certtool and openssl take', async (purpose, order) => {
      // certtool knows no time but the machine's.
      const today = new Date().toISOString();
      const authority = await load(`ca-${index}.pem`, `ca-${index}.key`, today);
      const { certificates } = await authority.issue(want(order), today);
      const [leaf] = certificates;
      expect(certificates).toHaveLength(1);
      expect(leaf.signatureAlgorithm).toBe(algorithms[kind]);
      const file = at(`${purpose}-${index}.pem`);
      writeFileSync(file, pemText(certificates));
      openssl(
        ...['verify', '-x509_strict', '-purpose', purpose === 'server' ? 'sslserver' : 'sslclient'],
        ...[
          ...(purpose === 'server' ? ['-verify_hostname', 'host', '-verify_ip', '2001:db8::1'] : []),
          '-CAfile',
          at(`ca-${index}.pem`),
          file,
        ],
      );
      const verified = spawnSync(
        'certtool',
        ['--verify', '--load-ca-certificate', at(`ca-${index}.pem`), '--infile', file],
        { encoding: 'utf8' },
      );
      expect(verified.stdout, verified.stderr).toContain(
        'Chain verification output: Verified. The certificate is trusted.',
      );
      // Both read every extension without complaint.
      expect(openssl('x509', '-in', file, '-noout', '-text').toString()).toContain('Key Encipherment');
      expect(execFileSync('certtool', ['-i', '--infile', file], { encoding: 'utf8' })).not.toMatch(/rror|invalid/i);
    });
  });

  it('says what was ordered', async () => {
    const authority = await load('ca-0.pem', 'ca-0.key');
    const [leaf] = (await authority.issue(want(server), now)).certificates;
    expect(leaf).toMatchObject({
      version: 3,
      subject: { text: 'CN=host.example' },
      issuer: { text: 'O=Test,CN=ca-0' },
      notBefore: '2031-03-04T05:01:07Z',
      notAfter: '2031-06-02T05:06:07Z',
      basicConstraints: { critical: true, ca: false },
      keyUsage: { critical: true, usages: ['digitalSignature', 'keyEncipherment'] },
      extendedKeyUsage: { purposes: ['1.3.6.1.5.5.7.3.1'] },
      subjectAlternativeName: {
        dns: ['host.example', 'host'],
        ip: ['192.0.2.7', '2001:db8::1', '::ffff:c000:208'],
        critical: false,
      },
      authorityKeyIdentifier: authority.anchor.subjectKeyIdentifier,
    });
    const [mine] = (await authority.issue(want(client), now)).certificates;
    expect(mine.extendedKeyUsage?.purposes).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(mine.subjectAlternativeName).toBeUndefined();
    expect(mine.serial).toHaveLength(40);
    expect(mine.serial).not.toBe(leaf.serial);
  });

  it('leaves a name too long for a common name to the alternative names, which are critical then', async () => {
    const authority = await load('ca-0.pem', 'ca-0.key');
    const long = `${'x'.repeat(60)}.example`;
    // And so is one that had no subject before.
    for (const subject of [{ commonName: long }, { der: 'MAA=' }]) {
      const [leaf] = (await authority.issue(want({ ...server, subject, dns: [long] }), now)).certificates;
      expect(leaf.subject.text).toBe('');
      expect(leaf.subjectAlternativeName).toMatchObject({ dns: [long], critical: true });
    }
  });

  it('identifies the key of a CA whose certificate does not', async () => {
    selfSigned('plain', 'ca-0.key', ['basicConstraints=critical,CA:true', 'subjectKeyIdentifier=none']);
    const authority = await load('plain.pem', 'ca-0.key');
    expect(authority.anchor.subjectKeyIdentifier).toBeUndefined();
    const [leaf] = (await authority.issue(want(client), now)).certificates;
    // By method 1 of RFC 5280 4.2.1.2, as openssl did for the same key.
    expect(leaf.authorityKeyIdentifier).toBe((await load('ca-0.pem', 'ca-0.key')).anchor.subjectKeyIdentifier);
  });

  it('refuses names that it could not keep byte for byte', async () => {
    // UTF8String without being UTF-8, which GnuTLS does not mind.
    const spoiled = (der: Buffer): Buffer =>
      Buffer.from(der.toString('latin1').replaceAll('ca-0', 'ca\xff0'), 'latin1');
    const [certificate] = parseCertificateFile(readFileSync(at('ca-0.pem'))).certificates;
    const der = spoiled(Buffer.from(certificate?.der ?? '', 'base64'));
    writeFileSync(at('spoiled.pem'), pemText([{ der: der.toString('base64') }]));
    const refused = /name of the CA or of its holder is malformed/;
    const authority = await load('spoiled.pem', 'ca-0.key');
    await expect(authority.issue(want(client), now)).rejects.toThrow(refused);
    const sound = await load('ca-0.pem', 'ca-0.key');
    const subject = { der: spoiled(Buffer.from(certificate?.subject.der ?? '', 'base64')).toString('base64') };
    await expect(sound.issue(want({ ...client, subject }), now)).rejects.toThrow(refused);
    const none = await sound.issue(want({ ...client, subject: { der: 'MAU=' } }), now).catch((error: unknown) => error);
    expect(none).toBeInstanceOf(AuthorityError);
  });

  it('keeps the whole subject of what it replaces, byte for byte', async () => {
    const authority = await load('ca-0.pem', 'ca-0.key');
    openssl(
      'req',
      '-new',
      '-x509',
      '-newkey',
      'ed25519',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-multivalue-rdn',
      '-utf8',
      '-subj',
      '/C=DE/O=Müller+OU=Süd/CN=x/emailAddress=a@b.example',
      '-out',
      at('old.pem'),
    );
    const [old] = parseCertificateFile(readFileSync(at('old.pem'))).certificates;
    const [leaf] = (await authority.issue(want({ ...client, subject: { der: old?.subject.der ?? '' } }), now))
      .certificates;
    expect(leaf.subject).toEqual(old?.subject);
  });

  it('takes the key that is there from the certificate that holds it', async () => {
    const authority = await load('ca-0.pem', 'ca-0.key');
    const [holder] = parseCertificateFile(readFileSync(at('ca-3.pem'))).certificates;
    const [leaf] = (await authority.issue({ ...want(server), holder: holder?.der ?? '' }, now)).certificates;
    expect(leaf.publicKey).toEqual(holder?.publicKey);
    expect(authority.keyFor(leaf.publicKey.fingerprint)).toBeUndefined();
  });

  it('makes one key for one place, and holds it', async () => {
    const authority = await load('ca-0.pem', 'ca-0.key');
    const [a] = (await authority.issue(want(server), now)).certificates;
    const [b] = (await authority.issue(want(client), now)).certificates;
    const [c] = (await authority.issue(want(client, '/other.pem'), now)).certificates;
    expect(a.publicKey).toEqual(b.publicKey);
    expect(a.publicKey).not.toEqual(c.publicKey);
    const key = parsePrivateKeyFile(authority.keyFor(a.publicKey.fingerprint) ?? new Uint8Array());
    expect(key).toEqual({ state: 'readable', format: 'pkcs8', publicKey: a.publicKey });
  });

  it('does not outlive its CA, nor begin before it', async () => {
    const authority = await load('ca-0.pem', 'ca-0.key');
    const [long] = (await authority.issue(want({ ...server, days: 365_000 }), now)).certificates;
    expect(long.notAfter).toBe(authority.anchor.notAfter);
    const { notBefore } = authority.anchor;
    const [early] = (await authority.issue(want(server), notBefore)).certificates;
    expect(early.notBefore).toBe(notBefore);
  });

  it('shows itself below a root that was given too', async () => {
    openssl('req', '-new', '-key', at('ca-1.key'), '-subj', '/CN=Sub', '-out', at('sub.csr'));
    writeFileSync(
      at('sub.ext'),
      'basicConstraints=critical,CA:true,pathlen:0\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n',
    );
    openssl(
      'x509',
      '-req',
      '-in',
      at('sub.csr'),
      '-CA',
      at('ca-0.pem'),
      '-CAkey',
      at('ca-0.key'),
      '-CAcreateserial',
      '-days',
      '7000',
      '-extfile',
      at('sub.ext'),
      '-out',
      at('sub.pem'),
    );
    writeFileSync(at('both.pem'), Buffer.concat([readFileSync(at('ca-0.pem')), readFileSync(at('sub.pem'))]));
    const authority = await load('both.pem', 'ca-1.key');
    expect(authority.anchor.subject.text).toBe('O=Test,CN=ca-0');
    const { certificates } = await authority.issue(want(server), now);
    expect(certificates.map(({ subject }) => subject.text)).toEqual(['CN=host.example', 'CN=Sub']);
    writeFileSync(at('chain.pem'), pemText(certificates));
    openssl(
      'verify',
      '-x509_strict',
      '-attime',
      String(Date.parse(now) / 1000),
      '-untrusted',
      at('sub.pem'),
      '-CAfile',
      at('ca-0.pem'),
      at('chain.pem'),
    );
    const alone = await load('sub.pem', 'ca-1.key');
    expect(alone.anchor.subject.text).toBe('CN=Sub');
    writeFileSync(at('tight.pem'), '');
    selfSigned('tight', 'ca-0.key', ['basicConstraints=critical,CA:true,pathlen:0']);
    openssl(
      'x509',
      '-req',
      '-in',
      at('sub.csr'),
      '-CA',
      at('tight.pem'),
      '-CAkey',
      at('ca-0.key'),
      '-CAcreateserial',
      '-days',
      '7000',
      '-extfile',
      at('sub.ext'),
      '-out',
      at('sub-2.pem'),
    );
    writeFileSync(at('both-2.pem'), Buffer.concat([readFileSync(at('tight.pem')), readFileSync(at('sub-2.pem'))]));
    await expect(load('both-2.pem', 'ca-1.key')).rejects.toThrow('path length 0');
  });

  describe('is refused', () => {
    it.each<[string, () => void, RegExp]>([
      ['a key of another', () => writeFileSync(at('k'), readFileSync(at('ca-1.key'))), /not that of its certificate/],
      [
        'an encrypted key',
        () => writeFileSync(at('k'), openssl('pkcs8', '-topk8', '-in', at('ca-0.key'), '-passout', 'pass:hunter22')),
        /is encrypted/,
      ],
      [
        'a key that openssl encrypted itself',
        () =>
          writeFileSync(
            at('k'),
            openssl('rsa', '-traditional', '-aes128', '-in', at('ca-0.key'), '-passout', 'pass:hunter22'),
          ),
        /is encrypted/,
      ],
      [
        'a key of a kind that Web Crypto has on trial only',
        () => writeFileSync(at('k'), openssl('genpkey', '-algorithm', 'ED448')),
        /\(Ed448\) is none that we sign with/,
      ],
      [
        'a key on another curve',
        () => writeFileSync(at('k'), openssl('ecparam', '-genkey', '-name', 'secp224r1', '-noout')),
        /\(secp224r1\) is none that we sign with/,
      ],
      ['no key', () => writeFileSync(at('k'), 'nothing\n'), /no-pem/],
      ['a certificate that is no CA', () => selfSigned('c', 'ca-0.key', ['basicConstraints=CA:false']), /is no CA/],
      [
        'a CA that may not sign certificates',
        () => selfSigned('c', 'ca-0.key', ['basicConstraints=critical,CA:true', 'keyUsage=cRLSign']),
        /keyCertSign/,
      ],
      ['no certificate', () => writeFileSync(at('c.pem'), 'nothing\n'), /cannot be read/],
    ])('%s', async (_, spoil, message) => {
      writeFileSync(at('k'), readFileSync(at('ca-0.key')));
      writeFileSync(at('c.pem'), readFileSync(at('ca-0.pem')));
      chmodSync(at('k'), 0o600);
      spoil();
      const refused = await load('c.pem', 'k').catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(AuthorityError);
      expect(String(refused)).toMatch(message);
    });

    it.each([
      ['an expired one', '2099-01-01T00:00:00Z', /has expired at/],
      ['one that is not valid yet', '2001-01-01T00:00:00Z', /not valid before/],
    ])('%s', async (_, moment, message) => {
      await expect(load('ca-0.pem', 'ca-0.key', moment)).rejects.toThrow(message);
    });
  });

  it('wipes the bytes of its key', async () => {
    const key = readFileSync(at('ca-0.key'));
    await certificateAuthority({ certificate: readFileSync(at('ca-0.pem')), key, at: now });
    expect(key.every((byte) => byte === 0)).toBe(true);
  });

  it('issues for whatever names there are, or says why not', { timeout: 120_000 }, async () => {
    const authority = await load('ca-2.pem', 'ca-2.key');
    const name = fc.oneof(fc.string(), fc.domain(), fc.string({ unit: 'grapheme' }));
    await fc.assert(
      fc.asyncProperty(
        name,
        fc.array(name, { maxLength: 3 }),
        fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 3 }),
        fc.integer({ min: 1, max: 40_000 }),
        async (commonName, dns, ip, days) => {
          try {
            const [leaf] = (
              await authority.issue(want({ endpoint: 'server', subject: { commonName }, dns, ip, days }), now)
            ).certificates;
            expect(parseCertificate(Buffer.from(leaf.der, 'base64'))).toMatchObject({ serial: leaf.serial });
            expect(leaf.subjectAlternativeName?.dns ?? []).toEqual(dns);
            expect(leaf.subjectAlternativeName?.ip ?? []).toHaveLength(ip.length);
            expect(distinguishedNameOf(Buffer.from(leaf.subject.der, 'base64'))).toEqual(leaf.subject);
          } catch (error) {
            if (!(error instanceof AuthorityError)) throw error;
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
