import rule from '../../../rules/network/port-not-listening.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aServer,
  change,
  configuration,
  daemonArguments,
  facts,
  having,
  observed,
  running,
  settings,
  unit,
  type Change,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const sockets =
  (active: boolean): Change =>
  (built) =>
    [
      daemonArguments('libvirtd', []),
      unit('libvirtd.socket', { active: true }),
      unit('libvirtd-tls.socket', { active }),
    ].reduce((result, one) => one(result), built);
const daemon = { program: 'libvirtd', arguments: ['--listen'] };

const unseen = having({
  runtime: {
    observed: true,
    processes: [{ pid: 1, uid: 0, gid: 0, groups: [], started: '2026-05-01T00:00:00.000Z', ...daemon }],
    listening: unknown('not-collected', 'no /proc/net/tcp'),
  },
});

testRule(rule, {
  pass: [
    {
      name: 'a probe came through, whatever the kernel says',
      facts: facts(aServer, unseen, observed('tls', 16514, 'open')),
    },
    { name: 'listens', facts: facts(aServer, running([daemon], '0.0.0.0:16514', ':::16514')) },
    {
      name: 'listens on another port',
      facts: facts(aServer, settings(conf, { tls_port: '16600' }), running([daemon], '0.0.0.0:16600')),
    },
    { name: 'systemd listens for it', facts: facts(aServer, sockets(true), running([], ':::16514')) },
    { name: 'a daemon that does not run is another matter', facts: facts(aServer, running([])) },
    { name: 'so is a socket that is not started', facts: facts(aServer, sockets(false), running([])) },
    { name: 'any port', facts: facts(aServer, settings(conf, { tls_port: '0' }), running([daemon])) },
  ],
  fail: [
    {
      name: 'a probe was refused',
      facts: facts(aServer, unseen, observed('tls', 16514, 'refused')),
      violations: [{ messageId: 'closed', data: { port: 16514 } }],
    },
    {
      name: 'nothing listens',
      facts: facts(aServer, running([daemon], '127.0.0.1:22')),
      violations: [
        {
          messageId: 'closed',
          data: { port: 16514, transport: 'TLS' },
          subject: { kind: 'endpoint', port: 16514 },
          fix: { applicability: 'unsafe', steps: [{ command: ['systemctl', 'restart', 'libvirtd'] } as never, {}] },
        },
      ],
    },
    {
      name: 'the port of the configuration, not the usual one',
      facts: facts(
        aServer,
        settings(conf, { tls_port: '16600', listen_addr: '192.0.2.10' }),
        running([daemon], '0.0.0.0:16514'),
      ),
      violations: [{ messageId: 'closed', subject: { host: '192.0.2.10', port: 16600 } as never }],
    },
    {
      name: 'TCP too',
      facts: facts(aServer, settings(conf, { listen_tcp: 1 }), running([daemon], '0.0.0.0:16514')),
      violations: [{ messageId: 'closed', data: { transport: 'plain TCP', port: 16509 } }],
    },
    {
      name: 'the socket is active and the port is closed',
      facts: facts(aServer, sockets(true), running([])),
      violations: [{ messageId: 'closed', data: { by: 'libvirtd-tls.socket is active' } }],
    },
  ],
  notApplicable: [
    { name: 'an image', facts: facts(aServer) },
    {
      name: 'nothing is to listen',
      facts: facts(aServer, daemonArguments('libvirtd', []), running([{ program: 'libvirtd' }])),
    },
    {
      name: 'the daemon has not read its files yet',
      facts: facts(aServer, running([daemon]), change(conf, { modified: '2026-05-30T00:00:00.000Z' })),
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
      name: 'a probe that a firewall swallowed says nothing of who listens',
      facts: facts(aServer, unseen, observed('tls', 16514, 'filtered')),
      reason: 'not-collected',
    },
    {
      name: 'the name of a service',
      facts: facts(aServer, settings(conf, { tls_port: 'libvirt-tls' }), running([daemon])),
      reason: 'not-collected',
    },
    {
      name: 'sockets that were not seen',
      facts: facts(aServer, unseen),
      reason: 'not-collected',
    },
    {
      name: 'a closed configuration',
      facts: facts(aServer, running([]), configuration(conf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
