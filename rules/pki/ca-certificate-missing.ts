import { ownRoot, writeStep } from '../../src/domain/bundle-fix.ts';
import { activation, trustWithCa, whereCaIsAtHand } from '../../src/domain/certificate-order.ts';
import { contentFacts, contentsOf } from '../../src/domain/credential-contents.ts';
import { absenceText, missingFiles, useInstead } from '../../src/domain/missing-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'ca-certificate-missing',
  title: 'There is no CA certificate',
  severity: 'error',
  roles: everyRole,
  needs: [...contentFacts, 'identity', 'clock'],
  rationale:
    'Without the certificate of a CA nobody at the other end can be trusted, and both daemons and clients refuse to go on.',
  remedy: 'Put the certificate of the CA (never its key) where the program looks for it, readable for everybody.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextCheckCertFile',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_get_path',
    'gtk-vnc 1.3.1 src/vncconnection.c: vnc_connection_tls_initialize_cert_cred',
    'libvncclient 0.9.14 libvncclient/tls_gnutls.c: CreateX509CertCredential',
    'observed: Remmina 1.4.29',
  ],
  messages: {
    missing: (d: { owner: string; seen: string; text: string; consequence: string }) => ({
      message: `The CA certificate for ${d.owner} is missing`,
      seen: d.seen,
      needed: `the certificate of the CA that ${d.owner} trust${/s$/.test(d.owner) ? '' : 's'}`,
      effect: `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { missing, gaps, asked } = missingFiles(facts, roles, 'ca-certificate');
    if (!asked && gaps.length === 0) return notApplicable('nothing here uses TLS');
    return [
      ...missing.map((one) => {
        const { set, file: credential, fatal, text = '', consequence, elsewhere } = one;
        const { path, setting: named } = credential;
        const isRemmina = set.program === 'remmina';
        const root = elsewhere === undefined ? ownRoot(facts, contentsOf(facts, set)) : undefined;
        return violation(
          'missing',
          file(path),
          { owner: set.owner, seen: absenceText(one), text, consequence },
          {
            severity: fatal ? 'error' : 'warning',
            fix: {
              title:
                isRemmina && elsewhere !== undefined
                  ? `Name ${elsewhere} in ${named?.path}`
                  : `Install the CA certificate at ${path}`,
              applicability: root === undefined ? 'manual' : 'unsafe',
              steps: [
                root !== undefined
                  ? writeStep(path, [root])
                  : {
                      kind: 'manual',
                      instruction:
                        elsewhere !== undefined
                          ? useInstead(set, [{ at: path, target: elsewhere }])
                          : isRemmina
                            ? `copy the CA's certificate (not its key) to this host, then as ${set.readers[0]?.name}: install -m 0644 -D cacert.pem ${path}`
                            : `copy the CA's certificate (not its key) to this host, then: install -o root -g root -m 0644 -D cacert.pem ${path}`,
                    },
                ...activation(set),
              ],
              ...(elsewhere === undefined ? whereCaIsAtHand([...trustWithCa(facts, set), ...activation(set)]) : {}),
            },
          },
        );
      }),
      ...gaps.map(({ path, because }) => undetermined(file(path), because)),
    ];
  },
});
