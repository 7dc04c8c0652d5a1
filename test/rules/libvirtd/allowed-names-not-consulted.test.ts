import rule from '../../../rules/libvirtd/allowed-names-not-consulted.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, facts, installed, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';

testRule(rule, {
  pass: [
    { name: 'clients are verified', facts: facts(aServer, settings(conf, { tls_allowed_dn_list: ['C=GB,CN=x'] })) },
  ],
  fail: [
    {
      name: 'clients are not verified',
      facts: facts(aServer, settings(conf, { tls_allowed_dn_list: ['C=GB,CN=x'], tls_no_verify_certificate: 1 })),
      violations: [
        {
          messageId: 'void',
          data: { names: 1 },
          subject: { key: 'tls_allowed_dn_list', line: 1 } as never,
          fix: {
            applicability: 'unsafe',
            steps: [{ kind: 'set', key: 'tls_no_verify_certificate', value: '0', line: 2 }, {}],
          },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'no list', facts: facts(aServer, settings(conf, { tls_no_verify_certificate: 1 })) },
    {
      name: 'no TLS',
      facts: facts(installed('libvirtd'), settings(conf, { tls_allowed_dn_list: [], tls_no_verify_certificate: 1 })),
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
