import { credentialFacts } from '../../src/domain/credentials.ts';
import { tlsWanted } from '../../src/domain/listening.ts';
import { effectiveBool, effectiveList, remoteConfiguration } from '../../src/domain/remote-configuration.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'allowed-names-not-consulted',
  title: 'The list of allowed names is not asked, for clients are not verified',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...credentialFacts],
  rationale:
    'The list is part of the verification of client certificates. With that switched off, a client that is not on the list gets in, and so does one without a certificate.',
  remedy: 'Set `tls_no_verify_certificate` to 0.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'CWE-863: incorrect authorization', url: 'https://cwe.mitre.org/data/definitions/863.html' },
  ],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextCheckCertificate',
    'observed with 9.0 and 11.3: a name outside the list gets in',
  ],
  messages: {
    void: (d: { daemon: string; names: number }) => ({
      message: `${d.daemon} does not ask tls_allowed_dn_list, because tls_no_verify_certificate is 1`,
      seen: `a list of ${d.names} ${d.names === 1 ? 'name' : 'names'}, and no verification of clients`,
      needed: 'tls_no_verify_certificate = 0',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const configuration = remoteConfiguration(facts);
    const { daemon, path } = configuration;
    if (configuration.state === 'unknown') return [undetermined(file(path), configuration.because)];
    if (configuration.state === 'broken') return notApplicable(`${path} does not load`);
    if (!tlsWanted(facts)) return notApplicable('nothing shows that this host is to serve TLS');
    const list = effectiveList(configuration, 'tls_allowed_dn_list');
    if (list.value === undefined) return notApplicable('there is no list of distinguished names');
    const off = effectiveBool(configuration, 'tls_no_verify_certificate');
    if (!off.value) return [];
    return [
      violation(
        'void',
        setting(path, 'tls_allowed_dn_list', list.setting?.line),
        { daemon, names: list.value.length },
        {
          fix: {
            title: 'Verify the certificates of clients',
            applicability: 'unsafe',
            steps: [
              {
                kind: 'set',
                path,
                key: 'tls_no_verify_certificate',
                value: '0',
                ...(off.setting === undefined ? {} : { line: off.setting.line }),
              },
              ...restart(daemon),
            ],
          },
        },
      ),
    ];
  },
});
