import rule from '../../../rules/files/selinux-label-unusual.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import { aClient, aServer, change, type Change, entry, facts, file, having } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const key = '/etc/pki/libvirt/private/serverkey.pem';
const keytab = '/etc/libvirt/krb5.tab';
const label = (type: string): string => `system_u:object_r:${type}:s0`;
const enforcing: Change = (built) => {
  const files = Object.fromEntries(
    Object.entries(built.files).map(([path, fact]) => [
      path,
      fact.known && fact.value.type === 'file' && fact.value.label === undefined
        ? { known: true, value: { ...fact.value, label: label('cert_t') } }
        : fact,
    ]),
  ) as Facts['files'];
  return having({ files, mandatoryAccess: { selinux: 'enforcing', apparmor: 'disabled' } })(built);
};

testRule(rule, {
  pass: [
    { name: 'certificates as under /etc/pki', facts: facts(aServer, enforcing) },
    {
      name: 'a type that we do not know',
      facts: facts(aServer, change(key, { label: label('site_cert_t') }), enforcing),
    },
    {
      name: 'a keytab',
      facts: facts(aServer, file(keytab, { mode: 0o600, label: label('krb5_keytab_t') }), enforcing),
    },
  ],
  fail: [
    {
      name: 'a key that was moved from a home directory',
      facts: facts(aServer, change(key, { label: 'unconfined_u:object_r:user_home_t:s0' }), enforcing),
      violations: [
        {
          messageId: 'label',
          subject: { path: key },
          data: { type: 'user_home_t', owner: 'libvirtd' },
          fix: { applicability: 'safe', steps: [{ kind: 'run', command: ['restorecon', '-v', key] }] },
        },
      ],
    },
    {
      name: 'a keytab from a temporary directory',
      facts: facts(aServer, file(keytab, { mode: 0o600, label: label('user_tmp_t') }), enforcing),
      violations: [
        {
          messageId: 'label',
          data: { needed: 'krb5_keytab_t' },
          fix: {
            applicability: 'unsafe',
            steps: [
              { kind: 'run', command: ['semanage', 'fcontext', '-a', '-t', 'krb5_keytab_t', keytab] },
              { kind: 'run' },
            ],
          },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'no SELinux', facts: facts(aServer) },
    {
      name: 'permissive',
      facts: facts(aServer, having({ mandatoryAccess: { selinux: 'permissive', apparmor: 'disabled' } })),
    },
    { name: 'a client', facts: facts(aClient, enforcing) },
  ],
  unknown: [
    {
      name: 'no label was read',
      facts: facts(aServer, having({ mandatoryAccess: { selinux: 'enforcing', apparmor: 'disabled' } })),
      reason: 'not-collected',
    },
    {
      name: 'a closed directory',
      facts: facts(aServer, enforcing, entry(key, unknown('permission-denied', 'permission denied'))),
      reason: 'permission-denied',
    },
  ],
});
