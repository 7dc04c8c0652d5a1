import { canonicalAddress } from '../facts/address.ts';
import type { Certificate } from '../facts/certificates.ts';

type Named = Pick<Certificate, 'subject' | 'subjectAlternativeName'>;

/** All names and addresses that a certificate carries for a host: alternative names, or the common name where there are none. */
export function certifiedNames({ subject, subjectAlternativeName }: Named): readonly string[] {
  const alternatives = [...(subjectAlternativeName?.dns ?? []), ...(subjectAlternativeName?.ip ?? [])];
  return alternatives.length > 0 ? alternatives : subject.commonNames;
}

/** Is there no alternative name for a host at all, so that only the common name could count. */
export const lacksAlternativeNames = ({ subjectAlternativeName }: Named): boolean =>
  (subjectAlternativeName?.dns.length ?? 0) + (subjectAlternativeName?.ip.length ?? 0) === 0;

/** Addresses that stand as text in a common name or a DNS name, where no program looks for addresses, and not as addresses. */
export function namesAddressAsText({ subject, subjectAlternativeName }: Named): readonly string[] {
  const texts = [...subject.commonNames, ...(subjectAlternativeName?.dns ?? [])].filter(
    (text) => canonicalAddress(text) !== undefined,
  );
  return [...new Set(texts)].filter((text) => !(subjectAlternativeName?.ip ?? []).includes(text.toLowerCase()));
}
