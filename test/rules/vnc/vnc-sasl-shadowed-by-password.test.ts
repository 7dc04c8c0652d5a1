import rule from '../../../rules/vnc/vnc-sasl-shadowed-by-password.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, domain, facts, guests, having, settings, type Change } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
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

testRule(rule, {
  pass: [
    { name: 'SASL alone', facts: policy({ vnc_sasl: 1 }) },
    { name: 'a password alone', facts: facts(password(8)) },
    {
      name: 'a guest without a password of its own',
      facts: facts(settings(conf, { vnc_sasl: 1 }), domain('vm1', graphics(''))),
    },
  ],
  fail: [
    {
      name: 'both in qemu.conf',
      facts: facts(password(8, { vnc_sasl: 1 })),
      violations: [
        {
          messageId: 'shadowed',
          subject: { kind: 'setting', key: 'vnc_password', line: 9 },
          fix: { steps: [{ kind: 'manual' }, { kind: 'unset', key: 'vnc_password', line: 9 }] },
        },
      ],
    },
    {
      name: 'a password in the XML of a guest',
      facts: facts(settings(conf, { vnc_sasl: 1 }), domain('vm1', graphics("passwd='geheim'"))),
      violations: [{ messageId: 'shadowed', subject: { kind: 'file', path: '/etc/libvirt/qemu/vm1.xml', line: 4 } }],
    },
    {
      name: 'a running display',
      facts: facts(guests([vm('-vnc', '127.0.0.1:0,password=on,sasl=on')])),
      violations: [{ messageId: 'shadowed', subject: { kind: 'process', pid: 4242 } }],
    },
  ],
  notApplicable: [
    { name: 'no console', roles: ['vnc-server'], facts: facts(aServer) },
    { name: 'a configuration that does not load, and nothing runs', facts: facts(broken) },
  ],
  unknown: [
    { name: 'a closed configuration', facts: facts(closed), reason: 'permission-denied' },
    {
      name: 'arguments in another file',
      facts: facts(guests([vm('-readconfig', '/etc/vm1.cfg')])),
      reason: 'not-collected',
    },
    {
      name: 'a closed XML',
      facts: facts(
        settings(conf, {}),
        having({ domains: { '/etc/libvirt/qemu/vm1.xml': unknown('permission-denied', 'closed') } }),
      ),
      reason: 'permission-denied',
    },
  ],
});
