import { activation, certificateWithCa, whereCaIsAtHand } from '../../src/domain/certificate-order.ts';
import { contentGaps } from '../../src/domain/credential-contents.ts';
import { ownCredentialFacts, ownCredentials, refusalOf } from '../../src/domain/own-credentials.ts';
import { keySecret } from '../../src/domain/qemu-tls-settings.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { guestName } from '../../src/domain/guest-name.ts';
import type { Known } from '../../src/facts/facts.ts';
import type { QemuProcess } from '../../src/facts/qemu-processes.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'private-key-encrypted',
  title: 'A private key needs a pass phrase that nobody gives',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    'libvirt has no way to give a pass phrase for its key, and QEMU gets one only from a secret that qemu.conf names: an encrypted key does not load.',
  remedy:
    'Store the key without a pass phrase, readable by its program alone; for QEMU, or name a secret in qemu.conf that holds the right one.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'libvirt: secrets', url: 'https://libvirt.org/formatsecret.html' },
  ],
  sources: [
    'observed: libvirt 9.0.0 and 11.3.0, PKCS #8 and legacy encryption',
    'libvirt 11.3 src/qemu/qemu_conf.c: virQEMUDriverConfigLoadSpecificTLSEntry',
    'QEMU 7.2 and 10.0 crypto/secret.c: qcrypto_secret_load_data; crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
  ],
  messages: {
    encrypted: (d: { endpoint: string; format: string; text: string; consequence: string }) => ({
      message: `The ${d.endpoint} key is protected by a pass phrase`,
      seen: d.format === 'pkcs8' ? 'an encrypted PKCS #8 key' : "a key in OpenSSL's older encryption (DEK-Info)",
      needed: 'a key without a pass phrase',
      effect: `${d.consequence}: "${d.text}"`,
    }),
    wrong: (d: { endpoint: string; guest: string; secret: string; newline: boolean; text: string }) => ({
      message: `The pass phrase that ${d.guest} is given does not open the ${d.endpoint} key`,
      seen: d.newline
        ? `secret ${d.secret} ends in a newline, which QEMU takes for a part of it; without it the key opens`
        : `secret ${d.secret} does not open it`,
      needed: "the key's own pass phrase",
      effect: `${d.guest} does not start: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    const outcomes = sets.flatMap((own) => {
      const { set, key, consequence } = own;
      if (key.state !== 'loaded' || key.value.state !== 'encrypted') return [];
      const { path } = key.file;
      const text = refusalOf(own, ['key-encrypted'])?.text ?? 'Decryption has failed.';
      if (keySecret(facts, set) !== undefined)
        return (key.value.tried ?? [])
          .filter(({ outcome }) => outcome !== 'opens')
          .map(({ pid, secret, outcome }) => {
            const process = runningGuest(facts, pid);
            const guest = process === undefined ? `the QEMU of pid ${pid}` : guestName(process);
            const newline = outcome === 'newline';
            const instruction = newline
              ? `write the file of secret ${secret} of ${guest} again without a newline at its end (printf %s in place of echo), and start ${guest} again`
              : `put the pass phrase of ${path} into secret ${secret} of ${guest} (of a guest of libvirt: virsh secret-set-value), and start ${guest} again`;
            return violation(
              'wrong',
              file(path),
              { endpoint: set.endpoint, guest, secret, newline, text },
              {
                instance: `${guest} ${secret}`,
                fix: {
                  title: `Give ${guest} the pass phrase of ${path}`,
                  applicability: 'manual',
                  steps: [{ kind: 'manual', instruction }],
                  ...whereCaIsAtHand(certificateWithCa(facts, set, { newKey: true })),
                },
              },
            );
          });
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
          ...whereCaIsAtHand(certificateWithCa(facts, set, { newKey: true })),
        },
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'key')];
    if (outcomes.length === 0 && unknowns.length === 0 && !sets.some(({ key }) => key.state === 'loaded'))
      return notApplicable('there is no private key');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});

const runningGuest = ({ qemuProcesses }: Known<'qemuProcesses'>, pid: number): QemuProcess | undefined =>
  qemuProcesses.observed ? qemuProcesses.processes.find((process) => process.pid === pid) : undefined;
