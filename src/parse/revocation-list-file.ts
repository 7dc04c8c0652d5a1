import type { RevocationList, RevocationListFile } from '../facts/certificates.ts';
import { brokenArmour, brokenContent, maximumFileSize } from './malformation.ts';
import { bufferOf, findPem, nextPem, pemErrors } from './pem.ts';
import { parseRevocationList } from './x509.ts';

const label = 'X509 CRL';
const maximumLists = 1000;

/**
 * The revocation lists of a file, in order, up to the first block that stops gnutls_x509_crl_list_import (lib/x509/crl.c): GnuTLS
 * would then refuse the whole file, and the daemon would not start. Nothing is looked at beyond 1 MiB. Never throws.
 */
export function parseRevocationListFile(bytes: Uint8Array): RevocationListFile {
  const data = bufferOf(bytes).subarray(0, maximumFileSize);
  const lists: RevocationList[] = [];
  let next = nextPem(data, [label]);
  // The list's own search reports a missing header as a decoding error, unlike that for one object.
  if (next === -1) {
    const result = findPem(data, label);
    return result.found ? { lists } : { lists, malformation: brokenArmour(data, result, pemErrors.decoding) };
  }
  for (; next !== -1 && lists.length < maximumLists; next = nextPem(data, [label], next + 1)) {
    const result = findPem(data, label, next);
    if (!result.found) return { lists, malformation: brokenArmour(data, result, result.gnutlsError) };
    try {
      lists.push(parseRevocationList(result.der));
    } catch (error) {
      return { lists, malformation: brokenContent(data, result.begin, error) };
    }
  }
  return { lists };
}
