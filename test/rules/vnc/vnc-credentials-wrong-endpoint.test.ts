import rule from '../../../rules/vnc/vnc-credentials-wrong-endpoint.ts';
import { aVncServer, facts, guests } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const server = '-object';
const creds = (more = '') => `tls-creds-x509,id=tls0,dir=/etc/pki/libvirt-vnc,endpoint=server${more}`;

testRule(rule, {
  pass: [
    { name: 'a server', facts: facts(guests([vm(server, creds(), '-vnc', ':0,tls-creds=tls0')])) },
    {
      name: 'a client object for something else',
      facts: facts(guests([vm(server, 'tls-creds-x509,id=nbd0,dir=/x', '-vnc', ':0')])),
    },
  ],
  fail: [
    {
      name: 'the default endpoint',
      facts: facts(guests([vm(server, 'tls-creds-x509,id=tls0,dir=/x', '-vnc', ':0,tls-creds=tls0')])),
      violations: [
        {
          messageId: 'client',
          subject: { kind: 'process', pid: 4242, program: 'qemu-system-x86_64' },
          data: { guest: 'vm1', id: 'tls0', text: 'Expected TLS credentials for a server endpoint' },
          fix: { applicability: 'manual' },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'nothing runs', facts: facts(aVncServer) },
    { name: 'no guest runs', roles: ['vnc-server'], facts: facts(guests([])) },
  ],
});
