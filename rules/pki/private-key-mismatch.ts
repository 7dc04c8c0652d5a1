import { firstInFile } from '../../src/domain/bundle-fix.ts';
import { activation, certificateSteps } from '../../src/domain/certificate-order.ts';
import { contentGaps, leafOf, membersOf } from '../../src/domain/credential-contents.ts';
import { goesUnnoticed } from '../../src/domain/own-certificate.ts';
import { ownCredentialFacts, ownCredentials, refusalOf } from '../../src/domain/own-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { isGtkVncSystemFile } from '../../src/domain/vnc-client-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const noticed = 'The certificate and the given key do not match.';
const unnoticed = 'Public key signature verification has failed.';

export default defineRule({
  id: 'private-key-mismatch',
  title: 'Private key and certificate are not a pair',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    'The key must be the one whose public half the first certificate of the file carries; often one of the two was renewed and the other not.',
  remedy:
    'Find the key or the certificate that belongs to the other, or have a certificate issued for the key that is there.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscontext.c: virNetTLSContextLoadCredentials',
    'libvncclient 0.9.14 libvncclient/tls_gnutls.c: CreateX509CertCredential',
    'GnuTLS 3.8 lib/cert-cred-x509.c: _gnutls_check_key_cert_match',
  ],
  messages: {
    mismatch: (d: {
      certificate: string;
      keyFingerprint: string;
      certificateFingerprint: string;
      text: string;
      consequence: string;
    }) => ({
      message: `The key does not belong to ${d.certificate}`,
      seen: `the key's public half is ${d.keyFingerprint}…, the certificate's ${d.certificateFingerprint}…`,
      needed: 'the same public key in both (SHA-256 of SubjectPublicKeyInfo)',
      effect: `${d.consequence}: "${d.text}"`,
    }),
    order: (d: { certificate: string; line: number; text: string; consequence: string }) => ({
      message: `The key belongs to a later certificate of ${d.certificate}`,
      seen: `the certificate of this key stands in line ${d.line}`,
      needed: 'the certificate of the key first, those of its issuers after it',
      effect: `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    let asked = false;
    const outcomes = sets.flatMap((own) => {
      const { set, certificate, key, consequence } = own;
      if (key.state !== 'loaded' || key.value.state !== 'readable' || certificate.state !== 'loaded') return [];
      const leaf = leafOf(own);
      // Where a VNC client takes one from the system and the other from the user, that is the fault: vnc-client-file-shadowed.
      if (set.program === 'gtk-vnc' && isGtkVncSystemFile(certificate.file.path) !== isGtkVncSystemFile(key.file.path))
        return [];
      // A CA certificate in the first place is another fault, whatever key lies beside it.
      if (leaf === undefined || leaf.basicConstraints?.ca === true) return [];
      asked = true;
      const { fingerprint } = key.value.publicKey;
      if (fingerprint === leaf.publicKey.fingerprint) return [];
      const [effect, text] = goesUnnoticed(leaf, key.value)
        ? (['GnuTLS does not try pairs of this kind, and every handshake fails', unnoticed] as const)
        : ([consequence, refusalOf(own, ['key-mismatch'])?.text ?? noticed] as const);
      const { path } = certificate.file;
      const later = membersOf(certificate).find((one) => one.publicKey.fingerprint === fingerprint);
      if (later !== undefined)
        return violation(
          'order',
          file(path, later.line),
          { certificate: path, line: later.line, text, consequence: effect },
          {
            fix: {
              title: `Put the certificate of the key first in ${path}`,
              ...firstInFile(own, later, [
                {
                  kind: 'manual',
                  instruction: `move the block that begins in line ${later.line} of ${path} to the beginning of the file`,
                },
                ...activation(set),
              ]),
            },
          },
        );
      const data = {
        certificate: path,
        keyFingerprint: fingerprint.slice(0, 16),
        certificateFingerprint: leaf.publicKey.fingerprint.slice(0, 16),
        text,
        consequence: effect,
      };
      return violation('mismatch', file(key.file.path), data, {
        fix: {
          title: `Have a certificate issued for ${key.file.path}, or restore the key of ${path}`,
          applicability: 'manual',
          ...certificateSteps(facts, set, { replaces: leaf }),
        },
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'certificate', 'key')];
    if (!asked && unknowns.length === 0) return notApplicable('there is no pair of key and certificate');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
