import rule from '../../../rules/files/dangling-symlink.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aClient,
  aServer,
  aUser,
  aVncServer,
  entry,
  facts,
  file,
  link,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const certificate = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';

testRule(rule, {
  pass: [
    { name: 'plain files', facts: facts(aServer) },
    { name: 'a file that is not there at all is another matter', facts: facts(aServer, absent(key)) },
    { name: 'a healthy VNC server', facts: facts(aVncServer) },
    { name: 'a healthy user', facts: facts(aUser) },
    {
      name: 'what is not there below a link that leads somewhere',
      facts: facts(file('/srv/pki/ca.pem'), link('/etc/pki', '/srv/pki')),
      roles: ['libvirt-server'],
    },
    { name: 'a link to a file', facts: facts(aServer, file('/srv/ca.pem'), link(ca, '/srv/ca.pem')) },
  ],
  fail: [
    {
      name: 'a directory of many files is one fault',
      facts: facts(
        aVncServer,
        settings('/etc/libvirt/qemu.conf', { vnc_tls_x509_cert_dir: '/etc/pki/vnc' }),
        absent('/srv/gone'),
        link('/etc/pki/vnc', '/srv/gone'),
      ),
      violations: [{ messageId: 'dangling', data: { link: '/etc/pki/vnc', missing: '/srv/gone' } }],
    },
    {
      name: "QEMU's own directory, which libvirt then passes over",
      facts: facts(
        settings('/etc/libvirt/qemu.conf', { vnc_tls: 1 }),
        absent('/srv/gone'),
        link('/etc/pki/libvirt-vnc', '/srv/gone'),
      ),
      violations: [{ messageId: 'dangling', subject: { path: '/etc/pki/libvirt-vnc' } }],
    },
    {
      name: "a user's CA, for which libvirt then takes the system's",
      facts: facts(aUser, absent('/srv/gone'), link('/home/alice/.pki/libvirt/cacert.pem', '/srv/gone')),
      violations: [{ messageId: 'dangling', subject: { path: '/home/alice/.pki/libvirt/cacert.pem' } }],
    },
    {
      name: 'a link to nothing',
      facts: facts(aServer, absent('/etc/pki/CA/gone.pem'), link(ca, 'gone.pem')),
      violations: [
        {
          messageId: 'dangling',
          data: { link: ca, missing: '/etc/pki/CA/gone.pem' },
          fix: {
            applicability: 'manual',
            withCa: [
              { kind: 'remove', path: ca },
              { kind: 'trust', path: ca, how: 'replace' },
              { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] },
            ],
          } as never,
        },
      ],
    },
    {
      name: 'links in a circle',
      facts: facts(aServer, link(key, 'other.pem'), link('/etc/pki/libvirt/private/other.pem', 'serverkey.pem')),
      violations: [
        {
          messageId: 'loop',
          subject: { path: key },
          fix: { withCa: [{ kind: 'remove', path: key }, { kind: 'issue', key, newKey: true }, {}, {}] } as never,
        },
      ],
    },
    {
      name: 'a certificate, whose key stays',
      facts: facts(aServer, absent('/srv/gone'), link(certificate, '/srv/gone')),
      violations: [
        {
          messageId: 'dangling',
          fix: {
            withCa: [
              { kind: 'remove', path: certificate },
              { kind: 'issue', path: certificate, key, newKey: false },
              { kind: 'trust', path: ca, how: 'add' },
              { kind: 'run' },
            ],
          } as never,
        },
      ],
    },
    {
      name: 'a certificate that server and client share is one fault',
      facts: facts(aServer, aClient, absent('/etc/pki/CA/gone.pem'), link(ca, 'gone.pem')),
      violations: [{ messageId: 'dangling', subject: { path: ca } }],
    },
  ],
  unknown: [
    {
      name: 'a closed directory',
      facts: facts(aServer, entry(key, unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private'))),
      reason: 'permission-denied',
    },
  ],
});
