import rule from '../../../rules/libvirtd/allowed-names-match-anyone.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, facts, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const set = (...names: readonly string[]) => facts(aServer, settings(conf, { tls_allowed_dn_list: names }));

testRule(rule, {
  pass: [
    { name: 'one fixed part is enough', facts: set('C=GB,O=Acme,CN=*', '*,CN=client1', '*x*') },
    { name: 'question marks alone match names of one length', facts: set('???') },
    { name: 'an empty list', facts: set() },
  ],
  fail: [
    {
      name: 'a star',
      facts: set('C=GB,CN=x', '*'),
      violations: [
        {
          messageId: 'anyone',
          data: { entry: '*' },
          subject: { key: 'tls_allowed_dn_list', line: 1 } as never,
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'attributes without values',
      facts: set('CN=*', 'C=*,O=*,CN=*', '*CN=*'),
      violations: [{ messageId: 'anyone' }, { messageId: 'anyone' }, { messageId: 'anyone' }],
    },
    {
      name: 'users',
      facts: facts(aServer, settings(conf, { auth_tls: 'sasl', sasl_allowed_username_list: ['*@*'] })),
      violations: [{ messageId: 'anyone', data: { key: 'sasl_allowed_username_list', entry: '*@*' } }],
    },
  ],
  notApplicable: [
    { name: 'no list', facts: facts(aServer) },
    {
      name: 'a list that is not asked',
      facts: facts(aServer, settings(conf, { tls_allowed_dn_list: ['*'], tls_no_verify_certificate: 1 })),
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
