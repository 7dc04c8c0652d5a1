import { credentialFacts } from '../../src/domain/credentials.ts';
import { listening } from '../../src/domain/listening.ts';
import { effectiveBool, effectiveList, isSet } from '../../src/domain/remote-configuration.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'any-client-certificate-accepted',
  title: 'Every certificate of the CA has full control of the host',
  severity: 'note',
  roles: ['libvirt-server'],
  needs: [...credentialFacts],
  rationale:
    'Without a list of names and without SASL a client is whoever holds a certificate of any CA in the CA file, the certificates of other servers included, and may do all that root may.',
  remedy: 'Keep a CA for libvirt alone, or list the names of clients in `tls_allowed_dn_list`.',
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html' },
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
  ],
  sources: ['libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextValidCertificate', 'observed with 9.0 and 11.3'],
  messages: {
    any: (d: { daemon: string }) => ({
      message: `${d.daemon} gives full control to every certificate of its CA`,
      seen: 'neither tls_allowed_dn_list nor auth_tls = "sasl"',
      needed: 'a list of names, SASL, or a CA that certifies nobody else',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const answer = listening(facts);
    const { daemon } = answer;
    if (answer.state === 'unknown') return [undetermined(file(answer.path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${answer.path} does not load`);
    const { tls, configuration } = answer;
    if (tls === undefined) return notApplicable(`${daemon} does not listen for TLS`);
    if (effectiveBool(configuration, 'tls_no_verify_certificate').value)
      return notApplicable('certificates of clients are not verified');
    const restricted =
      tls.authentication !== 'none' ||
      isSet(configuration, 'tls_allowed_dn_list') ||
      effectiveList(configuration, 'access_drivers').value?.includes('polkit') === true;
    if (restricted) return [];
    const { path } = configuration;
    return [
      violation(
        'any',
        setting(path, 'tls_allowed_dn_list'),
        { daemon },
        {
          fix: {
            title: 'List the names of clients',
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `run virt-pki-query-dn on the certificate of each client, and set tls_allowed_dn_list = ["…", "…"] in ${path} to what it prints`,
              },
              ...restart(daemon),
            ],
          },
        },
      ),
    ];
  },
});
