import { ownershipText } from '../../src/domain/access-change.ts';
import { audienceText } from '../../src/domain/access.ts';
import { accountOf, rootAccount, usersInScope, type Account } from '../../src/domain/account.ts';
import { secretFile, type Meant } from '../../src/domain/secret-file.ts';
import { clientAuthenticationFiles } from '../../src/reference/configuration-files.ts';
import { libvirtGroup } from '../../src/reference/libvirt-group.ts';
import type { SecretHolder } from '../../src/facts/facts.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const names: Readonly<Record<SecretHolder['kind'], string>> = {
  'qemu-configuration': "QEMU's configuration",
  domain: 'the definition of a guest',
  'client-authentication': "libvirt's file of passwords for clients",
};

export default defineRule({
  id: 'configuration-secret-exposed',
  title: 'A configuration file with a password can be read by others',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'vnc-client', 'migration'],
  needs: ['files', 'accounts', 'caller', 'secretHolders'],
  rationale:
    'A password in a configuration file stands there in clear text: whoever reads it opens the consoles of guests, or connects to other hosts in the name of its user.',
  remedy: 'Leave the file to root, or to its user, with mode 0600. If others could read it, set a new password.',
  references: [
    { title: 'libvirt: authentication, client configuration', url: 'https://libvirt.org/auth.html' },
    { title: 'CWE-256', url: 'https://cwe.mitre.org/data/definitions/256.html' },
  ],
  sources: [
    'libvirt 9.0, 11.3 src/qemu/qemu.conf.in: vnc_password, spice_password',
    'libvirt src/util/virauth.c: virAuthGetConfigFilePath',
  ],
  options: {
    schema: {
      type: 'object',
      properties: {
        groups: { type: 'array', items: { type: 'string' }, description: 'Groups that may read passwords' },
      },
      additionalProperties: false,
    },
    defaults: { groups: [] as readonly string[] },
  },
  messages: {
    exposed: (d: { path: string; what: string; secrets: string; who: string; seen: string; needed: string }) => ({
      message: `${d.path} holds a password and can be read by ${d.who}`,
      seen: `${d.seen}; ${d.what} sets ${d.secrets}`,
      needed: `read access for ${d.needed} alone`,
    }),
  },

  check(facts, { options, violation, undetermined }) {
    const { accounts, files } = facts;
    const users = usersInScope(facts).filter(({ uid }) => uid !== 0);
    const holderOf = (path: string): Account => {
      const user = users.find(({ home }) => path === `${home.replace(/\/+$/, '')}/${clientAuthenticationFiles.user}`);
      return user === undefined ? rootAccount : accountOf(accounts, user);
    };
    return Object.entries(facts.secretHolders).flatMap(([path, fact]) => {
      if (fact.known && fact.value.secrets.length === 0) return [];
      const holder = holderOf(path);
      const system = path === clientAuthenticationFiles.system ? [libvirtGroup] : [];
      const meant: Meant = { holder, groups: [...options.groups, ...system] };
      const seen = secretFile(files, accounts, path, meant);
      if (seen.state === 'unknown') return undetermined(file(path), seen.because);
      // Where nobody else can read it, it does not matter what it holds.
      if (seen.state !== 'exposed') return [];
      if (!fact.known) return undetermined(file(path), fact);
      const { kind, secrets } = fact.value;
      const { way, to, changes } = seen;
      return violation(
        'exposed',
        file(path, secrets[0]?.line),
        {
          path,
          what: names[kind],
          secrets: [...new Set(secrets.map(({ name }) => name))].join(', '),
          who: audienceText(accounts, to),
          seen: ownershipText(accounts, way.entry),
          needed: holder.name,
        },
        {
          fix: {
            title: `Leave ${way.path} to ${holder.name}`,
            applicability: way.entry.acl === 'unread' ? 'manual' : 'safe',
            steps: [...changes, { kind: 'manual', instruction: 'set a new password: others could read the old one' }],
          },
        },
      );
    });
  },
});
