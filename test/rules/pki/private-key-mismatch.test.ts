import rule from '../../../rules/pki/private-key-mismatch.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aCertificate,
  aClient,
  aServer,
  caCertificate,
  certificate,
  facts,
  installed,
  privateKey,
  publicKey,
  serverCertificate,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

testRule(rule, {
  pass: [{ name: 'pairs', facts: facts(aServer, aClient) }],
  fail: [
    {
      name: 'another key',
      facts: facts(aServer, privateKey(key, publicKey('another'))),
      violations: [
        {
          messageId: 'mismatch',
          subject: { path: key },
          data: {
            text: `Unable to set x509 key and certificate: ${key}, ${cert}: The certificate and the given key do not match.`,
          },
          fix: {
            applicability: 'manual',
            withCa: [{ kind: 'issue', path: cert, key }, { kind: 'trust' }, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'another key of Ed25519, which GnuTLS loads untried',
      facts: facts(
        aServer,
        certificate(cert, aCertificate('server', { publicKey: { ...publicKey('server'), algorithm: 'Ed25519' } })),
        privateKey(key, { ...publicKey('another'), algorithm: 'Ed25519' }),
      ),
      violations: [
        {
          messageId: 'mismatch',
          subject: { path: key },
          data: { text: 'Public key signature verification has failed.' },
        },
      ],
    },
    {
      name: 'the certificate of the key stands second',
      facts: facts(aServer, certificate(cert, aCertificate('other'), serverCertificate())),
      violations: [{ messageId: 'order', subject: { path: cert, line: 21 } }],
    },
  ],
  notApplicable: [
    {
      name: 'a CA certificate in the place of the leaf is another fault',
      facts: facts(aServer, certificate(cert, caCertificate())),
    },
    { name: 'no pair', facts: facts(installed('libvirtd')) },
    {
      name: 'a key that is encrypted',
      facts: facts(aServer, privateKey(key, { state: 'encrypted', format: 'pkcs8' })),
    },
    { name: 'half a pair', facts: facts(aServer, absent(cert)) },
  ],
  unknown: [
    {
      name: 'a key that could not be read',
      facts: facts(aServer, privateKey(key, denied)),
      reason: 'permission-denied',
    },
  ],
});
