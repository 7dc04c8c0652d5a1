import rule from '../../../rules/pki/private-key-malformed.ts';
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

const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const clientKey = '/etc/pki/libvirt/private/clientkey.pem';
const vnc = '/etc/pki/libvirt-vnc';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');
const aVncServer = (built: Facts): Facts =>
  [
    certificate(`${vnc}/ca-cert.pem`, caCertificate()),
    certificate(`${vnc}/server-cert.pem`, serverCertificate()),
    privateKey(`${vnc}/server-key.pem`, publicKey('server')),
  ].reduce((result, one) => one(result), built);

testRule(rule, {
  pass: [
    { name: 'sound keys', facts: facts(aServer, aClient) },
    {
      name: 'an encrypted key is another fault',
      facts: facts(aServer, privateKey(key, { state: 'encrypted', format: 'pkcs8' })),
    },
  ],
  fail: [
    {
      name: 'a certificate in the place of the key',
      facts: facts(
        aServer,
        privateKey(key, {
          state: 'malformed',
          malformation: { cause: 'wrong-label', line: 1, gnutlsError: 'The requested data were not available.' },
        }),
      ),
      violations: [
        {
          messageId: 'malformed',
          subject: { path: key, line: 1 },
          data: {
            text: `Unable to set x509 key and certificate: ${key}, ${cert}: The requested data were not available.`,
          },
        },
      ],
    },
    {
      name: 'DER of a client',
      facts: facts(aClient, privateKey(clientKey, { state: 'malformed', malformation: { cause: 'der' } })),
      violations: [
        {
          messageId: 'malformed',
          fix: {
            steps: [
              {
                instruction: `umask 077; openssl pkey -inform DER -in ${clientKey} -out ${clientKey}.new && mv ${clientKey}.new ${clientKey}`,
              },
            ],
          },
        },
      ],
    },
    {
      name: 'a key of QEMU',
      facts: facts(
        aVncServer,
        privateKey(`${vnc}/server-key.pem`, {
          state: 'malformed',
          malformation: { cause: 'empty', gnutlsError: 'Base64 decoding error.' },
        }),
      ),
      violations: [
        {
          messageId: 'malformed',
          data: {
            text: `Cannot load certificate '${vnc}/server-cert.pem' & key '${vnc}/server-key.pem': Base64 decoding error.`,
          },
        },
      ],
    },
  ],
  notApplicable: [{ name: 'no keys', facts: facts(installed('libvirtd')) }],
  unknown: [
    {
      name: 'a key that could not be read',
      facts: facts(aServer, privateKey(key, denied)),
      reason: 'permission-denied',
    },
  ],
});
