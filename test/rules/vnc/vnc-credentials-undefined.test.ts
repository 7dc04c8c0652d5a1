import rule from '../../../rules/vnc/vnc-credentials-undefined.ts';
import { aVncServer, domain, facts, guests } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const server = '-object';
const creds = (more = '') => `tls-creds-x509,id=tls0,dir=/etc/pki/libvirt-vnc,endpoint=server${more}`;
const graphics = (attributes: string, listen = '') =>
  `<graphics type='vnc' port='-1' autoport='yes' ${attributes}>${listen}</graphics>`;

testRule(rule, {
  pass: [
    { name: 'an object of that name', facts: facts(guests([vm(server, creds(), '-vnc', ':0,tls-creds=tls0')])) },
    { name: 'no TLS', facts: facts(guests([vm('-vnc', ':0')])) },
  ],
  fail: [
    {
      name: 'no such object',
      facts: facts(guests([vm('-vnc', ':0,tls-creds=tls0')])),
      violations: [
        {
          messageId: 'undefined',
          data: { text: "No TLS credentials with id 'tls0'" },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'an object of another type',
      facts: facts(guests([vm(server, 'secret,id=tls0,data=geheim', '-vnc', ':0,tls-creds=tls0')])),
      violations: [{ messageId: 'undefined', data: { text: "Object with id 'tls0' is not TLS credentials" } }],
    },
    {
      name: 'an object without a directory, of a guest of libvirt',
      facts: facts(
        domain('vm1', graphics('')),
        guests([vm(server, 'tls-creds-x509,id=tls0,endpoint=server', '-vnc', ':0,tls-creds=tls0')]),
      ),
      violations: [{ messageId: 'incomplete', data: { text: "Missing 'dir' property value" } }],
    },
  ],
  notApplicable: [{ name: 'nothing runs', facts: facts(aVncServer) }],
});
