import { caFileRemedy } from '../../src/domain/bundle-fix.ts';
import { activation } from '../../src/domain/certificate-order.ts';
import { caMember } from '../../src/domain/ca-member.ts';
import { contentGaps, membersOf, subjectTitle } from '../../src/domain/credential-contents.ts';
import { ownCredentialFacts, ownCredentials, refusalOf } from '../../src/domain/own-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'ca-bundle-holds-leaf',
  title: 'The CA file holds a certificate that is no CA',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    "A server or client certificate among the CAs stops libvirt and QEMU when they start: every certificate of the file must be a CA's.",
  remedy: 'Take the certificate out of the CA file; where the CA itself is missing, put it there.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 5280, basic constraints', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9' },
  ],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertCheckBasicConstraints',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_check_cert_basic_constraints',
  ],
  messages: {
    leaf: (d: { subject: string; absent: boolean; effect: string }) => ({
      message: `${d.subject} in the CA file is no CA`,
      seen: d.absent ? 'no basic constraints' : 'basic constraints CA:FALSE',
      needed: 'only certificates of CAs',
      effect: d.effect,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    const outcomes = sets.flatMap((own) => {
      const { set, ca, checked, consequence } = own;
      if (ca.state !== 'loaded') return [];
      const { path } = ca.file;
      return membersOf(ca).flatMap((member) => {
        if (caMember(member, own) !== 'leaf') return [];
        const refusal = refusalOf(own, ['ca-not-a-ca', 'ca-without-constraints'], member);
        const stops = refusal !== undefined && checked;
        const effect = stops
          ? `${consequence}: "${refusal.text}"`
          : 'nobody looks at it here; programs that check their CA file refuse it';
        const data = { subject: subjectTitle(member), absent: member.basicConstraints === undefined, effect };
        return violation('leaf', file(path, member.line), data, {
          severity: stops ? 'error' : 'warning',
          instance: member.fingerprint,
          fix: {
            title: `Take the certificate in line ${member.line} out of ${path}`,
            ...caFileRemedy(facts, own, (one) => caMember(one, own) === 'leaf', [
              {
                kind: 'manual',
                instruction:
                  membersOf(ca).length === 1
                    ? `put the certificate of the CA in the place of the one in ${path}`
                    : `take the block that begins in line ${member.line} out of ${path}`,
              },
              ...activation(set),
            ]),
          },
        });
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'ca')];
    if (unknowns.length === 0 && !sets.some(({ ca }) => ca.state === 'loaded'))
      return notApplicable('there is no CA file');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
