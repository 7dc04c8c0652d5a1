import { certificateSteps } from '../../src/domain/certificate-order.ts';
import { lacksAlternativeNames } from '../../src/domain/certified-names.ts';
import { contentFacts, contentGaps, credentialContents, endEntityOf } from '../../src/domain/credential-contents.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'server-name-without-san',
  title: 'The server certificate has a common name only',
  severity: 'warning',
  roles: ['libvirt-server', 'vnc-server', 'migration'],
  needs: [...contentFacts, 'identity'],
  rationale:
    'GnuTLS still takes the common name for a host name where there are no alternative names; most other clients have stopped doing so.',
  remedy: 'Have the certificate issued with the names as subject alternative names (certtool: `dns_name`).',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 9525: service identity in TLS', url: 'https://www.rfc-editor.org/rfc/rfc9525' },
  ],
  sources: ['GnuTLS 3.8 lib/x509/hostname-verify.c: gnutls_x509_crt_check_hostname2'],
  messages: {
    commonNameOnly: (d: { commonName: string }) => ({
      message: 'The server certificate names its host by the common name only',
      seen: `common name ${d.commonName}, no DNS name or address`,
      needed: `${d.commonName} among the DNS names of the certificate`,
      effect: 'clients with GnuTLS connect, others refuse the server',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const servers = sets.filter(({ set }) => set.endpoint === 'server');
    const unknowns = [...gaps, ...contentGaps(servers, 'certificate')];
    const judged = servers.filter((contents) => endEntityOf(contents) !== undefined);
    if (judged.length === 0 && unknowns.length === 0) return notApplicable('there is no server certificate');
    const outcomes = judged.flatMap((contents) => {
      const { set, certificate } = contents;
      const leaf = endEntityOf(contents);
      const [commonName] = leaf?.subject.commonNames ?? [];
      if (leaf === undefined || certificate.state !== 'loaded' || commonName === undefined) return [];
      if (!lacksAlternativeNames(leaf)) return [];
      const { path } = certificate.file;
      return violation(
        'commonNameOnly',
        file(path, leaf.line),
        { commonName },
        {
          fix: {
            title: `Have ${path} issued with alternative names`,
            applicability: 'manual',
            ...certificateSteps(facts, set, { replaces: leaf, interrupts: false }),
          },
        },
      );
    });
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
