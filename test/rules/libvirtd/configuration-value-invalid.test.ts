import rule from '../../../rules/libvirtd/configuration-value-invalid.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, bareFacts, configuration, facts, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const daemon = '/etc/libvirt/libvirtd.conf';
const conf = (values: Parameters<typeof settings>[1]) => facts(aServer, settings(daemon, values));

testRule(rule, {
  pass: [
    { name: 'nothing set', facts: facts(aServer) },
    {
      name: 'right types',
      facts: conf({ listen_tls: 1, auth_tls: 'none', tls_allowed_dn_list: ['CN=x'], unix_sock_rw_perms: '0770' }),
    },
    { name: 'a port beyond 16 bits is cut by the resolver', facts: conf({ tls_port: '99999' }) },
    {
      name: 'a file that does not parse is another matter',
      facts: facts(
        aServer,
        configuration(daemon, { settings: [], error: { expected: 'expecting a name', line: 1, column: 1 } }),
      ),
    },
    { name: 'a port that is not used', facts: conf({ tls_port: 'abc!', listen_tls: 0 }) },
  ],
  fail: [
    {
      name: 'a switch in quotes',
      facts: conf({ listen_tls: '1' }),
      violations: [
        {
          messageId: 'daemon',
          subject: { path: daemon, key: 'listen_tls' } as never,
          data: {
            value: '"1"',
            needed: '0 or 1, without quotes',
            logged: [
              `Can't load config file: internal error: ${daemon}: expected a bool for 'listen_tls' parameter: ${daemon}`,
            ],
          },
        },
      ],
    },
    {
      name: 'a port without quotes',
      facts: conf({ tls_port: 16514 }),
      violations: [{ messageId: 'daemon', data: { needed: 'a string in quotes' } }],
    },
    {
      name: 'a string for a list',
      facts: conf({ tls_allowed_dn_list: '*' }),
      violations: [{ messageId: 'daemon', data: { key: 'tls_allowed_dn_list' } }],
    },
    {
      name: 'an unknown authentication',
      facts: conf({ auth_tls: 'password' }),
      violations: [{ messageId: 'daemon', data: { needed: '"none", "sasl" or "polkit"' } }],
    },
    {
      name: 'a mode that is not octal',
      facts: conf({ unix_sock_rw_perms: '0888' }),
      violations: [{ messageId: 'daemon', data: { logged: ["Failed to parse mode '0888'"] } }],
    },
    {
      name: 'only the first that is met',
      facts: conf({ auth_tls: 'password', listen_tls: 7 }),
      violations: [{ messageId: 'daemon' }],
    },
    {
      name: 'qemu.conf',
      facts: facts(aServer, settings('/etc/libvirt/qemu.conf', { vnc_tls: 'yes' })),
      violations: [{ messageId: 'driver', data: { key: 'vnc_tls', daemon: 'libvirtd' } }],
    },
    {
      name: 'a client’s file',
      facts: facts(aClient, settings('/etc/libvirt/libvirt.conf', { uri_default: 1 })),
      violations: [{ messageId: 'client', data: { key: 'uri_default' } }],
    },
    {
      name: 'a port that is no name of a service',
      facts: conf({ tls_port: 'abc!' }),
      violations: [{ messageId: 'port', data: { service: 'abc!' } }],
    },
  ],
  notApplicable: [{ name: 'no file at all', facts: bareFacts, roles: ['libvirt-server'] }],
  unknown: [
    { name: 'a service that the host may know', facts: conf({ tls_port: 'libvirt-tls' }), reason: 'not-collected' },
    {
      name: 'a closed file',
      facts: facts(aServer, configuration(daemon, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
