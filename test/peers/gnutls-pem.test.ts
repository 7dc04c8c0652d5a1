import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCertificateFile } from '../../src/parse/certificate-file.ts';
import { parsePrivateKeyFile } from '../../src/parse/private-key-file.ts';
import { parseRevocationListFile } from '../../src/parse/revocation-list-file.ts';

const installed = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/certificates/${name}.pem`, import.meta.url), 'utf8');
/** Only the armoured part. */
const pem = (name: string): string => /-----BEGIN[\s\S]*/.exec(fixture(name))?.[0] ?? '';

const directory = mkdtempSync(join(tmpdir(), 'gnutls-pem-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What certtool says of a file: undefined when it imports it, else GnuTLS' text. */
function certtool(option: string, bytes: Uint8Array): string | undefined {
  const path = join(directory, 'input.pem');
  writeFileSync(path, bytes);
  const { status, stderr } = spawnSync('certtool', [option, '--infile', path], {
    encoding: 'utf8',
    input: '',
    env: { ...process.env, LC_ALL: 'C', GNUTLS_PIN: 'wrong pass phrase' },
  });
  if (/Encrypted structure detected/.test(stderr)) return 'Decryption has failed.';
  return status === 0 ? undefined : (/import error: (.*)/.exec(stderr)?.[1] ?? stderr.trim());
}

type Variants = Record<string, string | Uint8Array>;

const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content) : content;

/** Ways to damage, dress or surround a PEM object that hold for every kind of it. */
function variantsOf(text: string, label: string): Variants {
  const [first = '', ...rest] = text.trim().split('\n');
  const last = rest.pop() ?? '';
  const body = rest.join('\n');
  const flat = rest.join('');
  const der = Buffer.from(flat, 'base64');
  const armour = (bytes: Uint8Array): string => `${first}\n${Buffer.from(bytes).toString('base64')}\n${last}\n`;
  const changed = (offset: number, value: number): Buffer => Buffer.from(der).fill(value, offset, offset + 1);
  return {
    'as it is': text,
    'text before': `Some words\n- with dashes\n${text}`,
    'text after': `${text}more words\n`,
    'a UTF-8 byte order mark': `\ufeff${text}`,
    CRLF: text.replaceAll('\n', '\r\n'),
    CR: text.replaceAll('\n', '\r'),
    'no final newline': text.trim(),
    'one line of base64': `${first}\n${flat}\n${last}\n`,
    'all in one line': `${first}${flat}${last}`,
    indented: text.replaceAll('\n', '\n   '),
    tabs: `${first}\n\t${rest.join('\n\t')}\n${last}\n`,
    'form feeds': `${first}\n\f${body}\n${last}\n`,
    'blank lines': `${first}\n\n${rest.join('\n\n')}\n\n${last}\n`,
    'no END': `${first}\n${body}\n`,
    'another END': `${first}\n${body}\n-----END SOMETHING ELSE-----\n`,
    'END cut short': `${first}\n${body}\n-----END`,
    'END with one dash less': `${first}\n${body}\n----${last.slice(5)}\n`,
    'no dashes after the label': `${first.slice(0, -5)}\n${body}\n${last}\n`,
    'four dashes after the label': `${first.slice(0, -1)}\n${body}\n${last}\n`,
    'four dashes before BEGIN': `${first.slice(1)}\n${body}\n${last}\n`,
    'label in lower case': `${first.replace(label, label.toLowerCase())}\n${body}\n${last}\n`,
    'label with more words': `${first.replace(label, `${label} AND MORE`)}\n${body}\n${last}\n`,
    'another label': `${first.replace(label, 'SOMETHING')}\n${body}\n${last}\n`,
    'a trusted label': `${first.replace(label, `TRUSTED ${label}`)}\n${body}\n${last.replace(label, `TRUSTED ${label}`)}\n`,
    'half the body': `${first}\n${rest.slice(0, Math.floor(rest.length / 2)).join('\n')}\n${last}\n`,
    'one line missing': `${first}\n${rest.slice(1).join('\n')}\n${last}\n`,
    'one character missing': `${first}\n${body.slice(1)}\n${last}\n`,
    'an odd character': `${first}\n!${body.slice(1)}\n${last}\n`,
    'a NUL in the body': Buffer.from(`${first}\n\0${body}\n${last}\n`),
    'a NUL before': Buffer.from(`\0${text}`),
    'a NUL after': Buffer.from(`${text}\0\0`),
    'padding too long': `${first}\n${flat}====\n${last}\n`,
    'padding inside': `${first}\n${flat.slice(0, 4)}=${flat.slice(5)}\n${last}\n`,
    'a header of lines': `${first}\nKey: value\n\n${body}\n${last}\n`,
    'a dash in the body': `${first}\n${rest[0] ?? ''}\n-\n${rest.slice(1).join('\n')}\n${last}\n`,
    'an empty body': `${first}\n${last}\n`,
    'words as body': `${first}\nbm90IGEga2V5\n${last}\n`,
    'three bytes': `${first}\nAAAA\n${last}\n`,
    'an empty sequence': `${first}\nMAA=\n${last}\n`,
    'one byte after': armour(Buffer.concat([der, Buffer.from([0])])),
    'ten bytes fewer': armour(der.subarray(0, -10)),
    'the wrong outer tag': armour(changed(0, 0x31)),
    'the wrong outer length': armour(changed(der[1] === 0x81 ? 2 : 3, 0x11)),
    'an indefinite length': armour(changed(1, 0x80)),
    'UTF-16': Buffer.from(`\ufeff${text}`, 'utf16le'),
    DER: der,
    empty: '',
    newline: '\n',
    words: 'not a PEM file\n',
    binary: Buffer.from([0xff, 0x00, 0x10, 0x80, 0x7f, 0x01]),
  };
}

const broken = (text: string): string => text.replace(/\n[A-Za-z0-9+/]{20}/, '\n!!!!');
const server = pem('server');
const client = pem('client');
const x509 = (text: string): string => text.replaceAll(' CERTIFICATE', ' X509 CERTIFICATE');

const certificates: Variants = {
  ...variantsOf(server, 'CERTIFICATE'),
  'two of them': server + client,
  'a broken first': broken(server) + client,
  'a broken second': server + broken(client),
  'a second without END': server + client.replace(/-----END.*\n/, ''),
  'a first without END': server.replace(/-----END.*\n/, '') + client,
  'the other label': x509(server),
  'the other label, then the usual one': x509(server) + client,
  'the usual label, then the other one': server + x509(client),
  'the other label broken before the usual one': x509(broken(server)) + client,
  'the usual label broken before the other one': broken(server) + x509(client),
  'a request after': `${server}-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n`,
  'parameters before': `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${server}`,
  'a trusted one after': server + client.replaceAll(' CERTIFICATE', ' TRUSTED CERTIFICATE'),
  'version 1': pem('v1-root'),
  'decoded text before': fixture('server'),
  'over 65536 bytes': `${'# padding\n'.repeat(7000)}${server}`,
};

const keyPair = (type: 'rsa' | 'ec' | 'ed25519'): ReturnType<typeof generateKeyPairSync> =>
  type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('ed25519');
const rsa = keyPair('rsa').privateKey;
const ec = keyPair('ec').privateKey;
const ed25519 = keyPair('ed25519').privateKey;
const pkcs8 = ec.export({ type: 'pkcs8', format: 'pem' }) as string;
const pkcs1 = rsa.export({ type: 'pkcs1', format: 'pem' }) as string;
const sec1 = ec.export({ type: 'sec1', format: 'pem' }) as string;
const dsa = (): string =>
  generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
const encryption = { cipher: 'aes-256-cbc', passphrase: 'test pass phrase' };
const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
const k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;

const keys: Variants = {
  ...variantsOf(pkcs8, 'PRIVATE KEY'),
  ...Object.fromEntries(
    Object.entries(variantsOf(pkcs1, 'RSA PRIVATE KEY')).map(([name, text]) => [`PKCS #1, ${name}`, text]),
  ),
  'SEC 1': sec1,
  'SEC 1 after its parameters': parameters + sec1,
  'SEC 1 labelled as RSA': sec1.replaceAll('EC PRIVATE', 'RSA PRIVATE'),
  'PKCS #1 labelled as PKCS #8': pkcs1.replaceAll('RSA PRIVATE', 'PRIVATE'),
  'PKCS #8 labelled as PKCS #1': pkcs8.replaceAll('PRIVATE', 'RSA PRIVATE'),
  Ed25519: ed25519.export({ type: 'pkcs8', format: 'pem' }) as string,
  DSA: dsa(),
  'RSA-PSS': generateKeyPairSync('rsa-pss', {
    modulusLength: 2048,
    hashAlgorithm: 'sha256',
    mgf1HashAlgorithm: 'sha256',
  }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  'secp256k1 in PKCS #8': k1.export({ type: 'pkcs8', format: 'pem' }) as string,
  'secp256k1 in SEC 1': k1.export({ type: 'sec1', format: 'pem' }) as string,
  'encrypted PKCS #8': ec.export({ type: 'pkcs8', format: 'pem', ...encryption }) as string,
  'encrypted in the legacy way': rsa.export({ type: 'pkcs1', format: 'pem', ...encryption }) as string,
  'certificate, then key': server + pkcs8,
  'key, then certificate': pkcs8 + server,
  'key after text that names it': `Here is the PRIVATE KEY-----\n${pkcs8}`,
  'two keys': pkcs8 + pkcs1,
  'a broken key, then PKCS #8': broken(pkcs1) + pkcs8,
  'a certificate': server,
  'a public key': generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }) as string,
};

const list = pem('revoked-client');
const lists: Variants = {
  ...variantsOf(list, 'X509 CRL'),
  'a certificate before': server + list,
};

const skipped = installed('certtool') ? '' : ' (skipped: certtool is not installed)';

describe.skipIf(skipped !== '')(`PEM files as GnuTLS reads them${skipped}`, () => {
  it.each(Object.entries(certificates))('certificates: %s', (_, text) => {
    const bytes = bytesOf(text);
    const { malformation, certificates: found } = parseCertificateFile(bytes);
    const expected = certtool('--certificate-info', bytes);
    // libvirt's own limits are no affair of GnuTLS.
    const ours =
      malformation?.cause === 'too-large' || malformation?.cause === 'binary'
        ? found.length > 0
        : malformation === undefined;
    expect(ours).toBe(expected === undefined);
    if (expected === undefined || malformation?.gnutlsError === undefined) return;
    // The search through a list has words of its own where there is no header at all.
    if (expected !== 'No certificate was found.') expect(malformation.gnutlsError).toBe(expected);
  });

  it.each(Object.entries(keys))('private keys: %s', (_, text) => {
    const bytes = bytesOf(text);
    const file = parsePrivateKeyFile(bytes);
    const ours =
      file.state === 'readable'
        ? undefined
        : file.state === 'encrypted'
          ? 'Decryption has failed.'
          : file.malformation.gnutlsError;
    expect(ours).toBe(certtool('--key-info', bytes));
  });

  it.each(Object.entries(lists))('revocation lists: %s', (_, text) => {
    const bytes = bytesOf(text);
    const { malformation } = parseRevocationListFile(bytes);
    const expected = certtool('--crl-info', bytes);
    expect(malformation === undefined).toBe(expected === undefined);
    // certtool imports one list by itself, whose error for a missing header differs from that of a file of lists.
    if (expected !== undefined && expected !== 'Base64 unexpected header error.')
      expect(malformation?.gnutlsError).toBe(expected);
  });
});

const querySkipped = installed('virt-pki-query-dn') ? '' : ' (skipped: virt-pki-query-dn is not installed)';

describe.skipIf(querySkipped !== '')(`distinguished names as libvirt prints them${querySkipped}`, () => {
  it.each(['names', 'multi-valued', 'server', 'root', 'server-expired'])('%s', (name) => {
    const path = join(directory, `${name}.pem`);
    writeFileSync(path, fixture(name));
    const expected = execFileSync('virt-pki-query-dn', [path], { encoding: 'utf8' }).replace(/\n$/, '');
    expect(parseCertificateFile(Buffer.from(fixture(name))).certificates[0]?.subject.text).toBe(expected);
  });
});
