import { restart } from '../../src/domain/service-commands.ts';
import { tlsPrioritiesInUse, tlsPriorityFacts, tlsPriorityKey } from '../../src/domain/tls-priorities-in-use.ts';
import { unknown } from '../../src/facts/fact.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'tls-priority-invalid',
  title: 'GnuTLS refuses the value of tls_priority',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client'],
  needs: [...tlsPriorityFacts],
  rationale:
    'The string is handed to GnuTLS for each connection and not before: the daemon starts and listens, and then every TLS connection fails.',
  remedy: 'Write a GnuTLS priority string, such as NORMAL:-VERS-TLS1.0:-VERS-TLS1.1, or take the setting out.',
  references: [{ title: 'GnuTLS: priority strings', url: 'https://gnutls.org/manual/html_node/Priority-Strings.html' }],
  sources: [
    'gnutls 3.7.9 and 3.8.9 lib/priority.c: gnutls_priority_init, set_ciphersuite_list',
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSSessionNew',
  ],
  messages: {
    element: (d: { text: string; element: string; reader: string }) => ({
      message: `GnuTLS does not understand ${d.element === '' ? 'an empty element' : JSON.stringify(d.element)} in ${tlsPriorityKey}`,
      seen: `${tlsPriorityKey} = ${JSON.stringify(d.text)}`,
      needed: 'a keyword such as NORMAL, then elements that begin with +, -, ! or %, between colons',
      effect: `every TLS connection of ${d.reader} fails: Failed to set TLS session priority to ${d.text}: The request is invalid.`,
    }),
    nothing: (d: { text: string; reader: string }) => ({
      message: `${tlsPriorityKey} leaves nothing with which a connection could be made`,
      seen: `${tlsPriorityKey} = ${JSON.stringify(d.text)}`,
      needed: 'a protocol version, a cipher, a MAC and a key exchange that fit together',
      effect: `every TLS connection of ${d.reader} fails: Failed to set TLS session priority to ${d.text}: No or insufficient priorities were set.`,
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
      switch (priority.state) {
        case 'valid':
          return [];
        case 'unknown': {
          const detail = `what ${priority.keyword} stands for is in the system's configuration of GnuTLS, which is not looked at`;
          return undetermined(subject, unknown('not-collected', detail));
        }
        case 'version-dependent': {
          const detail = `${priority.element} is understood from GnuTLS ${priority.since} on, and the version of GnuTLS is not known`;
          return undetermined(subject, unknown('not-collected', detail));
        }
        case 'invalid': {
          const fix = {
            title: 'Go back to the built-in priorities',
            applicability: 'unsafe',
            steps: [
              { kind: 'unset', path, key: tlsPriorityKey, line },
              ...(daemon === undefined ? [] : restart(daemon)),
            ],
          } as const;
          return priority.reason === 'nothing-enabled'
            ? violation('nothing', subject, { text, reader }, { fix })
            : violation('element', subject, { text, element: priority.element, reader }, { fix });
        }
      }
    });
  },
});
