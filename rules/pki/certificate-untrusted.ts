import type { ChainFault } from '../../src/domain/chain-of-trust.ts';
import { intermediatesRemedy } from '../../src/domain/bundle-fix.ts';
import { activation, certificateSteps } from '../../src/domain/certificate-order.ts';
import { contentGaps, isSelfIssued, membersOf, subjectTitle } from '../../src/domain/credential-contents.ts';
import { ownChain } from '../../src/domain/own-chain.ts';
import { ownCredentialFacts, ownCredentials } from '../../src/domain/own-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { FixStep } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

/** Faults of a chain that other rules report of the certificate that has them. */
const reportedElsewhere: ReadonlySet<ChainFault['kind']> = new Set([
  'expired',
  'not-yet-valid',
  'issuer-not-a-ca',
  'issuer-key-usage',
  'insecure-algorithm',
  'weak-key',
  'revoked',
]);

interface Data {
  readonly ca: string;
  readonly subject: string;
  readonly issuer: string;
  readonly effect: string;
}

export default defineRule({
  id: 'certificate-untrusted',
  title: 'A certificate does not lead to a CA of the CA file',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    'libvirt and QEMU verify their own certificate against their own CA file before they use it, and look at the first certificate of the file alone: intermediates beside it do not count there.',
  remedy:
    'Use a certificate that a CA of the CA file has issued, or add the CA that has issued it; intermediates belong into the CA file as well as behind the certificate.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 5280, path validation', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-6' },
  ],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertCheckPair, virNetTLSCertSanityCheck',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_check_cert_pair',
    'GnuTLS 3.8 lib/x509/verify.c: _gnutls_verify_crt_status',
    'observed: libvirt 9.0.0 and 11.3.0',
  ],
  messages: {
    otherCa: (d: Data) => ({
      message: 'The certificate comes from a CA that is not in the CA file',
      seen: `issued by ${d.issuer}`,
      needed: `a certificate that a CA of ${d.ca} has issued, or that CA in ${d.ca}`,
      effect: d.effect,
    }),
    selfSigned: (d: Data) => ({
      message: 'The certificate is self-signed',
      seen: `${d.subject} issued by itself`,
      needed: `a certificate that a CA of ${d.ca} has issued`,
      effect: d.effect,
    }),
    sameName: (d: Data) => ({
      message: 'The CA in the CA file has the right name and another key',
      seen: `issued by ${d.issuer}, whose certificate in ${d.ca} has not the key that signed`,
      needed: `the certificate of the CA that signed, in ${d.ca}; a CA that was made anew needs new certificates`,
      effect: d.effect,
    }),
    intermediateMissing: (d: Data) => ({
      message: 'The intermediate CA is missing from the CA file',
      seen: `issued by ${d.issuer}, which stands behind the certificate but not in ${d.ca}`,
      needed: `the certificate of ${d.issuer} in ${d.ca} too: the program's own check reads only the first certificate of its file`,
      effect: d.effect,
    }),
    pathLength: (d: Data) => ({
      message: 'The chain is longer than a CA in it allows',
      seen: `the path length of the chain above ${d.subject} is exceeded`,
      needed: 'a CA certificate that allows one more CA below it',
      effect: d.effect,
    }),
    nameConstraints: (d: Data) => ({
      message: 'The certificate names what its CA may not certify',
      seen: `${d.subject} is outside of the name constraints above it`,
      needed: 'only names that the name constraints of the CA permit',
      effect: d.effect,
    }),
    signature: (d: Data) => ({
      message: 'The signature on the certificate does not verify',
      seen: `the signature on ${d.subject} by ${d.issuer}`,
      needed: 'a certificate as its CA signed it, with an algorithm that GnuTLS knows',
      effect: d.effect,
    }),
    extension: (d: Data) => ({
      message: 'The certificate has a critical extension that GnuTLS does not know',
      seen: `an unknown critical extension in ${d.subject}`,
      needed: 'no critical extension beyond those of TLS',
      effect: d.effect,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    let asked = false;
    const outcomes = sets.flatMap((own) => {
      const { set, certificate, ca, checked, consequence } = own;
      const chain = ownChain(facts, own);
      if (chain.state !== 'not-judged') asked = true;
      if (chain.state !== 'untrusted' || certificate.state !== 'loaded' || ca.state !== 'loaded') return [];
      const { leaf, fault } = chain;
      // A CA file without any CA is its own fault; so is what the certificate at fault has by itself.
      const hasCa = membersOf(ca).some(({ basicConstraints }) => basicConstraints?.ca === true);
      if (reportedElsewhere.has(fault.kind) || !hasCa) return [];
      // Who does not check loads the whole file, and so do its peers.
      if (!checked && chain.trustedWithFile) return [];
      const data: Data = {
        ca: ca.file.path,
        subject: subjectTitle(fault.certificate),
        issuer: fault.certificate.issuer.text,
        effect: checked
          ? `${consequence}: "${chain.text}"`
          : 'peers with the same CA file refuse it: "Certificate failed validation"',
      };
      const { path } = certificate.file;
      const add: readonly FixStep[] = [
        {
          kind: 'manual',
          instruction: `add the certificate of ${data.issuer} to ${data.ca}: cat intermediate.pem >> ${data.ca}`,
        },
        ...activation(set),
      ];
      const issueAnew = certificateSteps(facts, set, { replaces: leaf });
      const added = intermediatesRemedy(facts, own);
      const messageId = messageOf(fault, leaf.subject.der);
      const addCa = messageId === 'intermediateMissing' || chain.trustedWithFile;
      return violation(chain.trustedWithFile ? 'intermediateMissing' : messageId, file(path, leaf.line), data, {
        severity: checked ? 'error' : 'warning',
        fix: {
          title: addCa ? `Add the intermediate CA to ${data.ca}` : `Have ${path} issued by a CA of ${data.ca}`,
          applicability: added === undefined ? 'manual' : 'unsafe',
          ...(added !== undefined ? { steps: added } : addCa ? { ...issueAnew, steps: add } : issueAnew),
        },
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'ca', 'certificate')];
    if (!asked && unknowns.length === 0) return notApplicable('there is no certificate with a CA file beside it');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});

function messageOf(
  fault: ChainFault,
  leafSubject: string,
):
  | 'otherCa'
  | 'selfSigned'
  | 'sameName'
  | 'intermediateMissing'
  | 'pathLength'
  | 'nameConstraints'
  | 'signature'
  | 'extension' {
  switch (fault.kind) {
    case 'intermediate-missing':
      return 'intermediateMissing';
    case 'same-name-other-key':
      return 'sameName';
    case 'path-length':
      return 'pathLength';
    case 'name-constraints':
      return 'nameConstraints';
    case 'bad-signature':
    case 'unsupported-algorithm':
      return 'signature';
    case 'unknown-critical-extension':
      return 'extension';
    case 'other-ca':
    case 'expired':
    case 'not-yet-valid':
    case 'issuer-not-a-ca':
    case 'issuer-key-usage':
    case 'insecure-algorithm':
    case 'weak-key':
    case 'revoked':
      return isSelfIssued(fault.certificate) && fault.certificate.subject.der === leafSubject
        ? 'selfSigned'
        : 'otherCa';
  }
}
