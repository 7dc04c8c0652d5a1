import { credentialFacts, credentials, serverPathSettings } from '../../src/domain/credentials.ts';
import { isSet, remoteConfiguration } from '../../src/domain/remote-configuration.ts';
import { effectiveSetting, stringSetting } from '../../src/domain/setting-value.ts';
import { walk } from '../../src/domain/walk.ts';
import { systemPki } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'crl-setting-ignored',
  title: 'The revocation list is silently not in force',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...credentialFacts],
  rationale:
    'The daemon reads `crl_file` only together with `ca_file`, `cert_file` and `key_file`, and without it these three switch the default list off. A list that is not there is skipped. In every case a revoked client still gets in, and nothing says so.',
  remedy: 'Set all four paths or none of them, and put the list where the setting says.',
  references: [
    { title: 'libvirt: remote support, TLS', url: 'https://libvirt.org/remote.html' },
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
  ],
  sources: [
    'libvirt 9.0 to 11.3 src/remote/remote_daemon.c: daemonSetupNetworking',
    'observed: libvirt 9.0.0 and 11.3.0',
  ],
  messages: {
    alone: (d: { path: string; missing: string; byDefault: string }) => ({
      message: 'crl_file is set without the other three paths and is ignored',
      seen: `crl_file = "${d.path}", and no ${d.missing}`,
      needed: `the list at ${d.byDefault}, or all four paths set`,
      effect: `the daemon looks at ${d.byDefault} alone; what ${d.path} revokes still gets in`,
    }),
    defaultOff: (d: { byDefault: string; set: string }) => ({
      message: `The list ${d.byDefault} is not read, because the other paths are set`,
      seen: `${d.set}, and no crl_file`,
      needed: `crl_file = "${d.byDefault}"`,
      effect: 'clients that the list revokes still get in',
    }),
    absent: (d: { path: string }) => ({
      message: 'crl_file names a file that is not there',
      seen: `nothing at ${d.path}`,
      needed: `the revocation list of the CA at ${d.path}`,
      effect: 'the daemon goes on without a revocation list, and revoked clients still get in',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { gaps } = credentials(
      facts,
      roles.filter((role) => role === 'libvirt-server'),
    );
    const unknowns = gaps.map(({ path, because }) => undetermined(file(path), because));
    const configuration = remoteConfiguration(facts);
    if (configuration.state === 'unknown') return unknowns;
    if (configuration.state === 'broken') return notApplicable(`${configuration.path} does not load`);
    const { path: at, daemon } = configuration;
    const key = serverPathSettings['revocation-list'];
    const others = [
      serverPathSettings['ca-certificate'],
      serverPathSettings.certificate,
      serverPathSettings['private-key'],
    ];
    const set = others.filter((name) => isSet(configuration, name));
    const list = stringSetting(configuration.file, key);
    const restart = { kind: 'run', command: ['systemctl', 'restart', daemon] } as const;
    if (!list.ok || (list.value === undefined && set.length === 0)) return notApplicable(`no ${key} is set`);
    // With some of the three the daemon does not start, and says why.
    if (set.length > 0 && set.length < others.length) return notApplicable('the paths are set in part');
    const byDefault = systemPki['revocation-list'];

    if (set.length === 0 && list.value !== undefined) {
      const line = list.setting?.line;
      if (list.value === byDefault || list.value === '') return [];
      const data = { path: list.value, missing: others.join(', '), byDefault };
      return [
        violation('alone', setting(at, key, line), data, {
          fix: {
            title: `Set all four paths in ${at}`,
            applicability: 'unsafe',
            steps: [
              {
                kind: 'set',
                path: at,
                key: serverPathSettings['ca-certificate'],
                value: `"${systemPki['ca-certificate']}"`,
              },
              {
                kind: 'set',
                path: at,
                key: serverPathSettings.certificate,
                value: `"${systemPki.server.certificate}"`,
              },
              {
                kind: 'set',
                path: at,
                key: serverPathSettings['private-key'],
                value: `"${systemPki.server['private-key']}"`,
              },
              restart,
            ],
          },
        }),
      ];
    }
    const path = list.value ?? byDefault;
    if (list.value === '') return [];
    const way = walk(facts.files, path);
    if (way.outcome === 'unknown') return [undetermined(file(path), way.because)];
    if (list.value === undefined) {
      if (way.outcome !== 'found') return [];
      const line = effectiveSetting(configuration.file, others[0] ?? key)?.line;
      return [
        violation(
          'defaultOff',
          setting(at, others[0] ?? key, line),
          { byDefault, set: set.join(', ') },
          {
            fix: {
              title: `Name the list in ${at}`,
              applicability: 'unsafe',
              steps: [{ kind: 'set', path: at, key, value: `"${byDefault}"` }, restart],
            },
          },
        ),
      ];
    }
    // A link to nothing is reported as one.
    if (way.outcome !== 'absent' || way.link !== undefined) return [];
    return [
      violation(
        'absent',
        setting(at, key, list.setting?.line),
        { path },
        {
          fix: {
            title: `Put the revocation list at ${path}`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `fetch the CA's revocation list and put it at ${path}, or name the place where it is with ${key} in ${at}`,
              },
              restart,
            ],
          },
        },
      ),
    ];
  },
});
