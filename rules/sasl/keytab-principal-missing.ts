import { serviceKeys } from '../../src/domain/keytab-keys.ts';
import { makeKey, principalHost, takeEffect } from '../../src/domain/sasl-advice.ts';
import { saslFacts, saslServices, unjudged } from '../../src/domain/sasl.ts';
import { unknown } from '../../src/facts/fact.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const shown = 6;

export default defineRule({
  id: 'keytab-principal-missing',
  title: 'The keytab has no key for this service on this host',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts, 'keytabs', 'identity'],
  rationale:
    'A client asks Kerberos for a ticket for libvirt/HOST, or vnc/HOST for a console, whatever older documents say. Only a key for just that name opens it.',
  remedy: "Make a key for the service under the host's fully qualified name in lower case, and put it into the keytab.",
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html' },
    { title: 'MIT Kerberos: keytab', url: 'https://web.mit.edu/kerberos/krb5-latest/doc/basic/keytab_def.html' },
  ],
  sources: [
    'libvirt 9.0, 11.3 src/rpc/virnetsaslcontext.c: virNetSASLSessionNewServer ("libvirt")',
    'QEMU 7.2, 10.0 ui/vnc-auth-sasl.c: start_auth_sasl ("vnc")',
  ],
  messages: {
    missing: (d: { path: string; wanted: string; principals: readonly string[]; more: number }) => ({
      message: `The keytab ${d.path} has no key for ${d.wanted}`,
      seen:
        d.principals.length === 0
          ? 'it has no keys'
          : `it has keys for ${d.principals.join(', ')}${d.more > 0 ? ` and ${d.more} more` : ''}`,
      needed: `a key for ${d.wanted}`,
      effect: 'every Kerberos login fails: the ticket of the client cannot be read',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const { keys, gaps } = serviceKeys(facts, roles);
    const unseen = [...unjudged(found), ...gaps].map(({ path, because }) => undetermined(file(path), because));
    if (found.services.length === 0 && unseen.length === 0) return notApplicable('nothing here asks for SASL');
    const outcomes = keys.flatMap(({ service, path, name, entries, own }): readonly (Undetermined | Violation)[] => {
      const isNamed = facts.identity.fqdn !== undefined;
      if (own.length > 0) {
        return isNamed
          ? []
          : [undetermined(file(path), unknown('not-collected', 'the fully qualified name of this host is not known'))];
      }
      const wanted = `${name}/${principalHost(facts.identity)}`;
      const principals = [...new Set(entries.map(({ principal }) => principal))];
      return [
        violation(
          'missing',
          file(path),
          { path, wanted, principals: principals.slice(0, shown), more: principals.length - shown },
          {
            instance: name,
            fix: {
              title: `Put a key for ${wanted} into ${path}`,
              applicability: 'manual',
              steps: [makeKey(wanted, path), ...takeEffect(service)],
            },
          },
        ),
      ];
    });
    return [...outcomes, ...unseen];
  },
});
