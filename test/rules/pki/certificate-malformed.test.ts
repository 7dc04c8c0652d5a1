import rule from '../../../rules/pki/certificate-malformed.ts';
import type { Malformation } from '../../../src/facts/certificates.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import {
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

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const clientCert = '/etc/pki/libvirt/clientcert.pem';
const vnc = '/etc/pki/libvirt-vnc';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');
const aVncServer = (built: Facts): Facts =>
  [
    certificate(`${vnc}/ca-cert.pem`, caCertificate()),
    certificate(`${vnc}/server-cert.pem`, serverCertificate()),
    privateKey(`${vnc}/server-key.pem`, publicKey('server')),
  ].reduce((result, one) => one(result), built);

const malformed = (malformation: Malformation) => ({ known: true, value: { certificates: [], malformation } }) as const;

testRule(rule, {
  pass: [
    { name: 'sound files', facts: facts(aServer, aClient) },
    {
      name: 'QEMU has no limit of size',
      facts: facts(
        aVncServer,
        certificate(`${vnc}/ca-cert.pem`, {
          known: true,
          value: { certificates: [caCertificate()], malformation: { cause: 'too-large' } },
        }),
      ),
    },
  ],
  fail: [
    {
      name: 'an empty CA file',
      facts: facts(aServer, certificate(ca, malformed({ cause: 'empty' }))),
      violations: [
        {
          messageId: 'malformed',
          subject: { path: ca },
          data: {
            what: 'CA certificate',
            text: `Unable to import CA certificate list ${ca}`,
            cause: 'the file is empty',
          },
        },
      ],
    },
    {
      name: 'DER',
      facts: facts(aServer, certificate(cert, malformed({ cause: 'der', gnutlsError: 'Base64 decoding error.' }))),
      violations: [
        {
          messageId: 'malformed',
          data: { text: `Unable to import server certificate ${cert}` },
          fix: {
            steps: [
              { instruction: `openssl x509 -inform DER -in ${cert} -out ${cert}.new && mv ${cert}.new ${cert}` },
              { kind: 'run' },
            ],
          },
        },
      ],
    },
    {
      name: 'a file of OpenSSL, at its line',
      facts: facts(aClient, certificate(clientCert, malformed({ cause: 'trusted-certificate', line: 3 }))),
      violations: [
        {
          messageId: 'malformed',
          subject: { path: clientCert, line: 3 },
          data: { text: `Unable to import client certificate ${clientCert}` },
        },
      ],
    },
    {
      name: 'damage after a sound certificate stops the loader',
      facts: facts(
        aServer,
        certificate(cert, {
          known: true,
          value: {
            certificates: [serverCertificate()],
            malformation: { cause: 'truncated', line: 21, gnutlsError: 'Base64 decoding error.' },
          },
        }),
      ),
      violations: [
        {
          messageId: 'malformed',
          data: { text: `Unable to set x509 key and certificate: ${key}, ${cert}: Base64 decoding error.` },
        },
      ],
    },
    {
      name: 'more than libvirt reads',
      facts: facts(aServer, certificate(ca, malformed({ cause: 'too-large' }))),
      violations: [
        {
          messageId: 'malformed',
          data: { limit: true, text: `Failed to read file '${ca}': Value too large for defined data type` },
        },
      ],
    },
    {
      name: 'a file of QEMU',
      facts: facts(
        aVncServer,
        certificate(
          `${vnc}/server-cert.pem`,
          malformed({ cause: 'utf-16', gnutlsError: 'Base64 unexpected header error.' }),
        ),
      ),
      violations: [
        {
          messageId: 'malformed',
          data: { text: `Unable to import server certificate ${vnc}/server-cert.pem: Base64 unexpected header error.` },
        },
      ],
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
