import rule from '../../../rules/vnc/vnc-served-by-another-process.ts';
import { known, unknown } from '../../../src/facts/fact.ts';
import type { ListeningSocket } from '../../../src/facts/services.ts';
import { aServer, configuration, domain, facts, guests, settings, type Change } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const graphics = (port: number, address = '127.0.0.1') =>
  `<graphics type='vnc' port='${port}'><listen type='address' address='${address}'/></graphics>`;
const fixed = (name: string, port: number, address?: string): Change => domain(name, graphics(port, address));
/** After `guests`, whose processes have the numbers 4242 and up. */
const sockets =
  (...listening: readonly ListeningSocket[]): Change =>
  (built) => ({ ...built, runtime: { processes: [], ...built.runtime, observed: true, listening: known(listening) } });
const vm = (name: string, ...vnc: readonly string[]) => ['-name', name, ...vnc];
const base = settings(conf, {});

testRule(rule, {
  pass: [
    {
      name: 'each its own',
      facts: facts(
        base,
        fixed('vm1', 5900),
        fixed('vm2', 5901),
        guests([vm('vm1', '-vnc', '127.0.0.1:0'), vm('vm2', '-vnc', '127.0.0.1:1')]),
        sockets({ address: '127.0.0.1', port: 5900, pid: 4242 }, { address: '127.0.0.1', port: 5901, pid: 4243 }),
      ),
    },
    {
      name: 'the same port on another address',
      facts: facts(
        base,
        fixed('vm1', 5900, '192.0.2.10'),
        guests([vm('vm2', '-vnc', '127.0.0.1:0')]),
        sockets({ address: '127.0.0.1', port: 5900, pid: 4242 }),
      ),
    },
    {
      name: 'a port that nobody has',
      facts: facts(base, fixed('vm1', 5900), guests([vm('vm2', '-vnc', 'unix:/x')]), sockets()),
    },
    {
      name: 'a holder that nobody could see, which may be the guest itself',
      facts: facts(
        base,
        fixed('vm1', 5900),
        guests([vm('vm1', '-vnc', '127.0.0.1:0')]),
        sockets({ address: '127.0.0.1', port: 5900 }),
      ),
    },
  ],
  fail: [
    {
      name: 'two guests with one port',
      facts: facts(
        base,
        fixed('vm1', 5900),
        guests([vm('vm2', '-vnc', ':0')]),
        sockets({ address: '::', port: 5900, pid: 4242 }),
      ),
      violations: [
        {
          messageId: 'served',
          subject: { kind: 'file', path: '/etc/libvirt/qemu/vm1.xml' },
          data: { port: 5900, holder: 'vm2', runs: false },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'a program that is neither QEMU nor libvirt',
      facts: facts(
        base,
        fixed('vm1', 5900),
        guests([vm('vm2', '-vnc', '127.0.0.1:1')]),
        sockets({ address: '127.0.0.1', port: 5900 }, { address: '127.0.0.1', port: 5901, pid: 4242 }),
      ),
      violations: [{ messageId: 'served', data: { holder: 'another program' } }],
    },
    {
      name: 'a display that QEMU put elsewhere, for its port was taken',
      facts: facts(
        base,
        guests([vm('vm1', '-vnc', 'localhost:0,to=99'), vm('vm2', '-vnc', '127.0.0.1:0')]),
        sockets({ address: '127.0.0.1', port: 5901, pid: 4242 }, { address: '127.0.0.1', port: 5900, pid: 4243 }),
      ),
      violations: [
        { messageId: 'served', subject: { kind: 'process', pid: 4242 }, data: { holder: 'vm2', runs: true } },
      ],
    },
    {
      name: 'a holder that is gone from the list of processes',
      facts: facts(
        base,
        fixed('vm1', 5900),
        guests([vm('vm2', '-vnc', 'unix:/x')]),
        sockets({ address: '127.0.0.1', port: 5900, pid: 99 }),
      ),
      violations: [{ messageId: 'served', data: { holder: 'process (pid 99)' } }],
    },
  ],
  notApplicable: [
    { name: 'nothing runs', facts: facts(base, fixed('vm1', 5900)) },
    { name: 'no console', roles: ['vnc-server'], facts: facts(aServer) },
    { name: 'ports that libvirt chooses', facts: facts(base, fixed('vm1', -1), guests([vm('vm2', '-vnc', 'none')])) },
  ],
  unknown: [
    {
      name: 'sockets that could not be seen',
      facts: facts(base, fixed('vm1', 5900), (built) => ({
        ...built,
        runtime: { observed: true, processes: [], listening: unknown('not-collected', 'no /proc/net/tcp') },
      })),
      roles: ['vnc-server'],
      reason: 'not-collected',
    },
    {
      name: 'a closed configuration',
      facts: facts(closed, guests([vm('vm1', '-vnc', ':0')])),
      reason: 'permission-denied',
    },
  ],
});
