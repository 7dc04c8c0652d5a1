import { activation } from '../../src/domain/certificate-order.ts';
import { contentFacts, contentGaps, credentialContents, viewerTrust } from '../../src/domain/credential-contents.ts';
import { conversion, malformationText, malformedText } from '../../src/domain/malformation-text.ts';
import { consequenceOf } from '../../src/domain/own-credentials.ts';
import { remminaRefusal } from '../../src/domain/remmina-sets.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'crl-malformed',
  title: 'A revocation list cannot be read',
  severity: 'error',
  roles: everyRole,
  needs: [...contentFacts],
  rationale:
    'A revocation list may be absent, but once it is there it must be sound: a file without any content or with damage stops libvirt and QEMU.',
  remedy: 'Copy the list anew from the CA, in PEM; or take the file away, if revocation is not wanted.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 5280, CRL', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-5' },
  ],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscontext.c: virNetTLSContextLoadCredentials',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
    'TigerVNC 1.12 common/rfb/CSecurityTLS.cxx: setParam',
    'libvncclient 0.9.14 libvncclient/tls_gnutls.c: CreateX509CertCredential',
    'GnuTLS 3.8 lib/x509/crl.c: gnutls_x509_crl_list_import',
  ],
  messages: {
    malformed: (d: { cause: string; text: string | undefined; consequence: string }) => ({
      message: 'The revocation list cannot be read',
      seen: d.cause,
      needed: 'one or more lists in PEM, from "-----BEGIN X509 CRL-----" on',
      effect: d.text === undefined ? d.consequence : `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets: own, gaps } = credentialContents(facts, roles);
    const sets = [...own, ...viewerTrust(facts, roles)];
    const outcomes = sets.flatMap(({ set, crl }) => {
      // Only Remmina insists on the list that it is told of.
      if (set.program === 'remmina' && crl.state === 'absent' && !crl.dangling) {
        const { path, setting } = crl.file;
        const data = {
          cause: `nothing at ${path}, which ${setting?.path} names as ${setting?.key}`,
          text: remminaRefusal('revocation-list', 'Error while reading file.'),
          consequence: consequenceOf(set),
        };
        return violation('malformed', file(path), data, {
          fix: {
            title: `Put the CA's revocation list at ${path}, or name none`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `copy the CA's revocation list to ${path}; or with Remmina closed, take line ${setting?.line} out of ${setting?.path}`,
              },
            ],
          },
        });
      }
      if (crl.state !== 'malformed') return [];
      const { file: credential, malformation, readable } = crl;
      const { path } = credential;
      const command = conversion(malformation, path, 'revocation-list');
      const data = {
        cause: malformationText(malformation),
        text: malformedText(set, credential, malformation, readable),
        consequence: consequenceOf(set),
      };
      return violation('malformed', file(path, malformation.line), data, {
        severity: set.program === 'tigervnc' ? 'warning' : 'error',
        fix: {
          title: command === undefined ? `Replace ${path} by a sound copy` : `Convert ${path} to PEM`,
          applicability: 'manual',
          steps: [
            {
              kind: 'manual',
              instruction:
                command ??
                `copy the CA's revocation list anew to ${path}, and look at it with: certtool --crl-info --infile ${path}`,
            },
            ...activation(set),
          ],
        },
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'crl')];
    if (outcomes.length === 0 && unknowns.length === 0 && !sets.some(({ crl }) => crl.state === 'loaded'))
      return notApplicable('there is no revocation list');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
