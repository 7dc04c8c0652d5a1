import rule from '../../../rules/qemu/qemu-runs-as-root.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, domain, facts, guests, installed, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const policy = (values: Parameters<typeof settings>[1]) => facts(settings(conf, values));
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });

testRule(rule, {
  pass: [
    { name: 'the default', facts: policy({}) },
    { name: 'another account', facts: policy({ user: 'libvirt-qemu' }) },
    { name: 'a guest of its own account', facts: facts(guests([vm('-vnc', 'none')])) },
  ],
  fail: [
    {
      name: 'configured, and so it runs',
      facts: facts(
        settings(conf, { user: 'root', group: 'root' }),
        installed('libvirtd'),
        domain('vm1', ''),
        guests([vm()], { uid: 0, gid: 0 }),
      ),
      violations: [
        {
          messageId: 'configured',
          subject: { kind: 'setting', key: 'user', line: 1 },
          fix: {
            applicability: 'unsafe',
            steps: [
              { kind: 'unset', key: 'user' },
              { kind: 'unset', key: 'group' },
              { kind: 'run' },
              { kind: 'manual' },
            ],
          },
        },
      ],
    },
    { name: 'as a number', facts: policy({ user: '+0' }), violations: [{ messageId: 'configured' }] },
    {
      name: 'a guest that somebody started',
      facts: facts(guests([vm()], { uid: 0, gid: 0 })),
      violations: [{ messageId: 'running', subject: { kind: 'process', pid: 4242 }, data: { libvirt: false } }],
    },
    {
      name: 'a guest of libvirt beside a configuration that says otherwise',
      facts: facts(settings(conf, {}), domain('vm1', ''), guests([vm()], { uid: 0, gid: 0 })),
      violations: [{ messageId: 'running', data: { libvirt: true } }],
    },
  ],
  notApplicable: [
    { name: 'no QEMU', facts: facts(aServer) },
    { name: 'a configuration that does not load', facts: facts(broken) },
  ],
  unknown: [{ name: 'a closed configuration', facts: facts(closed), reason: 'permission-denied' }],
});
