import rule from '../../../rules/pki/crl-issuer-unknown.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aCertificate,
  aClient,
  aRevocationList,
  aServer,
  certificate,
  facts,
  revocationList,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const crl = '/etc/pki/CA/cacrl.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

testRule(rule, {
  pass: [{ name: 'a list of our CA', facts: facts(aServer, revocationList(crl, aRevocationList())) }],
  fail: [
    {
      name: 'a list of another CA',
      facts: facts(aServer, aClient, revocationList(crl, aRevocationList(aCertificate('Other CA')))),
      violations: [
        {
          messageId: 'unknownIssuer',
          subject: { path: crl },
          data: { issuer: 'O=Example,CN=Other CA', cas: 'O=Example,CN=Example CA' },
          fix: { applicability: 'manual' },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'no list', facts: facts(aServer) },
    {
      name: 'a CA file that is not there is another fault',
      facts: facts(aServer, absent(ca), revocationList(crl, aRevocationList())),
    },
  ],
  unknown: [
    {
      name: 'a list that could not be read',
      facts: facts(aServer, revocationList(crl, denied)),
      reason: 'permission-denied',
    },
    {
      name: 'a CA file that could not be read',
      facts: facts(aServer, certificate(ca, denied), revocationList(crl, aRevocationList())),
      reason: 'permission-denied',
    },
  ],
});
