import rule from '../../../rules/pki/ca-certificate-missing.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import {
  absent,
  aClient,
  aServer,
  caCertificate,
  certificate,
  dir,
  entry,
  facts,
  installed,
  link,
  privateKey,
  publicKey,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';
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
    { name: 'a server and a client with a CA', facts: facts(aServer, aClient) },
    {
      name: 'a link to nothing is another fault',
      facts: facts(aServer, absent('/srv/gone.pem'), link(ca, '/srv/gone.pem')),
    },
  ],
  fail: [
    {
      name: 'a server without CA',
      facts: facts(aServer, absent(ca)),
      violations: [
        {
          messageId: 'missing',
          subject: { path: ca },
          data: {
            owner: 'libvirtd',
            text: `Cannot read CA certificate '${ca}': No such file or directory`,
            consequence: 'libvirtd does not start',
          },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'server and client without CA is one fault',
      facts: facts(aServer, aClient, absent(ca)),
      violations: [{ messageId: 'missing' }],
    },
    {
      name: 'a VNC server without CA',
      facts: facts(aVncServer, absent(`${vnc}/ca-cert.pem`)),
      violations: [
        {
          messageId: 'missing',
          data: { text: `Unable to access credentials ${vnc}/ca-cert.pem: No such file or directory` },
        },
      ],
    },
    {
      name: 'a path that a setting names',
      facts: facts(
        aServer,
        settings(libvirtd, { ca_file: '/srv/ca.pem', cert_file: cert, key_file: key }),
        dir('/srv'),
      ),
      violations: [{ messageId: 'missing', subject: { path: '/srv/ca.pem' } }],
    },
  ],
  notApplicable: [
    { name: 'a daemon that is not to serve TLS', facts: facts(installed('libvirtd')) },
    { name: 'ca_file switched off', facts: facts() },
  ],
  unknown: [{ name: 'a closed directory', facts: facts(aServer, entry(ca, denied)), reason: 'permission-denied' }],
});
