import rule from '../../../rules/vnc/vnc-without-encryption.ts';
import { unknown, known } from '../../../src/facts/fact.ts';
import {
  aVncServer,
  aServer,
  configuration,
  facts,
  guests,
  having,
  settings,
  type Change,
} from '../../support/facts.ts';
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

const sasl = (mechanisms: string): Change =>
  having({
    saslConfigurations: {
      '/etc/sasl2/qemu.conf': known({ settings: [{ key: 'mech_list', value: mechanisms, line: 1 }] }),
    },
  });

testRule(rule, {
  pass: [
    { name: 'the defaults', facts: policy({}) },
    { name: 'a password on loopback', facts: facts(password(8)) },
    { name: 'TLS', facts: facts(password(8, { vnc_listen: '0.0.0.0', vnc_tls: 1 })) },
    { name: 'no authentication either, which is the fault', facts: policy({ vnc_listen: '0.0.0.0' }) },
    {
      name: 'a running display with TLS',
      facts: facts(guests([vm(server, creds(), '-vnc', ':0,tls-creds=tls0,password=on')])),
    },
  ],
  fail: [
    {
      name: 'a password',
      facts: facts(password(8, { vnc_listen: '0.0.0.0' })),
      violations: [
        {
          messageId: 'plain',
          subject: { kind: 'setting', key: 'vnc_listen' },
          fix: {
            applicability: 'manual',
            withCa: [
              { kind: 'issue', path: '/etc/pki/qemu/server-cert.pem' },
              { kind: 'trust', path: '/etc/pki/qemu/ca-cert.pem', how: 'replace' },
              { kind: 'set', key: 'vnc_tls', value: '1' },
            ],
          },
        },
      ],
    },
    {
      name: 'a password, where certificates are at hand',
      facts: facts(aVncServer, password(8, { vnc_listen: '0.0.0.0' })),
      violations: [
        { messageId: 'plain', fix: { applicability: 'unsafe', steps: [{ kind: 'set', key: 'vnc_tls', value: '1' }] } },
      ],
    },
    {
      name: 'SASL without its configuration',
      facts: policy({ vnc_listen: '192.0.2.10', vnc_sasl: 1 }),
      violations: [{ messageId: 'plain' }],
    },
    {
      name: 'SASL that encrypts',
      facts: facts(settings(conf, { vnc_listen: '192.0.2.10', vnc_sasl: 1 }), sasl('gssapi')),
      violations: [{ messageId: 'sasl', severity: 'warning', data: { mechanisms: 'gssapi' } }],
    },
    {
      name: 'a running display',
      facts: facts(guests([vm('-vnc', '[::]:0,password=on')])),
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
