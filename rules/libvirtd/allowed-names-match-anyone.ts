import { credentialFacts } from '../../src/domain/credentials.ts';
import { nameListsInUse } from '../../src/domain/name-lists.ts';
import { remoteConfiguration } from '../../src/domain/remote-configuration.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

/** Nothing but wildcards, in a name also the names of attributes: `*`, `CN=*`, `C=*,O=*`, `*@*`. */
const saysNothing = (entry: string): boolean =>
  entry.includes('*') && entry.replace(/(?:^|(?<=[,+*]))[A-Za-z][\w.]*=/g, '').replace(/[*?,+=@]/g, '') === '';

export default defineRule({
  id: 'allowed-names-match-anyone',
  title: 'A list of allowed names has an entry that every name matches',
  severity: 'warning',
  roles: ['libvirt-server'],
  needs: [...credentialFacts],
  rationale:
    'One entry without a fixed part makes the whole list void: everybody whom the CA or the password database knows gets in, while the configuration looks as if it restricted them.',
  remedy: 'Name those who may connect; keep fixed text in every part of an entry.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextCheckCertDNACL; src/rpc/virnetsaslcontext.c: virNetSASLContextCheckIdentity',
    'GLib g_pattern_match_simple: a star is any run of characters, commas included',
  ],
  messages: {
    anyone: (d: { key: string; entry: string }) => ({
      message: `The entry ${JSON.stringify(d.entry)} of ${d.key} lets everybody in`,
      seen: 'an entry of wildcards alone',
      needed: 'the names of those who may connect',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const configuration = remoteConfiguration(facts);
    const { daemon, path } = configuration;
    if (configuration.state === 'unknown') return [undetermined(file(path), configuration.because)];
    if (configuration.state === 'broken') return notApplicable(`${path} does not load`);
    const lists = nameListsInUse(facts, configuration);
    if (lists.length === 0) return notApplicable('no list of allowed names is asked');
    return lists.flatMap(({ key, names, setting: { line } }) =>
      [...new Set(names)].filter(saysNothing).map((entry) =>
        violation(
          'anyone',
          setting(path, key, line),
          { key, entry },
          {
            instance: entry,
            fix: {
              title: `Name those who may connect in ${key}`,
              applicability: 'manual',
              steps: [
                {
                  kind: 'manual',
                  instruction: `in ${key} of ${path}, replace ${JSON.stringify(entry)} by the names of those who may connect`,
                },
                ...restart(daemon),
              ],
            },
          },
        ),
      ),
    );
  },
});
