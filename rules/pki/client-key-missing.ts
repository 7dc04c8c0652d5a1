import { certificateOrder, certificateWithCa, whereCaIsAtHand } from '../../src/domain/certificate-order.ts';
import { contentFacts } from '../../src/domain/credential-contents.ts';
import { absenceText, missingFiles, nameInProfile, useInstead } from '../../src/domain/missing-credentials.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'client-key-missing',
  title: 'A client certificate has no key',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'vnc-client', 'migration'],
  needs: [...contentFacts, 'identity'],
  rationale:
    'libvirt and VNC clients use a client certificate only together with its key. With half a pair they connect without any certificate, and say nothing.',
  remedy: 'Put the key that belongs to the certificate back, or make a new key and have a certificate issued for it.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextCheckCertFile, virNetTLSContextLocateCredentials',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
    'gtk-vnc 1.3.1 src/vncconnection.c: vnc_connection_set_credential_x509',
    'libvncclient 0.9.14 libvncclient/tls_gnutls.c: CreateX509CertCredential',
    'observed: Remmina 1.4.29',
  ],
  messages: {
    missing: (d: { owner: string; half: boolean; seen: string; text: string | undefined; consequence: string }) => ({
      message: d.half
        ? `Half a pair: there is a client certificate for ${d.owner} and no client key`
        : `The client key for ${d.owner} is missing`,
      seen: d.seen,
      needed: 'the private key of the client certificate',
      effect: d.text === undefined ? d.consequence : `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { missing, gaps, asked } = missingFiles(facts, roles, 'private-key', 'client');
    if (!asked && gaps.length === 0) return notApplicable('nothing here is a client for TLS');
    return [
      ...missing
        .filter(({ half }) => half)
        .map((one) => {
          const { set, file: credential, half, text, consequence, elsewhere, unnamed } = one;
          const { path, setting: named } = credential;
          const data = { owner: set.owner, half, seen: absenceText(one), text, consequence };
          if (unnamed !== undefined)
            return violation('missing', file(named?.path ?? path, named?.line), data, {
              fix: {
                title: `Name the key of ${path} in ${named?.path}`,
                applicability: 'manual',
                steps: [{ kind: 'manual', instruction: nameInProfile(one) }],
              },
            });
          return violation('missing', file(path), data, {
            severity: elsewhere === undefined ? 'error' : 'warning',
            fix: {
              title:
                elsewhere === undefined
                  ? `Restore the client key at ${path}`
                  : set.program === 'remmina'
                    ? `Name libvirt's key in ${named?.path}`
                    : `Link ${path} to libvirt's key`,
              applicability: 'manual',
              steps:
                elsewhere !== undefined
                  ? [{ kind: 'manual', instruction: useInstead(set, [{ at: path, target: elsewhere }]) }]
                  : [
                      {
                        kind: 'manual',
                        instruction: `put the key that belongs to ${set.certificate?.path} at ${path}; where it is lost, make a new one and have a certificate issued for it:`,
                      },
                      ...certificateOrder(facts, set, { newKey: true }),
                    ],
              ...(elsewhere === undefined ? whereCaIsAtHand(certificateWithCa(facts, set, { newKey: true })) : {}),
            },
          });
        }),
      ...gaps.map(({ path, because }) => undetermined(file(path), because)),
    ];
  },
});
