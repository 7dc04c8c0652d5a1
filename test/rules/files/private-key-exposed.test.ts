import rule from '../../../rules/files/private-key-exposed.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aClient,
  aServer,
  aUser,
  aVncServer,
  change,
  dir,
  entry,
  facts,
  file,
  having,
  link,
  privateKey,
  publicKey,
  remminaProfile,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const key = '/etc/pki/libvirt/private/serverkey.pem';
const clientKey = '/etc/pki/libvirt/private/clientkey.pem';
const vncKey = '/etc/pki/libvirt-vnc/server-key.pem';
const aliceKey = '/home/alice/.pki/libvirt/clientkey.pem';
const caKey = '/etc/pki/CA/private/cakey.pem';
const openDirectory = change('/etc/pki/libvirt/private', { mode: 0o755 });
const replace = { kind: 'manual' } as const;

testRule(rule, {
  pass: [
    {
      name: "somebody else's file that a profile of Remmina names",
      facts: facts(
        remminaProfile('/home/alice/.local/share/remmina/a.remmina', { clientkey: '/srv/app/tls.key' }),
        file('/srv/app/tls.key', { gid: 33, mode: 0o640 }),
        privateKey('/srv/app/tls.key', publicKey('client')),
      ),
    },
    {
      name: 'a key that a profile of Remmina names and only its user can read',
      facts: facts(
        remminaProfile('/home/alice/.local/share/remmina/a.remmina', { clientkey: '/home/alice/c.key' }),
        file('/home/alice/c.key', { uid: 1000, gid: 1000, mode: 0o600 }),
        privateKey('/home/alice/c.key', publicKey('client')),
      ),
    },
    { name: 'a healthy server', facts: facts(aServer) },
    { name: 'a healthy client', facts: facts(aClient) },
    { name: 'a healthy VNC server', facts: facts(aServer, aVncServer) },
    { name: 'a healthy user', facts: facts(aUser) },
    { name: 'stricter than needed', facts: facts(aServer, change(key, { mode: 0o400 })) },
    { name: 'mode 0644 behind a directory closed to others', facts: facts(aServer, change(key, { mode: 0o644 })) },
    { name: "root's group", facts: facts(aServer, openDirectory, change(key, { mode: 0o640 })) },
    {
      name: "QEMU's group is daemon-key-shared-with-qemu",
      facts: facts(aServer, openDirectory, change(key, { gid: 64055, mode: 0o640 })),
    },
    {
      name: "libvirt's group and the system's client key",
      facts: facts(aClient, change(clientKey, { gid: 118, mode: 0o640 })),
    },
    {
      name: 'a group that the policy names',
      facts: facts(aServer, openDirectory, change(key, { gid: 110, mode: 0o640 })),
      options: { groups: ['ssl-cert'] },
    },
    {
      name: 'a group of nobody but the owner',
      facts: facts(aUser, change('/home/alice', { mode: 0o755 }), change(aliceKey, { mode: 0o640 })),
    },
    { name: "QEMU's own key", facts: facts(aVncServer, change(vncKey, { uid: 64055, mode: 0o600 })) },
    {
      name: 'an entry of an ACL under a mask that takes it back',
      facts: facts(
        aServer,
        openDirectory,
        change(key, {
          mode: 0o600,
          acl: [
            { tag: 'user-object', permissions: 6 },
            { tag: 'user', id: 1001, permissions: 4 },
            { tag: 'group-object', permissions: 0 },
            { tag: 'mask', permissions: 0 },
            { tag: 'other', permissions: 0 },
          ],
        }),
      ),
    },
    {
      name: 'what is no key is no matter of this rule',
      facts: facts(
        aServer,
        openDirectory,
        privateKey(key, { state: 'malformed', malformation: { cause: 'no-pem' } }),
        change(key, { mode: 0o644 }),
      ),
    },
  ],
  fail: [
    {
      name: 'a link out of a home directory: the file of somebody else is nobody to give away',
      facts: facts(
        aUser,
        file('/var/lib/app/server.key', { uid: 33, gid: 33, mode: 0o600 }),
        link('/home/alice/.pki/libvirt/clientkey.pem', '/var/lib/app/server.key'),
      ),
      violations: [
        {
          messageId: 'exposed',
          subject: { path: '/home/alice/.pki/libvirt/clientkey.pem' },
          fix: {
            applicability: 'manual',
            steps: [{ kind: 'manual' }],
          },
        },
      ],
    },
    {
      name: 'a key that a profile of Remmina names, in a home directory',
      facts: facts(
        remminaProfile('/home/alice/.local/share/remmina/a.remmina', {
          clientcert: '/home/alice/certs/c.pem',
          clientkey: '/home/alice/certs/c.key',
        }),
        file('/home/alice/certs/c.key', { uid: 1000, gid: 1000, mode: 0o644 }),
        privateKey('/home/alice/certs/c.key', publicKey('client')),
      ),
      violations: [
        {
          messageId: 'exposed',
          subject: { path: '/home/alice/certs/c.key' },
          data: { needed: 'alice' },
          fix: {
            applicability: 'safe',
            steps: [{ kind: 'chmod', path: '/home/alice/certs/c.key', from: 0o644, to: 0o600 }, { kind: 'manual' }],
          },
        },
      ],
    },
    {
      name: "a user's own file elsewhere that a profile of Remmina names",
      facts: facts(
        remminaProfile('/home/alice/.local/share/remmina/a.remmina', { clientkey: '/srv/keys/alice.key' }),
        file('/srv/keys/alice.key', { uid: 1000, gid: 1000, mode: 0o604 }),
        privateKey('/srv/keys/alice.key', publicKey('client')),
      ),
      violations: [{ messageId: 'exposed', subject: { path: '/srv/keys/alice.key' }, data: { needed: 'alice' } }],
    },
    {
      name: "the daemon's key stays the daemon's, whoever names it",
      facts: facts(
        aServer,
        openDirectory,
        remminaProfile('/home/alice/.local/share/remmina/a.remmina', {
          clientkey: '/etc/pki/libvirt/private/serverkey.pem',
        }),
        change('/etc/pki/libvirt/private/serverkey.pem', { uid: 1000 }),
      ),
      violations: [
        { messageId: 'exposed', subject: { path: '/etc/pki/libvirt/private/serverkey.pem' }, data: { who: 'alice' } },
      ],
    },
    {
      name: 'others may read the key',
      facts: facts(aServer, openDirectory, change(key, { mode: 0o644 })),
      violations: [
        {
          messageId: 'exposed',
          subject: { path: key },
          data: { path: key, who: 'every account', seen: 'root:root 0644', needed: 'root' },
          fix: { applicability: 'safe', steps: [{ kind: 'chmod', path: key, from: 0o644, to: 0o600 }, replace] },
        },
      ],
    },
    {
      name: "the system's client key, with which others may be connecting",
      facts: facts(aClient, change(clientKey, { mode: 0o644 })),
      violations: [{ messageId: 'exposed', data: { path: clientKey }, fix: { applicability: 'unsafe' } }],
    },
    {
      name: 'a group without a need',
      facts: facts(aServer, openDirectory, change(key, { gid: 110, mode: 0o640 })),
      violations: [
        {
          messageId: 'exposed',
          data: { who: 'group ssl-cert, bob' },
          fix: { steps: [{ kind: 'chmod', to: 0o600 }, replace] },
        },
      ],
    },
    {
      name: 'another owner',
      facts: facts(aServer, openDirectory, change(key, { uid: 1001, mode: 0o600 })),
      violations: [
        {
          messageId: 'exposed',
          data: { who: 'bob' },
          fix: { steps: [{ kind: 'chown', path: key, from: 'bob', to: 'root' }, replace] },
        },
      ],
    },
    {
      name: 'an owner whom no list names',
      facts: facts(aServer, openDirectory, change(key, { uid: 4711, mode: 0o600 })),
      violations: [{ messageId: 'exposed', data: { who: '4711' } }],
    },
    {
      name: "QEMU's key for everybody goes to QEMU's group",
      facts: facts(
        aVncServer,
        change('/etc/pki/libvirt-vnc', { mode: 0o755 }),
        change(vncKey, { gid: 0, mode: 0o644 }),
      ),
      violations: [
        {
          messageId: 'exposed',
          data: { needed: 'root and libvirt-qemu' },
          fix: {
            applicability: 'safe',
            steps: [
              { kind: 'chgrp', path: vncKey, from: 'root', to: 'libvirt-qemu' },
              { kind: 'chmod', path: vncKey, from: 0o644, to: 0o640 },
              replace,
            ],
          },
        },
      ],
    },
    {
      name: 'a link in a closed directory does not protect a key that lies in the open',
      facts: facts(aServer, file('/srv/keys/kvm1.pem', { mode: 0o644 }), absent(key), link(key, '/srv/keys/kvm1.pem')),
      violations: [
        {
          messageId: 'exposed',
          subject: { path: key },
          fix: { steps: [{ kind: 'chmod', path: '/srv/keys/kvm1.pem' }, replace] },
        },
      ],
    },
    {
      name: 'an entry of an ACL',
      facts: facts(
        aVncServer,
        change('/etc/pki/libvirt-vnc', { mode: 0o755 }),
        change(vncKey, {
          mode: 0o640,
          acl: [
            { tag: 'user-object', permissions: 6 },
            { tag: 'user', id: 1001, permissions: 4 },
            { tag: 'group-object', permissions: 4 },
            { tag: 'mask', permissions: 4 },
            { tag: 'other', permissions: 0 },
          ],
        }),
      ),
      violations: [
        {
          messageId: 'exposed',
          data: { who: 'bob' },
          fix: { steps: [{ kind: 'setfacl', path: vncKey, entry: 'u:bob:---' }, replace] },
        },
      ],
    },
    {
      name: 'the key of a CA in the open',
      facts: facts(aServer, privateKey(caKey, publicKey('other ca')), change(caKey, { mode: 0o644 })),
      violations: [{ messageId: 'exposed', subject: { path: caKey } }],
    },
    {
      name: 'the key of a CA in the hands of the group of QEMU',
      facts: facts(aServer, privateKey(caKey, publicKey('other ca')), change(caKey, { gid: 64055, mode: 0o640 })),
      violations: [{ messageId: 'exposed', data: { who: 'group libvirt-qemu, libvirt-qemu' } }],
    },
    {
      name: 'a key in a home directory that others can pass',
      facts: facts(
        aUser,
        ...['', '/.pki', '/.pki/libvirt'].map((name) => change(`/home/alice${name}`, { mode: 0o755 })),
        change(aliceKey, { mode: 0o644 }),
      ),
      violations: [
        { messageId: 'exposed', data: { needed: 'alice' }, fix: { steps: [{ kind: 'chmod', to: 0o600 }, replace] } },
      ],
    },
    {
      name: 'two ways to one key are one fault',
      facts: facts(
        aServer,
        aVncServer,
        openDirectory,
        change(key, { mode: 0o644 }),
        link(vncKey, '../libvirt/private/serverkey.pem'),
      ),
      violations: [
        {
          messageId: 'exposed',
          subject: { path: key },
          fix: { steps: [{ kind: 'chgrp', to: 'libvirt-qemu' }, { kind: 'chmod', to: 0o640 }, replace] },
        },
      ],
    },
  ],
  unknown: [
    {
      name: 'a closed directory',
      facts: facts(aServer, entry(key, unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private'))),
      reason: 'permission-denied',
    },
    {
      name: 'an ACL that decides and could not be read',
      facts: facts(aServer, openDirectory, change(key, { mode: 0o640, acl: 'unread' })),
      reason: 'permission-denied',
    },
    {
      name: 'a group, and nobody knows as whom QEMU runs',
      facts: facts(
        aVncServer,
        (built) =>
          having({
            accounts: { ...built.accounts, users: built.accounts.users.filter(({ name }) => name !== 'libvirt-qemu') },
          })(built),
        dir('/etc/pki/libvirt-vnc', { mode: 0o755 }),
      ),
      reason: 'not-collected',
    },
  ],
});
