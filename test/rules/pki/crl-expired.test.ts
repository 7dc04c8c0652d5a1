import rule from '../../../rules/pki/crl-expired.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aRevocationList, aServer, caCertificate, facts, now, revocationList } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const crl = '/etc/pki/CA/cacrl.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const { nextUpdate: _, ...endless } = aRevocationList();

testRule(rule, {
  pass: [
    { name: 'a list in force', facts: facts(aServer, revocationList(crl, aRevocationList())) },
    {
      name: 'the very second',
      facts: facts(aServer, revocationList(crl, aRevocationList(caCertificate(), { nextUpdate: now }))),
    },
    { name: 'a list without an end', facts: facts(aServer, revocationList(crl, endless)) },
  ],
  fail: [
    {
      name: 'a list that is due',
      facts: facts(
        aServer,
        revocationList(crl, aRevocationList(caCertificate(), { nextUpdate: '2026-06-01T11:59:59.000Z' })),
      ),
      violations: [
        {
          messageId: 'expired',
          subject: { path: crl },
          data: { issuer: 'O=Example,CN=Example CA' },
          fix: { applicability: 'manual' },
        },
      ],
    },
  ],
  notApplicable: [{ name: 'no list', facts: facts(aServer) }],
  unknown: [
    {
      name: 'a list that could not be read',
      facts: facts(aServer, revocationList(crl, denied)),
      reason: 'permission-denied',
    },
  ],
});
