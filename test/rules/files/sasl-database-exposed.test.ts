import rule from '../../../rules/files/sasl-database-exposed.ts';
import { known, unknown } from '../../../src/facts/fact.ts';
import { aServer, aVncServer, change, type Change, entry, facts, file, having, link } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const database = '/etc/libvirt/passwd.db';
const consoles = '/etc/qemu/passwd.db';
const names = (service: string, path: string): Change =>
  having({
    saslConfigurations: {
      [`/etc/sasl2/${service}.conf`]: known({ settings: [{ key: 'sasldb_path', value: path, line: 2 }] }),
    },
  });
const withSasl: Change = (built) =>
  having({
    accounts: { ...built.accounts, groups: [...built.accounts.groups, { name: 'sasl', gid: 45, members: [] }] },
  })(built);

testRule(rule, {
  pass: [
    { name: 'a healthy server', facts: facts(aServer) },
    { name: 'a healthy VNC server', facts: facts(aVncServer) },
    { name: "root's alone", facts: facts(aServer, file(database, { mode: 0o600 })) },
    {
      name: "the distribution's own group",
      facts: facts(aServer, withSasl, file('/etc/sasldb2', { gid: 45, mode: 0o660 })),
    },
    {
      name: "QEMU's",
      facts: facts(aVncServer, names('qemu', consoles), file(consoles, { uid: 64055, gid: 64055, mode: 0o640 })),
    },
    {
      name: 'behind a closed directory',
      facts: facts(aServer, file(database), change('/etc/libvirt', { mode: 0o700 })),
    },
  ],
  fail: [
    {
      name: 'open to everybody',
      facts: facts(aServer, file(database)),
      violations: [
        {
          messageId: 'exposed',
          subject: { path: database },
          data: { who: 'every account', needed: 'root' },
          fix: {
            applicability: 'safe',
            steps: [{ kind: 'chmod', path: database, from: 0o644, to: 0o600 }, { kind: 'manual' }],
          },
        },
      ],
    },
    {
      name: 'open to a group',
      facts: facts(aServer, names('libvirt', database), file(database, { gid: 110, mode: 0o640 })),
      violations: [
        {
          messageId: 'exposed',
          data: { who: 'group ssl-cert, bob', seen: 'root:ssl-cert 0640; /etc/sasl2/libvirt.conf names it' },
        },
      ],
    },
    {
      name: "QEMU's, open to everybody",
      facts: facts(aVncServer, names('qemu', consoles), file(consoles)),
      violations: [
        {
          messageId: 'exposed',
          data: { needed: 'root and libvirt-qemu' },
          fix: { steps: [{ kind: 'chgrp', to: 'libvirt-qemu' }, { kind: 'chmod', to: 0o640 }, { kind: 'manual' }] },
        },
      ],
    },
    {
      name: "the distribution's, open to everybody, keeps its group",
      facts: facts(aServer, withSasl, file('/etc/sasldb2', { gid: 45, mode: 0o664 })),
      violations: [
        { messageId: 'exposed', fix: { steps: [{ kind: 'chmod', from: 0o664, to: 0o660 }, { kind: 'manual' }] } },
      ],
    },
    {
      name: 'a link to an open file',
      facts: facts(aServer, file('/srv/passwd.db'), link(database, '/srv/passwd.db')),
      violations: [
        {
          messageId: 'exposed',
          subject: { path: database },
          fix: { steps: [{ path: '/srv/passwd.db' }, { kind: 'manual' }] },
        },
      ],
    },
  ],
  notApplicable: [{ name: 'no server', facts: facts(), roles: ['libvirt-client'] }],
  unknown: [
    {
      name: 'could not be seen',
      facts: facts(aServer, entry(database, unknown('permission-denied', 'permission denied'))),
      reason: 'permission-denied',
    },
  ],
});
