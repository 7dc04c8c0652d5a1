import rule from '../../../rules/pki/client-certificate-missing.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aClient,
  aServer,
  caCertificate,
  certificate,
  clientCertificate,
  entry,
  facts,
  having,
  privateKey,
  publicKey,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const clientCert = '/etc/pki/libvirt/clientcert.pem';
const clientKey = '/etc/pki/libvirt/private/clientkey.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const own = '/home/alice/.pki/libvirt';
const alice = [
  certificate(`${own}/cacert.pem`, caCertificate()),
  certificate(`${own}/clientcert.pem`, clientCertificate()),
  privateKey(`${own}/clientkey.pem`, publicKey('client')),
];

testRule(rule, {
  pass: [
    { name: 'a client with a certificate', facts: facts(aClient) },
    { name: 'a user with a pair of her own needs none of the system', facts: facts(...alice) },
  ],
  fail: [
    {
      name: 'a host with a CA and no daemon is a client',
      facts: facts(certificate(ca, caCertificate())),
      violations: [{ messageId: 'missing', subject: { path: clientCert }, severity: 'warning', data: { half: false } }],
    },
    {
      name: 'half a pair is not used',
      facts: facts(aClient, absent(clientCert)),
      violations: [
        {
          messageId: 'missing',
          severity: 'warning',
          data: { half: true, text: undefined },
          fix: { applicability: 'manual', withCa: [{ kind: 'issue' }, { kind: 'trust', how: 'add' }] },
        },
      ],
    },
    {
      name: 'half a pair stops later versions',
      facts: facts(
        aClient,
        absent(clientCert),
        having({ software: { installed: [], libvirt: { version: '11.10.0', source: 'given' } } }),
      ),
      violations: [
        {
          messageId: 'missing',
          severity: 'error',
          data: {
            text: `Certificate '${clientCert}' does not exist, but key '${clientKey}' does: No such file or directory`,
          },
        },
      ],
    },
    {
      name: 'a user with a CA alone falls back to the pair of the system',
      facts: facts(certificate(`${own}/cacert.pem`, caCertificate())),
      violations: [{ messageId: 'missing', subject: { path: clientCert } }],
    },
    {
      name: 'a user with a key alone',
      facts: facts(aClient, ...alice, absent(`${own}/clientcert.pem`)),
      violations: [{ messageId: 'missing', subject: { path: `${own}/clientcert.pem` } }],
    },
  ],
  notApplicable: [
    { name: 'a server is not at fault', facts: facts(aServer) },
    { name: 'a host without libvirt', facts: facts() },
  ],
  unknown: [
    { name: 'a closed directory', facts: facts(aClient, entry(clientCert, denied)), reason: 'permission-denied' },
  ],
});
