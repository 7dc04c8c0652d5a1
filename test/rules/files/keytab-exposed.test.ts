import rule from '../../../rules/files/keytab-exposed.ts';
import { known, unknown } from '../../../src/facts/fact.ts';
import { aServer, aVncServer, type Change, entry, facts, file, having } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const keytab = '/etc/libvirt/krb5.tab';
const consoles = '/etc/qemu/krb5.tab';
const names = (service: string, path: string): Change =>
  having({
    saslConfigurations: {
      [`/etc/sasl2/${service}.conf`]: known({ settings: [{ key: 'keytab', value: path, line: 2 }] }),
    },
  });

testRule(rule, {
  pass: [
    { name: 'a healthy server', facts: facts(aServer) },
    { name: 'a healthy VNC server', facts: facts(aVncServer) },
    { name: "root's alone", facts: facts(aServer, file(keytab, { mode: 0o600 })) },
    {
      name: "QEMU's own",
      facts: facts(aVncServer, names('qemu', consoles), file(consoles, { uid: 64055, gid: 64055, mode: 0o600 })),
    },
    {
      name: "open to QEMU's group",
      facts: facts(aVncServer, names('qemu', consoles), file(consoles, { gid: 64055, mode: 0o640 })),
    },
    {
      name: 'a group that the policy names',
      facts: facts(aServer, file(keytab, { gid: 110, mode: 0o640 })),
      options: { groups: ['ssl-cert'] },
    },
  ],
  fail: [
    {
      name: 'open to everybody',
      facts: facts(aServer, file(keytab)),
      violations: [
        {
          messageId: 'exposed',
          subject: { path: keytab },
          fix: { applicability: 'safe', steps: [{ kind: 'chmod', to: 0o600 }, { kind: 'manual' }] },
        },
      ],
    },
    {
      name: 'another owner',
      facts: facts(aServer, file(keytab, { uid: 1001, mode: 0o600 })),
      violations: [
        {
          messageId: 'exposed',
          data: { who: 'bob' },
          fix: { steps: [{ kind: 'chown', to: 'root' }, { kind: 'manual' }] },
        },
      ],
    },
    {
      name: 'one that a service file names in any place',
      facts: facts(aServer, names('libvirt', 'FILE:/srv/kvm1.keytab'), file('/srv/kvm1.keytab')),
      violations: [
        {
          messageId: 'exposed',
          subject: { path: '/srv/kvm1.keytab' },
          data: { seen: 'root:root 0644; /etc/sasl2/libvirt.conf names it' },
        },
      ],
    },
  ],
  notApplicable: [{ name: 'no server', facts: facts(), roles: ['libvirt-client'] }],
  unknown: [
    {
      name: 'could not be seen',
      facts: facts(aServer, entry(keytab, unknown('permission-denied', 'permission denied'))),
      reason: 'permission-denied',
    },
  ],
});
