import { activation } from '../../src/domain/certificate-order.ts';
import { contentFacts } from '../../src/domain/credential-contents.ts';
import { linkCommands, missingFiles } from '../../src/domain/missing-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'ca-certificate-missing',
  title: 'There is no CA certificate',
  severity: 'error',
  roles: everyRole,
  needs: [...contentFacts],
  rationale:
    'Without the certificate of a CA nobody at the other end can be trusted, and both daemons and clients refuse to go on.',
  remedy: 'Put the certificate of the CA (never its key) where the program looks for it, readable for everybody.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextCheckCertFile',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_get_path',
    'gtk-vnc 1.3.1 src/vncconnection.c: vnc_connection_tls_initialize_cert_cred',
  ],
  messages: {
    missing: (d: {
      path: string;
      owner: string;
      text: string;
      consequence: string;
      elsewhere: string | undefined;
    }) => ({
      message: `The CA certificate for ${d.owner} is missing`,
      seen: `nothing at ${d.path}${d.elsewhere === undefined ? '' : `; libvirt's client has ${d.elsewhere}`}`,
      needed: `the certificate of the CA that ${d.owner} trust${/s$/.test(d.owner) ? '' : 's'}`,
      effect: `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { missing, gaps, asked } = missingFiles(facts, roles, 'ca-certificate');
    if (!asked && gaps.length === 0) return notApplicable('nothing here uses TLS');
    return [
      ...missing.map(({ set, file: { path }, fatal, text = '', consequence, elsewhere }) =>
        violation(
          'missing',
          file(path),
          { path, owner: set.owner, text, consequence, elsewhere },
          {
            severity: fatal ? 'error' : 'warning',
            fix: {
              title: `Install the CA certificate at ${path}`,
              applicability: 'manual',
              steps: [
                {
                  kind: 'manual',
                  instruction:
                    elsewhere === undefined
                      ? `copy the CA's certificate (not its key) to this host, then: install -o root -g root -m 0644 -D cacert.pem ${path}`
                      : linkCommands(set, [{ at: path, target: elsewhere }]),
                },
                ...activation(set),
              ],
            },
          },
        ),
      ),
      ...gaps.map(({ path, because }) => undetermined(file(path), because)),
    ];
  },
});
