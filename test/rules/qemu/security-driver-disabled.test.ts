import rule from '../../../rules/qemu/security-driver-disabled.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, facts, installed, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const policy = (values: Parameters<typeof settings>[1]) => facts(settings(conf, values));
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });

testRule(rule, {
  pass: [
    { name: 'what libvirt finds', facts: policy({}) },
    { name: 'the wrong name, with a driver', facts: policy({ secure_driver: 'selinux' }) },
    { name: 'a driver', facts: policy({ security_driver: 'selinux' }) },
    { name: 'one among several', facts: policy({ security_driver: ['apparmor', 'none'] }) },
    { name: 'an empty list', facts: policy({ security_driver: [] }) },
    { name: 'a value that libvirt refuses', facts: policy({ security_driver: 1 }) },
  ],
  fail: [
    {
      name: 'none',
      facts: facts(settings(conf, { security_driver: 'none' }), installed('libvirtd')),
      violations: [
        {
          messageId: 'none',
          subject: { kind: 'setting', key: 'security_driver', line: 1 },
          fix: { applicability: 'unsafe', steps: [{ kind: 'unset' }, { kind: 'run' }, { kind: 'manual' }] },
        },
      ],
    },
    { name: 'none in a list', facts: policy({ security_driver: ['none'] }), violations: [{ messageId: 'none' }] },
    {
      name: 'the name that a guide has for it',
      facts: policy({ secure_driver: 'none' }),
      violations: [
        {
          messageId: 'misnamed',
          severity: 'note',
          subject: { kind: 'setting', key: 'secure_driver', line: 1 },
          fix: { applicability: 'safe', steps: [{ kind: 'unset' }] },
        },
      ],
    },
    {
      name: 'both names',
      facts: policy({ secure_driver: 'none', security_driver: 'none' }),
      violations: [{ messageId: 'none' }, { messageId: 'misnamed' }],
    },
  ],
  notApplicable: [
    { name: 'no QEMU', facts: facts(aServer) },
    { name: 'a configuration that does not load', facts: facts(broken) },
  ],
  unknown: [{ name: 'a closed configuration', facts: facts(closed), reason: 'permission-denied' }],
});
