import rule from '../../../rules/pki/weak-signature.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { certificate as real } from '../../support/certificates.ts';
import {
  aCertificate,
  aClient,
  aServer,
  caCertificate,
  certificate,
  facts,
  installed,
  privateKey,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const sha1 = { signatureAlgorithm: 'RSA-SHA1', signatureHash: 'sha1' };

testRule(rule, {
  pass: [
    { name: 'SHA-256', facts: facts(aServer, aClient) },
    { name: 'a root: nobody looks at its signature', facts: facts(aServer, certificate(ca, caCertificate(sha1))) },
  ],
  fail: [
    {
      name: 'a server certificate with SHA-1',
      facts: facts(
        aServer,
        certificate(ca, real('root')),
        certificate(cert, real('server-sha1')),
        privateKey(key, real('server-sha1').publicKey),
      ),
      violations: [
        {
          messageId: 'weak',
          severity: 'error',
          data: {
            effect: `libvirtd does not start: "Our own certificate ${cert} failed validation against ${ca}: The certificate uses an insecure algorithm"`,
          },
          fix: { applicability: 'manual', withCa: [{ kind: 'issue' }, { kind: 'trust', how: 'add' }, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'a daemon that does not look: its clients do',
      facts: facts(
        aServer,
        settings(libvirtd, { tls_no_sanity_certificate: 1 }),
        certificate(cert, serverCertificate({ signatureAlgorithm: 'RSA-MD5', signatureHash: 'md5' })),
      ),
      violations: [
        {
          messageId: 'weak',
          severity: 'error',
          data: { effect: 'peers refuse it: "The certificate uses an insecure algorithm"' },
        },
      ],
    },
    {
      name: 'an intermediate in the CA file',
      facts: facts(
        aServer,
        certificate(
          ca,
          caCertificate(),
          aCertificate('Intermediate', { basicConstraints: { critical: true, ca: true }, ...sha1 }),
        ),
      ),
      violations: [{ messageId: 'weak', severity: 'warning', subject: { path: ca, line: 21 } }],
    },
  ],
  notApplicable: [{ name: 'no certificates', facts: facts(installed('libvirtd')) }],
  unknown: [
    {
      name: 'a file that could not be read',
      facts: facts(aServer, certificate(ca, denied)),
      reason: 'permission-denied',
    },
  ],
});
