import { certificateSteps } from '../../src/domain/certificate-order.ts';
import { contentFacts } from '../../src/domain/credential-contents.ts';
import { missingFiles } from '../../src/domain/missing-credentials.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'server-certificate-missing',
  title: 'There is no server certificate',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server', 'migration'],
  needs: [...contentFacts, 'identity'],
  rationale:
    'A server without a certificate cannot prove who it is: the daemon refuses to start, and QEMU refuses the guest.',
  remedy: 'Have a certificate issued for the names of this host, and put it where the program looks for it.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextCheckCertFile, virNetTLSContextLocateCredentials',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
  ],
  messages: {
    missing: (d: { path: string; owner: string; half: boolean; text: string | undefined; consequence: string }) => ({
      message: d.half
        ? `Half a pair: there is a key for ${d.owner} and no server certificate`
        : `The server certificate for ${d.owner} is missing`,
      seen: `nothing at ${d.path}`,
      needed: 'a certificate that names this host, issued by a CA that the clients trust',
      effect: d.text === undefined ? d.consequence : `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { missing, gaps, asked } = missingFiles(facts, roles, 'certificate', 'server');
    if (!asked && gaps.length === 0) return notApplicable('nothing here is to serve TLS');
    return [
      ...missing.map(({ set, file: { path }, half, text, consequence }) =>
        violation(
          'missing',
          file(path),
          { path, owner: set.owner, half, text, consequence },
          {
            fix: {
              title: `Have a server certificate issued for ${path}`,
              applicability: 'manual',
              ...certificateSteps(facts, set, { newKey: !half }),
            },
          },
        ),
      ),
      ...gaps.map(({ path, because }) => undetermined(file(path), because)),
    ];
  },
});
