import type { Certificate, CertificateFile, Malformation } from '../facts/certificates.ts';
import { brokenArmour, brokenContent, libvirtFileSize, maximumFileSize } from './malformation.ts';
import { bufferOf, findPem, lineAt, nextPem, pemErrors, type PemResult } from './pem.ts';
import { recoverCertificates } from './recover-certificates.ts';
import { parseCertificate } from './x509.ts';

/** In the order in which GnuTLS tries them (lib/x509/common.h, PEM_X509_CERT2 and PEM_X509_CERT). */
const labels = ['CERTIFICATE', 'X509 CERTIFICATE'] as const;

const maximumCertificates = 1000;

/**
 * The certificates of a file, in order, up to the first block that stops gnutls_x509_crt_list_import (lib/x509/x509.c): GnuTLS
 * would then refuse the whole list. `malformation.gnutlsError` is what gnutls_x509_crt_import says of that block.
 *
 * A NUL byte before the first certificate is a malformation too: libvirt and QEMU hand GnuTLS only what stands before it.
 * A file of more than 65536 bytes that is otherwise sound has the cause `too-large`: libvirt's sanity check refuses it, GnuTLS and
 * QEMU do not. Nothing is looked at beyond 1 MiB or 1000 certificates. Never throws.
 */
export function parseCertificateFile(bytes: Uint8Array): CertificateFile {
  const data = bufferOf(bytes).subarray(0, maximumFileSize);
  const key = data.indexOf('PRIVATE KEY-----', 0, 'latin1');
  const header = key === -1 ? -1 : data.lastIndexOf('-----BEGIN ', key, 'latin1');
  const file = certificatesIn(data, bytes.length);
  const recovered =
    file.malformation === undefined || header !== -1 ? undefined : recoverCertificates(data, file.malformation.cause);
  return {
    ...file,
    ...(recovered === undefined ? {} : { recovered }),
    ...(header === -1 ? {} : { privateKeyLine: lineAt(data, header) }),
  };
}

function certificatesIn(data: Buffer, size: number): CertificateFile {
  const certificates: Certificate[] = [];
  const stopped = (malformation: Malformation): CertificateFile => ({ certificates, malformation });
  let next = nextPem(data, labels);
  const nul = data.indexOf(0);
  const line = new LineCounter(data);
  if (next === -1)
    return stopped(brokenArmour(data, findPem(data, labels[1]) as PemResult & { found: false }, pemErrors.header));
  // The loader reads past a NUL, so that all certificates are kept.
  let unseen: Malformation | undefined;
  for (; next !== -1 && certificates.length < maximumCertificates; next = nextPem(data, labels, next + 1)) {
    const block = certificateBlock(data, next);
    if (!block.found) return stopped(block.malformation);
    try {
      const decoded = parseCertificate(block.der);
      certificates.push({ position: certificates.length, line: line.at(block.begin), ...decoded });
    } catch (error) {
      return stopped(brokenContent(data, block.begin, error));
    }
    if (certificates.length === 1 && nul !== -1 && nul < data.indexOf('-----END ', block.begin, 'latin1'))
      unseen = { cause: 'binary', line: lineAt(data, nul), gnutlsError: pemErrors.header };
  }
  if (unseen !== undefined) return stopped(unseen);
  return size > libvirtFileSize ? stopped({ cause: 'too-large' }) : { certificates };
}

type Block =
  | { readonly found: true; readonly der: Buffer; readonly begin: number }
  | { readonly found: false; readonly malformation: Malformation };

/** gnutls_x509_crt_import tries one label, then the other, and reports the second failure, whatever the first was. */
function certificateBlock(data: Buffer, from: number): Block {
  const results = [findPem(data, labels[0], from), findPem(data, labels[1], from)] as const;
  for (const result of results) if (result.found) return result;
  const [first, second] = results as readonly [PemResult & { found: false }, PemResult & { found: false }];
  return {
    found: false,
    malformation: brokenArmour(data, first.begin === undefined ? second : first, second.gnutlsError),
  };
}

/** Line numbers of ascending offsets, counted once. */
class LineCounter {
  readonly #data: Buffer;
  #offset = 0;
  #line = 1;

  constructor(data: Buffer) {
    this.#data = data;
  }

  at(offset: number): number {
    if (offset < this.#offset) return lineAt(this.#data, offset);
    this.#line += lineAt(this.#data.subarray(this.#offset), offset - this.#offset) - 1;
    this.#offset = offset;
    return this.#line;
  }
}
