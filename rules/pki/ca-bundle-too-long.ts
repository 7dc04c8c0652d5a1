import { shortenedRemedy } from '../../src/domain/bundle-fix.ts';
import { activation } from '../../src/domain/certificate-order.ts';
import { contentGaps, membersOf } from '../../src/domain/credential-contents.ts';
import { caLimit, ownChain } from '../../src/domain/own-chain.ts';
import { ownCredentialFacts, ownCredentials } from '../../src/domain/own-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'ca-bundle-too-long',
  title: 'The CA file holds more certificates than are read',
  severity: 'warning',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    "The check that libvirt and QEMU make of their own files reads the first 16 CA certificates and passes over the rest in silence: their own certificate's CA must be among them.",
  remedy: 'Keep only the CAs that are in use, the one that issued the own certificate first.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertLoadCAListFromFile (MAX_CERTS 16)',
    'QEMU 10.1 crypto/tlscredsx509.c: MAX_CERTS 16, gone in 10.2',
    'observed: libvirt 9.0.0 and 11.3.0',
  ],
  messages: {
    unread: (d: { count: number; limit: number }) => ({
      message: `The CA file holds ${d.count} certificates, of which ${d.limit} are read`,
      seen: `${d.count - d.limit} certificates after the first ${d.limit}`,
      needed: `at most ${d.limit} certificates`,
      effect: `nobody looks at the dates and usages of the certificates after the first ${d.limit}, and an own certificate from one of them is refused`,
    }),
    needed: (d: { count: number; limit: number; text: string; consequence: string }) => ({
      message: `The CA of the own certificate is not among the first ${d.limit} of the CA file`,
      seen: `${d.count} certificates, the CA after the first ${d.limit}`,
      needed: `the CA that issued the own certificate among the first ${d.limit}`,
      effect: `${d.consequence}: "${d.text}"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    const outcomes = sets.flatMap((own) => {
      const limit = caLimit(facts, own.set.program);
      const members = membersOf(own.ca);
      if (limit === undefined || members.length <= limit || own.ca.state !== 'loaded') return [];
      const { path } = own.ca.file;
      const first = members[limit];
      const chain = ownChain(facts, own);
      const count = members.length;
      const fix = {
        title: `Shorten ${path} to ${limit} certificates`,
        ...shortenedRemedy(facts, own, limit, [
          {
            kind: 'manual',
            instruction: `move the CA that issued the own certificate to the beginning of ${path}, and take out those that are not in use`,
          },
          ...activation(own.set),
        ]),
      };
      if (chain.state === 'beyond-limit' && own.checked) {
        const data = { count, limit, text: chain.text, consequence: own.consequence };
        return violation('needed', file(path, first?.line), data, { severity: 'error', fix });
      }
      return violation('unread', file(path, first?.line), { count, limit }, { fix });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'ca', 'certificate')];
    if (unknowns.length === 0 && !sets.some(({ ca }) => ca.state === 'loaded'))
      return notApplicable('there is no CA file');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
