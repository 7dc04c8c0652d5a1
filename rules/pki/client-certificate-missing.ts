import { certificateOrder } from '../../src/domain/certificate-order.ts';
import { contentFacts } from '../../src/domain/credential-contents.ts';
import { libvirtsPair, linkCommands, missingFiles } from '../../src/domain/missing-credentials.ts';
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
  ],
  messages: {
    missing: (d: {
      path: string;
      owner: string;
      half: boolean;
      text: string | undefined;
      consequence: string;
      elsewhere: string | undefined;
    }) => ({
      message: d.half
        ? `Half a pair: there is a client key for ${d.owner} and no client certificate`
        : `The client certificate for ${d.owner} is missing`,
      seen: `nothing at ${d.path}${d.elsewhere === undefined ? '' : `; libvirt's client has ${d.elsewhere}`}`,
      needed: "a client certificate that the servers' CA has issued, unless no server verifies its clients",
      effect: d.text === undefined ? d.consequence : `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { missing, gaps, asked } = missingFiles(facts, roles, 'certificate', 'client');
    if (!asked && gaps.length === 0) return notApplicable('nothing here is a client for TLS');
    return [
      ...missing.map(({ set, file: { path }, half, fatal, text, consequence, elsewhere }) =>
        violation(
          'missing',
          file(path),
          { path, owner: set.owner, half, text, consequence, elsewhere },
          {
            // That a libvirt client has a certificate does not say that its user opens consoles with it.
            severity: fatal ? 'error' : set.program === 'gtk-vnc' && !half ? 'note' : 'warning',
            fix: {
              title:
                elsewhere === undefined || half
                  ? `Have a client certificate issued for ${path}`
                  : `Link ${path} to libvirt's certificate`,
              applicability: 'manual',
              steps:
                elsewhere === undefined || half
                  ? certificateOrder(facts, set, { newKey: !half })
                  : [{ kind: 'manual', instruction: linkCommands(set, libvirtsPair(set)) }],
            },
          },
        ),
      ),
      ...gaps.map(({ path, because }) => undetermined(file(path), because)),
    ];
  },
});
