import rule from '../../../rules/pki/ca-bundle-holds-leaf.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aClient,
  aServer,
  caCertificate,
  certificate,
  clientCertificate,
  facts,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

testRule(rule, {
  pass: [
    { name: 'CAs', facts: facts(aServer, aClient) },
    {
      name: 'a CA that is not marked as one is another fault',
      facts: facts(aServer, certificate(ca, caCertificate({ basicConstraints: { critical: true, ca: false } }))),
    },
  ],
  fail: [
    {
      name: 'the server certificate beside the CA',
      facts: facts(aServer, certificate(ca, caCertificate(), serverCertificate())),
      violations: [
        {
          messageId: 'leaf',
          severity: 'error',
          subject: { path: ca, line: 21 },
          data: { effect: `libvirtd does not start: "The certificate ${ca} basic constraints do not show a CA"` },
        },
      ],
    },
    {
      name: 'a client certificate in the place of the CA',
      facts: facts(aServer, certificate(ca, clientCertificate())),
      violations: [
        {
          messageId: 'leaf',
          fix: {
            steps: [{ instruction: `put the certificate of the CA in the place of the one in ${ca}` }, { kind: 'run' }],
            withCa: [{ kind: 'trust', path: ca, how: 'replace' }, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'a daemon that does not look',
      facts: facts(
        aServer,
        settings(libvirtd, { tls_no_sanity_certificate: 1 }),
        certificate(ca, caCertificate(), clientCertificate()),
      ),
      violations: [{ messageId: 'leaf', severity: 'warning' }],
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
