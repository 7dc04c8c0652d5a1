import { daysLeft, validityAt } from '../../src/domain/certificate-validity.ts';
import { certificateSteps, reload } from '../../src/domain/certificate-order.ts';
import { certificateTitle, certificatesInUse, contentFacts } from '../../src/domain/credential-contents.ts';
import { momentText } from '../../src/domain/moment-text.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'certificate-expires-soon',
  title: 'A certificate expires soon',
  severity: 'warning',
  roles: everyRole,
  needs: [...contentFacts, 'clock', 'identity'],
  rationale:
    'A daemon that runs goes on after its certificate has expired, its peers do not; and it does not start again. Renewal of a CA takes longest, for every host and client needs the new one.',
  remedy: 'Renew in time: the new certificate first, then a reload or restart, then the clients.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: ['libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertCheckTimes'],
  options: {
    schema: {
      type: 'object',
      properties: {
        days: { type: 'integer', minimum: 0, description: 'How many days before its end a certificate is reported' },
      },
      additionalProperties: false,
    },
    defaults: { days: 30 },
  },
  messages: {
    soon: (d: { what: string; until: string; left: number; days: number }) => ({
      message: `${d.what} expires ${d.left === 0 ? 'within a day' : d.left === 1 ? 'in 1 day' : `in ${d.left} days`}`,
      seen: `valid until ${d.until}`,
      needed: `a certificate that is valid for more than ${d.days} days`,
    }),
  },

  check(facts, { roles, options, violation, undetermined, notApplicable }) {
    const { certificates, gaps } = certificatesInUse(facts, roles);
    if (certificates.length === 0 && gaps.length === 0) return notApplicable('there is no certificate');
    const { now } = facts.clock;
    const outcomes = certificates.flatMap((use) => {
      const { certificate, place, set } = use;
      const left = daysLeft(certificate, now);
      if (validityAt(certificate, now) !== 'valid' || left > options.days) return [];
      const { path } = use.file;
      const data = { what: certificateTitle(use), until: momentText(certificate.notAfter), left, days: options.days };
      return violation('soon', file(path, certificate.line), data, {
        instance: certificate.fingerprint,
        fix: {
          title: `Renew the certificate in line ${certificate.line} of ${path}`,
          applicability: 'manual',
          ...(place === 'leaf'
            ? certificateSteps(facts, set, { replaces: certificate, interrupts: false })
            : {
                steps: [
                  {
                    kind: 'manual',
                    instruction: `add the successor of the certificate in line ${certificate.line} to ${path} here and on every host and client that trusts it, and take the old one out once nothing uses it`,
                  },
                  ...reload(set),
                ],
              }),
        },
      });
    });
    return [...outcomes, ...gaps.map(({ path, because }) => undetermined(file(path), because))];
  },
});
