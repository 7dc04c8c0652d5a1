import { credentialFacts } from '../../src/domain/credentials.ts';
import { tlsPathRefusal } from '../../src/domain/daemon-configuration.ts';
import { tlsWanted } from '../../src/domain/listening.ts';
import { isSet, remoteConfiguration, type LoadedConfiguration } from '../../src/domain/remote-configuration.ts';
import type { RemoteDaemon } from '../../src/domain/remote-daemon.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { effectiveSetting, stringSetting } from '../../src/domain/setting-value.ts';
import { walk } from '../../src/domain/walk.ts';
import type { Known } from '../../src/facts/facts.ts';
import { systemPki } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { file, setting } from '../../src/rule/subject.ts';

/** The three settings, with what the daemon would use by default. */
const paths = {
  ca_file: systemPki['ca-certificate'],
  cert_file: systemPki.server.certificate,
  key_file: systemPki.server['private-key'],
} as const;

type Key = keyof typeof paths;

/** Are the files of the other paths where the daemon looks by default, and do certificate and key belong together. */
function completing(
  facts: Known<(typeof needs)[number]>,
  { path, daemon, file: content }: LoadedConfiguration<RemoteDaemon>,
  set: readonly Key[],
  missing: readonly Key[],
): Fix {
  const isThere = (at: string | undefined): boolean => at !== undefined && walk(facts.files, at).outcome === 'found';
  const named = (key: Key): string | undefined => {
    const read = stringSetting(content, key);
    return read.ok ? read.value : undefined;
  };
  const at = (key: Key): string => named(key) ?? paths[key];
  const [certificate, key] = [facts.certificates[at('cert_file')], facts.privateKeys[at('key_file')]];
  const [certified] = certificate?.known === true ? certificate.value.certificates : [];
  const own = key?.known === true && 'publicKey' in key.value ? key.value.publicKey : undefined;
  const belongTogether =
    certified === undefined || own === undefined || certified.publicKey.fingerprint === own.fingerprint;
  if (belongTogether && set.every((one) => isThere(named(one))) && missing.every((one) => isThere(paths[one]))) {
    return {
      title: `Set ${missing.join(' and ')} too`,
      applicability: 'unsafe',
      steps: [
        ...missing.map((one) => ({ kind: 'set', path, key: one, value: `"${paths[one]}"` }) as const),
        ...restart(daemon),
      ],
    };
  }
  if (set.some((one) => !isThere(named(one))) && Object.values(paths).every(isThere)) {
    return {
      title: `Take ${set.join(' and ')} out, so that the default paths hold`,
      applicability: 'unsafe',
      steps: [
        ...set.map(
          (one) => ({ kind: 'unset', path, key: one, line: effectiveSetting(content, one)?.line ?? 1 }) as const,
        ),
        ...restart(daemon),
      ],
    };
  }
  const instruction = `in ${path}, set ${missing.map((one) => `${one} (by default ${paths[one]})`).join(' and ')}, or take ${set.join(' and ')} out to use the default paths`;
  return {
    title: `Set ${missing.join(' and ')} too`,
    applicability: 'manual',
    steps: [{ kind: 'manual', instruction }, ...restart(daemon)],
  };
}

const needs = [...credentialFacts, 'certificates', 'privateKeys'] as const;

export default defineRule({
  id: 'tls-paths-incomplete',
  title: 'Not all of ca_file, cert_file and key_file are set',
  severity: 'error',
  roles: ['libvirt-server'],
  needs,
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
    const names = Object.keys(paths) as Key[];
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
          fix: completing(facts, configuration, set, missing),
        },
      ),
    ];
  },
});
