import { credentialFacts } from '../../src/domain/credentials.ts';
import { tlsWanted } from '../../src/domain/listening.ts';
import { effectiveBool, remoteConfiguration } from '../../src/domain/remote-configuration.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

const key = 'tls_no_sanity_certificate';

export default defineRule({
  id: 'sanity-check-disabled',
  title: 'The daemon does not check its own certificates',
  severity: 'warning',
  roles: ['libvirt-server'],
  needs: [...credentialFacts],
  rationale:
    'The check at start finds an expired, foreign or unsuitable certificate before clients do; without it the daemon starts, listens, and fails at every connection.',
  remedy: 'Mend what the check complains of and set `tls_no_sanity_certificate` to 0.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertSanityCheck; 9.0 virnettlscontext.c',
    'observed with 9.0 and 11.3',
  ],
  messages: {
    off: (d: { daemon: string }) => ({
      message: `${d.daemon} does not check its own certificates when it starts`,
      seen: `${key} = 1`,
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
    return [
      violation(
        'off',
        setting(path, key, off.setting?.line),
        { daemon },
        {
          fix: {
            title: 'Check the certificates at start',
            // Where the certificates do not pass, the daemon would not come back.
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
