import rule from '../../../rules/files/ca-key-present.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aClient,
  aServer,
  aUser,
  aVncServer,
  caCertificate,
  certificate,
  entry,
  facts,
  link,
  privateKey,
  publicKey,
  serverCertificate,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const caKey = '/etc/pki/CA/private/cakey.pem';
const elsewhere = '/etc/pki/libvirt/private/backup-key.pem';

testRule(rule, {
  pass: [
    { name: 'a healthy server', facts: facts(aServer) },
    { name: 'a healthy client', facts: facts(aClient) },
    { name: 'a healthy VNC server', facts: facts(aVncServer) },
    { name: 'a healthy user', facts: facts(aUser) },
    { name: 'another key', facts: facts(aServer, privateKey(elsewhere, publicKey('something else'))) },
    {
      name: 'a name without a key behind it',
      facts: facts(aServer, privateKey(caKey, { state: 'malformed', malformation: { cause: 'empty' } })),
    },
    {
      name: 'a self-signed certificate is a fault of the certificate',
      facts: facts(aServer, certificate(ca, caCertificate({ publicKey: publicKey('server') }))),
    },
  ],
  fail: [
    {
      name: 'the key of the CA in use, under any name',
      facts: facts(aServer, privateKey(elsewhere, publicKey('ca'))),
      violations: [
        {
          messageId: 'matches',
          subject: { path: elsewhere },
          data: { ca: 'O=Example,CN=Example CA', caFile: ca },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'on a client',
      facts: facts(aClient, privateKey(caKey, publicKey('ca'))),
      violations: [{ messageId: 'matches', subject: { path: caKey } }],
    },
    {
      name: 'of a second CA in the file',
      facts: facts(
        aServer,
        certificate(ca, caCertificate(), caCertificate({ publicKey: publicKey('second') })),
        privateKey(elsewhere, publicKey('second')),
      ),
      violations: [{ messageId: 'matches' }],
    },
    {
      name: 'by its name, of a CA that is not in use',
      facts: facts(aServer, privateKey(caKey, publicKey('old ca'))),
      violations: [
        {
          messageId: 'named',
          subject: { path: caKey },
          data: { seen: 'a private key (RSA, 2048 bits) of no CA that is in use here' },
        },
      ],
    },
    {
      name: 'by its name, under a pass phrase',
      facts: facts(aServer, privateKey(caKey, { state: 'encrypted', format: 'pkcs8' })),
      violations: [{ messageId: 'named' }],
    },
    {
      name: 'by its name, and not readable for us',
      facts: facts(aServer, privateKey(caKey, unknown('permission-denied', `permission denied on ${caKey}`))),
      violations: [{ messageId: 'named' }],
    },
    {
      name: 'two ways to one file are one fault',
      facts: facts(
        aServer,
        privateKey(caKey, publicKey('ca')),
        link('/etc/pki/CA/cakey.pem', 'private/cakey.pem'),
        privateKey('/etc/pki/CA/cakey.pem', publicKey('ca')),
      ),
      violations: [{ messageId: 'matches' }],
    },
    {
      name: 'beside a server key that cannot be matched',
      facts: facts(
        aServer,
        certificate('/etc/pki/libvirt/servercert.pem', serverCertificate()),
        privateKey(elsewhere, publicKey('ca')),
      ),
      violations: [{ messageId: 'matches' }],
    },
  ],
  unknown: [
    {
      name: 'a key that may be any',
      facts: facts(aServer, privateKey(elsewhere, unknown('permission-denied', `permission denied on ${elsewhere}`))),
      reason: 'permission-denied',
    },
    {
      name: 'a directory that we may not pass',
      facts: facts(
        aServer,
        privateKey(caKey, unknown('permission-denied', 'permission denied on /etc/pki/CA/private')),
        entry(caKey, unknown('permission-denied', 'permission denied on /etc/pki/CA/private')),
      ),
      reason: 'permission-denied',
    },
    {
      name: 'a CA that could not be read',
      facts: facts(aServer, certificate(ca, unknown('permission-denied', `permission denied on ${ca}`))),
      reason: 'permission-denied',
    },
  ],
});
