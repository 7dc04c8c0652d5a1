import { firstInFile } from '../../src/domain/bundle-fix.ts';
import { activation, certificateSteps } from '../../src/domain/certificate-order.ts';
import { contentGaps, leafOf, membersOf, subjectTitle } from '../../src/domain/credential-contents.ts';
import { ownCredentialFacts, ownCredentials, refusalOf } from '../../src/domain/own-credentials.ts';
import { isViewer } from '../../src/reference/pki-files.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'certificate-is-a-ca',
  title: "A server or client certificate is a CA's",
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    "Who holds a CA's key can issue certificates for anybody, so that libvirt and QEMU refuse to be served by one. Often the order of a file is wrong, or `openssl req -x509` made the certificate.",
  remedy: "Use a certificate of its own for server and client, and put it first in its file, before its issuers'.",
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 5280, basic constraints', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9' },
  ],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertCheckBasicConstraints',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_check_cert_basic_constraints',
  ],
  messages: {
    ca: (d: { endpoint: string; subject: string; effect: string }) => ({
      message: `The ${d.endpoint} certificate is a CA certificate`,
      seen: `basic constraints CA:TRUE in ${d.subject}`,
      needed: `a ${d.endpoint} certificate, without CA:TRUE`,
      effect: d.effect,
    }),
    order: (d: { endpoint: string; subject: string; line: number; effect: string }) => ({
      message: `The file of the ${d.endpoint} certificate begins with a CA certificate`,
      seen: `${d.subject} first, the ${d.endpoint} certificate in line ${d.line}`,
      needed: `the ${d.endpoint} certificate first, those of its issuers after it`,
      effect: d.effect,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    const outcomes = sets.flatMap((own) => {
      const { set, certificate, checked, consequence } = own;
      const leaf = leafOf(own);
      if (leaf?.basicConstraints?.ca !== true || certificate.state !== 'loaded') return [];
      // Neither VNC clients nor QEMU as their server look at that of a client.
      if (isViewer(set.program)) return [];
      const { path } = certificate.file;
      const { endpoint } = set;
      const refusal = refusalOf(own, ['certificate-is-a-ca']);
      const effect =
        refusal !== undefined && checked
          ? `${consequence}: "${refusal.text}"`
          : `peers refuse it: "The certificate [session] basic constraints show a CA, but we need one for a ${endpoint}"`;
      const data = { endpoint, subject: subjectTitle(leaf), effect };
      const laters = membersOf(certificate).filter(
        (one) => one.basicConstraints?.ca !== true && one.fingerprint !== leaf.fingerprint,
      );
      const keys = own.key.state === 'loaded' && own.key.value.state === 'readable' ? own.key.value : undefined;
      const later = laters.find((one) => one.publicKey.fingerprint === keys?.publicKey.fingerprint) ?? laters[0];
      if (later === undefined)
        return violation('ca', file(path, leaf.line), data, {
          fix: {
            title: `Have a ${endpoint} certificate issued for ${path}`,
            applicability: 'manual',
            ...certificateSteps(facts, set),
          },
        });
      return violation(
        'order',
        file(path, leaf.line),
        { ...data, line: later.line },
        {
          fix: {
            title: `Put the ${endpoint} certificate first in ${path}`,
            ...firstInFile(own, later, [
              {
                kind: 'manual',
                instruction: `move the block that begins in line ${later.line} of ${path} to the beginning of the file`,
              },
              ...activation(set),
            ]),
          },
        },
      );
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'certificate')];
    if (unknowns.length === 0 && !sets.some((own) => leafOf(own) !== undefined))
      return notApplicable('there is no server or client certificate');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
