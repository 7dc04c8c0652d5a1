import rule from '../../../rules/libvirtd/tls-priority-weak.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, configuration, facts, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const set = (tls_priority: string) => facts(aServer, settings(conf, { tls_priority }));

testRule(rule, {
  pass: [
    { name: 'later versions only', facts: set('NORMAL:-VERS-TLS1.0:-VERS-TLS1.1') },
    { name: 'one version only', facts: set('NORMAL:-VERS-ALL:+VERS-TLS1.3') },
    { name: 'no cipher suite of the old versions is left', facts: set('SECURE256') },
    { name: 'an invalid string is another matter', facts: set('HIGH') },
  ],
  fail: [
    {
      name: 'NORMAL',
      facts: set('NORMAL'),
      violations: [
        {
          messageId: 'old',
          data: { versions: ['TLS 1.0', 'TLS 1.1'], proposed: 'NORMAL:-VERS-TLS1.0:-VERS-TLS1.1' },
          subject: { path: conf, line: 1 } as never,
          fix: {
            applicability: 'unsafe',
            steps: [{ kind: 'set', value: '"NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"', line: 1 }, {}],
          },
        },
      ],
    },
    {
      name: 'one of them',
      facts: set('NORMAL:-VERS-TLS1.0'),
      violations: [{ messageId: 'old', data: { versions: ['TLS 1.1'], proposed: 'NORMAL:-VERS-TLS1.0:-VERS-TLS1.1' } }],
    },
    {
      name: 'nothing else',
      facts: set('NORMAL:-VERS-ALL:+VERS-TLS1.0'),
      violations: [{ messageId: 'old', data: { versions: ['TLS 1.0'], proposed: 'NORMAL:-VERS-TLS1.0:-VERS-TLS1.1' } }],
    },
    {
      name: 'a client',
      facts: facts(aClient, settings('/etc/libvirt/libvirt.conf', { tls_priority: 'LEGACY' })),
      violations: [{ messageId: 'old', data: { reader: 'clients of root' } }],
    },
  ],
  notApplicable: [
    { name: 'the distribution’s default', facts: facts(aServer) },
    {
      name: 'a configuration that does not parse',
      facts: facts(
        aServer,
        configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } }),
      ),
    },
  ],
  unknown: [
    { name: 'the system’s keyword', facts: set('@SYSTEM'), reason: 'not-collected' },
    {
      name: 'a closed configuration',
      facts: facts(aServer, configuration(conf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
