import { certificateOrder } from '../../src/domain/certificate-order.ts';
import { contentFacts } from '../../src/domain/credential-contents.ts';
import { missingFiles } from '../../src/domain/missing-credentials.ts';
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
  ],
  messages: {
    missing: (d: { path: string; owner: string; half: boolean; text: string | undefined; consequence: string }) => ({
      message: d.half
        ? `Half a pair: there is a client key for ${d.owner} and no client certificate`
        : `The client certificate for ${d.owner} is missing`,
      seen: `nothing at ${d.path}`,
      needed: "a client certificate that the servers' CA has issued, unless no server verifies its clients",
      effect: d.text === undefined ? d.consequence : `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { missing, gaps, asked } = missingFiles(facts, roles, 'certificate', 'client');
    if (!asked && gaps.length === 0) return notApplicable('nothing here is a client for TLS');
    return [
      ...missing.map(({ set, file: { path }, half, fatal, text, consequence }) =>
        violation(
          'missing',
          file(path),
          { path, owner: set.owner, half, text, consequence },
          {
            severity: fatal ? 'error' : 'warning',
            fix: {
              title: `Have a client certificate issued for ${path}`,
              applicability: 'manual',
              steps: [...certificateOrder(facts, set, { newKey: !half })],
            },
          },
        ),
      ),
      ...gaps.map(({ path, because }) => undetermined(file(path), because)),
    ];
  },
});
