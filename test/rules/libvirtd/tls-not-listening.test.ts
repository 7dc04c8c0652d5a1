import rule from '../../../rules/libvirtd/tls-not-listening.ts';
import { known, unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aServer,
  certificate,
  configuration,
  daemonArguments,
  facts,
  file,
  having,
  installed,
  running,
  serverCertificate,
  settings,
  unit,
  type Change,
} from '../../support/facts.ts';
import { serviceFile } from '../../support/sasl.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const sockets: Change = (built) =>
  [daemonArguments('libvirtd', []), unit('libvirtd.socket'), unit('libvirtd-ro.socket')].reduce(
    (result, one) => one(result),
    built,
  );
const modular: Change = having({ software: { installed: ['virtproxyd'] } });

testRule(rule, {
  pass: [
    { name: 'listens by --listen', facts: facts(aServer) },
    { name: 'listens by a socket', facts: facts(aServer, sockets, unit('libvirtd-tls.socket')) },
    { name: 'runs and listens', facts: facts(aServer, running([{ program: 'libvirtd' }], '0.0.0.0:16514')) },
    {
      name: 'does not run for its SASL service file, which is a fault of its own',
      facts: facts(
        aServer,
        settings(conf, { auth_tls: 'sasl' }),
        serviceFile('/etc/sasl2/libvirt.conf', known({ settings: [], error: { line: 1, cause: 'colon' } })),
        running([]),
      ),
    },
    {
      name: 'systemd listens for a daemon that rests',
      facts: facts(aServer, sockets, unit('libvirtd-tls.socket', { active: true }), running([])),
    },
    {
      name: 'runs: that the port is closed is another matter',
      facts: facts(aServer, running([{ program: 'libvirtd' }])),
    },
    {
      name: 'does not run because its certificate has expired',
      facts: facts(
        aServer,
        running([]),
        certificate('/etc/pki/libvirt/servercert.pem', serverCertificate({ notAfter: '2026-01-01T00:00:00.000Z' })),
      ),
    },
    {
      name: 'does not run because a file is missing',
      facts: facts(aServer, running([]), absent('/etc/pki/CA/cacert.pem')),
    },
    {
      name: 'does not run because its group is missing',
      facts: facts(aServer, running([]), settings(conf, { unix_sock_group: 'nobodys' })),
    },
    {
      name: 'virtproxyd with listen_tls',
      facts: facts(aServer, modular, settings('/etc/libvirt/virtproxyd.conf', { listen_tls: 1 })),
    },
  ],
  fail: [
    {
      name: 'does not run, and reads no SASL service file',
      facts: facts(
        aServer,
        serviceFile('/etc/sasl2/libvirt.conf', known({ settings: [], error: { line: 1, cause: 'colon' } })),
        running([]),
      ),
      violations: [{ messageId: 'stopped' }],
    },
    {
      name: 'the socket for TLS is not enabled',
      facts: facts(
        aServer,
        sockets,
        unit('libvirtd-tls.socket', { enabled: false, path: '/usr/lib/systemd/system/libvirtd-tls.socket' }),
      ),
      violations: [
        {
          messageId: 'socket',
          data: {
            unit: 'libvirtd-tls.socket',
            state: 'not enabled',
            evidence: 'there is /etc/pki/libvirt/servercert.pem',
          },
          subject: { path: '/usr/lib/systemd/system/libvirtd-tls.socket' } as never,
          fix: {
            applicability: 'unsafe',
            steps: [
              { command: ['systemctl', 'stop', 'libvirtd'] } as never,
              { command: ['systemctl', 'enable', '--now', 'libvirtd-tls.socket'] } as never,
              { command: ['systemctl', 'start', 'libvirtd'] } as never,
            ],
          },
        },
      ],
    },
    {
      name: 'listen_tls counts for nothing under activation',
      facts: facts(aServer, sockets, settings(conf, { listen_tls: 1 })),
      violations: [{ messageId: 'socket', data: { state: 'not there' } }],
    },
    {
      name: 'the socket is masked',
      facts: facts(aServer, sockets, unit('libvirtd-tls.socket', { enabled: false, masked: true })),
      violations: [
        {
          messageId: 'socket',
          data: { state: 'masked' },
          fix: { steps: [{ command: ['systemctl', 'unmask', 'libvirtd-tls.socket'] } as never, {}, {}, {}] },
        },
      ],
    },
    {
      name: 'the socket is enabled and not started',
      facts: facts(
        aServer,
        sockets,
        unit('libvirtd-tls.socket', { active: false }),
        running([{ program: 'libvirtd', socketActivated: true }]),
      ),
      violations: [{ messageId: 'socket', data: { state: 'enabled but not started' } }],
    },
    {
      name: 'no --listen, on Debian',
      facts: facts(
        aServer,
        daemonArguments('libvirtd', []),
        having({
          services: {
            daemonArguments: {
              libvirtd: { arguments: [] },
              virtproxyd: { arguments: [] },
              virtqemud: { arguments: [] },
            },
            units: {},
          },
        }),
      ),
      violations: [
        {
          messageId: 'flag',
          data: { where: '/etc/default/libvirtd' },
          fix: {
            applicability: 'manual',
            steps: [
              { kind: 'text', path: '/etc/default/libvirtd' },
              { command: ['systemctl', 'restart', 'libvirtd'] } as never,
            ],
          },
        },
      ],
    },
    {
      name: 'no --listen and listen_tls is 0: two lines to change, one finding',
      facts: facts(
        aServer,
        daemonArguments('libvirtd', [], '/etc/sysconfig/libvirtd'),
        settings(conf, { listen_tls: 0 }),
      ),
      violations: [
        {
          messageId: 'flag',
          data: { where: '/etc/sysconfig/libvirtd' },
          fix: { steps: [{ kind: 'text' }, { kind: 'set', key: 'listen_tls', value: '1', line: 1 }, {}] },
        },
      ],
    },
    {
      name: 'listen_tls is 0',
      facts: facts(aServer, settings(conf, { listen_tls: 0 })),
      violations: [
        {
          messageId: 'off',
          data: { value: '0' },
          subject: { key: 'listen_tls', line: 1 } as never,
          fix: { applicability: 'unsafe', steps: [{ kind: 'set', value: '1' }, {}] },
        },
      ],
    },
    {
      name: 'virtproxyd by default',
      facts: facts(aServer, modular),
      violations: [{ messageId: 'off', data: { daemon: 'virtproxyd', value: '0 by default' } }],
    },
    {
      name: 'the daemon does not run',
      facts: facts(aServer, running([])),
      violations: [
        {
          messageId: 'stopped',
          fix: { steps: [{ command: ['systemctl', 'enable', '--now', 'libvirtd.service'] } as never] },
        },
      ],
    },
    {
      name: 'nothing of systemd or the daemon runs',
      facts: facts(aServer, sockets, unit('libvirtd-tls.socket'), running([])),
      violations: [{ messageId: 'stopped', fix: { steps: [{}, {}, {}] } }],
    },
  ],
  notApplicable: [
    { name: 'nothing of TLS is there', facts: facts(installed('libvirtd'), file(conf), settings(conf, {})) },
    {
      name: 'a configuration that does not parse',
      facts: facts(
        aServer,
        configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } }),
      ),
    },
    { name: 'a value that is refused', facts: facts(aServer, settings(conf, { listen_tls: '0' })) },
    { name: 'plain TCP in its place', facts: facts(aServer, settings(conf, { listen_tls: 0, listen_tcp: 1 })) },
    { name: '--listen beside sockets', facts: facts(aServer, unit('libvirtd.socket')) },
  ],
  unknown: [
    {
      name: 'a closed configuration',
      facts: facts(aServer, configuration(conf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
