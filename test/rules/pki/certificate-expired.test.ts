import rule from '../../../rules/pki/certificate-expired.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aCertificate,
  aClient,
  aServer,
  caCertificate,
  certificate,
  facts,
  installed,
  now,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const outside = { notAfter: '2026-06-01T11:59:59.000Z' };

testRule(rule, {
  pass: [
    { name: 'certificates in force', facts: facts(aServer, aClient) },
    {
      name: 'the very second counts as within',
      facts: facts(aServer, certificate(cert, serverCertificate({ notAfter: now }))),
    },
  ],
  fail: [
    {
      name: 'the own certificate',
      facts: facts(aServer, certificate(cert, serverCertificate(outside))),
      violations: [
        {
          messageId: 'expired',
          severity: 'error',
          subject: { path: cert, line: 1 },
          data: { effect: `libvirtd does not start: "The server certificate ${cert} has expired"` },
          fix: { applicability: 'manual', withCa: [{ kind: 'issue', path: cert }, { kind: 'trust' }, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'one member of the CA file',
      facts: facts(
        aServer,
        certificate(
          ca,
          caCertificate(),
          aCertificate('Old CA', { basicConstraints: { critical: true, ca: true }, ...outside }),
        ),
      ),
      violations: [
        {
          messageId: 'expired',
          severity: 'error',
          subject: { path: ca, line: 21 },
          data: { effect: `libvirtd does not start: "The CA certificate ${ca} has expired"` },
        },
      ],
    },
    {
      name: 'server and client share the CA file: one finding for each member',
      facts: facts(aServer, aClient, certificate(ca, caCertificate(outside))),
      violations: [{ messageId: 'expired', subject: { path: ca } }],
    },
    {
      name: 'a further certificate of the own file',
      facts: facts(aServer, certificate(cert, serverCertificate(), aCertificate('Intermediate', outside))),
      violations: [{ messageId: 'expired', severity: 'error', subject: { path: cert, line: 21 } }],
    },
    {
      name: 'a member that nobody looks at',
      facts: facts(
        aServer,
        certificate(
          ca,
          ...Array.from({ length: 16 }, () => caCertificate()),
          aCertificate('Old CA', { basicConstraints: { critical: true, ca: true }, ...outside }),
        ),
      ),
      violations: [{ messageId: 'expired', severity: 'warning' }],
    },
    {
      name: 'a daemon that does not look at its own certificate: its clients do',
      facts: facts(
        aServer,
        settings(libvirtd, { tls_no_sanity_certificate: 1 }),
        certificate(cert, serverCertificate(outside)),
      ),
      violations: [
        {
          messageId: 'expired',
          severity: 'error',
          data: { effect: 'peers refuse it: "The certificate is not trusted."' },
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
