import rule from '../../../rules/pki/certificate-outlives-ca.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aClient,
  aServer,
  caCertificate,
  certificate,
  facts,
  installed,
  serverCertificate,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

testRule(rule, {
  pass: [
    { name: 'certificates that end first', facts: facts(aServer, aClient) },
    {
      name: 'the same end',
      facts: facts(aServer, certificate(cert, serverCertificate({ notAfter: '2045-01-01T00:00:00.000Z' }))),
    },
    {
      name: 'a successor of the CA lasts longer',
      facts: facts(aServer, certificate(ca, caCertificate({ notAfter: '2030-01-01T00:00:00.000Z' }), caCertificate())),
    },
    {
      name: 'an issuer that has expired is another fault',
      facts: facts(aServer, certificate(ca, caCertificate({ notAfter: '2026-01-01T00:00:00.000Z' }))),
    },
  ],
  fail: [
    {
      name: 'a CA that ends before its certificate',
      facts: facts(aServer, certificate(ca, caCertificate({ notAfter: '2030-01-01T00:00:00.000Z' }))),
      violations: [
        {
          messageId: 'outlives',
          subject: { path: cert },
          data: { until: '2035-01-01 00:00:00 UTC', issuerUntil: '2030-01-01 00:00:00 UTC' },
          fix: { applicability: 'manual' },
        },
      ],
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
