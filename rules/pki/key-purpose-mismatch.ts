import { certificateSteps } from '../../src/domain/certificate-order.ts';
import { contentGaps, endEntityOf } from '../../src/domain/credential-contents.ts';
import { allowedEndpoints } from '../../src/domain/key-purpose.ts';
import { purposeNames } from '../../src/reference/purpose-names.ts';
import { ownCredentialFacts, ownCredentials, refusalOf } from '../../src/domain/own-credentials.ts';
import { isViewer } from '../../src/reference/pki-files.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'key-purpose-mismatch',
  title: 'The key purposes of a certificate exclude its use',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    'A certificate whose extended key usage names other purposes than the one it is put to is refused where the extension is critical. libvirt takes any purpose that it does not know for permission, and "any" for none; QEMU does the opposite.',
  remedy: 'Have the certificate issued with the purpose TLS web server, TLS web client, or both, as it is used.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 5280, extended key usage', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12' },
  ],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertCheckKeyPurpose',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_check_cert_key_purpose',
    'observed: libvirt 9.0.0 and 11.3.0',
  ],
  messages: {
    refused: (d: { endpoint: string; purposes: string; effect: string }) => ({
      message: `The ${d.endpoint} certificate is not for a TLS ${d.endpoint}`,
      seen: `extended key usage, critical, ${d.purposes}`,
      needed: `TLS web ${d.endpoint} among the purposes`,
      effect: d.effect,
    }),
    tolerated: (d: { endpoint: string; purposes: string; program: string }) => ({
      message: `The ${d.endpoint} certificate is not for a TLS ${d.endpoint}`,
      seen: `extended key usage ${d.purposes}`,
      needed: `TLS web ${d.endpoint} among the purposes`,
      effect: `${d.program} lets it pass because the extension is not critical; other programs refuse it`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    const outcomes = sets.flatMap((own) => {
      const { set, certificate, checked, consequence } = own;
      const leaf = endEntityOf(own);
      if (leaf?.extendedKeyUsage === undefined || certificate.state !== 'loaded') return [];
      const { endpoint, program } = set;
      // Neither VNC clients nor QEMU as their server look at the purposes of a client.
      if (isViewer(program) || allowedEndpoints(leaf, program)[endpoint]) return [];
      const { path } = certificate.file;
      const purposes = leaf.extendedKeyUsage.purposes.map((purpose) => purposeNames[purpose] ?? purpose).join(', ');
      const refusal = refusalOf(own, ['purpose-mismatch']);
      const fix = {
        title: `Have ${path} issued for a TLS ${endpoint}`,
        applicability: 'manual',
        ...certificateSteps(facts, set, { replaces: leaf, interrupts: refusal !== undefined }),
      } as const;
      if (refusal === undefined) {
        const data = { endpoint, purposes, program: program === 'qemu' ? 'QEMU' : 'libvirt' };
        return violation('tolerated', file(path, leaf.line), data, { severity: 'warning', fix });
      }
      const effect = checked
        ? `${consequence}: "${refusal.text}"`
        : `peers refuse it: "Certificate [session] purpose does not allow use for with a TLS ${endpoint}"`;
      return violation('refused', file(path, leaf.line), { endpoint, purposes, effect }, { fix });
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'certificate')];
    if (unknowns.length === 0 && !sets.some((own) => endEntityOf(own) !== undefined))
      return notApplicable('there is no server or client certificate');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
