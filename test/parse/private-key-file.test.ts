import fc from 'fast-check';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parsePrivateKeyFile } from '../../src/parse/private-key-file.ts';
import { publicKeyInfo } from '../../src/parse/public-key.ts';
import { pemOf } from '../support/certificates.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const ec = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
const ed25519 = generateKeyPairSync('ed25519');
const ed448 = generateKeyPairSync('ed448');
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 1024 });
const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
type Form = 'pkcs8' | 'pkcs1' | 'sec1';
const pem = (key: KeyObject, type: Form = 'pkcs8', encryption: object = {}): string =>
  key.export({ type, format: 'pem', ...encryption } as never) as unknown as string;
const read = (text: string | Uint8Array) => parsePrivateKeyFile(typeof text === 'string' ? Buffer.from(text) : text);

describe('a private key', () => {
  it.each([
    ['RSA in PKCS #1', pem(rsa.privateKey, 'pkcs1'), rsa, 'pkcs1', 'RSA', 1024],
    ['RSA in PKCS #8', pem(rsa.privateKey), rsa, 'pkcs8', 'RSA', 1024],
    ['RSA-PSS', pem(pss.privateKey), pss, 'pkcs8', 'RSA-PSS', 1024],
    ['EC in SEC 1', pem(ec.privateKey, 'sec1'), ec, 'sec1', 'EC', 384],
    [
      'EC after its parameters',
      `-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n${pem(ec.privateKey, 'sec1')}`,
      ec,
      'sec1',
      'EC',
      384,
    ],
    ['EC in PKCS #8', pem(ec.privateKey), ec, 'pkcs8', 'EC', 384],
    ['Ed25519', pem(ed25519.privateKey), ed25519, 'pkcs8', 'Ed25519', 256],
    ['Ed448', pem(ed448.privateKey), ed448, 'pkcs8', 'Ed448', 456],
    ['DSA', pem(dsa.privateKey), dsa, 'pkcs8', 'DSA', 1024],
    ['after a certificate', pemOf('server') + pem(ec.privateKey), ec, 'pkcs8', 'EC', 384],
    ['before a certificate', pem(ec.privateKey) + pemOf('server'), ec, 'pkcs8', 'EC', 384],
  ] as const)('%s', (_, text, { publicKey }, format, algorithm, bits) => {
    expect(read(text)).toEqual({ state: 'readable', format, publicKey: publicKeyInfo(publicKey) });
    expect(publicKeyInfo(publicKey)).toMatchObject({ algorithm, bits });
  });

  it.each([
    ['PKCS #8', pem(rsa.privateKey, 'pkcs8', { cipher: 'aes-256-cbc', passphrase: 'x' }), 'pkcs8'],
    ['the legacy way', pem(rsa.privateKey, 'pkcs1', { cipher: 'aes-256-cbc', passphrase: 'x' }), 'legacy'],
  ] as const)('is seen to be encrypted: %s', (_, text, format) => {
    expect(read(text)).toEqual({ state: 'encrypted', format });
  });

  it.each([
    ['empty', '', 'empty', 'The requested data were not available.'],
    ['a certificate', pemOf('server'), 'wrong-label', 'The requested data were not available.'],
    ['DER', ec.privateKey.export({ type: 'pkcs8', format: 'der' }), 'der', 'The requested data were not available.'],
    [
      'words inside',
      '-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n',
      'structure',
      'ASN1 parser: Error in TAG.',
    ],
    [
      'PKCS #8 under the label of PKCS #1',
      pem(rsa.privateKey).replaceAll('PRIVATE', 'RSA PRIVATE'),
      'structure',
      'ASN1 parser: Error in DER parsing.',
    ],
    [
      'PKCS #8 under the label of SEC 1',
      pem(ec.privateKey).replaceAll('PRIVATE', 'EC PRIVATE'),
      'structure',
      'ASN1 parser: Error in DER parsing.',
    ],
    ['no END', pem(ec.privateKey).replace(/-----END.*/, ''), 'truncated', 'Base64 decoding error.'],
    ['not base64', pem(ec.privateKey).replace('\n', '\n!'), 'base64', 'Base64 decoding error.'],
  ])('is malformed: %s', (_, content, cause, gnutlsError) => {
    expect(read(content)).toMatchObject({ state: 'malformed', malformation: { cause, gnutlsError } });
  });
});

describe('hostile input', () => {
  const text = pem(rsa.privateKey);
  const secret = text
    .split('\n')
    .slice(1, -2)
    .map((line) => line.slice(0, 24));

  it('never throws, and gives nothing of the key away', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = Buffer.from(text);
        for (const [offset, value] of list) bytes[offset % bytes.length] = value;
        const result = JSON.stringify(parsePrivateKeyFile(bytes));
        expect(secret.some((line) => result.includes(line))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves the bytes that it was given alone', () => {
    const bytes = Buffer.from(text);
    parsePrivateKeyFile(bytes);
    expect(bytes.toString()).toBe(text);
  });

  it('never throws on bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => void parsePrivateKeyFile(bytes)));
  });
});
