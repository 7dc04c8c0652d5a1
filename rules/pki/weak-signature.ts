import { activation, certificateSteps } from '../../src/domain/certificate-order.ts';
import { isInsecureHash } from '../../src/domain/chain-of-trust.ts';
import { certificateTitle, certificatesOf, contentGaps, isSelfIssued } from '../../src/domain/credential-contents.ts';
import { ownChain } from '../../src/domain/own-chain.ts';
import { ownCredentialFacts, ownCredentials } from '../../src/domain/own-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'weak-signature',
  title: 'A certificate is signed with a broken hash',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    'Certificates can be forged where MD5 or SHA-1 signs them. GnuTLS refuses such signatures on all but the CA certificates that the CA file itself holds.',
  remedy: 'Have the certificate issued anew with SHA-256 or better; nothing else about it need change.',
  references: [
    { title: 'CWE-328: use of weak hash', url: 'https://cwe.mitre.org/data/definitions/328.html' },
    { title: 'GnuTLS: digital signatures', url: 'https://www.gnutls.org/manual/html_node/Digital-signatures.html' },
  ],
  sources: [
    'GnuTLS 3.8 lib/x509/verify.c: is_level_acceptable, lib/algorithms/sign.c',
    'observed: libvirt 9.0.0 and 11.3.0, SHA-1 and MD5',
  ],
  messages: {
    weak: (d: { what: string; algorithm: string; effect: string }) => ({
      message: `${d.what} is signed with a broken hash`,
      seen: `signature ${d.algorithm}`,
      needed: 'a signature with SHA-256 or better',
      effect: d.effect,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    const outcomes = sets.flatMap((own) => {
      const chain = ownChain(facts, own);
      return certificatesOf(own).flatMap((use) => {
        const { certificate, place, set } = use;
        if (!isInsecureHash(certificate.signatureHash) || isSelfIssued(certificate)) return [];
        const { path } = use.file;
        const refusedHere = place === 'leaf' && chain.state === 'untrusted' && own.checked;
        const effect = refusedHere
          ? `${own.consequence}: "${chain.text}"`
          : place === 'ca'
            ? 'it counts here because the CA file holds it; peers that get it in a chain refuse it'
            : 'peers refuse it: "The certificate uses an insecure algorithm"';
        const data = { what: certificateTitle(use), algorithm: certificate.signatureAlgorithm, effect };
        return violation('weak', file(path, certificate.line), data, {
          severity: place === 'leaf' ? 'error' : 'warning',
          instance: certificate.fingerprint,
          fix: {
            title: `Have the certificate in line ${certificate.line} of ${path} issued anew with SHA-256`,
            applicability: 'manual',
            ...(place === 'leaf'
              ? certificateSteps(facts, set, { replaces: certificate })
              : {
                  steps: [
                    {
                      kind: 'manual',
                      instruction: `ask ${certificate.issuer.text} to issue ${certificate.subject.text} anew with SHA-256, and put it in the place of the block that begins in line ${certificate.line} of ${path}`,
                    },
                    ...activation(set),
                  ],
                }),
          },
        });
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'ca', 'certificate')];
    const asked = sets.some((own) => certificatesOf(own).length > 0);
    if (!asked && unknowns.length === 0) return notApplicable('there is no certificate');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
