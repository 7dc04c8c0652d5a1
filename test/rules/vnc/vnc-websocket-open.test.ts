import rule from '../../../rules/vnc/vnc-websocket-open.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, configuration, domain, facts, guests, having, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });
const graphics = (attributes: string, listen = '') =>
  `<graphics type='vnc' port='-1' autoport='yes' ${attributes}>${listen}</graphics>`;

testRule(rule, {
  pass: [
    { name: 'on the address of the display', facts: facts(guests([vm('-vnc', '127.0.0.1:0,websocket=on')])) },
    { name: 'as open as the display', facts: facts(guests([vm('-vnc', ':0,websocket=on')])) },
    { name: 'a guest with one address', facts: facts(settings(conf, {}), domain('vm1', graphics("websocket='-1'"))) },
  ],
  fail: [
    {
      name: 'beside a Unix socket',
      facts: facts(guests([vm('-vnc', 'unix:/run/vm1.sock,websocket=5700')])),
      violations: [
        {
          messageId: 'wider',
          subject: { kind: 'process', pid: 4242 },
          data: { display: '/run/vm1.sock', websocket: 'all addresses, port 5700' },
        },
      ],
    },
    {
      name: 'with an address of its own',
      facts: facts(guests([vm('-vnc', '127.0.0.1:0,websocket=0.0.0.0:5700,password=on')])),
      violations: [{ messageId: 'wider', data: { terms: 'a VNC password' } }],
    },
    {
      name: 'a guest with a socket',
      facts: facts(
        settings(conf, {}),
        domain('vm1', graphics("websocket='5700'", "<listen type='socket' socket='/run/vm1.sock'/>")),
      ),
      violations: [{ messageId: 'wider', subject: { kind: 'file', path: '/etc/libvirt/qemu/vm1.xml' } }],
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
