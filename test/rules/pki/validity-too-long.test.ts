import rule from '../../../rules/pki/validity-too-long.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aServer, certificate, facts, installed, serverCertificate } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const year = certificate(
  cert,
  serverCertificate({ notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2026-12-31T23:59:59.000Z' }),
);

testRule(rule, {
  pass: [{ name: 'a year', options: { days: 365 }, facts: facts(aServer, year) }],
  fail: [
    {
      name: 'a day more than allowed',
      options: { days: 364 },
      facts: facts(aServer, year),
      violations: [
        {
          messageId: 'long',
          subject: { path: cert },
          data: { days: 365, most: 364 },
          fix: { applicability: 'manual', withCa: [{ kind: 'issue' }, { kind: 'trust', how: 'add' }, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'a CA',
      options: { caDays: 3650 },
      facts: facts(aServer),
      violations: [{ messageId: 'long', subject: { path: ca }, fix: null }],
    },
  ],
  notApplicable: [
    { name: 'no policy', facts: facts(aServer) },
    { name: 'no certificates', options: { days: 1 }, facts: facts(installed('libvirtd')) },
  ],
  unknown: [
    {
      name: 'a file that could not be read',
      options: { days: 10000 },
      facts: facts(aServer, certificate(ca, denied)),
      reason: 'permission-denied',
    },
  ],
});
