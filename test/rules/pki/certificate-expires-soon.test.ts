import rule from '../../../rules/pki/certificate-expires-soon.ts';
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
    { name: 'years to go', facts: facts(aServer, aClient) },
    {
      name: 'one day more than asked',
      facts: facts(aServer, certificate(cert, serverCertificate({ notAfter: '2026-07-02T12:00:00.000Z' }))),
    },
    {
      name: 'what has expired is another fault',
      facts: facts(aServer, certificate(cert, serverCertificate({ notAfter: '2026-05-01T12:00:00.000Z' }))),
    },
    {
      name: 'fewer days asked for',
      options: { days: 7 },
      facts: facts(aServer, certificate(cert, serverCertificate({ notAfter: '2026-06-11T12:00:00.000Z' }))),
    },
  ],
  fail: [
    {
      name: 'thirty days',
      facts: facts(aServer, certificate(cert, serverCertificate({ notAfter: '2026-07-01T12:00:00.000Z' }))),
      violations: [
        {
          messageId: 'soon',
          subject: { path: cert, line: 1 },
          data: { left: 30 },
          fix: {
            applicability: 'manual',
            steps: [
              { kind: 'text' },
              { kind: 'run' },
              { kind: 'run', where: "where the CA's key is kept; then bring the certificate back" },
              { command: ['virt-admin', 'server-update-tls', 'libvirtd'] },
            ],
          },
        },
      ],
    },
    {
      name: 'a CA in its last hours',
      facts: facts(aServer, certificate(ca, caCertificate({ notAfter: '2026-06-01T18:00:00.000Z' }))),
      violations: [{ messageId: 'soon', subject: { path: ca }, data: { left: 0 } }],
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
