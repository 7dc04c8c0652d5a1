import rule from '../../../rules/pki/server-name-address-without-san.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aCertificate,
  aClient,
  aServer,
  certificate,
  facts,
  publicKey,
  serverCertificate,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const cert = '/etc/pki/libvirt/servercert.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const alternative = (dns: readonly string[], ip: readonly string[]) =>
  certificate(
    cert,
    serverCertificate({ subjectAlternativeName: { critical: false, dns, ip, email: [], uri: [], other: 0 } }),
  );

testRule(rule, {
  pass: [
    { name: 'names alone', facts: facts(aServer, alternative(['kvm1.example.com'], [])) },
    { name: 'an address that clients open', options: { addresses: ['192.0.2.10'] }, facts: facts(aServer) },
    {
      name: 'an address as text and as an address',
      facts: facts(aServer, alternative(['192.0.2.10'], ['192.0.2.10'])),
    },
  ],
  fail: [
    {
      name: 'an address as a DNS name',
      facts: facts(aServer, alternative(['192.0.2.10'], [])),
      violations: [
        {
          messageId: 'asText',
          subject: { path: cert },
          data: { address: '192.0.2.10' },
          fix: { applicability: 'manual', withCa: [{ kind: 'issue' }, { kind: 'trust', how: 'add' }, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'an address as common name',
      facts: facts(aServer, certificate(cert, aCertificate('2001:db8::10', { publicKey: publicKey('server') }))),
      violations: [{ messageId: 'asText', data: { address: '2001:db8::10' } }],
    },
    {
      name: 'an address that clients open and nobody certified',
      options: { addresses: ['192.0.2.99'] },
      facts: facts(aServer),
      violations: [{ messageId: 'absent', data: { address: '192.0.2.99' } }],
    },
  ],
  notApplicable: [{ name: 'a client', facts: facts(aClient) }],
  unknown: [
    {
      name: 'a file that could not be read',
      facts: facts(aServer, certificate(cert, denied)),
      reason: 'permission-denied',
    },
  ],
});
