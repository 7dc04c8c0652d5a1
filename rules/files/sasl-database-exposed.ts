import { ownershipText } from '../../src/domain/access-change.ts';
import { audienceText } from '../../src/domain/access.ts';
import { rootAccount } from '../../src/domain/account.ts';
import { qemuAccount } from '../../src/domain/qemu-account.ts';
import { saslDatabaseFiles } from '../../src/domain/sasl-files.ts';
import { secretFile } from '../../src/domain/secret-file.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'sasl-database-exposed',
  title: 'The SASL password database can be read by others',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server', 'migration'],
  needs: ['files', 'accounts', 'saslConfigurations', 'configurations', 'operatingSystem'],
  rationale:
    'The database holds the passwords in clear text. Whoever reads it logs in as any of its users, on this host and wherever they use the password again.',
  remedy:
    'Leave the database to root, and to the account of QEMU where consoles use it. If others could read it, set new passwords.',
  references: [
    { title: 'QEMU: VNC security, SASL', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
    { title: 'CWE-732', url: 'https://cwe.mitre.org/data/definitions/732.html' },
  ],
  sources: ['Cyrus SASL 2.1.28 sasldb/allockey.c, plugins/sasldb.c: passwords are kept in clear text'],
  options: {
    schema: {
      type: 'object',
      properties: { groups: { type: 'array', items: { type: 'string' }, description: 'Groups that may read it' } },
      additionalProperties: false,
    },
    defaults: { groups: ['sasl'] as readonly string[] },
  },
  messages: {
    exposed: (d: { path: string; who: string; seen: string; needed: string }) => ({
      message: `The SASL password database ${d.path} can be read by ${d.who}`,
      seen: d.seen,
      needed: `read access for ${d.needed} alone`,
    }),
  },

  check(facts, { options, violation, undetermined }) {
    const { accounts, files } = facts;
    const qemu = qemuAccount(facts);
    return saslDatabaseFiles(facts).flatMap(({ path, configuration, isQemus }) => {
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
                instruction: `set new passwords with saslpasswd2 -f ${way.path}: others could read the old ones`,
              },
            ],
          },
        },
      );
    });
  },
});
