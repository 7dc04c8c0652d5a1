import rule from '../../../rules/pki/ca-certificate-not-a-ca.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aClient,
  aServer,
  caCertificate,
  certificate,
  facts,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const { basicConstraints: _, ...withoutConstraints } = caCertificate();

const unmarked = { basicConstraints: { critical: true, ca: false } };

testRule(rule, {
  pass: [
    { name: 'CAs', facts: facts(aServer, aClient) },
    {
      name: 'a leaf in the CA file is another fault',
      facts: facts(aServer, certificate(ca, caCertificate(), serverCertificate())),
    },
  ],
  fail: [
    {
      name: 'basic constraints CA:FALSE in the CA',
      facts: facts(aServer, certificate(ca, caCertificate(unmarked))),
      violations: [
        {
          messageId: 'unmarked',
          severity: 'error',
          subject: { path: ca, line: 1 },
          data: {
            absent: false,
            effect: `libvirtd does not start: "The certificate ${ca} basic constraints do not show a CA"`,
          },
          fix: {
            applicability: 'manual',
            withCa: [{ kind: 'trust', path: ca, how: 'replace' }, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'no basic constraints',
      facts: facts(aServer, certificate(ca, withoutConstraints)),
      violations: [
        {
          messageId: 'unmarked',
          data: {
            absent: true,
            effect: `libvirtd does not start: "The certificate ${ca} is missing basic constraints for a CA"`,
          },
        },
      ],
    },
    {
      name: 'a daemon that does not look',
      facts: facts(
        aServer,
        settings(libvirtd, { tls_no_sanity_certificate: 1 }),
        certificate(ca, caCertificate(unmarked)),
      ),
      violations: [{ messageId: 'unmarked', severity: 'warning' }],
    },
  ],
  notApplicable: [{ name: 'no CA file', facts: facts(aServer, absent(ca)) }],
  unknown: [
    {
      name: 'a file that could not be read',
      facts: facts(aServer, certificate(ca, denied)),
      reason: 'permission-denied',
    },
  ],
});
