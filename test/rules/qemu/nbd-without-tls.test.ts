import rule from '../../../rules/qemu/nbd-without-tls.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { configuration, dir, facts, installed, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const policy = (values: Parameters<typeof settings>[1]) => facts(settings(conf, values));
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });

testRule(rule, {
  pass: [{ name: 'TLS', facts: facts(settings(conf, { nbd_tls: 1 }), dir('/etc/pki/libvirt-nbd')) }],
  fail: [
    {
      name: 'a directory that nothing uses',
      facts: facts(settings(conf, {}), installed('libvirtd'), dir('/etc/pki/libvirt-nbd')),
      violations: [
        {
          messageId: 'off',
          subject: { kind: 'setting', key: 'nbd_tls' },
          data: { evidence: 'there is /etc/pki/libvirt-nbd' },
          fix: { applicability: 'unsafe', steps: [{ kind: 'set', value: '1' }, { kind: 'run' }] },
        },
      ],
    },
    { name: 'a setting', facts: policy({ nbd_tls_x509_cert_dir: '/x' }), violations: [{ messageId: 'off' }] },
    {
      name: 'switched off',
      facts: policy({ nbd_tls: 0 }),
      violations: [{ messageId: 'off', subject: { kind: 'setting', line: 1 } as never }],
    },
  ],
  notApplicable: [
    { name: 'nothing for NBD', facts: policy({}) },
    { name: 'a configuration that does not load', facts: facts(broken) },
  ],
  unknown: [{ name: 'a closed configuration', facts: facts(closed), reason: 'permission-denied' }],
});
