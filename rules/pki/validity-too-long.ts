import { certificateSteps } from '../../src/domain/certificate-order.ts';
import { certificateTitle, certificatesInUse, contentFacts } from '../../src/domain/credential-contents.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const millisecondsPerDay = 86_400_000;

/** No limit unless a policy gives one. */
interface Limits {
  readonly days?: number;
  readonly caDays?: number;
}

export default defineRule({
  id: 'validity-too-long',
  title: 'A certificate is valid longer than the policy allows',
  severity: 'note',
  roles: everyRole,
  needs: [...contentFacts, 'identity'],
  rationale:
    'The longer a certificate is valid, the longer a key that was stolen unnoticed is of use, and the more is forgotten until it must be renewed. How long is too long is for a policy to say.',
  remedy: 'Have certificates issued for a shorter time, and renew them by routine.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: ['RFC 5280 section 4.1.2.5; neither libvirt nor QEMU limits the validity'],
  options: {
    schema: {
      type: 'object',
      properties: {
        days: { type: 'integer', minimum: 1, description: 'Most days of validity of server and client certificates' },
        caDays: { type: 'integer', minimum: 1, description: 'Most days of validity of CA certificates' },
      },
      additionalProperties: false,
    },
    defaults: {} as Limits,
  },
  messages: {
    long: (d: { what: string; days: number; most: number }) => ({
      message: `${d.what} is valid for ${d.days} days`,
      seen: `${d.days} days from beginning to end`,
      needed: `at most ${d.most} days, by policy`,
    }),
  },

  check(facts, { roles, options, violation, undetermined, notApplicable }) {
    if (options.days === undefined && options.caDays === undefined) return notApplicable('no policy sets a limit');
    const { certificates, gaps } = certificatesInUse(facts, roles);
    if (certificates.length === 0 && gaps.length === 0) return notApplicable('there is no certificate');
    const outcomes = certificates.flatMap((use) => {
      const { certificate, place, set } = use;
      const most = place === 'leaf' ? options.days : options.caDays;
      const span = Date.parse(certificate.notAfter) - Date.parse(certificate.notBefore);
      // Both ends count as within, so that a year from midnight to a second before midnight is 365 days.
      const days = Math.ceil(span / millisecondsPerDay);
      if (most === undefined || days <= most) return [];
      const { path } = use.file;
      return violation(
        'long',
        file(path, certificate.line),
        { what: certificateTitle(use), days, most },
        {
          instance: certificate.fingerprint,
          ...(place === 'leaf'
            ? {
                fix: {
                  title: `Have ${path} issued for at most ${most} days`,
                  applicability: 'manual',
                  ...certificateSteps(facts, set, { replaces: certificate, interrupts: false, days: most }),
                },
              }
            : {}),
        },
      );
    });
    return [...outcomes, ...gaps.map(({ path, because }) => undetermined(file(path), because))];
  },
});
