import { certificateSteps } from '../../src/domain/certificate-order.ts';
import { contentFacts } from '../../src/domain/credential-contents.ts';
import {
  absenceText,
  libvirtsPair,
  missingFiles,
  nameInProfile,
  useInstead,
} from '../../src/domain/missing-credentials.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'client-certificate-missing',
  title: 'A client has no certificate',
  severity: 'warning',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'vnc-client', 'migration'],
  needs: [...contentFacts, 'identity'],
  rationale:
    'A client without certificate still connects to servers that do not verify their clients; all others refuse it, and only their log says why.',
  remedy: 'Have a certificate issued for the client, and put it with its key where the client looks for it.',
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
        ? `Half a pair: there is a client key for ${d.owner} and no client certificate`
        : `The client certificate for ${d.owner} is missing`,
      seen: d.seen,
      needed: "a client certificate that the servers' CA has issued, unless no server verifies its clients",
      effect: d.text === undefined ? d.consequence : `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { missing, gaps, asked } = missingFiles(facts, roles, 'certificate', 'client');
    if (!asked && gaps.length === 0) return notApplicable('nothing here is a client for TLS');
    return [
      ...missing.map((one) => {
        const { set, file: credential, half, fatal, text, consequence, elsewhere, unnamed } = one;
        const { path, setting: named } = credential;
        const data = { owner: set.owner, half, seen: absenceText(one), text, consequence };
        if (unnamed !== undefined)
          return violation('missing', file(named?.path ?? path, named?.line), data, {
            fix: {
              title: `Name the certificate of ${path} in ${named?.path}`,
              applicability: 'manual',
              steps: [{ kind: 'manual', instruction: nameInProfile(one) }],
            },
          });
        return violation('missing', file(path), data, {
          // That a libvirt client has a certificate does not say that its user opens consoles with it.
          severity: fatal ? 'error' : set.program === 'gtk-vnc' && !half ? 'note' : 'warning',
          fix: {
            title:
              elsewhere === undefined || half
                ? `Have a client certificate issued for ${path}`
                : set.program === 'remmina'
                  ? `Name libvirt's certificate in ${named?.path}`
                  : `Link ${path} to libvirt's certificate`,
            applicability: 'manual',
            ...(elsewhere === undefined || half
              ? certificateSteps(facts, set, { newKey: !half })
              : { steps: [{ kind: 'manual', instruction: useInstead(set, libvirtsPair(set)) }] }),
          },
        });
      }),
      ...gaps.map(({ path, because }) => undetermined(file(path), because)),
    ];
  },
});
