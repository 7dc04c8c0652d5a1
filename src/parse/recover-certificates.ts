import type { Certificate, MalformationCause } from '../facts/certificates.ts';
import { readValue } from './der.ts';
import { lineAt } from './pem.ts';
import { parseCertificate } from './x509.ts';

/** Forms under which whole certificates are found that GnuTLS does not see. */
const recoverable: ReadonlySet<MalformationCause> = new Set([
  'der',
  'utf-16',
  'trusted-certificate',
  'wrong-label',
  'truncated',
]);

const maximumCertificates = 100;

/**
 * The certificates of a file that is malformed by its form alone: DER, UTF-16, OpenSSL's TRUSTED CERTIFICATE, another label, or a block
 * without its end. Undefined where anything in it is no certificate, or a private key, for then not all of it would be kept.
 */
export function recoverCertificates(data: Buffer, cause: MalformationCause): readonly Certificate[] | undefined {
  if (!recoverable.has(cause)) return undefined;
  try {
    const found = cause === 'der' ? inSequence(data) : inBlocks(cause === 'utf-16' ? fromUtf16(data) : data);
    return found.length === 0 ? undefined : found;
  } catch {
    return undefined;
  }
}

/** Certificates in DER, one behind the other. */
function inSequence(data: Buffer): readonly Certificate[] {
  const certificates: Certificate[] = [];
  let at = 0;
  while (at < data.length && certificates.length < maximumCertificates) {
    const { bytes } = readValue(data, at);
    certificates.push({ position: certificates.length, line: 1, ...parseCertificate(bytes) });
    at += bytes.length;
    if (/^\s*$/.test(data.toString('latin1', at, at + 64)) && data.length - at <= 64) break;
  }
  return certificates;
}

/** Certificates in PEM blocks of any label; OpenSSL puts its own settings of trust behind the certificate in the same block. */
function inBlocks(data: Buffer): readonly Certificate[] {
  const certificates: Certificate[] = [];
  const text = data.toString('latin1');
  for (const { index, 0: header, 1: label = '' } of text.matchAll(/-----BEGIN ([^-\r\n]{1,64})-----/g)) {
    const start = index + header.length;
    const end = text.indexOf('-', start);
    const base64 = text.slice(start, end === -1 ? text.length : end).replace(/\s+/g, '');
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || certificates.length >= maximumCertificates)
      throw new RangeError('no base64');
    const der = Buffer.from(base64, 'base64');
    const { bytes } = readValue(der);
    if (bytes.length !== der.length && !label.startsWith('TRUSTED')) throw new RangeError('more than a certificate');
    certificates.push({ position: certificates.length, line: lineAt(data, index), ...parseCertificate(bytes) });
  }
  return certificates;
}

/** By its byte order mark, or else by where the zeros are. */
function fromUtf16(data: Buffer): Buffer {
  const even = data.subarray(0, data.length - (data.length % 2));
  const isBigEndian = (even[0] === 0xfe && even[1] === 0xff) || even[0] === 0;
  const text = (isBigEndian ? Buffer.from(even).swap16() : even).toString('utf16le');
  return Buffer.from(text.replace(/^\ufeff/, ''), 'latin1');
}
