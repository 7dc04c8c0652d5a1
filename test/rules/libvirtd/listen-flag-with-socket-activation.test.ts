import rule from '../../../rules/libvirtd/listen-flag-with-socket-activation.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, daemonArguments, facts, having, running, unit } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const main = '/usr/lib/systemd/system/libvirtd.socket';

testRule(rule, {
  pass: [
    { name: '--listen without sockets', facts: facts(aServer) },
    {
      name: 'sockets without --listen',
      facts: facts(aServer, daemonArguments('libvirtd', ['--timeout', '120']), unit('libvirtd.socket')),
    },
    {
      name: 'all sockets are masked',
      facts: facts(
        aServer,
        unit('libvirtd.service', { path: main }),
        unit('libvirtd.socket', { masked: true }),
        unit('libvirtd-tls.socket', { masked: true }),
      ),
    },
    {
      name: 'nobody enabled the sockets that are installed',
      facts: facts(
        aServer,
        unit('libvirtd.socket', { enabled: false, path: main }),
        unit('libvirtd-tls.socket', { enabled: false, path: main }),
      ),
    },
    {
      name: 'it runs without systemd, which is not there',
      facts: facts(
        aServer,
        unit('libvirtd.socket', { path: main }),
        running([{ program: 'libvirtd', arguments: ['--listen'], socketActivated: false }]),
      ),
    },
    {
      name: 'an option of another program',
      facts: facts(aServer, daemonArguments('libvirtd', ['-f', '/etc/l']), unit('libvirtd.socket')),
    },
  ],
  fail: [
    {
      name: 'sockets are enabled',
      facts: facts(aServer, unit('libvirtd.socket'), unit('libvirtd-ro.socket')),
      violations: [
        {
          messageId: 'both',
          data: { sockets: ['libvirtd.socket', 'libvirtd-ro.socket'], place: '/etc/default/libvirtd' },
          subject: { path: '/etc/default/libvirtd', line: 1 } as never,
          fix: { applicability: 'manual', steps: [{ kind: 'manual' }, {}, {}, {}] },
        },
      ],
    },
    {
      name: 'only the one for TLS',
      facts: facts(aServer, unit('libvirtd-tls.socket')),
      violations: [{ messageId: 'both' }],
    },
    {
      name: 'the short option',
      facts: facts(aServer, daemonArguments('libvirtd', ['-dl']), unit('libvirtd.socket')),
      violations: [{ messageId: 'both' }],
    },
    {
      name: 'a disabled socket that the enabled service wants',
      facts: facts(
        aServer,
        unit('libvirtd.service', { path: '/usr/lib/systemd/system/libvirtd.service' }),
        unit('libvirtd.socket', { enabled: false, path: main }),
      ),
      violations: [{ messageId: 'both', data: { sockets: ['libvirtd.socket, which libvirtd.service wants'] } }],
    },
    {
      name: 'a running daemon with both',
      facts: facts(
        aServer,
        daemonArguments('libvirtd', []),
        having({}),
        (built) => ({
          ...built,
          services: {
            ...built.services,
            daemonArguments: { ...built.services.daemonArguments, libvirtd: { arguments: [] } },
          },
        }),
        unit('libvirtd.socket', { active: true }),
        running([{ program: 'libvirtd', arguments: ['--listen'] }]),
      ),
      violations: [{ messageId: 'both', subject: { kind: 'process', program: 'libvirtd' } }],
    },
  ],
  notApplicable: [
    { name: 'virtproxyd has no such option', facts: facts(having({ software: { installed: ['virtproxyd'] } })) },
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
