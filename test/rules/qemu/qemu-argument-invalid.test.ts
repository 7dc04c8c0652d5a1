import rule from '../../../rules/qemu/qemu-argument-invalid.ts';
import { aVncServer, facts, guests, having } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];

testRule(rule, {
  pass: [
    { name: 'sound arguments', facts: facts(guests([vm('-vnc', ':0')])) },
    {
      name: 'what has a rule of its own',
      facts: facts(guests([vm('-vnc', ':0,tls'), vm('-vnc', ':0,tls-creds=tls0')])),
    },
  ],
  fail: [
    {
      name: 'an option that does not exist',
      facts: facts(guests([vm('-vnc', ':0,colour=blue')])),
      violations: [
        {
          messageId: 'refused',
          subject: { kind: 'process', pid: 4242 },
          data: { guest: 'vm1', text: "Invalid parameter 'colour'" },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'addresses, where the version is not known',
      facts: facts(having({ software: { installed: [] } }), guests([vm('-vnc', '0.0.0.0'), vm('-vnc', '0.0.0.0:abc')])),
      violations: [
        { messageId: 'refused', data: { text: 'no vnc port specified', version: '' } },
        { messageId: 'refused', data: { text: "can't convert to a number: abc" } },
      ],
    },
  ],
  notApplicable: [{ name: 'nothing runs', facts: facts(aVncServer) }],
});
