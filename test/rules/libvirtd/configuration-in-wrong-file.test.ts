import rule from '../../../rules/libvirtd/configuration-in-wrong-file.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, bareFacts, configuration, facts, having, settings, unit, type Change } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const monolithic = '/etc/libvirt/libvirtd.conf';
const proxy = '/etc/libvirt/virtproxyd.conf';
const modular: Change = (built) =>
  [
    unit('virtproxyd.socket'),
    unit('virtproxyd-tls.socket'),
    having({ software: { ...built.software, installed: ['virtproxyd', 'virtqemud'] } }),
  ].reduce((result, change) => change(result), built);

testRule(rule, {
  pass: [
    { name: 'the shipped file without settings', facts: facts(modular, settings(monolithic, {}), settings(proxy, {})) },
    {
      name: 'other settings of libvirtd.conf',
      facts: facts(modular, settings(monolithic, { auth_unix_rw: 'polkit' })),
    },
    {
      name: 'both are installed and none is in use',
      facts: facts(
        settings(monolithic, {}),
        settings(proxy, { listen_tls: 1 }),
        having({ software: { ...bareFacts.software, installed: ['libvirtd', 'virtproxyd'] } }),
      ),
    },
    {
      name: 'a file that does not parse',
      facts: facts(
        modular,
        configuration(monolithic, { settings: [], error: { expected: 'expecting a name', line: 1, column: 1 } }),
      ),
    },
  ],
  fail: [
    {
      name: 'TLS in libvirtd.conf beside virtproxyd',
      facts: facts(modular, settings(monolithic, { log_level: 3, auth_tls: 'sasl', tls_allowed_dn_list: ['CN=x'] })),
      violations: [
        {
          messageId: 'unread',
          data: { daemon: 'virtproxyd', keys: ['auth_tls', 'tls_allowed_dn_list'] },
          subject: { path: monolithic, key: 'auth_tls' } as never,
        },
      ],
    },
    {
      name: 'a port in virtqemud.conf',
      facts: facts(modular, settings('/etc/libvirt/virtqemud.conf', { tls_port: '16514' })),
      violations: [{ messageId: 'unread', fix: { applicability: 'manual' } }],
    },
    {
      name: 'virtproxyd.conf beside libvirtd',
      facts: facts(aServer, settings(proxy, { listen_tls: 1 })),
      violations: [{ messageId: 'unread', data: { daemon: 'libvirtd', right: monolithic } }],
    },
  ],
  notApplicable: [{ name: 'one file alone', facts: facts(aServer) }],
  unknown: [
    {
      name: 'a closed file',
      facts: facts(modular, configuration(monolithic, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
