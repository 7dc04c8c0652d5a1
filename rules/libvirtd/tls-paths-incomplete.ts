import { credentialFacts } from '../../src/domain/credentials.ts';
import { tlsPathRefusal } from '../../src/domain/daemon-configuration.ts';
import { tlsWanted } from '../../src/domain/listening.ts';
import { isSet, remoteConfiguration } from '../../src/domain/remote-configuration.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { systemPki } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

/** The three settings, with what the daemon would use by default. */
const paths = {
  ca_file: systemPki['ca-certificate'],
  cert_file: systemPki.server.certificate,
  key_file: systemPki.server['private-key'],
} as const;

export default defineRule({
  id: 'tls-paths-incomplete',
  title: 'Not all of ca_file, cert_file and key_file are set',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...credentialFacts],
  rationale:
    'As soon as one of the three paths is set the defaults of the others are off, and the daemon refuses to start for TLS without all three.',
  remedy: 'Set all three, or none to use the default paths.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: ['libvirt 9.0 and 11.3 src/remote/remote_daemon.c: daemonSetupNetworking', 'observed with 9.0 and 11.3'],
  messages: {
    incomplete: (d: { set: readonly string[]; missing: readonly string[]; daemon: string; error: string }) => ({
      message: `${d.set.join(' and ')} ${d.set.length === 1 ? 'is' : 'are'} set, but not ${d.missing.join(' and ')}`,
      seen: `a value for ${d.set.join(' and ')} alone`,
      needed: 'all of ca_file, cert_file and key_file, or none of them',
      effect: `${d.daemon} does not start: unsupported configuration: ${d.error}`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const configuration = remoteConfiguration(facts);
    const { daemon, path } = configuration;
    if (configuration.state === 'unknown') return [undetermined(file(path), configuration.because)];
    if (configuration.state === 'broken') return notApplicable(`${path} does not load`);
    const names = Object.keys(paths) as (keyof typeof paths)[];
    if (names.some((key) => key === configuration.refusal?.setting.key))
      return notApplicable(`${daemon} refuses a value of ${path}`);
    if (!tlsWanted(facts)) return notApplicable('nothing shows that this host is to serve TLS');
    // From 11.10 on lists may stand in their place.
    if (isSet(configuration, 'cert_files') || isSet(configuration, 'key_files'))
      return notApplicable('several identities are set');
    const refusal = tlsPathRefusal(configuration.file, facts.software.libvirt?.version);
    if (refusal === undefined) return [];
    const missing = names.filter((key) => !isSet(configuration, key));
    const set = names.filter((key) => isSet(configuration, key));
    return [
      violation(
        'incomplete',
        setting(path, refusal.setting.key, refusal.setting.line),
        { set, missing, daemon, error: refusal.error },
        {
          fix: {
            title: `Set ${missing.join(' and ')} too`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `in ${path}, set ${missing.map((key) => `${key} (by default ${paths[key]})`).join(' and ')}, or take ${set.join(' and ')} out to use the default paths`,
              },
              ...restart(daemon),
            ],
          },
        },
      ),
    ];
  },
});
