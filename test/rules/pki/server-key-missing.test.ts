import rule from '../../../rules/pki/server-key-missing.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import {
  absent,
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
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const key = '/etc/pki/libvirt/private/serverkey.pem';
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
    { name: 'a server with a key', facts: facts(aServer) },
    {
      name: 'a link to nothing is another fault',
      facts: facts(aServer, absent('/srv/gone.pem'), link(key, '/srv/gone.pem')),
    },
  ],
  fail: [
    {
      name: 'half a pair',
      facts: facts(aServer, absent(key)),
      violations: [
        {
          messageId: 'missing',
          subject: { path: key },
          data: { half: true, text: `Cannot read private key '${key}': No such file or directory` },
          fix: {
            applicability: 'manual',
            withCa: [{ kind: 'issue', newKey: true }, { kind: 'trust', how: 'add' }, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'a VNC directory with a certificate alone',
      facts: facts(aVncServer, absent(`${vnc}/server-key.pem`)),
      violations: [{ messageId: 'missing', data: { consequence: 'guests whose VNC display uses TLS do not start' } }],
    },
  ],
  notApplicable: [{ name: 'a daemon that is not to serve TLS', facts: facts(installed('libvirtd')) }],
  unknown: [{ name: 'a closed directory', facts: facts(aServer, entry(key, denied)), reason: 'permission-denied' }],
});
