import rule from '../../../rules/libvirtd/sanity-check-disabled.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, facts, installed, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';

testRule(rule, {
  pass: [
    { name: 'checked by default', facts: facts(aServer) },
    { name: 'checked', facts: facts(aServer, settings(conf, { tls_no_sanity_certificate: 0 })) },
  ],
  fail: [
    {
      name: 'not checked',
      facts: facts(aServer, settings(conf, { tls_no_sanity_certificate: 1 })),
      violations: [
        {
          messageId: 'off',
          subject: { path: conf, line: 1 } as never,
          fix: { applicability: 'unsafe', steps: [{ kind: 'set', value: '0' }, {}] },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'no TLS', facts: facts(installed('libvirtd'), settings(conf, { tls_no_sanity_certificate: 1 })) },
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
