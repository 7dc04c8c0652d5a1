import rule from '../../../rules/pki/server-certificate-missing.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import {
  absent,
  aClient,
  aServer,
  caCertificate,
  certificate,
  entry,
  facts,
  installed,
  link,
  privateKey,
  publicKey,
  serverCertificate,
  settings,
  unit,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const cert = '/etc/pki/libvirt/servercert.pem';
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
    { name: 'a server with a certificate', facts: facts(aServer) },
    {
      name: 'a link to nothing is another fault',
      facts: facts(aServer, absent('/srv/gone.pem'), link(cert, '/srv/gone.pem')),
    },
  ],
  fail: [
    {
      name: 'half a pair',
      facts: facts(aServer, absent(cert)),
      violations: [
        {
          messageId: 'missing',
          subject: { path: cert },
          data: { half: true, text: `Cannot read certificate '${cert}': No such file or directory` },
          fix: { applicability: 'manual', withCa: [{ kind: 'issue' }, { kind: 'trust', how: 'add' }, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'a daemon that is to listen and has nothing',
      facts: facts(installed('libvirtd'), unit('libvirtd-tls.socket')),
      violations: [{ messageId: 'missing', data: { half: false } }],
    },
    {
      name: 'a VNC directory with a key alone',
      facts: facts(aVncServer, absent(`${vnc}/server-cert.pem`)),
      violations: [{ messageId: 'missing', subject: { path: `${vnc}/server-cert.pem` } }],
    },
  ],
  notApplicable: [
    { name: 'a daemon that is not to serve TLS', facts: facts(installed('libvirtd')) },
    {
      name: 'settings that name part of the files are another fault',
      facts: facts(aServer, settings(libvirtd, { cert_file: cert })),
    },
    { name: 'a client', facts: facts(aClient) },
  ],
  unknown: [{ name: 'a closed directory', facts: facts(aServer, entry(cert, denied)), reason: 'permission-denied' }],
});
