import { describe, expect, it } from 'vitest';
import { pemText } from '../../src/domain/pem-text.ts';
import { parseCertificateFile } from '../../src/parse/certificate-file.ts';
import { pemOf } from '../support/certificates.ts';

const server = pemOf('server').toString();
const root = pemOf('root').toString();
const both = parseCertificateFile(Buffer.from(server + root)).certificates;
const der = both.map((one) => Buffer.from(one.der, 'base64'));
const [leafDer = Buffer.alloc(0)] = der;
const utf16 = Buffer.from(`\ufeff${server}`, 'utf16le');
const block = (label: string, content: Buffer): string =>
  `-----BEGIN ${label}-----\n${content.toString('base64')}\n-----END ${label}-----\n`;

describe('certificates of a file that GnuTLS refuses', () => {
  it.each<[string, string | Buffer, number]>([
    ['DER', leafDer, 1],
    ['DER and an end of line', Buffer.concat([leafDer, Buffer.from('\n')]), 1],
    ['several in DER', Buffer.concat(der), 2],
    ['UTF-16', utf16, 1],
    ['UTF-16 the other way round', Buffer.from(utf16).swap16(), 1],
    ["OpenSSL's label", block('TRUSTED CERTIFICATE', Buffer.concat([leafDer, Buffer.from('3000', 'hex')])), 1],
    ['another label', block('X.509 CERT', leafDer), 1],
    ['no end', server.replace(/-----END[^]*/, ''), 1],
  ])('are told of %s', (_, content, count) => {
    const { malformation, recovered } = parseCertificateFile(Buffer.from(content));
    expect(malformation).toBeDefined();
    expect(recovered?.map(({ fingerprint }) => fingerprint)).toEqual(
      both.slice(0, count).map(({ fingerprint }) => fingerprint),
    );
    expect(parseCertificateFile(Buffer.from(pemText(recovered ?? []))).malformation).toBeUndefined();
  });

  it.each<[string, string | Buffer]>([
    ['DER that is cut off', leafDer.subarray(0, 200)],
    ['DER and something else', Buffer.concat([leafDer, Buffer.from('something else')])],
    ['a request', block('NEW CERTIFICATE REQUEST', Buffer.from('3003020100', 'hex'))],
    ['a certificate with more in its block', block('X.509 CERT', Buffer.concat([leafDer, Buffer.from('3000', 'hex')]))],
    ['a key beside it', block('TRUSTED CERTIFICATE', leafDer) + block('PRIVATE KEY', Buffer.from('3003020100', 'hex'))],
    ['a block that is cut off', server.slice(0, 300)],
    ['nothing', ''],
    ['UTF-16 of half a character', Buffer.from('\ufeff-----BEGIN CERTIFICATE', 'utf16le').subarray(0, 9)],
  ])('are not guessed of %s', (_, content) => {
    expect(parseCertificateFile(Buffer.from(content))).not.toHaveProperty('recovered');
  });

  it('are what they were as PEM', () => {
    expect(pemText(both)).toBe(server + root);
  });
});
