import { listening } from '../../src/domain/listening.ts';
import { configurationFacts } from '../../src/domain/remote-configuration.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'tcp-without-authentication',
  title: 'The daemon listens for plain TCP and lets everybody in',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...configurationFacts],
  rationale:
    'Whoever reaches the port controls the daemon as root would: starts guests, reads their disks, and through them gets at the host.',
  remedy:
    'Switch plain TCP off and use TLS or SSH; where TCP must stay, authenticate clients by SASL with an encrypting mechanism.',
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html' },
    {
      title: 'CWE-306: missing authentication for critical function',
      url: 'https://cwe.mitre.org/data/definitions/306.html',
    },
  ],
  sources: ['libvirt 9.0 and 11.3 src/remote/remote_daemon.c: daemonSetupNetworking', 'observed with 9.0 and 11.3'],
  messages: {
    open: (d: { daemon: string; where: string }) => ({
      message: `${d.daemon} serves plain TCP on ${d.where} and authenticates nobody`,
      seen: 'auth_tcp = "none"',
      needed: 'no plain TCP, or auth_tcp = "sasl"',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const answer = listening(facts);
    if (answer.state === 'unknown') return [undetermined(file(answer.path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${answer.path} does not load`);
    const { tcp, daemon, configuration } = answer;
    if (tcp === undefined) return notApplicable(`${daemon} does not listen for plain TCP`);
    if (tcp.authentication !== 'none') return [];
    const { path } = configuration;
    const line = tcp.authenticationSetting?.line;
    const where = tcp.addresses.map(
      ({ address, service }) => `port ${service}${address === undefined ? '' : ` of ${address}`}`,
    );
    const close =
      tcp.unit === undefined
        ? [
            {
              kind: 'set' as const,
              path,
              key: 'listen_tcp',
              value: '0',
              ...(tcp.setting === undefined ? {} : { line: tcp.setting.line }),
            },
            ...restart(daemon),
          ]
        : [{ kind: 'run' as const, command: ['systemctl', 'disable', '--now', tcp.unit.name] }, ...restart(daemon)];
    return [
      violation(
        'open',
        setting(path, 'auth_tcp', line),
        { daemon, where: where.join(' and ') },
        {
          fix: { title: 'Switch plain TCP off', applicability: 'unsafe', steps: close },
        },
      ),
    ];
  },
});
