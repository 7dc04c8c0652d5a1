import rule from '../../../rules/pki/private-key-encrypted.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import {
  aClient,
  aServer,
  caCertificate,
  certificate,
  facts,
  guests,
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

const withSecret = (outcome: 'opens' | 'does-not-open' | 'newline', ...more: readonly string[]): Facts =>
  facts(
    guests([
      [
        ...['-name', 'guest=vm1', '-object', 'secret,id=s0,data=x', ...more],
        ...['-object', `tls-creds-x509,id=tls0,dir=${vnc},endpoint=server,passwordid=s0`, '-vnc', ':0,tls-creds=tls0'],
      ],
    ]),
    certificate(`${vnc}/ca-cert.pem`, caCertificate()),
    certificate(`${vnc}/server-cert.pem`, serverCertificate()),
    privateKey(`${vnc}/server-key.pem`, {
      state: 'encrypted',
      format: 'pkcs8',
      tried: [{ pid: 4242, secret: 's0', outcome }],
    }),
  );

testRule(rule, {
  pass: [
    { name: 'a running guest whose secret opens the key', facts: withSecret('opens') },
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
          fix: {
            applicability: 'manual',
            withCa: [{ kind: 'issue', newKey: true }, { kind: 'trust', how: 'add' }, { kind: 'run' }],
          },
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
    {
      name: 'a running guest whose secret does not open the key',
      facts: withSecret('does-not-open'),
      violations: [
        {
          messageId: 'wrong',
          subject: { path: `${vnc}/server-key.pem` },
          data: {
            guest: 'vm1',
            secret: 's0',
            newline: false,
            text: `Cannot load certificate '${vnc}/server-cert.pem' & key '${vnc}/server-key.pem': Decryption has failed.`,
          },
          fix: {
            applicability: 'manual',
            withCa: [{ kind: 'issue', newKey: true }, { kind: 'trust' }, { kind: 'manual' }],
          },
        },
      ],
    },
    {
      name: 'a secret from a file that ends in a newline',
      facts: withSecret('newline', '-name', 'x'),
      violations: [{ messageId: 'wrong', data: { guest: 'x', newline: true } }],
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
