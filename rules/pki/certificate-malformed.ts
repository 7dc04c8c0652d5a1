import { malformedRemedy } from '../../src/domain/bundle-fix.ts';
import { activation } from '../../src/domain/certificate-order.ts';
import { contentFacts, contentGaps, credentialContents, viewerTrust } from '../../src/domain/credential-contents.ts';
import { conversion, malformationText, malformedText } from '../../src/domain/malformation-text.ts';
import { consequenceOf } from '../../src/domain/own-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'certificate-malformed',
  title: 'A certificate file cannot be read as certificates',
  severity: 'error',
  roles: everyRole,
  needs: [...contentFacts, 'identity', 'clock'],
  rationale:
    'libvirt and QEMU read certificates as PEM through GnuTLS, and refuse a file of which any part is damaged or of another format.',
  remedy: 'Convert the file to PEM, or copy it anew from where it was issued.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 7468: textual encodings of PKIX structures', url: 'https://www.rfc-editor.org/rfc/rfc7468' },
  ],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertLoadFromFile, virNetTLSCertLoadCAListFromFile',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_load_cert, qcrypto_tls_creds_load_ca_cert_list',
    'TigerVNC 1.12 common/rfb/CSecurityTLS.cxx: setParam',
    'libvncclient 0.9.14 libvncclient/tls_gnutls.c: CreateX509CertCredential',
    'GnuTLS 3.8 lib/x509/x509.c: gnutls_x509_crt_list_import',
  ],
  messages: {
    malformed: (d: { what: string; cause: string; limit: boolean; text: string | undefined; consequence: string }) => ({
      message: d.limit ? `The ${d.what} file is larger than libvirt reads` : `The ${d.what} file cannot be read`,
      seen: d.cause,
      needed: d.limit
        ? 'at most 65536 bytes'
        : 'one or more certificates in PEM, from "-----BEGIN CERTIFICATE-----" on',
      effect: d.text === undefined ? d.consequence : `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets: own, gaps } = credentialContents(facts, roles);
    const sets = [...own, ...viewerTrust(facts, roles)];
    const outcomes = sets.flatMap((contents) => {
      const { set, ca, certificate } = contents;
      return [ca, certificate].flatMap((content) => {
        if (content.state !== 'malformed') return [];
        const { file: credential, malformation, readable } = content;
        // How much libvirt reads is no limit of TigerVNC's.
        if (set.program === 'tigervnc' && malformation.cause === 'too-large') return [];
        const { path } = credential;
        const command = conversion(malformation, path, 'certificate');
        const limit = malformation.cause === 'too-large';
        const data = {
          what: credential.kind === 'ca-certificate' ? 'CA certificate' : `${set.endpoint} certificate`,
          cause: malformationText(malformation),
          limit,
          text: malformedText(set, credential, malformation, readable),
          consequence: consequenceOf(set),
        };
        return violation('malformed', file(path, malformation.line), data, {
          severity: set.program === 'tigervnc' ? 'warning' : 'error',
          fix: {
            title: command === undefined ? `Replace ${path} by a sound copy` : `Convert ${path} to PEM`,
            ...malformedRemedy(facts, contents, content, [
              {
                kind: 'manual',
                instruction:
                  command ??
                  (limit
                    ? `take comments and certificates that are not needed out of ${path}`
                    : `copy the certificate anew to ${path}, and look at it with: certtool -i --infile ${path}`),
              },
              ...activation(set),
            ]),
          },
        });
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'ca', 'certificate')];
    const asked = sets.some(({ ca, certificate }) => [ca, certificate].some(({ state }) => state === 'loaded'));
    if (outcomes.length === 0 && unknowns.length === 0 && !asked) return notApplicable('there is no certificate file');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
