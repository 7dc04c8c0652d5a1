import { domainToASCII } from 'node:url';
import type { Certificate } from '../facts/certificates.ts';
import { canonicalAddress } from '../facts/address.ts';
import { allowsPurpose, serverPurpose } from './key-purpose.ts';

/** The parts of a certificate that say whom it names. */
export type NamedCertificate = Pick<
  Certificate,
  'subject' | 'subjectAlternativeName' | 'extendedKeyUsage' | 'basicConstraints'
>;

/** A name longer than this many octets is passed over, and still keeps the common name out (MAX_CN of lib/str.h). */
const maximumName = 256;

/**
 * Does a certificate name this host, as gnutls_x509_crt_check_hostname tells (lib/x509/hostname-verify.c, 3.7.9 and 3.8.9 with
 * Debian's fixes, by which a URI keeps the common name out as well).
 *
 * An address matches an iPAddress entry and nothing else. A name matches a dNSName entry, without regard to case, after IDNA mapping
 * where it is not ASCII; a wildcard stands for the start of the first label of a name with at least two more. The common name counts
 * only without any dNSName, iPAddress or URI, if there is exactly one, and if the key purposes allow a TLS server.
 */
export function coversName(certificate: NamedCertificate, name: string): boolean {
  const names = certificate.subjectAlternativeName;
  const address = canonicalAddress(name);
  if (address !== undefined) return (names?.ip ?? []).includes(address);

  const wanted = asciiName(name);
  const dns = names?.dns ?? [];
  if (dns.some((pattern) => matchesName(pattern, wanted))) return true;
  if (!usesCommonName(certificate)) return false;
  const [commonName] = certificate.subject.commonNames;
  return commonName !== undefined && matchesName(commonName, wanted);
}

/** Would GnuTLS look at the common name at all: no alternative name stands in its way, there is exactly one, the purpose allows it. */
export function usesCommonName(certificate: NamedCertificate): boolean {
  const names = certificate.subjectAlternativeName;
  const precluded = names !== undefined && names.dns.length + names.ip.length + names.uri.length > 0;
  return !precluded && certificate.subject.commonNames.length === 1 && allowsPurpose(certificate, serverPurpose);
}

const isPrintable = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

function asciiName(name: string): string {
  if (isPrintable(name)) return name;
  return domainToASCII(name) || name;
}

function matchesName(pattern: string, name: string): boolean {
  if (Buffer.byteLength(pattern) >= maximumName || !isPrintable(pattern)) return false;
  const [certified, wanted] = [pattern.toLowerCase(), name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())];
  if (!certified.startsWith('*')) return certified === wanted;
  const last = certified.lastIndexOf('.');
  if (last === -1 || certified.indexOf('.') === last || last === certified.length - 1) return false;
  // The wildcard takes any part of the first label, also a part that the rest of the pattern completes.
  const rest = certified.slice(1);
  const dot = wanted.indexOf('.');
  const label = dot === -1 ? wanted.length : dot;
  return wanted.endsWith(rest) && wanted.length - rest.length <= label;
}
