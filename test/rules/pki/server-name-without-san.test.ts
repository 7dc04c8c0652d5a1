import rule from '../../../rules/pki/server-name-without-san.ts';
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

testRule(rule, {
  pass: [
    { name: 'alternative names', facts: facts(aServer) },
    {
      name: 'an address alone',
      facts: facts(
        aServer,
        certificate(
          cert,
          serverCertificate({
            subjectAlternativeName: { critical: false, dns: [], ip: ['192.0.2.10'], email: [], uri: [], other: 0 },
          }),
        ),
      ),
    },
  ],
  fail: [
    {
      name: 'a common name only',
      facts: facts(aServer, certificate(cert, aCertificate('kvm1.example.com', { publicKey: publicKey('server') }))),
      violations: [
        {
          messageId: 'commonNameOnly',
          data: { commonName: 'kvm1.example.com' },
          fix: { applicability: 'manual', withCa: [{ kind: 'issue' }, { kind: 'trust', how: 'add' }, { kind: 'run' }] },
        },
      ],
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
