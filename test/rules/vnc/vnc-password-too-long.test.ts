import rule from '../../../rules/vnc/vnc-password-too-long.ts';
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
    { name: 'no password', facts: policy({}) },
    { name: 'eight characters', facts: facts(password(8), domain('vm1', graphics("passwd='12345678'"))) },
    { name: 'a running display, whose password nobody sees', facts: facts(guests([vm('-vnc', ':0,password=on')])) },
  ],
  fail: [
    {
      name: 'nine characters in qemu.conf',
      facts: facts(password(9)),
      violations: [
        {
          messageId: 'cut',
          data: { length: 9 },
          subject: { kind: 'setting', key: 'vnc_password', line: 9 },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'nine characters in a guest',
      facts: facts(settings(conf, {}), domain('vm1', graphics("passwd='123456789'"))),
      violations: [{ messageId: 'refused', data: { length: 9, guest: 'vm1' }, subject: { kind: 'file', line: 4 } }],
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
