import rule from '../../../rules/libvirtd/tcp-without-authentication.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, daemonArguments, facts, settings, unit } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';

testRule(rule, {
  pass: [
    { name: 'SASL by default', facts: facts(aServer, settings(conf, { listen_tcp: 1 })) },
    { name: 'polkit lets nobody in', facts: facts(aServer, settings(conf, { listen_tcp: 1, auth_tcp: 'polkit' })) },
  ],
  fail: [
    {
      name: '--listen and listen_tcp',
      facts: facts(aServer, settings(conf, { listen_tcp: 1, auth_tcp: 'none', listen_addr: '192.0.2.10' })),
      violations: [
        {
          messageId: 'open',
          data: { where: 'port 16509 of 192.0.2.10' },
          subject: { key: 'auth_tcp', line: 2 } as never,
          fix: { applicability: 'unsafe', steps: [{ kind: 'set', key: 'listen_tcp', value: '0', line: 1 }, {}] },
        },
      ],
    },
    {
      name: 'the socket of systemd, on another port',
      facts: facts(
        aServer,
        daemonArguments('libvirtd', []),
        unit('libvirtd.socket'),
        unit('libvirtd-tcp.socket', { listenStreams: ['[::1]:16599'] }),
        settings(conf, { auth_tcp: 'none' }),
      ),
      violations: [
        {
          messageId: 'open',
          data: { where: 'port 16599 of ::1' },
          fix: { steps: [{ command: ['systemctl', 'disable', '--now', 'libvirtd-tcp.socket'] } as never, {}] },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'TCP is off by default', facts: facts(aServer, settings(conf, { auth_tcp: 'none' })) },
    {
      name: 'listen_tcp without --listen',
      facts: facts(aServer, daemonArguments('libvirtd', []), settings(conf, { listen_tcp: 1, auth_tcp: 'none' })),
    },
    {
      name: 'listen_tcp under activation without the socket',
      facts: facts(
        aServer,
        daemonArguments('libvirtd', []),
        unit('libvirtd.socket'),
        settings(conf, { listen_tcp: 1, auth_tcp: 'none' }),
      ),
    },
    {
      name: 'a configuration that does not parse',
      facts: facts(
        aServer,
        configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } }),
      ),
    },
  ],
  unknown: [
    {
      name: 'a closed configuration',
      facts: facts(aServer, configuration(conf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
