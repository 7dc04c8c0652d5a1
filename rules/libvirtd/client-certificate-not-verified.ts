import { credentialFacts } from '../../src/domain/credentials.ts';
import { tlsWanted } from '../../src/domain/listening.ts';
import { effectiveBool, isSet, remoteConfiguration } from '../../src/domain/remote-configuration.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

const key = 'tls_no_verify_certificate';

export default defineRule({
  id: 'client-certificate-not-verified',
  title: 'The daemon does not verify the certificates of its TLS clients',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...credentialFacts],
  rationale:
    'With verification off a client needs no certificate at all: names, dates, issuers and revocation lists count for nothing, and unless SASL asks for more, whoever reaches the port has full control.',
  remedy: 'Set `tls_no_verify_certificate` to 0 and give clients certificates of your CA.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'CWE-295: improper certificate validation', url: 'https://cwe.mitre.org/data/definitions/295.html' },
  ],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextCheckCertificate',
    'observed with 9.0 and 11.3: a client without a certificate gets in',
  ],
  messages: {
    off: (d: { daemon: string; others: string }) => ({
      message: `${d.daemon} accepts TLS clients whatever certificate they show, or none`,
      seen: `${key} = 1, ${d.others}`,
      needed: `${key} = 0`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const configuration = remoteConfiguration(facts);
    const { daemon, path } = configuration;
    if (configuration.state === 'unknown') return [undetermined(file(path), configuration.because)];
    if (configuration.state === 'broken') return notApplicable(`${path} does not load`);
    if (!tlsWanted(facts)) return notApplicable('nothing shows that this host is to serve TLS');
    const off = effectiveBool(configuration, key);
    if (!off.value) return [];
    if (isSet(configuration, 'tls_allowed_dn_list'))
      return notApplicable('the list of names that is not asked is reported');
    const sasl = configuration.file.settings.some(
      (one) => one.key === 'auth_tls' && one.value.type === 'string' && one.value.value === 'sasl',
    );
    return [
      violation(
        'off',
        setting(path, key, off.setting?.line),
        { daemon, others: sasl ? 'with passwords or tickets of SASL as the only check' : 'with no other check' },
        {
          fix: {
            title: 'Verify the certificates of clients',
            applicability: 'unsafe',
            steps: [
              { kind: 'set', path, key, value: '0', ...(off.setting === undefined ? {} : { line: off.setting.line }) },
              ...restart(daemon),
            ],
          },
        },
      ),
    ];
  },
});
