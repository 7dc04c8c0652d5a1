import { certificateOrder, certificateWithCa, whereCaIsAtHand } from '../../src/domain/certificate-order.ts';
import { contentFacts } from '../../src/domain/credential-contents.ts';
import { missingFiles } from '../../src/domain/missing-credentials.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'server-key-missing',
  title: 'There is no server key',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server', 'migration'],
  needs: [...contentFacts, 'identity'],
  rationale:
    'A server certificate is of no use without its private key: the daemon refuses to start, and QEMU refuses the guest.',
  remedy: 'Put the key that belongs to the certificate back, or make a new key and have a certificate issued for it.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextCheckCertFile, virNetTLSContextLocateCredentials',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
  ],
  messages: {
    missing: (d: { path: string; owner: string; half: boolean; text: string | undefined; consequence: string }) => ({
      message: d.half
        ? `Half a pair: there is a server certificate for ${d.owner} and no server key`
        : `The server key for ${d.owner} is missing`,
      seen: `nothing at ${d.path}`,
      needed: 'the private key of the server certificate',
      effect: d.text === undefined ? d.consequence : `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { missing, gaps, asked } = missingFiles(facts, roles, 'private-key', 'server');
    if (!asked && gaps.length === 0) return notApplicable('nothing here is to serve TLS');
    return [
      ...missing.map(({ set, file: { path }, half, text, consequence }) =>
        violation(
          'missing',
          file(path),
          { path, owner: set.owner, half, text, consequence },
          {
            fix: {
              title: `Restore the server key at ${path}`,
              applicability: 'manual',
              steps: [
                {
                  kind: 'manual',
                  instruction: `put the key that belongs to ${set.certificate?.path} at ${path}; where it is lost, make a new one and have a certificate issued for it:`,
                },
                ...certificateOrder(facts, set, { newKey: true }),
              ],
              ...whereCaIsAtHand(certificateWithCa(facts, set, { newKey: true })),
            },
          },
        ),
      ),
      ...gaps.map(({ path, because }) => undetermined(file(path), because)),
    ];
  },
});
