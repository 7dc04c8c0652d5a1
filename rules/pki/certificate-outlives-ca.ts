import { validityAt } from '../../src/domain/certificate-validity.ts';
import { isIssuer } from '../../src/domain/chain-of-trust.ts';
import {
  certificateTitle,
  certificatesOf,
  contentFacts,
  contentGaps,
  credentialContents,
  isSelfIssued,
  subjectTitle,
} from '../../src/domain/credential-contents.ts';
import { momentText } from '../../src/domain/moment-text.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'certificate-outlives-ca',
  title: 'A certificate is valid longer than its issuer',
  severity: 'warning',
  roles: everyRole,
  needs: [...contentFacts, 'clock'],
  rationale:
    "From the end of the issuer's validity on nothing that it has issued is trusted, whatever date stands in the certificate: who plans by that date is surprised.",
  remedy: 'Renew the CA in time, or have certificates issued that end before it does.',
  references: [{ title: 'RFC 5280, path validation', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-6' }],
  sources: ['GnuTLS 3.8 lib/x509/verify.c: check_time_status, for every certificate of the chain'],
  messages: {
    outlives: (d: { what: string; until: string; issuer: string; issuerUntil: string }) => ({
      message: `${d.what} is valid longer than its issuer`,
      seen: `valid until ${d.until}; its issuer ${d.issuer} until ${d.issuerUntil}`,
      needed: `an end no later than ${d.issuerUntil}, or a CA certificate with a later end`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const outcomes = sets.flatMap((contents) => {
      const all = certificatesOf(contents);
      return all.flatMap((use) => {
        const { certificate, place } = use;
        if (place === 'ca' || isSelfIssued(certificate)) return [];
        const issuers = all.map((one) => one.certificate).filter((candidate) => isIssuer(certificate, candidate));
        // Of several with one name the one that lasts longest will do.
        const [issuer] = [...issuers].sort((one, other) => Date.parse(other.notAfter) - Date.parse(one.notAfter));
        if (issuer === undefined || validityAt(issuer, facts.clock.now) === 'expired') return [];
        if (Date.parse(certificate.notAfter) <= Date.parse(issuer.notAfter)) return [];
        const data = {
          what: certificateTitle(use),
          until: momentText(certificate.notAfter),
          issuer: subjectTitle(issuer),
          issuerUntil: momentText(issuer.notAfter),
        };
        return violation('outlives', file(use.file.path, certificate.line), data, {
          instance: certificate.fingerprint,
          fix: {
            title: `Renew the CA ${subjectTitle(issuer)} before ${momentText(issuer.notAfter)}`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `renew the CA ${subjectTitle(issuer)} with the same key before ${momentText(issuer.notAfter)}, and give its new certificate to every host and client`,
              },
            ],
          },
        });
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'ca', 'certificate')];
    const asked = sets.some((contents) => certificatesOf(contents).length > 0);
    if (!asked && unknowns.length === 0) return notApplicable('there is no certificate');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
