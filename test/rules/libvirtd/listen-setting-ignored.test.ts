import rule from '../../../rules/libvirtd/listen-setting-ignored.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, daemonArguments, facts, settings, unit, type Change } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const sockets: Change = (built) =>
  [daemonArguments('libvirtd', []), unit('libvirtd.socket'), unit('libvirtd-tls.socket')].reduce(
    (result, one) => one(result),
    built,
  );

testRule(rule, {
  pass: [
    { name: 'nothing set', facts: facts(aServer, sockets) },
    {
      name: 'settings that count',
      facts: facts(aServer, sockets, settings(conf, { auth_tls: 'sasl', tls_priority: 'NORMAL' })),
    },
    {
      name: 'listen_tls without the socket is an error elsewhere',
      facts: facts(
        aServer,
        daemonArguments('libvirtd', []),
        unit('libvirtd.socket'),
        settings(conf, { listen_tls: 1 }),
      ),
    },
  ],
  fail: [
    {
      name: 'port and address',
      facts: facts(aServer, sockets, settings(conf, { tls_port: '16600', listen_addr: '192.0.2.10' })),
      violations: [
        {
          messageId: 'ignored',
          data: { key: 'tls_port', unit: 'libvirtd-tls.socket' },
          subject: { path: conf, key: 'tls_port', line: 1 } as never,
          fix: { applicability: 'manual', steps: [{}, { kind: 'unset', key: 'tls_port' }] },
        },
        { messageId: 'ignored', data: { key: 'listen_addr' } },
      ],
    },
    {
      name: 'listen_tcp',
      facts: facts(aServer, sockets, settings(conf, { listen_tcp: 1 })),
      violations: [{ messageId: 'ignored', data: { unit: 'libvirtd-tcp.socket' } }],
    },
    {
      name: 'listen_tls',
      facts: facts(aServer, sockets, settings(conf, { listen_tls: 0 })),
      violations: [{ messageId: 'ignored' }],
    },
  ],
  notApplicable: [
    { name: 'the daemon opens its sockets', facts: facts(aServer, settings(conf, { tls_port: '16600' })) },
    {
      name: 'a configuration that does not parse',
      facts: facts(
        aServer,
        sockets,
        configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } }),
      ),
    },
  ],
  unknown: [
    {
      name: 'a closed configuration',
      facts: facts(aServer, sockets, configuration(conf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
