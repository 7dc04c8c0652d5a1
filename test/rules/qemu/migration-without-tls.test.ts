import rule from '../../../rules/qemu/migration-without-tls.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { configuration, facts, installed, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const policy = (values: Parameters<typeof settings>[1]) => facts(settings(conf, values));
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });

testRule(rule, {
  pass: [{ name: 'TLS by force', facts: policy({ migrate_tls_force: 1, migration_host: 'kvm1' }) }],
  fail: [
    {
      name: 'a host that migrates',
      facts: facts(settings(conf, { migration_host: 'kvm1.example.com' }), installed('libvirtd')),
      violations: [
        {
          messageId: 'optional',
          subject: { kind: 'setting', key: 'migrate_tls_force' },
          fix: { applicability: 'manual', steps: [{ kind: 'manual' }, { kind: 'set', value: '1' }, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'switched off',
      facts: policy({ migrate_tls_force: 0 }),
      violations: [{ messageId: 'optional', subject: { kind: 'setting', line: 1 } as never }],
    },
  ],
  notApplicable: [
    { name: 'no migration', facts: policy({}) },
    { name: 'a configuration that does not load', roles: ['migration'], facts: facts(broken) },
  ],
  unknown: [
    { name: 'a closed configuration', roles: ['migration'], facts: facts(closed), reason: 'permission-denied' },
  ],
});
