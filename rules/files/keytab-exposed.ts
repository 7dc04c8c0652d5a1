import { ownershipText } from '../../src/domain/access-change.ts';
import { audienceText } from '../../src/domain/access.ts';
import { rootAccount } from '../../src/domain/account.ts';
import { qemuAccount } from '../../src/domain/qemu-account.ts';
import { keytabFiles } from '../../src/domain/sasl-files.ts';
import { secretFile } from '../../src/domain/secret-file.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'keytab-exposed',
  title: 'A keytab can be read by others',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server', 'migration'],
  needs: ['files', 'accounts', 'saslConfigurations', 'configurations', 'operatingSystem'],
  rationale:
    'A keytab is the password of a service. Whoever reads it can pose as the service and can forge tickets for it in the name of any user.',
  remedy:
    'Leave the keytab to root, and to the account of QEMU where it is for consoles. If others could read it, make new keys for its principals.',
  references: [
    { title: 'MIT Kerberos: keytab', url: 'https://web.mit.edu/kerberos/krb5-latest/doc/basic/keytab_def.html' },
    { title: 'CWE-732', url: 'https://cwe.mitre.org/data/definitions/732.html' },
  ],
  sources: ['MIT krb5 1.21 src/lib/krb5/keytab/kt_file.c'],
  options: {
    schema: {
      type: 'object',
      properties: { groups: { type: 'array', items: { type: 'string' }, description: 'Groups that may read it' } },
      additionalProperties: false,
    },
    defaults: { groups: [] as readonly string[] },
  },
  messages: {
    exposed: (d: { path: string; who: string; seen: string; needed: string }) => ({
      message: `The keytab ${d.path} can be read by ${d.who}`,
      seen: d.seen,
      needed: `read access for ${d.needed} alone`,
    }),
  },

  check(facts, { options, violation, undetermined }) {
    const { accounts, files } = facts;
    const qemu = qemuAccount(facts);
    return keytabFiles(facts).flatMap(({ path, configuration, isQemus }) => {
      const reader = isQemus ? qemu : undefined;
      const others = qemu === undefined ? [] : [qemu];
      const seen = secretFile(files, accounts, path, { holder: rootAccount, reader, others, groups: options.groups });
      if (seen.state === 'unknown') return undetermined(file(path), seen.because);
      if (seen.state !== 'exposed') return [];
      const { way, to, changes } = seen;
      const needed = reader === undefined || reader.uid === 0 ? 'root' : `root and ${reader.name}`;
      const named = configuration === undefined ? '' : `; ${configuration} names it`;
      return violation(
        'exposed',
        file(path),
        { path, who: audienceText(accounts, to), seen: `${ownershipText(accounts, way.entry)}${named}`, needed },
        {
          fix: {
            title: `Leave ${way.path} to ${needed}`,
            applicability: way.entry.acl === 'unread' ? 'manual' : 'safe',
            steps: [
              ...changes,
              {
                kind: 'manual',
                instruction: `make new keys for the principals in ${way.path} (kadmin ktadd): others could read the old ones`,
              },
            ],
          },
        },
      );
    });
  },
});
