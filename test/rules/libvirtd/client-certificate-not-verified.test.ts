import rule from '../../../rules/libvirtd/client-certificate-not-verified.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, facts, installed, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const set = (values: Parameters<typeof settings>[1]) => facts(aServer, settings(conf, values));

testRule(rule, {
  pass: [
    { name: 'verified by default', facts: facts(aServer) },
    { name: 'verified', facts: set({ tls_no_verify_certificate: 0 }) },
  ],
  fail: [
    {
      name: 'not verified',
      facts: set({ tls_no_verify_certificate: 1 }),
      violations: [
        {
          messageId: 'off',
          subject: { path: conf, line: 1 } as never,
          data: { others: 'with no other check' },
          fix: {
            applicability: 'unsafe',
            steps: [{ kind: 'set', value: '0', line: 1 }, { command: ['systemctl', 'restart', 'libvirtd'] } as never],
          },
        },
      ],
    },
    {
      name: 'SASL besides',
      facts: set({ tls_no_verify_certificate: 1, auth_tls: 'sasl' }),
      violations: [{ messageId: 'off', data: { others: 'with passwords or tickets of SASL as the only check' } }],
    },
    {
      name: 'TLS that is wanted but does not listen',
      facts: set({ tls_no_verify_certificate: 1, listen_tls: 0 }),
      violations: [{ messageId: 'off' }],
    },
  ],
  notApplicable: [
    { name: 'no TLS', facts: facts(installed('libvirtd'), settings(conf, { tls_no_verify_certificate: 1 })) },
    {
      name: 'the list that is not asked is reported',
      facts: set({ tls_no_verify_certificate: 1, tls_allowed_dn_list: ['CN=x'] }),
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
