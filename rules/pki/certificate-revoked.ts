import { certificateSteps } from '../../src/domain/certificate-order.ts';
import {
  certificateTitle,
  certificatesOf,
  contentFacts,
  contentGaps,
  credentialContents,
} from '../../src/domain/credential-contents.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'certificate-revoked',
  title: 'A certificate in use is revoked',
  severity: 'error',
  roles: everyRole,
  needs: [...contentFacts, 'identity'],
  rationale:
    "A certificate that stands on its CA's revocation list is refused by every peer that has the list. Its own program does not look, so that only connections fail.",
  remedy: 'Find out why it was revoked; then make a new key and have a certificate issued for it.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 5280, CRL', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-5' },
  ],
  sources: [
    'GnuTLS 3.8 lib/x509/verify.c: gnutls_x509_crt_check_revocation',
    'observed: libvirt 9.0.0 and 11.3.0 start with a certificate of their own that is revoked',
  ],
  messages: {
    revoked: (d: { what: string; serial: string; list: string; date: string }) => ({
      message: `${d.what} is revoked`,
      seen: `serial number ${d.serial} in ${d.list}, revoked on ${d.date}`,
      needed: 'a certificate that its CA has not revoked',
      effect: 'peers that have the list refuse it: "The certificate has been revoked."',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const lists = sets.flatMap(({ crl }) =>
      crl.state === 'loaded' ? crl.value.lists.map((list) => ({ path: crl.file.path, list })) : [],
    );
    const outcomes = sets.flatMap((contents) =>
      certificatesOf(contents).flatMap((use) => {
        const { certificate, place, set } = use;
        for (const { path: listPath, list } of lists) {
          if (list.issuer.der !== certificate.issuer.der) continue;
          const entry = list.revoked.find(({ serial }) => serial === certificate.serial);
          if (entry === undefined) continue;
          const { path } = use.file;
          const data = {
            what: certificateTitle(use),
            serial: certificate.serial,
            list: listPath,
            date: entry.date.slice(0, 10),
          };
          return violation('revoked', file(path, certificate.line), data, {
            instance: certificate.fingerprint,
            fix: {
              title: `Have a new certificate issued in the place of the one in line ${certificate.line} of ${path}`,
              applicability: 'manual',
              ...(place === 'leaf'
                ? certificateSteps(facts, set, { replaces: certificate, newKey: true })
                : {
                    steps: [
                      {
                        kind: 'manual',
                        instruction: `take the block that begins in line ${certificate.line} out of ${path}, and have what it has issued issued anew`,
                      },
                    ],
                  }),
            },
          });
        }
        return [];
      }),
    );
    const unknowns = [
      ...gaps,
      ...contentGaps(sets, 'crl'),
      ...(lists.length > 0 ? contentGaps(sets, 'ca', 'certificate') : []),
    ];
    if (unknowns.length === 0 && lists.length === 0) return notApplicable('there is no revocation list');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
