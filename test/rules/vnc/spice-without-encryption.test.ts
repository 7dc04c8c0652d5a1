import rule from '../../../rules/vnc/spice-without-encryption.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, domain, facts, guests, having, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const policy = (values: Parameters<typeof settings>[1]) => facts(settings(conf, values));
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });

const spice = (attributes: string, listen: string) =>
  domain('vm1', `<graphics type='spice' ${attributes}><listen type='address' address='${listen}'/></graphics>`);

testRule(rule, {
  pass: [
    { name: 'the defaults', facts: policy({}) },
    { name: 'TLS by qemu.conf', facts: policy({ spice_listen: '0.0.0.0', spice_tls: 1 }) },
    {
      name: 'a TLS port alone',
      facts: facts(guests([vm('-spice', 'tls-port=5901,addr=0.0.0.0,x509-dir=/etc/pki/libvirt-spice')])),
    },
    { name: 'loopback', facts: facts(guests([vm('-spice', 'port=5900,addr=127.0.0.1,disable-ticketing=on')])) },
    {
      name: 'secure channels alone',
      facts: facts(settings(conf, { spice_tls: 1 }), spice("autoport='yes' defaultMode='secure'", '0.0.0.0')),
    },
  ],
  fail: [
    {
      name: 'by qemu.conf',
      facts: policy({ spice_listen: '0.0.0.0' }),
      violations: [
        {
          messageId: 'plain',
          subject: { kind: 'setting', key: 'spice_listen', line: 1 },
          data: { tls: false },
          fix: {
            applicability: 'manual',
            withCa: [
              { kind: 'issue', path: '/etc/pki/qemu/server-cert.pem' },
              { kind: 'trust', path: '/etc/pki/qemu/ca-cert.pem', how: 'replace' },
              { kind: 'set', key: 'spice_tls', value: '1' },
            ],
          },
        },
      ],
    },
    {
      name: 'a guest with both ports',
      facts: facts(settings(conf, { spice_tls: 1 }), spice("port='5900' tlsPort='5901'", '192.0.2.10')),
      violations: [{ messageId: 'plain', data: { tls: true } }],
    },
    {
      name: 'a running display',
      facts: facts(guests([vm('-spice', 'port=5900,disable-ticketing=on')])),
      violations: [{ messageId: 'plain', subject: { kind: 'process', pid: 4242 } }],
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
