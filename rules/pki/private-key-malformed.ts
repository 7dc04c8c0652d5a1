import { activation, certificateWithCa, whereCaIsAtHand } from '../../src/domain/certificate-order.ts';
import { contentFacts, contentGaps, credentialContents } from '../../src/domain/credential-contents.ts';
import { conversion, malformationText, malformedText } from '../../src/domain/malformation-text.ts';
import { consequenceOf } from '../../src/domain/own-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'private-key-malformed',
  title: 'A private key file cannot be read as a key',
  severity: 'error',
  roles: everyRole,
  needs: [...contentFacts, 'identity'],
  rationale: 'GnuTLS reads private keys as PEM (PKCS #8, or the older forms of RSA, EC and DSA) and nothing else.',
  remedy:
    'Convert the key to PEM, or restore it; where it is lost, make a new one and have a certificate issued for it.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscontext.c: virNetTLSContextLoadCredentials',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
    'libvncclient 0.9.14 libvncclient/tls_gnutls.c: CreateX509CertCredential',
    'GnuTLS 3.8 lib/x509/privkey.c: gnutls_x509_privkey_import2',
  ],
  messages: {
    malformed: (d: { endpoint: string; cause: string; text: string; consequence: string }) => ({
      message: `The ${d.endpoint} key file cannot be read as a private key`,
      seen: d.cause,
      needed: 'one private key in PEM, from "-----BEGIN PRIVATE KEY-----" on',
      effect: `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const outcomes = sets.flatMap(({ set, key }) => {
      if (key.state !== 'malformed') return [];
      const { file: credential, malformation } = key;
      const { path } = credential;
      const command = conversion(malformation, path, 'private-key');
      const data = {
        endpoint: set.endpoint,
        cause: malformationText(malformation),
        text: malformedText(set, credential, malformation, 0) ?? '',
        consequence: consequenceOf(set),
      };
      return violation('malformed', file(path, malformation.line), data, {
        fix: {
          title: command === undefined ? `Restore the private key at ${path}` : `Convert ${path} to PEM`,
          applicability: 'manual',
          steps: [
            {
              kind: 'manual',
              instruction:
                command === undefined
                  ? `put the key that belongs to ${set.certificate?.path} at ${path}`
                  : `umask 077; ${command}`,
            },
            ...activation(set),
          ],
          ...(malformation.cause === 'not-a-file'
            ? {}
            : whereCaIsAtHand(certificateWithCa(facts, set, { newKey: true }))),
        },
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'key')];
    if (outcomes.length === 0 && unknowns.length === 0 && !sets.some(({ key }) => key.state === 'loaded'))
      return notApplicable('there is no private key file');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
