import { restart } from '../../src/domain/service-commands.ts';
import { tlsPrioritiesInUse, tlsPriorityFacts, tlsPriorityKey } from '../../src/domain/tls-priorities-in-use.ts';
import { unknown } from '../../src/facts/fact.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'tls-priority-weak',
  title: 'tls_priority allows TLS below 1.2',
  severity: 'warning',
  roles: ['libvirt-server', 'libvirt-client'],
  needs: [...tlsPriorityFacts],
  rationale:
    'TLS 1.0 and 1.1 rest on SHA-1 and on ciphers in CBC mode; they are deprecated, and every libvirt of the last ten years can do better.',
  remedy: 'Add :-VERS-TLS1.0:-VERS-TLS1.1 to the string.',
  references: [
    { title: 'RFC 8996: deprecating TLS 1.0 and TLS 1.1', url: 'https://www.rfc-editor.org/rfc/rfc8996' },
    { title: 'GnuTLS: priority strings', url: 'https://gnutls.org/manual/html_node/Priority-Strings.html' },
  ],
  sources: [
    'gnutls 3.7.9 and 3.8.9 lib/priority.c: gnutls_priority_init, set_ciphersuite_list',
    'observed with gnutls 3.7.9 and 3.8.9: NORMAL accepts TLS 1.0 and 1.1',
  ],
  messages: {
    old: (d: { text: string; versions: readonly string[]; proposed: string; reader: string }) => ({
      message: `${tlsPriorityKey} lets ${d.reader} speak ${d.versions.join(' and ')}`,
      seen: `${tlsPriorityKey} = ${JSON.stringify(d.text)}`,
      needed: `TLS 1.2 or later: ${JSON.stringify(d.proposed)}`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const strings = tlsPrioritiesInUse(facts, roles);
    if (strings.length === 0) return notApplicable(`${tlsPriorityKey} is not set`);
    return strings.flatMap((one) => {
      const { path } = one;
      if (one.state === 'unknown') return undetermined(file(path), one.because);
      const { line, text, reader, daemon, priority } = one;
      const subject = setting(path, tlsPriorityKey, line);
      if (priority.state === 'unknown') {
        const detail = `what ${priority.keyword} stands for is in the system's configuration of GnuTLS, which is not looked at`;
        return undetermined(subject, unknown('not-collected', detail));
      }
      // An invalid string has a rule of its own; one that an unknown version may refuse is asked there as well.
      if (priority.state !== 'valid') return [];
      const old = priority.negotiable.filter((version) => version === 'TLS1.0' || version === 'TLS1.1');
      if (old.length === 0) return [];
      const onlyOld = priority.negotiable.length === old.length;
      const proposed = onlyOld
        ? 'NORMAL:-VERS-TLS1.0:-VERS-TLS1.1'
        : `${text}${old.map((version) => `:-VERS-${version}`).join('')}`;
      const value = proposed.includes('"') ? `'${proposed}'` : `"${proposed}"`;
      return violation(
        'old',
        subject,
        { text, versions: old.map((version) => version.replace('TLS', 'TLS ')), proposed, reader },
        {
          fix: {
            title: 'Allow TLS 1.2 and later only',
            applicability: 'unsafe',
            steps: [
              { kind: 'set', path, key: tlsPriorityKey, value, line },
              ...(daemon === undefined ? [] : restart(daemon)),
            ],
          },
        },
      );
    });
  },
});
