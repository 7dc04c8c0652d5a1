import { activation } from '../../src/domain/certificate-order.ts';
import { contentGaps } from '../../src/domain/credential-contents.ts';
import { ownCredentialFacts, ownCredentials, refusalOf } from '../../src/domain/own-credentials.ts';
import { keySecret } from '../../src/domain/qemu-tls-settings.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'private-key-encrypted',
  title: 'A private key needs a pass phrase that nobody gives',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts],
  rationale:
    'libvirt has no way to give a pass phrase for its key, and QEMU gets one only from a secret that qemu.conf names: an encrypted key does not load.',
  remedy:
    'Store the key without a pass phrase, readable by its program alone; for QEMU, or name a secret in qemu.conf.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'libvirt: secrets', url: 'https://libvirt.org/formatsecret.html' },
  ],
  sources: [
    'observed: libvirt 9.0.0 and 11.3.0, PKCS #8 and legacy encryption',
    'libvirt 11.3 src/qemu/qemu_conf.c: virQEMUDriverConfigLoadSpecificTLSEntry',
  ],
  messages: {
    encrypted: (d: { endpoint: string; format: string; text: string; consequence: string }) => ({
      message: `The ${d.endpoint} key is protected by a pass phrase`,
      seen: d.format === 'pkcs8' ? 'an encrypted PKCS #8 key' : "a key in OpenSSL's older encryption (DEK-Info)",
      needed: 'a key without a pass phrase',
      effect: `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    const outcomes = sets.flatMap((own) => {
      const { set, key, consequence } = own;
      if (key.state !== 'loaded' || key.value.state !== 'encrypted' || keySecret(facts, set) !== undefined) return [];
      const { path } = key.file;
      const text = refusalOf(own, ['key-encrypted'])?.text ?? 'Decryption has failed.';
      const data = { endpoint: set.endpoint, format: key.value.format, text, consequence };
      return violation('encrypted', file(path), data, {
        fix: {
          title: `Take the pass phrase off ${path}`,
          applicability: 'manual',
          steps: [
            {
              kind: 'manual',
              instruction: `as root, with the pass phrase at hand: umask 077; openssl pkey -in ${path} -out ${path}.new && chown --reference=${path} ${path}.new && mv ${path}.new ${path}`,
            },
            ...activation(set),
          ],
        },
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'key')];
    if (outcomes.length === 0 && unknowns.length === 0 && !sets.some(({ key }) => key.state === 'loaded'))
      return notApplicable('there is no private key');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
