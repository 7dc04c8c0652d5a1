import { validityAt } from '../../src/domain/certificate-validity.ts';
import { caFileRemedy } from '../../src/domain/bundle-fix.ts';
import {
  activation,
  certificateOrder,
  certificateWithCa,
  whereCaIsAtHand,
} from '../../src/domain/certificate-order.ts';
import {
  certificateTitle,
  certificatesOf,
  contentGaps,
  leafOf,
  type CertificateInUse,
} from '../../src/domain/credential-contents.ts';
import { momentText } from '../../src/domain/moment-text.ts';
import { isIssuer } from '../../src/domain/chain-of-trust.ts';
import {
  ownCredentialFacts,
  ownCredentials,
  refusalOf,
  type OwnCredentials,
} from '../../src/domain/own-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { FixStep } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

/** Does the certificate matter to anybody: a member of the CA file that nobody looks at, and that has not issued ours, does not. */
function matters(own: OwnCredentials, { place, certificate }: CertificateInUse): boolean {
  if (place !== 'ca') return true;
  const checked = refusalOf(own, ['ca-not-yet-valid'], certificate) !== undefined && own.checked;
  const leaf = leafOf(own);
  return checked || (leaf !== undefined && isIssuer(leaf, certificate));
}

/** What the program prints of it, or what its peers make of it. */
function effectOf(own: OwnCredentials, { place, certificate }: CertificateInUse): string {
  const refusal = refusalOf(own, ['certificate-not-yet-valid', 'ca-not-yet-valid'], certificate);
  if (refusal !== undefined && own.checked) return `${own.consequence}: "${refusal.text}"`;
  return place === 'chain'
    ? 'peers refuse the chain: "The CA certificate [session] is not yet active"'
    : place === 'leaf'
      ? 'peers refuse it: "The certificate is not trusted."'
      : 'what it has issued is not trusted: "The certificate is not trusted."';
}

export default defineRule({
  id: 'certificate-not-yet-valid',
  title: 'A certificate is not yet valid',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    'A certificate whose validity begins in the future is refused by its own program and by peers; more often than not a clock is wrong, here or where it was issued.',
  remedy: 'Set the clock right; if it is, have the certificate issued with an earlier beginning, or wait.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 5280, validity', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5' },
  ],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertCheckTimes, virNetTLSCertSanityCheck',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_check_cert_times',
    'observed: libvirt 9.0.0 and 11.3.0, one future member of a CA file stops the daemon',
  ],
  messages: {
    early: (d: { what: string; since: string; now: string; effect: string }) => ({
      message: `${d.what} is not yet valid`,
      seen: `valid from ${d.since}; it is ${d.now}`,
      needed: 'a certificate that is in force, and a clock that is right',
      effect: d.effect,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    const { now } = facts.clock;
    const outcomes = sets.flatMap((own) =>
      certificatesOf(own)
        .filter(({ certificate }) => validityAt(certificate, now) === 'not-yet-valid')
        .map((use) => {
          const { certificate, place, set } = use;
          const { path } = use.file;
          const data = {
            what: certificateTitle(use),
            since: momentText(certificate.notBefore),
            now: momentText(now),
            effect: effectOf(own, use),
          };
          const steps: readonly FixStep[] = [
            {
              kind: 'manual',
              instruction:
                'compare the clock of this host with the real time (timedatectl), and set it right if it is not',
            },
            ...(place === 'leaf'
              ? certificateOrder(facts, set, { replaces: certificate })
              : [
                  {
                    kind: 'manual' as const,
                    instruction: `if it is right, replace the certificate that begins in line ${certificate.line} of ${path}`,
                  },
                  ...activation(set),
                ]),
          ];
          // Whose clock is wrong, a person must say first.
          const remedy =
            place === 'ca'
              ? caFileRemedy(facts, own, (member) => validityAt(member, now) === 'not-yet-valid', [])
              : undefined;
          const withCa =
            place === 'leaf'
              ? certificateWithCa(facts, set, { replaces: certificate })
              : (remedy?.withCa ?? remedy?.steps ?? []);
          return violation('early', file(path, certificate.line), data, {
            severity: matters(own, use) ? 'error' : 'warning',
            instance: certificate.fingerprint,
            fix: {
              title: `Set the clock right, or replace the certificate in line ${certificate.line} of ${path}`,
              applicability: 'manual',
              steps,
              ...whereCaIsAtHand(withCa),
            },
          });
        }),
    );
    const unknowns = [...gaps, ...contentGaps(sets, 'ca', 'certificate')];
    const asked = sets.some((own) => certificatesOf(own).length > 0);
    if (!asked && unknowns.length === 0) return notApplicable('there is no certificate');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
