import rule from '../../../rules/files/certificate-unreadable.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aClient,
  aServer,
  aUser,
  aVncServer,
  change,
  entry,
  facts,
  file,
  having,
  link,
  remminaProfile,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const directory = '/etc/pki/libvirt-vnc';
const ca = '/etc/pki/CA/cacert.pem';
const aliceCa = '/home/alice/.pki/libvirt/cacert.pem';
const withoutQemu = (built: ReturnType<typeof facts>) =>
  having({
    accounts: { ...built.accounts, users: built.accounts.users.filter(({ name }) => name !== 'libvirt-qemu') },
  })(built);

testRule(rule, {
  pass: [
    { name: 'a healthy server', facts: facts(aServer) },
    { name: 'a healthy client', facts: facts(aClient) },
    { name: 'a healthy VNC server', facts: facts(aVncServer) },
    { name: 'a healthy user', facts: facts(aUser) },
    { name: 'root alone needs the CA', facts: facts(aServer, change(ca, { mode: 0o600 })) },
    {
      name: 'a directory that closes off the key as well is private-key-unreadable',
      facts: facts(aVncServer, change(directory, { gid: 0, mode: 0o700 })),
    },
  ],
  fail: [
    {
      name: 'what a profile of Remmina names may be any file: nobody opens it by a fix',
      facts: facts(
        remminaProfile('/home/alice/.local/share/remmina/a.remmina', { cacert: '/etc/shadow' }),
        file('/etc/shadow', { gid: 42, mode: 0o640 }),
      ),
      violations: [
        {
          messageId: 'closed',
          subject: { path: '/etc/shadow' },
          data: {
            reader: 'alice',
            effect:
              'alice\'s Remmina does not get in, and asks for other files: "Cannot load CA credentials: Error while reading file."',
          },
          fix: {
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction:
                  'put a copy of the certificates or lists that /etc/shadow should hold below the home directory of alice, and name it in /home/alice/.local/share/remmina/a.remmina',
              },
            ],
          },
        },
      ],
    },
    {
      name: 'and so may what a link of theirs leads to',
      facts: facts(aUser, file('/etc/shadow', { gid: 42, mode: 0o640 }), link(aliceCa, '/etc/shadow')),
      violations: [
        {
          messageId: 'closed',
          subject: { path: aliceCa },
          fix: {
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `put a copy of the certificates or lists that /etc/shadow should hold below the home directory of alice, and put that in the place of ${aliceCa}`,
              },
            ],
          },
        },
      ],
    },
    {
      name: 'QEMU cannot read its certificate',
      facts: facts(aVncServer, change(`${directory}/server-cert.pem`, { mode: 0o600 })),
      violations: [
        {
          messageId: 'closed',
          data: { what: 'certificate', reader: 'libvirt-qemu' },
          fix: {
            applicability: 'safe',
            steps: [{ kind: 'chmod', path: `${directory}/server-cert.pem`, from: 0o600, to: 0o644 }],
          },
        },
      ],
    },
    {
      name: "QEMU's CA is a link to one that is closed",
      facts: facts(aVncServer, file(ca, { mode: 0o640 }), link(`${directory}/ca-cert.pem`, ca)),
      violations: [
        {
          messageId: 'closed',
          subject: { path: `${directory}/ca-cert.pem` },
          data: { what: 'CA certificate', seen: `${ca} is root:root 0640; QEMU runs as libvirt-qemu:libvirt-qemu` },
        },
      ],
    },
    {
      name: 'a revocation list',
      facts: facts(aVncServer, file(`${directory}/ca-crl.pem`, { mode: 0o600 })),
      violations: [{ messageId: 'closed', data: { what: 'revocation list' } }],
    },
    {
      name: 'the CA of the system is closed to alice, who has none of her own',
      facts: facts(aUser, file(ca, { mode: 0o600 }), entry(aliceCa, { type: 'absent' })),
      violations: [
        {
          messageId: 'closed',
          subject: { path: ca },
          data: { reader: 'alice' },
          fix: { steps: [{ kind: 'chmod', path: ca, to: 0o644 }] },
        },
      ],
    },
    {
      name: 'the directory of the CA is closed to the user who looks',
      facts: facts(
        aClient,
        change('/etc/pki/CA', { mode: 0o700 }),
        having({ caller: { uid: 1001, gid: 1001, groups: [], name: 'bob' } }),
      ),
      violations: [
        {
          messageId: 'closedDirectory',
          data: { directory: '/etc/pki/CA' },
          fix: { steps: [{ kind: 'setfacl', path: '/etc/pki/CA', entry: 'u:bob:x' }] },
        },
      ],
    },
    {
      name: 'all of the files are links into one closed directory: one fault',
      facts: facts(
        aVncServer,
        file('/srv/a/ca.pem'),
        file('/srv/a/cert.pem'),
        link(`${directory}/ca-cert.pem`, '/srv/a/ca.pem'),
        link(`${directory}/server-cert.pem`, '/srv/a/cert.pem'),
        change('/srv/a', { mode: 0o700 }),
      ),
      violations: [{ messageId: 'closedDirectory', data: { directory: '/srv/a' } }],
    },
    {
      name: "alice's own certificate is closed to her",
      facts: facts(aUser, change('/home/alice/.pki/libvirt/clientcert.pem', { uid: 0, gid: 0, mode: 0o600 })),
      violations: [{ messageId: 'closed', data: { reader: 'alice' } }],
    },
    {
      name: 'the revocation list of the system is closed to alice',
      facts: facts(aUser, file('/etc/pki/CA/cacrl.pem', { mode: 0o600 })),
      violations: [{ messageId: 'closed', data: { what: 'revocation list', reader: 'alice' } }],
    },
  ],
  unknown: [
    {
      name: 'could not be looked at',
      facts: facts(aVncServer, entry(`${directory}/ca-cert.pem`, unknown('permission-denied', 'permission denied'))),
      reason: 'permission-denied',
    },
    { name: 'nobody knows as whom QEMU runs', facts: facts(aVncServer, withoutQemu), reason: 'not-collected' },
    {
      name: 'an ACL that could not be read',
      facts: facts(aVncServer, change(`${directory}/server-cert.pem`, { mode: 0o640, acl: 'unread' })),
      reason: 'permission-denied',
    },
  ],
});
