import rule from '../../../rules/libvirtd/configuration-duplicate-setting.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Setting } from '../../../src/facts/configurations.ts';
import { aServer, bareFacts, configuration, facts, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const daemon = '/etc/libvirt/libvirtd.conf';
const at = (key: string, line: number, value = 1): Setting => ({
  key,
  value: { type: 'unsigned', value },
  line,
  column: 1,
});

testRule(rule, {
  pass: [
    { name: 'each once', facts: facts(aServer, settings(daemon, { listen_tls: 1, listen_tcp: 0 })) },
    {
      name: 'a file that does not parse',
      facts: facts(
        aServer,
        configuration(daemon, {
          settings: [at('listen_tls', 1), at('listen_tls', 2)],
          error: { expected: 'expecting a name', line: 3, column: 1 },
        }),
      ),
    },
    {
      name: 'the same name in two files',
      facts: facts(
        aServer,
        settings(daemon, { keepalive_interval: 5 }),
        settings('/etc/libvirt/qemu.conf', { keepalive_interval: 5 }),
      ),
    },
  ],
  fail: [
    {
      name: 'twice',
      facts: facts(aServer, configuration(daemon, { settings: [at('listen_tls', 4, 0), at('listen_tls', 9, 1)] })),
      violations: [
        {
          messageId: 'repeated',
          data: { key: 'listen_tls', first: 4, later: [9] },
          subject: { path: daemon, line: 9 } as never,
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'three times, and another',
      facts: facts(
        aServer,
        configuration(daemon, { settings: [at('a', 1), at('b', 2), at('a', 3), at('a', 4), at('b', 5)] }),
      ),
      violations: [
        { messageId: 'repeated', data: { key: 'a', later: [3, 4] } },
        { messageId: 'repeated', data: { key: 'b', later: [5] } },
      ],
    },
  ],
  notApplicable: [{ name: 'no file at all', facts: bareFacts, roles: ['libvirt-server'] }],
  unknown: [
    {
      name: 'a closed file',
      facts: facts(aServer, configuration(daemon, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
