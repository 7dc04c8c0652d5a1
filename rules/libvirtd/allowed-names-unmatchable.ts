import { credentialFacts } from '../../src/domain/credentials.ts';
import { nameListsInUse } from '../../src/domain/name-lists.ts';
import { expanded, unmatchable, type UnmatchableReason } from '../../src/domain/name-pattern.ts';
import { remoteConfiguration } from '../../src/domain/remote-configuration.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { literal } from '../../src/domain/setting-correction.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

const explanations: Readonly<Record<UnmatchableReason | 'no-attribute', string>> = {
  prefix: 'it begins with a word that belongs to the output of another program',
  slashes: 'it has slashes between its parts, as old versions of openssl print them',
  spaces: 'it has spaces after commas or around equals signs',
  'attribute-name': 'it writes an attribute in another way than GnuTLS',
  'unescaped-comma': 'it has a comma in a value without a backslash before it',
  backslashes: 'it has two backslashes before a comma, and libvirt’s strings have no escapes',
  brackets: 'it has a set in brackets, and only * and ? are wildcards',
  'other-order': 'it has the parts of a certificate’s name in another order',
  'common-name-first': 'it begins with the innermost part, as certtool -i prints names',
  'no-attribute': 'it is no distinguished name, such as C=GB,O=Example,CN=client',
};

export default defineRule({
  id: 'allowed-names-unmatchable',
  title: 'An entry of tls_allowed_dn_list can match no certificate',
  severity: 'warning',
  roles: ['libvirt-server'],
  needs: [...credentialFacts, 'certificates'],
  rationale:
    'The entry is compared letter by letter with the name as GnuTLS prints it, in the order of the certificate, with no spaces; other programs print names differently, and whoever the entry means is refused.',
  remedy: 'Copy the name from virt-pki-query-dn, run on the client’s certificate.',
  references: [
    { title: 'libvirt: virt-pki-query-dn', url: 'https://libvirt.org/manpages/virt-pki-query-dn.html' },
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
  ],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextCheckCertDNACL',
    'gnutls 3.7 and 3.8 lib/x509/dn.c: gnutls_x509_crt_get_dn',
    'observed with 9.0 and 11.3',
  ],
  messages: {
    unmatchable: (d: { entry: string; why: string; proposed: string }) => ({
      message: `The entry ${JSON.stringify(d.entry)} matches no name that GnuTLS prints`,
      seen: d.why,
      needed: d.proposed === '' ? 'a distinguished name as virt-pki-query-dn prints it' : JSON.stringify(d.proposed),
      effect:
        "the client that is meant is refused: Client's Distinguished Name is not on the list of allowed clients (tls_allowed_dn_list)",
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const configuration = remoteConfiguration(facts);
    const { daemon, path } = configuration;
    if (configuration.state === 'unknown') return [undetermined(file(path), configuration.because)];
    if (configuration.state === 'broken') return notApplicable(`${path} does not load`);
    const list = nameListsInUse(facts, configuration).find(({ key }) => key === 'tls_allowed_dn_list');
    if (list === undefined) return notApplicable('no list of distinguished names is asked');
    const known = Object.values(facts.certificates).flatMap((content) =>
      content.known ? content.value.certificates.map(({ subject }) => subject.text) : [],
    );
    const { key, names } = list;
    const right = (entry: string): readonly string[] =>
      // A set that cannot be written out would let in more by a wildcard than it means.
      expanded(entry).map((one) => (one.includes('[') ? one : (unmatchable(one, known)?.proposed ?? one)));
    const mended = [...new Set(names.flatMap((entry) => (/[=*?]/.test(entry) ? right(entry) : [entry])))];
    const value = literal({ type: 'list', items: mended.map((one) => ({ type: 'string', value: one })) });
    const line = list.setting.line;
    return [...new Set(names)].flatMap((entry) => {
      if (entry === '') return [];
      const bare = !/[=*?]/.test(entry);
      const verdict = bare ? { reasons: ['no-attribute'] as const } : unmatchable(entry, known);
      if (verdict === undefined) return [];
      const proposed = 'proposed' in verdict ? (verdict.proposed ?? '') : '';
      // The same name in its right form may stand beside it, by a careful author.
      if (proposed !== '' && names.includes(proposed)) return [];
      const isMended = proposed !== '' && !right(entry).includes(entry);
      const steps =
        isMended && value !== undefined
          ? ([{ kind: 'set', path, key, value, line }, ...restart(daemon)] as const)
          : ([
              {
                kind: 'manual',
                instruction: `in ${key} of ${path}, replace ${JSON.stringify(entry)} by ${proposed === '' ? 'what virt-pki-query-dn prints for the client’s certificate' : `${JSON.stringify(proposed)}, and compare with what virt-pki-query-dn prints for the client’s certificate`}`,
              },
              ...restart(daemon),
            ] as const);
      return violation(
        'unmatchable',
        setting(path, key, line),
        { entry, why: verdict.reasons.map((reason) => explanations[reason]).join('; '), proposed },
        {
          instance: entry,
          fix: {
            title: 'Write the name as GnuTLS prints it',
            applicability: isMended && value !== undefined ? 'unsafe' : 'manual',
            steps,
          },
        },
      );
    });
  },
});
