import rule from '../../../rules/libvirtd/configuration-value-invalid.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, bareFacts, configuration, facts, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const daemon = '/etc/libvirt/libvirtd.conf';
const conf = (values: Parameters<typeof settings>[1]) => facts(aServer, settings(daemon, values));
const restart = { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] } as const;
const writing = (key: string, value: string) =>
  ({ applicability: 'unsafe', steps: [{ kind: 'set', path: daemon, key, value, line: 1 }, restart] }) as never;
const takingOut = (key: string) =>
  ({ applicability: 'unsafe', steps: [{ kind: 'unset', path: daemon, key, line: 1 }, restart] }) as never;
const told = { applicability: 'manual', steps: [{ kind: 'manual' }, restart] } as never;
/** What is written, and how it is put right. */
const corrections: readonly (readonly [Parameters<typeof settings>[1], string, unknown])[] = [
  [{ listen_tls: 'yes' }, 'listen_tls', writing('listen_tls', '1')],
  [{ listen_tls: 'Off' }, 'listen_tls', writing('listen_tls', '0')],
  [{ listen_tls: 2 }, 'listen_tls', writing('listen_tls', '1')],
  [{ listen_tls: 'perhaps' }, 'listen_tls', takingOut('listen_tls')],
  // Plain TCP and connections without verification are never opened by a program.
  [{ listen_tcp: 'yes' }, 'listen_tcp', takingOut('listen_tcp')],
  [{ listen_tcp: 'no' }, 'listen_tcp', writing('listen_tcp', '0')],
  [{ tls_no_verify_certificate: 'yes' }, 'tls_no_verify_certificate', takingOut('tls_no_verify_certificate')],
  [{ auth_tls: 'SASL' }, 'auth_tls', writing('auth_tls', '"sasl"')],
  [{ auth_tls: 'None' }, 'auth_tls', writing('auth_tls', '"none"')],
  [{ auth_tcp: 'None' }, 'auth_tcp', told],
  [{ auth_unix_rw: 'polkitt' }, 'auth_unix_rw', writing('auth_unix_rw', '"polkit"')],
  [{ auth_tls: 'password' }, 'auth_tls', told],
  [
    { sasl_allowed_username_list: 'joe@EXAMPLE.COM' },
    'sasl_allowed_username_list',
    writing('sasl_allowed_username_list', '["joe@EXAMPLE.COM"]'),
  ],
  [{ sasl_allowed_username_list: 'joe, fred' }, 'sasl_allowed_username_list', told],
  [{ unix_sock_rw_perms: 770 }, 'unix_sock_rw_perms', writing('unix_sock_rw_perms', '"0770"')],
  [{ unix_sock_rw_perms: 'rwx' }, 'unix_sock_rw_perms', writing('unix_sock_rw_perms', '"0700"')],
  [
    { unix_sock_ro_perms: 'rwx', unix_sock_group: 'libvirt' },
    'unix_sock_ro_perms',
    writing('unix_sock_ro_perms', '"0770"'),
  ],
  [{ unix_sock_admin_perms: 'rwx' }, 'unix_sock_admin_perms', takingOut('unix_sock_admin_perms')],
  [{ tcp_min_ssf: 56 }, 'tcp_min_ssf', writing('tcp_min_ssf', '112')],
  [{ max_clients: '200' }, 'max_clients', writing('max_clients', '200')],
  [{ max_clients: 'many' }, 'max_clients', takingOut('max_clients')],
  [{ max_clients: 0 }, 'max_clients', takingOut('max_clients')],
  [{ log_level: 5 }, 'log_level', takingOut('log_level')],
  [{ log_filters: 'everything' }, 'log_filters', takingOut('log_filters')],
  [{ host_uuid: '0000' }, 'host_uuid', takingOut('host_uuid')],
  [{ access_drivers: ['nothing'] }, 'access_drivers', told],
  [{ key_file: 1 }, 'key_file', told],
  [{ listen_addr: 1 }, 'listen_addr', told],
];

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
    ...corrections.map(([values, key, fix]) => ({
      name: `put right: ${JSON.stringify(values)}`,
      facts: conf(values),
      violations: [{ messageId: 'daemon', data: { key }, fix: fix as never }],
    })),
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
      violations: [
        { messageId: 'daemon', data: { needed: 'a string in quotes' }, fix: writing('tls_port', '"16514"') },
      ],
    },
    {
      name: 'a string for a list',
      facts: conf({ tls_allowed_dn_list: '*' }),
      violations: [
        {
          messageId: 'daemon',
          data: { key: 'tls_allowed_dn_list' },
          fix: writing('tls_allowed_dn_list', '["*"]'),
        },
      ],
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
      violations: [
        {
          messageId: 'driver',
          data: { key: 'vnc_tls', daemon: 'libvirtd' },
          fix: { steps: [{ kind: 'set', key: 'vnc_tls', value: '1' }, restart] } as never,
        },
      ],
    },
    {
      name: 'verification in qemu.conf is not switched off',
      facts: facts(aServer, settings('/etc/libvirt/qemu.conf', { vnc_tls_x509_verify: 'no' })),
      violations: [{ messageId: 'driver', fix: told }],
    },
    {
      name: 'a client’s list of one',
      facts: facts(aClient, settings('/etc/libvirt/libvirt.conf', { uri_aliases: 'a=qemu:///system' })),
      violations: [
        {
          messageId: 'client',
          fix: { applicability: 'safe', steps: [{ kind: 'set', value: '["a=qemu:///system"]' }] } as never,
        },
      ],
    },
    {
      name: 'a client’s file',
      facts: facts(aClient, settings('/etc/libvirt/libvirt.conf', { uri_default: 1 })),
      violations: [{ messageId: 'client', data: { key: 'uri_default' } }],
    },
    {
      name: 'a port that is no name of a service',
      facts: conf({ tls_port: 'abc!' }),
      violations: [{ messageId: 'port', data: { service: 'abc!' }, fix: takingOut('tls_port') }],
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
