import rule from '../../../rules/libvirtd/any-client-certificate-accepted.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, daemonArguments, facts, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const set = (values: Parameters<typeof settings>[1]) => facts(aServer, settings(conf, values));

testRule(rule, {
  pass: [
    { name: 'a list of names', facts: set({ tls_allowed_dn_list: ['C=GB,CN=x'] }) },
    { name: 'SASL', facts: set({ auth_tls: 'sasl' }) },
    { name: 'polkit for each call', facts: set({ access_drivers: ['polkit'] }) },
  ],
  fail: [
    {
      name: 'by default',
      facts: facts(aServer),
      violations: [
        {
          messageId: 'any',
          data: { daemon: 'libvirtd' },
          subject: { path: conf, key: 'tls_allowed_dn_list' } as never,
          fix: { applicability: 'manual' },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'no TLS', facts: facts(aServer, daemonArguments('libvirtd', [])) },
    { name: 'clients are not verified at all', facts: set({ tls_no_verify_certificate: 1 }) },
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
