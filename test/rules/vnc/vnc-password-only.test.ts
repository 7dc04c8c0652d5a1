import rule from '../../../rules/vnc/vnc-password-only.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, domain, facts, guests, having, settings, type Change } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const server = '-object';
const creds = (more = '') => `tls-creds-x509,id=tls0,dir=/etc/pki/libvirt-vnc,endpoint=server${more}`;
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
    { name: 'a password on loopback', facts: facts(password(8)) },
    {
      name: 'client certificates as well',
      facts: facts(password(8, { vnc_listen: '0.0.0.0', vnc_tls: 1, vnc_tls_x509_verify: 1 })),
    },
    { name: 'SASL', facts: policy({ vnc_listen: '0.0.0.0', vnc_sasl: 1 }) },
  ],
  fail: [
    {
      name: 'in the clear',
      facts: facts(password(8, { vnc_listen: '0.0.0.0' })),
      violations: [{ messageId: 'only', subject: { kind: 'setting', key: 'vnc_password', line: 9 } }],
    },
    {
      name: 'a running display over TLS that verifies nobody',
      facts: facts(guests([vm(server, creds(',verify-peer=off'), '-vnc', ':0,tls-creds=tls0,password=on')])),
      violations: [{ messageId: 'only', subject: { kind: 'process', pid: 4242 }, fix: { applicability: 'manual' } }],
    },
    {
      name: 'a guest with a password of its own',
      facts: facts(settings(conf, { vnc_listen: '0.0.0.0' }), domain('vm1', graphics("passwd='geheim'"))),
      violations: [{ messageId: 'only', subject: { kind: 'file', path: '/etc/libvirt/qemu/vm1.xml' } }],
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
