import rule from '../../../rules/vnc/vnc-anonymous-tls.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, domain, facts, guests, having, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const server = '-object';
const creds = (more = '') => `tls-creds-x509,id=tls0,dir=/etc/pki/libvirt-vnc,endpoint=server${more}`;
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });
const graphics = (attributes: string, listen = '') =>
  `<graphics type='vnc' port='-1' autoport='yes' ${attributes}>${listen}</graphics>`;

const anonymous = 'tls-creds-anon,id=tls0,endpoint=server';

testRule(rule, {
  pass: [
    { name: 'certificates', facts: facts(guests([vm(server, creds(), '-vnc', ':0,tls-creds=tls0')])) },
    { name: 'on loopback', facts: facts(guests([vm(server, anonymous, '-vnc', '127.0.0.1:0,tls-creds=tls0')])) },
  ],
  fail: [
    {
      name: 'on all addresses',
      facts: facts(guests([vm(server, anonymous, '-vnc', ':0,tls-creds=tls0,password=on')])),
      violations: [
        { messageId: 'anonymous', subject: { kind: 'process', pid: 4242 }, fix: { applicability: 'manual' } },
      ],
    },
    {
      name: 'a QEMU of libvirt',
      facts: facts(
        settings(conf, {}),
        domain('vm1', graphics('')),
        guests([vm(server, anonymous, '-vnc', '192.0.2.10:0,tls-creds=tls0')]),
      ),
      violations: [{ messageId: 'anonymous' }],
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
