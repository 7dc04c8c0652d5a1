import rule from '../../../rules/vnc/vnc-listen-address-unavailable.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aServer,
  configuration,
  domain,
  facts,
  guests,
  having,
  running,
  settings,
  type Change,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const policy = (values: Parameters<typeof settings>[1]) => facts(settings(conf, values));
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });
const graphics = (attributes: string, listen = '') =>
  `<graphics type='vnc' port='-1' autoport='yes' ${attributes}>${listen}</graphics>`;

const unseen = having({
  identity: {
    hostname: 'kvm1',
    fqdn: 'kvm1.example.com',
    hosts: [{ address: '127.0.1.1', names: ['kvm1.example.com'], line: 1 }],
  },
});

/** A guest of which a directory tells no more than its arguments. */
const unseenGuest =
  (...vnc: readonly string[]): Change =>
  (built) => {
    const seen = guests([vm(...vnc)])(built);
    const { qemuProcesses } = seen;
    if (!qemuProcesses.observed) return seen;
    const processes = qemuProcesses.processes.map(({ started: _, ...process }) => process);
    return { ...seen, qemuProcesses: { observed: true, processes } };
  };

testRule(rule, {
  pass: [
    {
      name: 'a running display, of which it is seen that it runs, where interfaces were not seen',
      facts: facts(unseen, guests([vm('-vnc', '192.0.2.99:0')])),
    },
    {
      name: 'a display on whose address somebody listens, where interfaces were not seen',
      facts: facts(
        unseen,
        unseenGuest('-vnc', '192.0.2.99:0'),
        running([{ program: 'qemu-system-x86_64' }], '192.0.2.99:5900'),
      ),
    },
    { name: 'the defaults', facts: policy({}) },
    { name: 'its own address', facts: policy({ vnc_listen: '192.0.2.10' }) },
    { name: 'all addresses', facts: facts(settings(conf, { vnc_listen: '::' }), guests([vm('-vnc', '0.0.0.0:0')])) },
    { name: 'a name, which may be resolved elsewhere', facts: policy({ vnc_listen: 'console.example.com' }) },
    { name: 'a guest that leaves it to qemu.conf', facts: facts(settings(conf, {}), domain('vm1', graphics(''))) },
    {
      name: 'a running display on an address of /etc/hosts',
      facts: facts(
        having({ identity: { hostname: 'kvm1', hosts: [{ address: '192.0.2.7', names: ['kvm1'], line: 1 }] } }),
        unseenGuest('-vnc', '192.0.2.7:0'),
      ),
    },
  ],
  fail: [
    {
      name: 'an address of another host',
      facts: policy({ vnc_listen: '192.0.2.99' }),
      violations: [
        {
          messageId: 'foreign',
          subject: { kind: 'setting', key: 'vnc_listen', line: 1 },
          data: { address: '192.0.2.99' },
        },
      ],
    },
    {
      name: 'of a guest',
      facts: facts(settings(conf, {}), domain('vm1', graphics('', "<listen type='address' address='2001:DB8::1'/>"))),
      violations: [{ messageId: 'foreign', data: { address: '2001:db8::1' } }],
    },
    {
      name: 'of a process, where interfaces were not seen',
      facts: facts(unseen, unseenGuest('-vnc', '192.0.2.99:0')),
      violations: [{ messageId: 'unlisted', subject: { kind: 'process', pid: 4242 } }],
    },
  ],
  notApplicable: [
    { name: 'no console', roles: ['vnc-server'], facts: facts(aServer) },
    { name: 'a configuration that does not load, and nothing runs', facts: facts(broken) },
  ],
  unknown: [
    { name: 'a closed configuration', facts: facts(closed), reason: 'permission-denied' },
    {
      name: 'addresses that are not known',
      facts: facts(unseen, settings(conf, { vnc_listen: '192.0.2.99' })),
      reason: 'not-collected',
    },
    {
      name: 'a process on a host without a name',
      facts: facts(having({ identity: { hosts: [] } }), unseenGuest('-vnc', '192.0.2.99:0')),
      reason: 'not-collected',
    },
  ],
});
