import rule from '../../../rules/pki/weak-key.ts';
import type { PublicKeyInfo } from '../../../src/facts/certificates.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import {
  absent,
  aClient,
  aServer,
  caCertificate,
  certificate,
  facts,
  having,
  installed,
  privateKey,
  publicKey,
  serverCertificate,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const vnc = '/etc/pki/libvirt-vnc';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');
const aVncServer = (built: Facts): Facts =>
  [
    certificate(`${vnc}/ca-cert.pem`, caCertificate()),
    certificate(`${vnc}/server-cert.pem`, serverCertificate()),
    privateKey(`${vnc}/server-key.pem`, publicKey('server')),
  ].reduce((result, one) => one(result), built);

const withKey = (values: Partial<PublicKeyInfo>) =>
  certificate(cert, serverCertificate({ publicKey: publicKey('server', values) }));

testRule(rule, {
  pass: [
    { name: 'RSA with 2048 bits', facts: facts(aServer, aClient) },
    { name: 'a curve of 256 bits', facts: facts(aServer, withKey({ algorithm: 'EC', bits: 256 })) },
    { name: 'Ed25519', facts: facts(aServer, withKey({ algorithm: 'Ed25519', bits: 256 })) },
  ],
  fail: [
    {
      name: 'RSA with 1024 bits works by default',
      facts: facts(aServer, withKey({ bits: 1024 })),
      violations: [
        {
          messageId: 'short',
          severity: 'warning',
          data: { bits: 1024, least: 2048, refused: false },
          fix: {
            applicability: 'manual',
            withCa: [{ kind: 'issue', newKey: true }, { kind: 'trust', how: 'add' }, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'RSA with 1023 bits does not',
      facts: facts(aServer, withKey({ bits: 1023 })),
      violations: [{ messageId: 'short', severity: 'error' }],
    },
    {
      name: 'the policy of a distribution refuses 1024 bits',
      facts: facts(aServer, withKey({ bits: 1024 }), having({ operatingSystem: { family: 'rhel' } })),
      violations: [{ messageId: 'short', severity: 'error' }],
    },
    {
      name: 'a curve of 224 bits',
      facts: facts(aServer, withKey({ algorithm: 'EC', bits: 224 })),
      violations: [{ messageId: 'short', severity: 'warning' }],
    },
    {
      name: 'a CA',
      facts: facts(aServer, certificate(ca, caCertificate({ publicKey: publicKey('ca', { bits: 1024 }) }))),
      violations: [{ messageId: 'short', subject: { path: ca } }],
    },
    {
      name: 'a policy that asks for more',
      options: { rsaBits: 3072 },
      facts: facts(aVncServer, absent(`${vnc}/ca-cert.pem`)),
      violations: [{ messageId: 'short', data: { least: 3072 } }],
    },
  ],
  notApplicable: [{ name: 'no certificates', facts: facts(installed('libvirtd')) }],
  unknown: [
    {
      name: 'a file that could not be read',
      facts: facts(aServer, certificate(ca, denied)),
      reason: 'permission-denied',
    },
  ],
});
