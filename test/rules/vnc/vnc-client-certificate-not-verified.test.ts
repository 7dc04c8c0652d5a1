import rule from '../../../rules/vnc/vnc-client-certificate-not-verified.ts';
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
    { name: 'a host that verifies', facts: facts(aVncServer) },
    { name: 'no TLS', facts: policy({}) },
    { name: 'SASL beside it', facts: policy({ vnc_tls: 1, vnc_sasl: 1 }) },
    { name: 'the default for all uses', facts: policy({ vnc_tls: 1, default_tls_x509_verify: 1 }) },
    {
      name: 'a Unix socket',
      facts: facts(guests([vm(server, creds(',verify-peer=off'), '-vnc', 'unix:/x,tls-creds=tls0')])),
    },
    { name: 'QEMU verifies by default', facts: facts(guests([vm(server, creds(), '-vnc', ':0,tls-creds=tls0')])) },
  ],
  fail: [
    {
      name: 'by default',
      facts: policy({ vnc_tls: 1 }),
      violations: [
        {
          messageId: 'off',
          subject: { kind: 'setting', key: 'vnc_tls_x509_verify' },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'switched off',
      facts: policy({ vnc_tls_x509_verify: 0, vnc_tls: 1, default_tls_x509_verify: 1 }),
      violations: [{ messageId: 'off', subject: { kind: 'setting', line: 1 } as never }],
    },
    {
      name: 'a list of names that is never asked',
      facts: facts(
        guests([
          vm(
            server,
            creds(',verify-peer=off'),
            server,
            'authz-simple,id=a,identity=CN=x',
            '-vnc',
            '127.0.0.1:0,tls-creds=tls0,tls-authz=a',
          ),
        ]),
      ),
      violations: [{ messageId: 'off', data: { authz: true } }],
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
