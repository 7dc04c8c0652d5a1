import rule from '../../../rules/pki/client-key-missing.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { absent, aClient, aServer, caCertificate, certificate, entry, facts, having } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const clientCert = '/etc/pki/libvirt/clientcert.pem';
const clientKey = '/etc/pki/libvirt/private/clientkey.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

testRule(rule, {
  pass: [
    { name: 'a client with a pair', facts: facts(aClient) },
    { name: 'a client without certificate needs no key', facts: facts(certificate(ca, caCertificate())) },
  ],
  fail: [
    {
      name: 'half a pair',
      facts: facts(aClient, absent(clientKey)),
      violations: [
        {
          messageId: 'missing',
          subject: { path: clientKey },
          data: { half: true },
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
    {
      name: 'half a pair stops later versions',
      facts: facts(
        aClient,
        absent(clientKey),
        having({ software: { installed: [], libvirt: { version: '11.10.0', source: 'given' } } }),
      ),
      violations: [
        {
          messageId: 'missing',
          data: {
            text: `Key '${clientKey}' does not exist, but certificate '${clientCert}' does: No such file or directory`,
          },
        },
      ],
    },
  ],
  notApplicable: [{ name: 'a server', facts: facts(aServer) }],
  unknown: [
    { name: 'a closed directory', facts: facts(aClient, entry(clientKey, denied)), reason: 'permission-denied' },
  ],
});
