import rule from '../../../rules/files/private-key-in-certificate-file.ts';
import { known, unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aClient,
  aServer,
  aUser,
  aVncServer,
  caCertificate,
  certificate,
  entry,
  facts,
  privateKey,
  publicKey,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const path = '/etc/pki/libvirt/servercert.pem';
const both = '/srv/kvm1.pem';
const withKey = known({ certificates: [serverCertificate()], privateKeyLine: 21 });

testRule(rule, {
  pass: [
    { name: 'a healthy server', facts: facts(aServer) },
    { name: 'a healthy client', facts: facts(aClient) },
    { name: 'a healthy VNC server', facts: facts(aVncServer) },
    { name: 'a healthy user', facts: facts(aUser) },
    {
      name: 'one file for both by the configuration',
      facts: facts(
        aServer,
        settings('/etc/libvirt/libvirtd.conf', { ca_file: ca, cert_file: both, key_file: both }),
        certificate(both, withKey),
        privateKey(both, publicKey('server')),
      ),
    },
    { name: 'no file', facts: facts(aServer, absent(path)) },
  ],
  fail: [
    {
      name: 'in the certificate, and the key is where it belongs as well',
      facts: facts(aServer, certificate(path, withKey)),
      violations: [
        {
          messageId: 'certificate',
          subject: { path, line: 21 },
          data: { line: 21 },
          fix: { applicability: 'unsafe', steps: [{ kind: 'run' }, { kind: 'manual' }] },
        },
      ],
    },
    {
      name: 'in the certificate alone',
      facts: facts(aServer, certificate(path, withKey), absent('/etc/pki/libvirt/private/serverkey.pem')),
      violations: [{ messageId: 'certificate', fix: { applicability: 'manual' } }],
    },
    {
      name: 'in the CA',
      facts: facts(aServer, certificate(ca, known({ certificates: [caCertificate()], privateKeyLine: 30 }))),
      violations: [{ messageId: 'authority', subject: { path: ca, line: 30 } }],
    },
  ],
  unknown: [
    {
      name: 'a file that could not be read',
      facts: facts(aServer, certificate(path, unknown('permission-denied', `permission denied on ${path}`))),
      reason: 'permission-denied',
    },
    {
      name: 'a file that could not be seen',
      facts: facts(aServer, entry(path, unknown('permission-denied', 'permission denied'))),
      reason: 'permission-denied',
    },
  ],
});
