import rule from '../../../rules/libvirtd/allowed-names-empty.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, facts, installed, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const set = (values: Parameters<typeof settings>[1]) => facts(aServer, settings(conf, values));

testRule(rule, {
  pass: [
    { name: 'a name', facts: set({ tls_allowed_dn_list: ['C=GB,CN=x'] }) },
    { name: 'a name and an empty string', facts: set({ tls_allowed_dn_list: ['', 'C=GB,CN=x'] }) },
    {
      name: 'users, where SASL is used',
      facts: set({ auth_tls: 'sasl', sasl_allowed_username_list: ['joe@EXAMPLE.COM'] }),
    },
  ],
  fail: [
    {
      name: 'no names',
      facts: set({ tls_allowed_dn_list: [] }),
      violations: [
        {
          messageId: 'empty',
          data: { key: 'tls_allowed_dn_list', entries: 0 },
          subject: { path: conf, key: 'tls_allowed_dn_list' } as never,
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'empty names',
      facts: set({ tls_allowed_dn_list: ['', ''] }),
      violations: [{ messageId: 'empty', data: { entries: 2 } }],
    },
    {
      name: 'no users',
      facts: set({ auth_tls: 'sasl', sasl_allowed_username_list: [] }),
      violations: [{ messageId: 'empty', data: { key: 'sasl_allowed_username_list' } }],
    },
    {
      name: 'no users of the Unix socket',
      facts: facts(installed('libvirtd'), settings(conf, { auth_unix_rw: 'sasl', sasl_allowed_username_list: [] })),
      violations: [{ messageId: 'empty' }],
    },
  ],
  notApplicable: [
    { name: 'no list', facts: facts(aServer) },
    { name: 'a list that is not asked', facts: set({ tls_allowed_dn_list: [], tls_no_verify_certificate: 1 }) },
    { name: 'users without SASL', facts: set({ sasl_allowed_username_list: [] }) },
    { name: 'a list of another type is refused', facts: set({ tls_allowed_dn_list: '' }) },
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
