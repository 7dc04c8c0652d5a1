import { reload } from '../../src/domain/certificate-order.ts';
import { secondsOf } from '../../src/domain/certificate-validity.ts';
import { contentFacts, contentGaps, credentialContents, viewerTrust } from '../../src/domain/credential-contents.ts';
import { momentText } from '../../src/domain/moment-text.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'crl-expired',
  title: 'A revocation list is out of date',
  severity: 'warning',
  roles: everyRole,
  needs: [...contentFacts, 'clock'],
  rationale:
    'libvirt and QEMU apply a revocation list whatever its dates: nothing says that it is old, and what was revoked since is let in.',
  remedy: 'Fetch the list from the CA by routine, and have the daemon read it.',
  references: [{ title: 'RFC 5280, next update', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-5.1.2.5' }],
  sources: ['observed: libvirt 9.0.0 and 11.3.0 accept and apply an expired list'],
  messages: {
    expired: (d: { issuer: string; next: string; now: string }) => ({
      message: `The revocation list of ${d.issuer} is out of date`,
      seen: `a new one was due on ${d.next}; it is ${d.now}`,
      needed: 'the latest list of the CA',
      effect: 'certificates that the CA has revoked since are accepted, and no message says so',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets: own, gaps } = credentialContents(facts, roles);
    const sets = [...own, ...viewerTrust(facts, roles)];
    const { now } = facts.clock;
    const outcomes = sets.flatMap(({ set, crl }) => {
      if (crl.state !== 'loaded') return [];
      const { path } = crl.file;
      return crl.value.lists.flatMap(({ issuer, nextUpdate }) => {
        if (nextUpdate === undefined || secondsOf(nextUpdate) >= secondsOf(now)) return [];
        const data = { issuer: issuer.text, next: momentText(nextUpdate), now: momentText(now) };
        return violation('expired', file(path), data, {
          instance: issuer.der,
          fix: {
            title: `Fetch the latest list of ${issuer.text}`,
            applicability: 'manual',
            steps: [
              {
                kind: 'run',
                where: `where the CA's key and the list are kept; then bring cacrl.pem to ${path}`,
                command: [
                  ...['certtool', '--generate-crl', '--load-ca-privkey', 'cakey.pem'],
                  ...['--load-ca-certificate', 'cacert.pem', '--load-crl', 'cacrl.pem', '--outfile', 'cacrl.pem'],
                ],
              },
              ...reload(set),
            ],
          },
        });
      });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'crl')];
    if (unknowns.length === 0 && !sets.some(({ crl }) => crl.state === 'loaded'))
      return notApplicable('there is no revocation list');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
