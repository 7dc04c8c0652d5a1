import { credentialFacts } from '../../src/domain/credentials.ts';
import { nameListsInUse } from '../../src/domain/name-lists.ts';
import { remoteConfiguration } from '../../src/domain/remote-configuration.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

const kinds = {
  tls_allowed_dn_list: {
    clients: 'TLS clients',
    effect: 'every client is refused: Unable to read TLS confirmation: Input/output error',
  },
  sasl_allowed_username_list: {
    clients: 'users who authenticate by SASL',
    effect: 'every user is refused: authentication failed: authentication failed',
  },
} as const;

export default defineRule({
  id: 'allowed-names-empty',
  title: 'A list of allowed names is empty, so that nobody can connect',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...credentialFacts],
  rationale:
    'A list that is set is asked for every client, and one without names lets nobody in; to let every holder of a certificate in, the list must not be there at all.',
  remedy: 'Name who may connect, or take the list out.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextCheckCertDNACL; src/rpc/virnetsaslcontext.c: virNetSASLContextCheckIdentity',
    'observed with 9.0 and 11.3: an empty list refuses everybody',
  ],
  messages: {
    empty: (d: { key: string; entries: number; clients: string; effect: string }) => ({
      message: `${d.key} lets none of the ${d.clients} in`,
      seen: d.entries === 0 ? 'an empty list' : 'a list of empty strings',
      needed: 'the names of those who may connect, or no list',
      effect: d.effect,
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
      names.some((name) => name !== '')
        ? []
        : violation(
            'empty',
            setting(path, key, line),
            { key, entries: names.length, ...kinds[key] },
            {
              fix: {
                title: `Name those who may connect in ${key}`,
                applicability: 'manual',
                steps: [
                  {
                    kind: 'manual',
                    instruction:
                      key === 'tls_allowed_dn_list'
                        ? `put the names of client certificates, as virt-pki-query-dn prints them, into ${key} of ${path}`
                        : `put the names of users, with the realm where the mechanism has one, into ${key} of ${path}`,
                  },
                  ...restart(daemon),
                ],
              },
            },
          ),
    );
  },
});
