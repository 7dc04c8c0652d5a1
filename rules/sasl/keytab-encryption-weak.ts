import { serviceKeys } from '../../src/domain/keytab-keys.ts';
import { makeKey, takeEffect } from '../../src/domain/sasl-advice.ts';
import { saslFacts, saslServices, unjudged } from '../../src/domain/sasl.ts';
import { encryptionTypeName, encryptionTypes } from '../../src/reference/kerberos.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const isWeak = (number: number): boolean => {
  const strength = encryptionTypes[number]?.strength;
  return strength === 'broken' || strength === 'obsolete' || strength === 'weak';
};

export default defineRule({
  id: 'keytab-encryption-weak',
  title: 'The keytab has only keys of weak encryption types',
  severity: 'warning',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts, 'keytabs', 'identity'],
  rationale:
    'Single DES can be broken by anybody, and triple DES and RC4 are deprecated: a ticket that is encrypted so gives away the key of the service, and newer Kerberos libraries refuse it.',
  remedy: 'Make new keys of AES for the service, which the KDC does by itself unless it is told otherwise.',
  references: [
    { title: 'RFC 8429: deprecate 3DES and RC4 in Kerberos', url: 'https://www.rfc-editor.org/rfc/rfc8429' },
    { title: 'RFC 6649: deprecate DES in Kerberos', url: 'https://www.rfc-editor.org/rfc/rfc6649' },
  ],
  sources: ['MIT krb5 1.21 src/lib/crypto/krb/etypes.c'],
  messages: {
    weak: (d: { path: string; principal: string; types: readonly string[] }) => ({
      message: `The keytab ${d.path} has only weak keys for ${d.principal}`,
      seen: d.types.join(', '),
      needed: 'a key of aes256-cts-hmac-sha1-96 or better',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const { keys, gaps } = serviceKeys(facts, roles);
    const unseen = [...unjudged(found), ...gaps].map(({ path, because }) => undetermined(file(path), because));
    if (found.services.length === 0 && unseen.length === 0) return notApplicable('nothing here asks for SASL');
    const outcomes = keys.flatMap(({ service, path, name, own }) => {
      // The KDC encrypts to the newest key alone.
      const newest = Math.max(...own.map(({ keyVersion }) => keyVersion));
      const current = own.filter(({ keyVersion }) => keyVersion === newest);
      const [first] = current;
      if (first === undefined || !current.every(({ encryptionType }) => isWeak(encryptionType))) return [];
      const principal = first.components.join('/');
      const types = [...new Set(current.map(({ encryptionType }) => encryptionTypeName(encryptionType)))];
      return [
        violation(
          'weak',
          file(path),
          { path, principal, types },
          {
            instance: name,
            fix: {
              title: `Make new keys for ${principal}`,
              applicability: 'manual',
              steps: [makeKey(principal, path), ...takeEffect(service)],
            },
          },
        ),
      ];
    });
    return [...outcomes, ...unseen];
  },
});
