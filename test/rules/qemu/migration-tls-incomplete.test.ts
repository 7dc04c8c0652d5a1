import rule from '../../../rules/qemu/migration-tls-incomplete.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  certificate,
  caCertificate,
  clientCertificate,
  configuration,
  dir,
  facts,
  privateKey,
  publicKey,
  serverCertificate,
  settings,
  type Change,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const policy = (values: Parameters<typeof settings>[1]) => facts(settings(conf, values));
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });

const directory = '/etc/pki/libvirt-migrate';
const server =
  (at: string): Change =>
  (built) =>
    [
      certificate(`${at}/ca-cert.pem`, caCertificate()),
      certificate(`${at}/server-cert.pem`, serverCertificate()),
      privateKey(`${at}/server-key.pem`, publicKey('server')),
    ].reduce((result, one) => one(result), built);
const client =
  (at: string): Change =>
  (built) =>
    [
      certificate(`${at}/client-cert.pem`, clientCertificate()),
      privateKey(`${at}/client-key.pem`, publicKey('client')),
    ].reduce((result, one) => one(result), built);

testRule(rule, {
  pass: [
    { name: 'both ends', facts: facts(settings(conf, { migrate_tls_force: 1 }), server(directory), client(directory)) },
    {
      name: 'a server alone, where nobody verifies',
      facts: facts(settings(conf, { migrate_tls_force: 1, migrate_tls_x509_verify: 0 }), server(directory)),
    },
    {
      name: 'half a pair, which has a rule of its own',
      facts: facts(server(directory), client(directory), absent(`${directory}/client-key.pem`)),
    },
  ],
  fail: [
    {
      name: 'TLS by force, and nothing there',
      facts: policy({ migrate_tls_force: 1 }),
      violations: [
        {
          messageId: 'lacking',
          subject: { kind: 'file', path: '/etc/pki/qemu' },
          data: { missing: ['ca-cert.pem', 'server-cert.pem', 'server-key.pem', 'client-cert.pem', 'client-key.pem'] },
          fix: {
            applicability: 'manual',
            withCa: [
              { kind: 'issue', path: '/etc/pki/qemu/server-cert.pem' },
              { kind: 'trust', path: '/etc/pki/qemu/ca-cert.pem', how: 'replace' },
              { kind: 'issue', path: '/etc/pki/qemu/client-cert.pem' },
              { kind: 'trust', path: '/etc/pki/qemu/ca-cert.pem', how: 'replace' },
            ],
          },
        },
      ],
    },
    {
      name: 'no client',
      facts: facts(settings(conf, {}), server(directory)),
      violations: [
        { messageId: 'lacking', data: { ends: ['client'], missing: ['client-cert.pem', 'client-key.pem'] } },
      ],
    },
    {
      name: 'no server in a directory of its own',
      facts: facts(
        settings(conf, { migrate_tls_x509_cert_dir: '/etc/pki/m' }),
        certificate('/etc/pki/m/ca-cert.pem', caCertificate()),
        client('/etc/pki/m'),
      ),
      violations: [{ messageId: 'lacking', data: { ends: ['server'] } }],
    },
  ],
  notApplicable: [
    { name: 'an empty directory', facts: facts(dir(directory)) },
    { name: 'no TLS', facts: policy({ migration_host: 'kvm1' }) },
    { name: 'a configuration that does not load', roles: ['migration'], facts: facts(broken) },
  ],
  unknown: [
    { name: 'a closed configuration', roles: ['migration'], facts: facts(closed), reason: 'permission-denied' },
    {
      name: 'a closed directory',
      facts: facts(settings(conf, { migrate_tls_force: 1 }), dir('/etc/pki/qemu'), (built) => ({
        ...built,
        files: { ...built.files, '/etc/pki/qemu/client-key.pem': unknown('permission-denied', 'closed') },
      })),
      reason: 'permission-denied',
    },
  ],
});
