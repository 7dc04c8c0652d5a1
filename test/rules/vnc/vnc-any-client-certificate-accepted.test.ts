import rule from '../../../rules/vnc/vnc-any-client-certificate-accepted.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, aVncServer, configuration, facts, guests, having, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const server = '-object';
const creds = (more = '') => `tls-creds-x509,id=tls0,dir=/etc/pki/libvirt-vnc,endpoint=server${more}`;
const policy = (values: Parameters<typeof settings>[1]) => facts(settings(conf, values));
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });

testRule(rule, {
  pass: [
    { name: 'no TLS', facts: policy({}) },
    { name: 'SASL as well', facts: policy({ vnc_tls: 1, vnc_tls_x509_verify: 1, vnc_sasl: 1 }) },
    { name: 'nobody is verified', facts: policy({ vnc_tls: 1 }) },
    {
      name: 'a list of names',
      facts: facts(
        guests([
          vm(server, creds(), server, 'authz-simple,id=a,identity=CN=x', '-vnc', ':0,tls-creds=tls0,tls-authz=a'),
        ]),
      ),
    },
  ],
  fail: [
    {
      name: 'by qemu.conf',
      facts: facts(aVncServer),
      violations: [
        {
          messageId: 'any',
          subject: { kind: 'setting', key: 'vnc_tls_x509_verify', line: 2 },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'a running display',
      facts: facts(guests([vm(server, creds(), '-vnc', ':0,tls-creds=tls0')])),
      violations: [{ messageId: 'any', subject: { kind: 'process', pid: 4242 } }],
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
