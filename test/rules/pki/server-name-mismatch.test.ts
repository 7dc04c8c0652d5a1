import rule from '../../../rules/pki/server-name-mismatch.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aCertificate, aClient, aServer, certificate, facts, having, publicKey } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const cert = '/etc/pki/libvirt/servercert.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const named = (dns: readonly string[], ip: readonly string[] = [], commonName = 'other') =>
  certificate(
    cert,
    aCertificate(commonName, {
      publicKey: publicKey('server'),
      subjectAlternativeName: { critical: false, dns, ip, email: [], uri: [], other: 0 },
    }),
  );
const identity = (values: Partial<Facts['identity']>) => having({ identity: { hosts: [], ...values } });

testRule(rule, {
  pass: [
    { name: 'the fully qualified name', facts: facts(aServer) },
    { name: 'a wildcard', facts: facts(aServer, named(['*.example.com'])) },
    { name: 'an address of the host', facts: facts(aServer, named(['alias.example.net'], ['192.0.2.10'])) },
    { name: 'its address as text is another fault', facts: facts(aServer, named([], [], '192.0.2.10')) },
    {
      name: 'the short name where there is no other',
      facts: facts(aServer, named(['kvm1']), identity({ hostname: 'kvm1' })),
    },
    {
      name: 'the names that clients use',
      options: { names: ['alias.example.net'] },
      facts: facts(aServer, named(['alias.example.net'])),
    },
  ],
  fail: [
    {
      name: 'another name',
      facts: facts(aServer, named(['kvm2.example.com'])),
      violations: [
        {
          messageId: 'unnamed',
          subject: { path: cert },
          data: { name: 'kvm1.example.com', names: 'kvm2.example.com' },
          fix: { applicability: 'manual', withCa: [{ kind: 'issue' }, { kind: 'trust', how: 'add' }, { kind: 'run' }] },
        },
      ],
    },
    { name: 'the short name alone', facts: facts(aServer, named(['kvm1'])), violations: [{ messageId: 'unnamed' }] },
    {
      name: 'one of the names that clients use',
      options: { names: ['kvm1.example.com', 'alias.example.net'] },
      facts: facts(aServer),
      violations: [{ messageId: 'unnamed', data: { name: 'alias.example.net' } }],
    },
  ],
  notApplicable: [
    { name: 'a host whose name is not known', facts: facts(aServer, identity({})) },
    {
      name: 'a host that is called localhost',
      facts: facts(aServer, identity({ hostname: 'localhost', fqdn: 'localhost.localdomain' })),
    },
    { name: 'a client', facts: facts(aClient) },
  ],
  unknown: [
    {
      name: 'a file that could not be read',
      facts: facts(aServer, certificate(cert, denied)),
      reason: 'permission-denied',
    },
  ],
});
