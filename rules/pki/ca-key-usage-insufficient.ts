import { caFileRemedy } from '../../src/domain/bundle-fix.ts';
import { activation } from '../../src/domain/certificate-order.ts';
import { contentGaps, leafOf, membersOf, subjectTitle } from '../../src/domain/credential-contents.ts';
import { isIssuer } from '../../src/domain/chain-of-trust.ts';
import { ownChain } from '../../src/domain/own-chain.ts';
import { ownCredentialFacts, ownCredentials, refusalOf } from '../../src/domain/own-credentials.ts';
import type { Certificate } from '../../src/facts/certificates.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

/** What is no CA has nothing to sign. */
const mayNotSign = ({ basicConstraints, keyUsage }: Certificate): boolean =>
  basicConstraints?.ca === true && keyUsage?.usages.includes('keyCertSign') === false;

export default defineRule({
  id: 'ca-key-usage-insufficient',
  title: 'A CA certificate may not sign certificates',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    'Where a CA certificate restricts its key usage, certificate signing must be among it. A critical restriction stops libvirt and QEMU at once; any other lets the check pass and the chain fail.',
  remedy: 'Issue the CA certificate anew with the same key and with keyCertSign (certtool: `cert_signing_key`).',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 5280, key usage', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.3' },
  ],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertCheckKeyUsage',
    'observed: libvirt 9.0.0 and 11.3.0, a restriction that is not critical fails later as "not trusted"',
  ],
  messages: {
    signing: (d: { subject: string; usages: string; critical: boolean; effect: string }) => ({
      message: `The CA certificate ${d.subject} may not sign certificates`,
      seen: `key usage${d.critical ? ', critical,' : ''} ${d.usages}`,
      needed: 'keyCertSign in the key usage',
      effect: d.effect,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    const outcomes = sets.flatMap((own) => {
      const { set, ca, checked, consequence } = own;
      if (ca.state !== 'loaded') return [];
      const { path } = ca.file;
      const leaf = leafOf(own);
      const chain = ownChain(facts, own);
      return membersOf(ca).flatMap((member) => {
        const { keyUsage } = member;
        if (keyUsage === undefined || !mayNotSign(member)) return [];
        const refusal = refusalOf(own, ['ca-key-usage'], member);
        const breaksChain =
          leaf !== undefined &&
          isIssuer(leaf, member) &&
          chain.state === 'untrusted' &&
          chain.fault.kind === 'issuer-key-usage';
        const stops = checked && (refusal !== undefined || breaksChain);
        const effect = stops
          ? `${consequence}: "${refusal?.text ?? (chain.state === 'untrusted' ? chain.text : '')}"`
          : 'certificates that it has issued are refused: "The certificate is not trusted."';
        const data = {
          subject: subjectTitle(member),
          usages: keyUsage.usages.join(', ') || 'nothing',
          critical: keyUsage.critical,
          effect,
        };
        return violation('signing', file(path, member.line), data, {
          severity: stops || breaksChain ? 'error' : 'warning',
          instance: member.fingerprint,
          fix: {
            title: `Issue the CA certificate ${data.subject} anew`,
            ...caFileRemedy(facts, own, mayNotSign, [
              {
                kind: 'run',
                where:
                  "where the CA's key is kept; the template has cn, ca and cert_signing_key, name and key stay the same",
                command: [
                  ...['certtool', '--generate-self-signed', '--load-privkey', 'cakey.pem'],
                  ...['--template', 'ca.info', '--outfile', 'cacert.pem'],
                ],
              },
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
