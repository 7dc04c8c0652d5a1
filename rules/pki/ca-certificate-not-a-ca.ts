import { caFileRemedy } from '../../src/domain/bundle-fix.ts';
import { activation } from '../../src/domain/certificate-order.ts';
import { caMember } from '../../src/domain/ca-member.ts';
import { contentGaps, isSelfIssued, membersOf, subjectTitle } from '../../src/domain/credential-contents.ts';
import { ownCredentialFacts, ownCredentials, refusalOf } from '../../src/domain/own-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'ca-certificate-not-a-ca',
  title: 'A CA certificate is not marked as one',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    "Every certificate of the CA file must say by its basic constraints that it is a CA's, or libvirt and QEMU stop there, although GnuTLS itself would trust it.",
  remedy:
    'Issue the CA certificate anew with the same key and basic constraints CA:TRUE; what it has issued stays valid.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 5280, basic constraints', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9' },
  ],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertCheckBasicConstraints',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_check_cert_basic_constraints',
  ],
  messages: {
    unmarked: (d: { subject: string; absent: boolean; effect: string }) => ({
      message: `The CA certificate ${d.subject} is not marked as a CA`,
      seen: d.absent ? 'no basic constraints' : 'basic constraints CA:FALSE',
      needed: 'basic constraints CA:TRUE, critical',
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
        if (caMember(member, own) !== 'not-marked-as-ca') return [];
        const refusal = refusalOf(own, ['ca-not-a-ca', 'ca-without-constraints'], member);
        const stops = refusal !== undefined && checked;
        const effect = stops
          ? `${consequence}: "${refusal.text}"`
          : 'nobody looks at it here; programs that check their CA file refuse it';
        const data = { subject: subjectTitle(member), absent: member.basicConstraints === undefined, effect };
        return violation('unmarked', file(path, member.line), data, {
          severity: stops ? 'error' : 'warning',
          instance: member.fingerprint,
          fix: {
            title: `Issue the CA certificate ${data.subject} anew`,
            ...caFileRemedy(facts, own, (one) => caMember(one, own) === 'not-marked-as-ca', [
              isSelfIssued(member)
                ? ({
                    kind: 'run',
                    where:
                      "where the CA's key is kept; the template has cn, ca and cert_signing_key, name and key stay the same",
                    command: [
                      ...['certtool', '--generate-self-signed', '--load-privkey', 'cakey.pem'],
                      ...['--template', 'ca.info', '--outfile', 'cacert.pem'],
                    ],
                  } as const)
                : ({
                    kind: 'manual',
                    instruction: `ask the CA ${member.issuer.text} for a certificate of ${data.subject} that is marked as a CA's`,
                  } as const),
              {
                kind: 'manual',
                instruction: `put it in the place of the block that begins in line ${member.line} of ${path}, and on every host and client`,
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
