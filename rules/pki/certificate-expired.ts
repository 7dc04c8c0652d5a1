import { validityAt } from '../../src/domain/certificate-validity.ts';
import { caFileRemedy, chainRemedy } from '../../src/domain/bundle-fix.ts';
import { activation, certificateSteps } from '../../src/domain/certificate-order.ts';
import {
  certificateTitle,
  certificatesOf,
  contentGaps,
  leafOf,
  viewerTrust,
  type CertificateInUse,
} from '../../src/domain/credential-contents.ts';
import { momentText } from '../../src/domain/moment-text.ts';
import { isIssuer } from '../../src/domain/chain-of-trust.ts';
import {
  ownCredentialFacts,
  ownCredentials,
  refusalOf,
  unchecked,
  type OwnCredentials,
} from '../../src/domain/own-credentials.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

/** Does the certificate matter to anybody: a member of the CA file that nobody looks at, and that has not issued ours, does not. */
function matters(own: OwnCredentials, { place, certificate }: CertificateInUse): boolean {
  if (place !== 'ca') return true;
  const checked = refusalOf(own, ['ca-expired'], certificate) !== undefined && own.checked;
  const leaf = leafOf(own);
  return checked || (leaf !== undefined && isIssuer(leaf, certificate));
}

/** What the program prints of it, or what its peers make of it. */
function effectOf(own: OwnCredentials, { place, certificate }: CertificateInUse): string {
  if (own.set.program === 'tigervnc')
    return 'the viewer takes the servers that it has issued to have expired certificates';
  const refusal = refusalOf(own, ['certificate-expired', 'ca-expired'], certificate);
  if (refusal !== undefined && own.checked) return `${own.consequence}: "${refusal.text}"`;
  return place === 'chain'
    ? 'peers refuse the chain: "The CA certificate [session] has expired"'
    : place === 'leaf'
      ? 'peers refuse it: "The certificate is not trusted."'
      : 'what it has issued is not trusted: "The certificate is not trusted."';
}

export default defineRule({
  id: 'certificate-expired',
  title: 'A certificate has expired',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    'libvirt and QEMU look at the dates of their own certificate and of every member of the CA file when they start, and one that has expired stops them; peers refuse it as well.',
  remedy:
    'Have the certificate issued anew. Take CA certificates that have expired and are no longer used out of the CA file.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 5280, validity', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5' },
  ],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertCheckTimes, virNetTLSCertSanityCheck',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_check_cert_times',
    'TigerVNC 1.12 common/rfb/CSecurityTLS.cxx: checkSession',
    'observed: libvirt 9.0.0 and 11.3.0, one expired member of a CA file stops the daemon',
  ],
  messages: {
    expired: (d: { what: string; since: string; now: string; effect: string }) => ({
      message: `${d.what} has expired`,
      seen: `valid until ${d.since}; it is ${d.now}`,
      needed: 'a certificate that is in force',
      effect: d.effect,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets: checked, gaps } = ownCredentials(facts, roles);
    const sets = [...checked, ...viewerTrust(facts, roles).map(unchecked)];
    const { now } = facts.clock;
    const outcomes = sets.flatMap((own) =>
      certificatesOf(own)
        .filter(({ certificate }) => validityAt(certificate, now) === 'expired')
        .map((use) => {
          const { certificate, place, set } = use;
          const { path } = use.file;
          const data = {
            what: certificateTitle(use),
            since: momentText(certificate.notAfter),
            now: momentText(now),
            effect: effectOf(own, use),
          };
          const byHand = [
            {
              kind: 'manual' as const,
              instruction: `replace the certificate that begins in line ${certificate.line} of ${path} by its successor; where nothing uses it any more, take the block out`,
            },
            ...activation(set),
          ];
          const remedy: Omit<Fix, 'title'> =
            place === 'leaf'
              ? { applicability: 'manual', ...certificateSteps(facts, set, { replaces: certificate }) }
              : place === 'chain'
                ? chainRemedy(own, use, byHand)
                : caFileRemedy(facts, own, (member) => validityAt(member, now) === 'expired', byHand);
          return violation('expired', file(path, certificate.line), data, {
            severity: matters(own, use) ? 'error' : 'warning',
            instance: certificate.fingerprint,
            fix: {
              title:
                place === 'leaf'
                  ? `Have ${path} issued anew`
                  : `Replace or remove the certificate in line ${certificate.line} of ${path}`,
              ...remedy,
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
