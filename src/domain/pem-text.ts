import type { Certificate } from '../facts/certificates.ts';

/** Certificates as a file of PEM blocks, in the given order, each with lines of 64 characters as RFC 7468 has them. */
export const pemText = (certificates: readonly Pick<Certificate, 'der'>[]): string =>
  certificates
    .map(({ der }) =>
      ['-----BEGIN CERTIFICATE-----', ...(der.match(/.{1,64}/g) ?? []), '-----END CERTIFICATE-----', ''].join('\n'),
    )
    .join('');
