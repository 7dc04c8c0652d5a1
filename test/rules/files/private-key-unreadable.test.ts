import rule from '../../../rules/files/private-key-unreadable.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Caller } from '../../../src/facts/accounts.ts';
import {
  absent,
  aClient,
  aServer,
  aUser,
  aVncServer,
  change,
  entry,
  facts,
  having,
  link,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const key = '/etc/pki/libvirt/private/serverkey.pem';
const directory = '/etc/pki/libvirt-vnc';
const vncKey = `${directory}/server-key.pem`;
const clientKey = '/etc/pki/libvirt/private/clientkey.pem';
const aliceKey = '/home/alice/.pki/libvirt/clientkey.pem';
const alice: Caller = { uid: 1000, gid: 1000, groups: [118], name: 'alice' };

testRule(rule, {
  pass: [
    { name: 'a healthy server', facts: facts(aServer) },
    { name: 'a healthy client', facts: facts(aClient) },
    { name: 'a healthy VNC server', facts: facts(aVncServer) },
    { name: 'a healthy user', facts: facts(aUser) },
    { name: 'root reads what is closed to all', facts: facts(aServer, change(key, { mode: 0 })) },
    {
      name: 'an ACL lets QEMU in',
      facts: facts(
        aVncServer,
        change(vncKey, {
          gid: 0,
          acl: [
            { tag: 'user-object', permissions: 6 },
            { tag: 'user', id: 64055, permissions: 4 },
            { tag: 'group-object', permissions: 0 },
            { tag: 'mask', permissions: 4 },
            { tag: 'other', permissions: 0 },
          ],
        }),
      ),
    },
    {
      name: 'a user with a pair of her own does not need that of the system',
      facts: facts(aClient, aUser, having({ caller: alice })),
    },
    { name: 'a missing key is another matter', facts: facts(aVncServer, absent(vncKey)) },
  ],
  fail: [
    {
      name: "QEMU cannot read root's key",
      facts: facts(aVncServer, change(vncKey, { gid: 0, mode: 0o600 })),
      violations: [
        {
          messageId: 'closed',
          subject: { path: vncKey },
          data: { reader: 'libvirt-qemu', seen: `${vncKey} is root:root 0600; QEMU runs as libvirt-qemu:libvirt-qemu` },
          fix: {
            applicability: 'safe',
            steps: [
              { kind: 'chgrp', path: vncKey, from: 'root', to: 'libvirt-qemu' },
              { kind: 'chmod', path: vncKey, from: 0o600, to: 0o640 },
            ],
          },
        },
      ],
    },
    {
      name: 'the directory is closed, and so is the key',
      facts: facts(aVncServer, change(directory, { gid: 0, mode: 0o700 }), change(vncKey, { gid: 0, mode: 0o600 })),
      violations: [
        {
          messageId: 'closedDirectory',
          data: { directory },
          fix: {
            steps: [
              { kind: 'chgrp', path: directory, to: 'libvirt-qemu' },
              { kind: 'chmod', path: directory, from: 0o700, to: 0o750 },
              { kind: 'chgrp', path: vncKey },
              { kind: 'chmod', path: vncKey, to: 0o640 },
            ],
          },
        },
      ],
    },
    {
      name: "a directory that is not QEMU's alone is opened by an ACL",
      facts: facts(aVncServer, change('/etc/pki', { mode: 0o700 })),
      violations: [
        {
          messageId: 'closedDirectory',
          data: { directory: '/etc/pki' },
          fix: { applicability: 'safe', steps: [{ kind: 'setfacl', path: '/etc/pki', entry: 'u:libvirt-qemu:x' }] },
        },
      ],
    },
    {
      name: "another service's group keeps its place",
      facts: facts(aVncServer, change(vncKey, { gid: 110, mode: 0o640 })),
      violations: [
        { messageId: 'closed', fix: { steps: [{ kind: 'setfacl', path: vncKey, entry: 'u:libvirt-qemu:r' }] } },
      ],
    },
    {
      name: "a link to the daemon's key: QEMU should have its own",
      facts: facts(aServer, aVncServer, link(vncKey, key)),
      violations: [
        {
          messageId: 'closedDirectory',
          subject: { path: vncKey },
          data: { directory: '/etc/pki/libvirt/private' },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: "alice's key belongs to root",
      facts: facts(aUser, change(aliceKey, { uid: 0, gid: 0 })),
      violations: [
        {
          messageId: 'closed',
          subject: { path: aliceKey },
          data: { reader: 'alice' },
          fix: { applicability: 'unsafe', steps: [{ kind: 'chown', path: aliceKey, from: 'root', to: 'alice' }] },
        },
      ],
    },
    {
      name: 'a directory in her home belongs to root',
      facts: facts(aUser, change('/home/alice/.pki/libvirt', { uid: 0, gid: 0, mode: 0o700 })),
      violations: [
        {
          messageId: 'closedDirectory',
          data: { directory: '/home/alice/.pki/libvirt' },
          fix: { steps: [{ kind: 'chown', to: 'alice' }] },
        },
      ],
    },
    {
      name: 'the user who looks cannot read the key of the system',
      facts: facts(aClient, having({ caller: alice })),
      violations: [
        {
          messageId: 'closed',
          subject: { path: clientKey },
          data: { reader: 'alice' },
          fix: { applicability: 'manual' },
        },
      ],
    },
  ],
  unknown: [
    {
      name: 'a user before a closed directory does not know',
      facts: facts(
        aClient,
        having({ caller: alice }),
        entry(clientKey, unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private')),
      ),
      reason: 'permission-denied',
    },
    {
      name: "QEMU's directory could not be looked into",
      facts: facts(aVncServer, entry(vncKey, unknown('permission-denied', 'permission denied'))),
      reason: 'permission-denied',
    },
    {
      name: 'nobody knows as whom QEMU runs',
      facts: facts(aVncServer, (built) =>
        having({
          accounts: { ...built.accounts, users: built.accounts.users.filter(({ name }) => name !== 'libvirt-qemu') },
        })(built),
      ),
      reason: 'not-collected',
    },
    {
      name: 'an ACL that could not be read',
      facts: facts(aVncServer, change(vncKey, { acl: 'unread' })),
      reason: 'permission-denied',
    },
  ],
});
