import rule from '../../../rules/pki/private-key-encrypted.ts';
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
  settings,
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
    { name: 'plain keys', facts: facts(aServer, aClient) },
    {
      name: 'QEMU is given the pass phrase as a secret',
      facts: facts(
        aVncServer,
        settings('/etc/libvirt/qemu.conf', {
          vnc_tls: 1,
          vnc_tls_x509_secret_uuid: '00000000-0000-0000-0000-000000000000',
        }),
        privateKey(`${vnc}/server-key.pem`, { state: 'encrypted', format: 'pkcs8' }),
      ),
    },
  ],
  fail: [
    {
      name: 'a server key with a pass phrase',
      facts: facts(aServer, privateKey(key, { state: 'encrypted', format: 'pkcs8' })),
      violations: [
        {
          messageId: 'encrypted',
          subject: { path: key },
          data: { text: `Unable to set x509 key and certificate: ${key}, ${cert}: Decryption has failed.` },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'a client key in the older encryption',
      facts: facts(aClient, privateKey(clientKey, { state: 'encrypted', format: 'legacy' })),
      violations: [{ messageId: 'encrypted', data: { format: 'legacy' } }],
    },
    {
      name: 'QEMU without a secret',
      facts: facts(aVncServer, privateKey(`${vnc}/server-key.pem`, { state: 'encrypted', format: 'pkcs8' })),
      violations: [
        {
          messageId: 'encrypted',
          data: {
            text: `Cannot load certificate '${vnc}/server-cert.pem' & key '${vnc}/server-key.pem': Decryption has failed.`,
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
