import rule from '../../../rules/vnc/domain-overrides-console-policy.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { configuration, domain, facts, installed, settings, type Change } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const policy = (values: Parameters<typeof settings>[1]) => facts(settings(conf, values));
const password =
  (length: number, extra: Parameters<typeof settings>[1] = {}): Change =>
  (built) => {
    const base = settings(conf, extra)(built);
    const fact = base.configurations[conf];
    const before = fact?.known === true ? fact.value.settings : [];
    return configuration(conf, {
      settings: [
        ...before,
        { key: 'vnc_password', value: { type: 'redacted', was: 'string', length }, line: 9, column: 1 },
      ],
    })(built);
  };
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });
const graphics = (attributes: string, listen = '') =>
  `<graphics type='vnc' port='-1' autoport='yes' ${attributes}>${listen}</graphics>`;

const own = (address: string) => domain('vm1', graphics('', `<listen type='address' address='${address}'/>`));

testRule(rule, {
  pass: [
    { name: 'a guest that says nothing', facts: facts(settings(conf, {}), domain('vm1', graphics(''))) },
    { name: 'the same address', facts: facts(settings(conf, { vnc_listen: '192.0.2.10' }), own('192.0.2.10')) },
    { name: 'a narrower address', facts: facts(settings(conf, { vnc_listen: '0.0.0.0' }), own('192.0.2.10')) },
    { name: 'loopback', facts: facts(settings(conf, { vnc_listen: '192.0.2.10' }), own('127.0.0.1')) },
    {
      name: 'a password where qemu.conf has none',
      facts: facts(settings(conf, {}), domain('vm1', graphics("passwd='x'"))),
    },
  ],
  fail: [
    {
      name: 'an address of its own',
      facts: facts(settings(conf, {}), own('0.0.0.0')),
      violations: [
        {
          messageId: 'address',
          subject: { kind: 'file', path: '/etc/libvirt/qemu/vm1.xml', line: 4 },
          data: { policy: '127.0.0.1' },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'without any qemu.conf',
      facts: facts(installed('qemu'), own('192.0.2.10')),
      violations: [{ messageId: 'address' }],
    },
    {
      name: 'a password of its own',
      facts: facts(password(8), domain('vm1', graphics("passwd='x'"))),
      violations: [{ messageId: 'password', data: { policy: 'vnc_password' } }],
    },
    {
      name: 'a port where sockets are the policy',
      facts: facts(settings(conf, { vnc_auto_unix_socket: 1, vnc_listen: '0.0.0.0' }), own('192.0.2.10')),
      violations: [{ messageId: 'address', data: { policy: 'a Unix socket' } }],
    },
  ],
  notApplicable: [
    { name: 'no guest', facts: policy({}) },
    { name: 'a configuration that does not load', facts: facts(broken) },
  ],
  unknown: [{ name: 'a closed configuration', facts: facts(closed), reason: 'permission-denied' }],
});
