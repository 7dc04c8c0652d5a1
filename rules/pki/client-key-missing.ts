import { certificateOrder } from '../../src/domain/certificate-order.ts';
import { contentFacts } from '../../src/domain/credential-contents.ts';
import { linkCommands, missingFiles } from '../../src/domain/missing-credentials.ts';
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
        ? `Half a pair: there is a client certificate for ${d.owner} and no client key`
        : `The client key for ${d.owner} is missing`,
      seen: `nothing at ${d.path}${d.elsewhere === undefined ? '' : `; libvirt's client has ${d.elsewhere}`}`,
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
        .map(({ set, file: { path }, half, text, consequence, elsewhere }) =>
          violation(
            'missing',
            file(path),
            { path, owner: set.owner, half, text, consequence, elsewhere },
            {
              severity: elsewhere === undefined ? 'error' : 'warning',
              fix: {
                title: elsewhere === undefined ? `Restore the client key at ${path}` : `Link ${path} to libvirt's key`,
                applicability: 'manual',
                steps:
                  elsewhere !== undefined
                    ? [{ kind: 'manual', instruction: linkCommands(set, [{ at: path, target: elsewhere }]) }]
                    : [
                        {
                          kind: 'manual',
                          instruction: `put the key that belongs to ${set.certificate?.path} at ${path}; where it is lost, make a new one and have a certificate issued for it:`,
                        },
                        ...certificateOrder(facts, set, { newKey: true }),
                      ],
              },
            },
          ),
        ),
      ...gaps.map(({ path, because }) => undetermined(file(path), because)),
    ];
  },
});
