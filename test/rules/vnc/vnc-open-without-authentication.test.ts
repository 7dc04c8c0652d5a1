import rule from '../../../rules/vnc/vnc-open-without-authentication.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aServer,
  configuration,
  domain,
  facts,
  guests,
  having,
  installed,
  settings,
  type Change,
} from '../../support/facts.ts';
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
    { name: 'the defaults', facts: policy({}) },
    { name: 'SASL', facts: policy({ vnc_listen: '0.0.0.0', vnc_sasl: 1 }) },
    { name: 'a password', facts: facts(password(8, { vnc_listen: '0.0.0.0' })) },
    { name: 'an empty password, which locks', facts: facts(password(0, { vnc_listen: '0.0.0.0' })) },
    { name: 'client certificates', facts: policy({ vnc_listen: '0.0.0.0', vnc_tls: 1, default_tls_x509_verify: 1 }) },
    {
      name: 'other loopbacks',
      facts: facts(guests([vm('-vnc', '[::1]:0'), vm('-vnc', '127.8.8.8:1'), vm('-vnc', 'localhost:2')])),
    },
    { name: 'a Unix socket', facts: facts(guests([vm('-vnc', 'unix:/run/vm1.sock')])) },
    { name: 'no listener', facts: facts(guests([vm('-vnc', 'none')])) },
    { name: 'sockets for all', facts: policy({ vnc_listen: '0.0.0.0', vnc_auto_unix_socket: 1 }) },
    {
      name: 'guests that are safer than qemu.conf',
      facts: facts(settings(conf, {}), domain('vm1', graphics('', "<listen type='address' address='127.0.0.1'/>"))),
    },
  ],
  fail: [
    {
      name: 'all addresses by qemu.conf',
      facts: facts(
        settings(conf, { vnc_listen: '0.0.0.0' }),
        installed('libvirtd'),
        domain('vm1', graphics('')),
        guests([vm('-vnc', '127.0.0.1:0')]),
      ),
      violations: [
        {
          messageId: 'open',
          subject: { kind: 'setting', path: conf, key: 'vnc_listen', line: 1 },
          fix: {
            applicability: 'unsafe',
            steps: [
              { kind: 'set', path: conf, key: 'vnc_listen', value: '"127.0.0.1"', line: 1 },
              { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] },
              { kind: 'manual' },
            ],
          },
        },
      ],
    },
    {
      name: 'TLS that verifies nobody',
      facts: policy({ vnc_listen: '::', vnc_tls: 1, vnc_tls_x509_verify: 0 }),
      violations: [{ messageId: 'open', data: { encrypted: true }, fix: { applicability: 'manual' } }],
    },
    {
      name: 'a guest with an address of its own',
      facts: facts(settings(conf, {}), domain('vm1', graphics('', "<listen type='address' address='0.0.0.0'/>"))),
      violations: [
        {
          messageId: 'open',
          subject: { kind: 'file', path: '/etc/libvirt/qemu/vm1.xml', line: 4 },
          data: { name: 'the VNC display of vm1' },
        },
      ],
    },
    {
      name: 'running displays',
      facts: facts(guests([vm('-vnc', ':0'), vm('-vnc', '127.0.0.1:1', '-vnc', '192.0.2.10:2')])),
      violations: [
        { messageId: 'open', subject: { kind: 'process', pid: 4242 }, fix: { applicability: 'manual' } },
        { messageId: 'open', subject: { kind: 'process', pid: 4243 } },
      ],
    },
  ],
  notApplicable: [
    { name: 'arguments that QEMU refuses', facts: facts(guests([vm('-vnc', ':0,tls')])) },
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
