import type { Certificate } from '../facts/certificates.ts';

export type Validity = 'valid' | 'expired' | 'not-yet-valid';

const milliseconds = (iso: string): number => Date.parse(iso);

/** Whole seconds since the epoch, as time(2) would tell. */
export const secondsOf = (iso: string): number => Math.floor(milliseconds(iso) / 1000);

/**
 * Is a certificate in force at a moment (ISO 8601): both ends count as within, to the second, as in libvirt's and QEMU's own checks
 * and in GnuTLS' check_time_status (lib/x509/verify.c).
 */
export function validityAt(certificate: Pick<Certificate, 'notBefore' | 'notAfter'>, at: string): Validity {
  const now = secondsOf(at);
  if (now > secondsOf(certificate.notAfter)) return 'expired';
  return now < secondsOf(certificate.notBefore) ? 'not-yet-valid' : 'valid';
}

/** Whole days from a moment to the end of validity, rounded down; negative once it has passed. */
export function daysLeft(certificate: Pick<Certificate, 'notAfter'>, at: string): number {
  return Math.floor((milliseconds(certificate.notAfter) - milliseconds(at)) / 86_400_000);
}
