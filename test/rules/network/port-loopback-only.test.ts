import rule from '../../../rules/network/port-loopback-only.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aServer,
  configuration,
  daemonArguments,
  facts,
  having,
  running,
  settings,
  unit,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const daemon = { program: 'libvirtd' };

testRule(rule, {
  pass: [
    { name: 'all addresses', facts: facts(aServer, running([daemon], '0.0.0.0:16514', ':::16514')) },
    {
      name: 'one address that is not loopback',
      facts: facts(aServer, running([daemon], '127.0.0.1:16514', '192.0.2.10:16514')),
    },
    { name: 'another program’s port', facts: facts(aServer, running([daemon], '0.0.0.0:16514', '127.0.0.1:631')) },
    { name: 'a closed port is another matter', facts: facts(aServer, running([daemon])) },
  ],
  fail: [
    {
      name: 'by listen_addr',
      facts: facts(aServer, settings(conf, { listen_addr: '127.0.0.1' }), running([daemon], '127.0.0.1:16514')),
      violations: [
        {
          messageId: 'loopback',
          data: { addresses: ['127.0.0.1'], from: `, by listen_addr on line 1 of ${conf}` },
          subject: { host: '127.0.0.1', port: 16514 } as never,
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'both families',
      facts: facts(aServer, running([daemon], '127.0.0.5:16514', '::1:16514')),
      violations: [{ messageId: 'loopback', data: { addresses: ['127.0.0.5', '::1'], from: '' } }],
    },
    {
      name: 'by the unit',
      facts: facts(
        aServer,
        daemonArguments('libvirtd', []),
        unit('libvirtd.socket'),
        unit('libvirtd-tls.socket', { active: true, listenStreams: ['127.0.0.1:16514'] }),
        running([], '127.0.0.1:16514'),
      ),
      violations: [{ messageId: 'loopback', data: { from: ', by ListenStream= of libvirtd-tls.socket' } }],
    },
  ],
  notApplicable: [
    { name: 'an image', facts: facts(aServer, settings(conf, { listen_addr: '127.0.0.1' })) },
    {
      name: 'nothing is to listen',
      facts: facts(aServer, daemonArguments('libvirtd', []), running([daemon], '127.0.0.1:16514')),
    },
    {
      name: 'a configuration that does not parse',
      facts: facts(
        aServer,
        running([]),
        configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } }),
      ),
    },
  ],
  unknown: [
    {
      name: 'sockets that were not seen',
      facts: facts(
        aServer,
        having({ runtime: { observed: true, processes: [], listening: unknown('not-collected', 'no /proc/net/tcp') } }),
      ),
      reason: 'not-collected',
    },
    {
      name: 'a closed configuration',
      facts: facts(aServer, running([]), configuration(conf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
