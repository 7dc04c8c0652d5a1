import { isDaemonUsed } from '../../src/domain/configurations-in-use.ts';
import { unixSocket } from '../../src/domain/listening.ts';
import { configurationFacts, configurationOf } from '../../src/domain/remote-configuration.ts';
import { remoteDaemon } from '../../src/domain/remote-daemon.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'socket-open-to-everyone',
  title: 'Every local user controls libvirt through its socket',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...configurationFacts],
  rationale:
    'The socket is open to all users by default because polkit asks who they are. With authentication switched off nothing asks any more, and whoever has a shell on the host is as good as root.',
  remedy: 'Let polkit authenticate, or give the socket to root or to one group.',
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html#unix-socket-permissions-group' },
    { title: 'CWE-732', url: 'https://cwe.mitre.org/data/definitions/732.html' },
  ],
  sources: [
    'libvirt 9.0 and 11.3 src/remote/remote_daemon_config.c: daemonConfigNew (the mode stays 0777 when auth_unix_rw is set to none)',
    'observed with 9.0 and 11.3',
  ],
  messages: {
    open: (d: { daemon: string; mode: string; from: string }) => ({
      message: `Every user of this host controls ${d.daemon} through its socket`,
      seen: `auth_unix_rw = "none", and mode ${d.mode} ${d.from}`,
      needed: 'auth_unix_rw = "polkit", or a socket that others cannot write to',
    }),
  },

  check(facts, { violation, undetermined }) {
    const remote = remoteDaemon(facts);
    const daemons = [remote, ...(isDaemonUsed(facts, 'virtqemud') ? (['virtqemud'] as const) : [])];
    return daemons.flatMap((daemon) => {
      const configuration = configurationOf(facts, daemon);
      const { path } = configuration;
      if (configuration.state === 'unknown') return undetermined(file(path), configuration.because);
      if (configuration.state === 'broken') return [];
      const { mode, authentication, authenticationSetting, modeSetting, unit } = unixSocket(facts, configuration);
      // connect(2) asks for permission to write.
      if (authentication !== 'none' || mode === undefined || (mode & 0o002) === 0) return [];
      const from =
        unit !== undefined
          ? `by ${unit.name}`
          : modeSetting === undefined
            ? 'by default'
            : `by unix_sock_rw_perms on line ${modeSetting.line}`;
      const line = authenticationSetting?.line;
      return violation(
        'open',
        setting(path, 'auth_unix_rw', line),
        { daemon, mode: `0${mode.toString(8)}`, from },
        {
          fix: {
            title: 'Let polkit ask who the user is',
            applicability: 'unsafe',
            steps: [
              { kind: 'set', path, key: 'auth_unix_rw', value: '"polkit"', ...(line === undefined ? {} : { line }) },
              ...restart(daemon),
            ],
          },
        },
      );
    });
  },
});
