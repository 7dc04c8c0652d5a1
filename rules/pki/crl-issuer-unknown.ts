import { contentFacts, contentGaps, credentialContents, membersOf } from '../../src/domain/credential-contents.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'crl-issuer-unknown',
  title: 'A revocation list comes from a CA that is not trusted here',
  severity: 'warning',
  roles: everyRole,
  needs: [...contentFacts],
  rationale:
    'A revocation list applies to certificates of its own issuer alone. One from another CA has no effect, and nothing says so.',
  remedy: 'Use the list of the CA that is in the CA file.',
  references: [{ title: 'RFC 5280, CRL', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-5' }],
  sources: ['GnuTLS 3.8 lib/x509/verify-high.c: gnutls_x509_trust_list_add_crls', 'observed: libvirt 9.0.0 and 11.3.0'],
  messages: {
    unknownIssuer: (d: { issuer: string; ca: string; cas: string }) => ({
      message: `The revocation list comes from a CA that is not in ${d.ca}`,
      seen: `a list of ${d.issuer}; the CA file has ${d.cas}`,
      needed: `a list of a CA of ${d.ca}`,
      effect: 'certificates that the CA has revoked are accepted, and no message says so',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const asked = sets.filter(
      ({ crl, ca }) => crl.state === 'loaded' && (ca.state === 'loaded' || ca.state === 'unknown'),
    );
    const outcomes = asked.flatMap(({ crl, ca }) => {
      if (crl.state !== 'loaded' || ca.state !== 'loaded') return [];
      const members = membersOf(ca);
      return crl.value.lists.flatMap(({ issuer }) => {
        if (members.some(({ subject }) => subject.der === issuer.der)) return [];
        const data = {
          issuer: issuer.text,
          ca: ca.file.path,
          cas: members.map(({ subject }) => subject.text).join('; '),
        };
        return violation('unknownIssuer', file(crl.file.path), data, {
          instance: issuer.der,
          fix: {
            title: `Put the list of a CA of ${ca.file.path} at ${crl.file.path}`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `fetch the revocation list of ${data.cas}, and put it at ${crl.file.path}`,
              },
            ],
          },
        });
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'crl'), ...contentGaps(asked, 'ca')];
    if (unknowns.length === 0 && asked.length === 0) return notApplicable('there is no revocation list');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
