import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Malformation, PrivateKeyFile, PublicKeyInfo } from '../facts/certificates.ts';
import { DerError, DerSequence, objectIdentifier, readAll, readOnly, tag } from './der.ts';
import { maximumFileSize, withoutHeader } from './malformation.ts';
import { bufferOf, findPem, lineAt, pemErrors } from './pem.ts';
import { publicKeyInfo } from './public-key.ts';

/** GnuTLS' texts for what stops its key loader beside the armour (lib/errors.c). */
const errors = {
  notAvailable: 'The requested data were not available.',
  derError: 'ASN1 parser: Error in DER parsing.',
  notFound: 'ASN1 parser: Element was not found.',
  decryption: 'Decryption has failed.',
  invalidRequest: 'The request is invalid.',
} as const;

/** Key labels that gnutls_x509_privkey_import compares, in its order, and what OpenSSL calls their content. */
const plainLabels = [
  { label: 'RSA PRIVATE KEY', type: 'pkcs1', format: 'pkcs1' },
  { label: 'EC PRIVATE KEY', type: 'sec1', format: 'sec1' },
  { label: 'DSA PRIVATE KEY', type: 'dsa', format: 'other' },
  { label: 'PRIVATE KEY', type: 'pkcs8', format: 'pkcs8' },
] as const;

/** Curves that GnuTLS can use for signatures (lib/algorithms/ecc.c). */
const curves: ReadonlySet<string | undefined> = new Set([
  'prime192v1',
  'secp224r1',
  'prime256v1',
  'secp384r1',
  'secp521r1',
]);

/** Ciphers of legacy encryption that GnuTLS knows (lib/x509/privkey_openssl.c, pem_ciphers). */
const legacyCiphers =
  /^(?:DES-CBC|DES-EDE3-CBC|AES-128-CBC|AES-192-CBC|AES-256-CBC|CAMELLIA-128-CBC|CAMELLIA-192-CBC|CAMELLIA-256-CBC),/;

/** The window before the words `PRIVATE KEY-----` in which GnuTLS looks for the BEGIN (MAX_PEM_HEADER_SIZE). */
const headerWindow = 25;

/**
 * What a file that should hold a private key tells of its public half, judged as gnutls_x509_privkey_import2 without pass phrase reads
 * it (lib/x509/privkey.c): the block that holds the first `PRIVATE KEY-----`, whatever stands before, then PKCS #8 in any place, then
 * OpenSSL's legacy encryption. Bytes of the key are wiped after use and reach neither result nor error. Never throws.
 */
export function parsePrivateKeyFile(bytes: Uint8Array): PrivateKeyFile {
  const data = bufferOf(bytes).subarray(0, maximumFileSize);
  const first = plainKey(data);
  if (first.state === 'readable') return first;
  const second = pkcs8Key(data);
  if (second !== undefined) return second;
  return legacyKey(data) ?? first;
}

const malformed = (malformation: Malformation): PrivateKeyFile & { state: 'malformed' } => ({
  state: 'malformed',
  malformation,
});

/** gnutls_x509_privkey_import. */
function plainKey(data: Buffer): PrivateKeyFile & { state: 'readable' | 'malformed' } {
  const words = data.indexOf('PRIVATE KEY-----', 0, 'latin1');
  const begin = words === -1 ? -1 : data.indexOf('-----BEGIN ', Math.max(0, words - headerWindow), 'latin1');
  const found = begin === -1 ? '' : data.toString('latin1', begin + 11, begin + 11 + 16);
  const kind = plainLabels.find(({ label }) => found.startsWith(label));
  if (kind === undefined) return malformed(withoutHeader(data, errors.notAvailable));
  const line = lineAt(data, begin);
  const block = findPem(data, kind.label, begin);
  if (!block.found)
    return malformed({ cause: block.fault === 'end' ? 'truncated' : 'base64', line, gnutlsError: pemErrors.decoding });
  try {
    const publicKey = publicHalf(block.der, kind.type);
    // A sound PKCS #8 that is no key we can use is, as a rule, one of a curve that GnuTLS does not have.
    const unusable = kind.type === 'pkcs8' ? errors.notFound : errors.derError;
    if (publicKey === undefined) return malformed({ cause: 'structure', line, gnutlsError: unusable });
    return { state: 'readable', publicKey, format: kind.format };
  } catch (error) {
    if (!(error instanceof DerError)) return malformed({ cause: 'structure', line, gnutlsError: errors.derError });
    // Only PKCS #8 keeps the decoder's own error; the older forms all end in the same one.
    const gnutlsError = kind.type === 'pkcs8' ? error.gnutlsError : errors.derError;
    return malformed({ cause: error.truncated ? 'truncated' : 'structure', line, gnutlsError });
  } finally {
    block.der.fill(0);
  }
}

type KeyType = (typeof plainLabels)[number]['type'];

/** The public half of a key in DER; undefined where the structure is sound and yet no key that GnuTLS can use. @throws DerError */
function publicHalf(der: Buffer, type: KeyType): PublicKeyInfo | undefined {
  const members = readAll(readOnly(der, tag.sequence).content);
  // An empty sequence passes for an encrypted key of which nothing can be decrypted.
  if (members.length === 0) throw new DerError(errors.decryption);
  if (members[0]?.tag !== tag.integer) throw new DerError('ASN1 parser: Error in TAG.');
  if (type === 'pkcs8') checkPrivateKeyInfo(der);
  // OpenSSL reads PKCS #8 in any of them; GnuTLS goes by the label.
  const second = { pkcs1: tag.integer, sec1: tag.octetString, dsa: tag.integer, pkcs8: tag.sequence }[type];
  if (members[1]?.tag !== second) throw new DerError(errors.derError);
  const encoded = type === 'dsa' ? traditionalDsa(members.map(({ content }) => content)) : der;
  try {
    const key = createPrivateKey({ key: encoded, format: 'der', type: type === 'dsa' ? 'pkcs8' : type });
    const info = publicKeyInfo(createPublicKey(key));
    const expected = type === 'pkcs1' ? ['RSA'] : type === 'sec1' ? ['EC'] : type === 'dsa' ? ['DSA'] : undefined;
    if (expected !== undefined && !expected.includes(info.algorithm)) return undefined;
    return info.algorithm === 'EC' && !curves.has(info.curve) ? undefined : info;
  } catch {
    return undefined;
  } finally {
    if (type === 'dsa') encoded.fill(0);
  }
}

/** Version, algorithm and key octets of a PrivateKeyInfo. @throws DerError */
function checkPrivateKeyInfo(der: Buffer): void {
  const info = new DerSequence(readOnly(der, tag.sequence));
  info.required(tag.integer);
  objectIdentifier(new DerSequence(info.required(tag.sequence)).required(tag.objectIdentifier));
  info.required(tag.octetString);
}

/** PKCS #8 for the traditional DSA form (version, p, q, g, y, x), which OpenSSL reads only from PEM. */
function traditionalDsa(numbers: readonly Buffer[]): Buffer {
  const [, p, q, g, , x] = numbers;
  if (p === undefined || q === undefined || g === undefined || x === undefined) throw new DerError(errors.derError);
  const parameters = encode(tag.sequence, ...[p, q, g].map((number) => encode(tag.integer, number)));
  const algorithm = encode(tag.sequence, Buffer.from('06072a8648ce380401', 'hex'), parameters);
  return encode(tag.sequence, Buffer.from('020100', 'hex'), algorithm, encode(tag.octetString, encode(tag.integer, x)));
}

function encode(type: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const size = content.length.toString(16);
  const octets = Buffer.from(size.padStart(size.length + (size.length % 2), '0'), 'hex');
  const length = content.length < 0x80 ? [content.length] : [0x80 | octets.length, ...octets];
  return Buffer.concat([Buffer.from([type, ...length]), content]);
}

/** gnutls_x509_privkey_import_pkcs8 with flags 0: plain before encrypted; undefined where neither is there, sound or decrypted. */
function pkcs8Key(data: Buffer): PrivateKeyFile | undefined {
  const plain = findPem(data, 'PRIVATE KEY');
  const block = plain.found ? plain : findPem(data, 'ENCRYPTED PRIVATE KEY');
  if (!block.found) return brokenPkcs8(data, block);
  try {
    if (isEncrypted(block.der)) return { state: 'encrypted', format: 'pkcs8' };
    if (!plain.found)
      return malformed({ cause: 'structure', line: lineAt(data, block.begin), gnutlsError: errors.derError });
    const publicKey = publicHalf(block.der, 'pkcs8');
    return publicKey === undefined ? undefined : { state: 'readable', publicKey, format: 'pkcs8' };
  } catch {
    return undefined;
  } finally {
    block.der.fill(0);
  }
}

/** A damaged encrypted key has no other reading, so that its own damage is what to report; GnuTLS' error stays the first one. */
function brokenPkcs8(data: Buffer, block: ReturnType<typeof findPem> & { found: false }): PrivateKeyFile | undefined {
  if (block.begin === undefined || plainLabels.some(({ label }) => findPem(data, label).found)) return undefined;
  if (data.indexOf('-----BEGIN ENCRYPTED PRIVATE KEY', 0, 'latin1') !== block.begin) return undefined;
  const cause = block.fault === 'end' ? 'truncated' : 'base64';
  return malformed({ cause, line: lineAt(data, block.begin), gnutlsError: errors.notAvailable });
}

/** Is it an EncryptedPrivateKeyInfo: an algorithm and octets, no version before them. */
function isEncrypted(der: Buffer): boolean {
  try {
    const info = new DerSequence(readOnly(der, tag.sequence));
    objectIdentifier(new DerSequence(info.required(tag.sequence)).required(tag.objectIdentifier));
    info.required(tag.octetString);
    info.end();
    return true;
  } catch {
    return false;
  }
}

/** gnutls_x509_privkey_import_openssl: the DEK-Info header of OpenSSL's own encryption. */
function legacyKey(data: Buffer): PrivateKeyFile | undefined {
  const words = data.indexOf('PRIVATE KEY---', 0, 'latin1');
  const header = words === -1 ? -1 : data.indexOf('DEK-Info: ', words, 'latin1');
  if (header === -1) return undefined;
  if (legacyCiphers.test(data.toString('latin1', header + 10, header + 40)))
    return { state: 'encrypted', format: 'legacy' };
  return malformed({ cause: 'structure', line: lineAt(data, header), gnutlsError: errors.invalidRequest });
}
