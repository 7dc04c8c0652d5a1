import type { Certificate } from '../facts/certificates.ts';

/** Object identifiers of extended key usage. */
export const serverPurpose = '1.3.6.1.5.5.7.3.1';
export const clientPurpose = '1.3.6.1.5.5.7.3.2';
export const anyPurpose = '2.5.29.37.0';

/** Netscape's and VeriSign's server-gated cryptography, which count as server purpose in a CA certificate. */
const obsoleteServerPurposes: readonly string[] = ['2.16.840.1.113730.4.1', '2.16.840.1.113733.1.8.1'];

/** May a certificate be used for a purpose as GnuTLS itself sees it (_gnutls_check_key_purpose, lib/x509/verify.c). */
export function allowsPurpose(
  certificate: Pick<Certificate, 'extendedKeyUsage' | 'basicConstraints'>,
  purpose: string,
): boolean {
  const purposes = certificate.extendedKeyUsage?.purposes ?? [];
  if (purposes.length === 0 || purposes.includes(purpose) || purposes.includes(anyPurpose)) return true;
  const obsolete = purpose === serverPurpose && certificate.basicConstraints?.ca === true;
  return obsolete && purposes.some((each) => obsoleteServerPurposes.includes(each));
}

/** Which end of a connection a program would let a certificate be. */
export interface AllowedEndpoints {
  readonly server: boolean;
  readonly client: boolean;
}

/**
 * What libvirt and QEMU make of the key purposes. In libvirt every purpose that it does not know allows both ends, and anyExtendedKeyUsage
 * allows neither (virnettlscert.c, virNetTLSCertCheckKeyPurpose); in QEMU it is the other way round (tlscredsx509.c,
 * qcrypto_tls_creds_check_cert_key_purpose).
 */
export function allowedEndpoints(
  certificate: Pick<Certificate, 'extendedKeyUsage'>,
  program: 'libvirt' | 'qemu',
): AllowedEndpoints {
  const purposes = certificate.extendedKeyUsage?.purposes ?? [];
  if (purposes.length === 0) return { server: true, client: true };
  const known: readonly string[] = [serverPurpose, clientPurpose, anyPurpose];
  const both =
    program === 'qemu' ? purposes.includes(anyPurpose) : purposes.some((purpose) => !known.includes(purpose));
  return {
    server: both || purposes.includes(serverPurpose),
    client: both || purposes.includes(clientPurpose),
  };
}
