import rule from '../../../rules/files/pki-file-replaceable.ts';
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
  link,
  remminaProfile,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';

testRule(rule, {
  pass: [
    { name: 'a healthy server', facts: facts(aServer) },
    { name: 'a healthy client', facts: facts(aClient) },
    { name: 'a healthy VNC server', facts: facts(aVncServer) },
    { name: 'a healthy user', facts: facts(aUser) },
    { name: 'the owner may write it', facts: facts(aServer, change(ca, { uid: 1001 })) },
    { name: "a user's home with a group of her own", facts: facts(aUser, change('/home/alice', { mode: 0o775 })) },
    {
      name: "QEMU's directory is QEMU's",
      facts: facts(aVncServer, change('/etc/pki/libvirt-vnc', { uid: 64055, mode: 0o770 })),
    },
    {
      name: 'a group that the policy names',
      facts: facts(aServer, change('/etc/pki/CA', { gid: 110, mode: 0o775 })),
      options: { groups: ['ssl-cert'] },
    },
    { name: 'the sticky bit', facts: facts(aServer, change('/etc/pki/CA', { mode: 0o1777 })) },
    {
      name: 'an open directory behind a closed one',
      facts: facts(
        aServer,
        dir('/root/pki', { mode: 0o777 }),
        dir('/root', { mode: 0o700 }),
        file('/root/pki/ca.pem'),
        link(ca, '/root/pki/ca.pem'),
      ),
    },
    {
      name: 'a key that others can write and read is private-key-exposed',
      facts: facts(aServer, change('/etc/pki/libvirt/private', { mode: 0o755 }), change(key, { mode: 0o666 })),
    },
    { name: 'what is not there', facts: facts(aServer, absent(ca)) },
  ],
  fail: [
    {
      name: 'a profile of Remmina that leads out of the home directory gives nobody a directory',
      facts: facts(
        remminaProfile('/home/alice/.local/share/remmina/a.remmina', { cacert: '/srv/app/ca.pem' }),
        dir('/srv/app', { uid: 33, gid: 33, mode: 0o755 }),
        file('/srv/app/ca.pem'),
      ),
      violations: [
        {
          messageId: 'writableDirectory',
          subject: { path: '/srv/app' },
          fix: {
            applicability: 'manual',
            steps: [{ kind: 'manual' }],
          },
        },
      ],
    },
    {
      name: 'what lies above the home directory is mended for root',
      facts: facts(
        remminaProfile('/home/alice/.local/share/remmina/a.remmina', { cacert: '/home/alice/ca.pem' }),
        dir('/home', { uid: 33, gid: 33, mode: 0o755 }),
        file('/home/alice/ca.pem', { uid: 1000, gid: 1000 }),
      ),
      violations: [
        {
          messageId: 'writableDirectory',
          subject: { path: '/home' },
          fix: { applicability: 'safe', steps: [{ kind: 'chown', path: '/home', from: '33', to: 'root' }] },
        },
      ],
    },
    {
      name: 'others may write the CA',
      facts: facts(aServer, change(ca, { mode: 0o666 })),
      violations: [
        {
          messageId: 'writableFile',
          subject: { path: ca },
          data: { who: 'every account', seen: 'root:root 0666' },
          fix: { applicability: 'safe', steps: [{ kind: 'chmod', path: ca, from: 0o666, to: 0o644 }] },
        },
      ],
    },
    {
      name: 'a directory for many files is one fault',
      facts: facts(aServer, aClient, change('/etc/pki', { mode: 0o777 })),
      violations: [
        {
          messageId: 'writableDirectory',
          subject: { path: '/etc/pki' },
          fix: { steps: [{ kind: 'chmod', to: 0o755 }] },
        },
      ],
    },
    {
      name: 'a group',
      facts: facts(aServer, change('/etc/pki/libvirt', { gid: 110, mode: 0o775 })),
      violations: [{ messageId: 'writableDirectory', data: { who: 'group ssl-cert, bob' } }],
    },
    {
      name: 'a directory of another user',
      facts: facts(aServer, change('/etc/pki/libvirt', { uid: 1001 })),
      violations: [
        {
          messageId: 'writableDirectory',
          data: { who: 'bob' },
          fix: { steps: [{ kind: 'chown', from: 'bob', to: 'root' }] },
        },
      ],
    },
    {
      name: 'behind a link',
      facts: facts(aServer, dir('/srv/pki', { mode: 0o777 }), file('/srv/pki/ca.pem'), link(ca, '/srv/pki/ca.pem')),
      violations: [{ messageId: 'writableDirectory', subject: { path: '/srv/pki' } }],
    },
    {
      name: "a link of another user's in a sticky directory",
      facts: facts(
        aServer,
        dir('/srv/tmp', { mode: 0o1777 }),
        file('/srv/ca.pem'),
        link(ca, '/srv/tmp/ca'),
        entry('/srv/tmp/ca', {
          type: 'symlink',
          uid: 1001,
          gid: 1001,
          mode: 0o777,
          modified: '2026-01-01T00:00:00.000Z',
          target: '/srv/ca.pem',
        }),
      ),
      violations: [{ messageId: 'writableDirectory', subject: { path: '/srv/tmp' }, data: { who: 'bob' } }],
    },
    {
      name: 'a key that others can write and not read',
      facts: facts(aServer, change('/etc/pki/libvirt/private', { mode: 0o755 }), change(key, { mode: 0o602 })),
      violations: [{ messageId: 'writableFile', subject: { path: key } }],
    },
  ],
  unknown: [
    {
      name: 'a closed directory',
      facts: facts(aServer, entry(key, unknown('permission-denied', 'permission denied'))),
      reason: 'permission-denied',
    },
    {
      name: 'an ACL that could not be read',
      facts: facts(aServer, change(ca, { mode: 0o664, acl: 'unread' })),
      reason: 'permission-denied',
    },
  ],
});
