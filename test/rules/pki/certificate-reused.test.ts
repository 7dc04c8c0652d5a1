import rule from '../../../rules/pki/certificate-reused.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, certificate, clientCertificate, facts, publicKey } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const cert = '/etc/pki/libvirt/servercert.pem';
const clientCert = '/etc/pki/libvirt/clientcert.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

testRule(rule, {
  pass: [{ name: 'a key for each', facts: facts(aServer, aClient) }],
  fail: [
    {
      name: 'one key for both',
      facts: facts(aServer, aClient, certificate(clientCert, clientCertificate({ publicKey: publicKey('server') }))),
      violations: [
        {
          messageId: 'reused',
          subject: { path: clientCert },
          data: { server: cert, client: clientCert },
          fix: {
            applicability: 'manual',
            withCa: [
              { kind: 'issue', newKey: true },
              { kind: 'trust', how: 'add' },
            ],
          },
        },
      ],
    },
  ],
  notApplicable: [{ name: 'a server alone', facts: facts(aServer) }],
  unknown: [
    {
      name: 'a file that could not be read',
      facts: facts(aServer, aClient, certificate(cert, denied)),
      reason: 'permission-denied',
    },
  ],
});
