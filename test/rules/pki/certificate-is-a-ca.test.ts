import rule from '../../../rules/pki/certificate-is-a-ca.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aClient,
  aServer,
  caCertificate,
  certificate,
  clientCertificate,
  facts,
  installed,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const cert = '/etc/pki/libvirt/servercert.pem';
const clientCert = '/etc/pki/libvirt/clientcert.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const { basicConstraints: _, ...withoutConstraints } = serverCertificate();

testRule(rule, {
  pass: [
    { name: 'leaves', facts: facts(aServer, aClient) },
    { name: 'the CA after the leaf', facts: facts(aServer, certificate(cert, serverCertificate(), caCertificate())) },
    { name: 'no basic constraints', facts: facts(aServer, certificate(cert, withoutConstraints)) },
  ],
  fail: [
    {
      name: 'a CA as server',
      facts: facts(aServer, certificate(cert, serverCertificate({ basicConstraints: { critical: true, ca: true } }))),
      violations: [
        {
          messageId: 'ca',
          subject: { path: cert },
          data: {
            effect: `libvirtd does not start: "The certificate ${cert} basic constraints show a CA, but we need one for a server"`,
          },
          fix: { applicability: 'manual', withCa: [{ kind: 'issue', path: cert }, { kind: 'trust' }, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'the chain in reverse',
      facts: facts(aClient, certificate(clientCert, caCertificate(), clientCertificate())),
      violations: [{ messageId: 'order', data: { line: 21, endpoint: 'client' } }],
    },
    {
      name: 'a daemon that does not look',
      facts: facts(aServer, settings(libvirtd, { tls_no_sanity_certificate: 1 }), certificate(cert, caCertificate())),
      violations: [
        {
          messageId: 'ca',
          data: {
            effect:
              'peers refuse it: "The certificate [session] basic constraints show a CA, but we need one for a server"',
          },
        },
      ],
    },
  ],
  notApplicable: [{ name: 'no certificates', facts: facts(installed('libvirtd')) }],
  unknown: [
    {
      name: 'a file that could not be read',
      facts: facts(aServer, certificate(cert, denied)),
      reason: 'permission-denied',
    },
  ],
});
