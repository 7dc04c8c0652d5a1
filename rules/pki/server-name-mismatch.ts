import { certificateSteps, hostNames } from '../../src/domain/certificate-order.ts';
import { contentFacts, contentGaps, credentialContents, endEntityOf } from '../../src/domain/credential-contents.ts';
import { coversName } from '../../src/domain/covers-name.ts';
import { certifiedNames, namesAddressAsText } from '../../src/domain/certified-names.ts';
import { canonicalAddress } from '../../src/facts/address.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'server-name-mismatch',
  title: 'The server certificate does not name this host',
  severity: 'warning',
  roles: ['libvirt-server', 'vnc-server', 'migration'],
  needs: [...contentFacts, 'identity'],
  rationale:
    'Clients compare the name in their URI with the names in the certificate and refuse the server when none fits. There can be good reasons for other names: an alias, or a name that only clients know.',
  remedy:
    'Have the certificate issued with every name and address that clients use, as alternative names; or tell the names with the option `names`.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 6125', url: 'https://www.rfc-editor.org/rfc/rfc6125' },
  ],
  sources: [
    'libvirt 11.3 src/rpc/virnettlscert.c: virNetTLSCertValidate',
    'GnuTLS 3.8 lib/x509/hostname-verify.c: gnutls_x509_crt_check_hostname2',
  ],
  options: {
    schema: {
      type: 'object',
      properties: {
        names: {
          type: 'array',
          items: { type: 'string', minLength: 1 },
          description: 'Names that clients use for this host; its own names are asked for when this is empty',
        },
      },
      additionalProperties: false,
    },
    defaults: { names: [] as readonly string[] },
  },
  messages: {
    unnamed: (d: { name: string; names: string }) => ({
      message: `The server certificate does not name ${d.name}`,
      seen: d.names === '' ? 'a certificate without any name' : `a certificate for ${d.names}`,
      needed: `${d.name} among the DNS names of the certificate`,
      effect: `clients that connect to ${d.name} refuse the server: "Certificate [session] owner does not match the hostname ${d.name}"`,
    }),
  },

  check(facts, { roles, options, violation, undetermined, notApplicable }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const servers = sets.filter(({ set }) => set.endpoint === 'server');
    const unknowns = [...gaps, ...contentGaps(servers, 'certificate')];
    const own = hostNames(facts);
    const [ownName] = own.names;
    const given = options.names.filter((name) => canonicalAddress(name) === undefined);
    if (ownName === undefined && given.length === 0) return notApplicable('the name of this host is not known');
    const judged = servers.filter((contents) => endEntityOf(contents) !== undefined);
    if (judged.length === 0 && unknowns.length === 0) return notApplicable('there is no server certificate');
    const outcomes = judged.flatMap((contents) => {
      const { set, certificate } = contents;
      const leaf = endEntityOf(contents);
      if (leaf === undefined || certificate.state !== 'loaded') return [];
      // An address written as a name is another rule's finding.
      const isMeantForAddress = namesAddressAsText(leaf).some((address) => own.addresses.includes(address));
      const coversOwn =
        (ownName !== undefined && coversName(leaf, ownName)) ||
        isMeantForAddress ||
        own.addresses.some((address) => coversName(leaf, address));
      const uncovered =
        given.length > 0
          ? given.filter((name) => !coversName(leaf, name))
          : coversOwn || ownName === undefined
            ? []
            : [ownName];
      const { path } = certificate.file;
      return uncovered.map((name) =>
        violation(
          'unnamed',
          file(path, leaf.line),
          { name, names: certifiedNames(leaf).join(', ') },
          {
            instance: name,
            fix: {
              title: `Have ${path} issued for ${name} too`,
              applicability: 'manual',
              ...certificateSteps(facts, set, { replaces: leaf, interrupts: false, names: [name] }),
            },
          },
        ),
      );
    });
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
