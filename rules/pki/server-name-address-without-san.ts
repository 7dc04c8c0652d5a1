import { certificateSteps } from '../../src/domain/certificate-order.ts';
import { namesAddressAsText } from '../../src/domain/certified-names.ts';
import { coversName } from '../../src/domain/covers-name.ts';
import { contentFacts, contentGaps, credentialContents, endEntityOf } from '../../src/domain/credential-contents.ts';
import { canonicalAddress } from '../../src/facts/address.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'server-name-address-without-san',
  title: 'Clients use an address that the server certificate does not hold as one',
  severity: 'warning',
  roles: ['libvirt-server', 'vnc-server', 'migration'],
  needs: [...contentFacts, 'identity'],
  rationale:
    'An address in a URI matches an iPAddress entry of the certificate and nothing else: not the common name, and not a DNS name that is written like an address.',
  remedy:
    'Have the certificate issued with the address as an iPAddress (certtool: `ip_address`), or let clients use a name.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'RFC 5280, subject alternative name', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6' },
  ],
  sources: ['GnuTLS 3.8 lib/x509/hostname-verify.c: check_ip', 'observed: libvirt 9.0.0 and 11.3.0'],
  options: {
    schema: {
      type: 'object',
      properties: {
        addresses: {
          type: 'array',
          items: { type: 'string', minLength: 1 },
          description: 'Addresses of this host that clients open',
        },
      },
      additionalProperties: false,
    },
    defaults: { addresses: [] as readonly string[] },
  },
  messages: {
    asText: (d: { address: string }) => ({
      message: `The server certificate holds the address ${d.address} as text only`,
      seen: `${d.address} as common name or DNS name`,
      needed: `${d.address} as an iPAddress`,
      effect: `clients that connect to ${d.address} refuse the server: "Certificate [session] owner does not match the hostname ${d.address}"`,
    }),
    absent: (d: { address: string }) => ({
      message: `The server certificate does not hold the address ${d.address}, which clients open`,
      seen: 'no such iPAddress in the certificate',
      needed: `${d.address} as an iPAddress`,
      effect: `clients that connect to ${d.address} refuse the server: "Certificate [session] owner does not match the hostname ${d.address}"`,
    }),
  },

  check(facts, { roles, options, violation, undetermined, notApplicable }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const servers = sets.filter(({ set }) => set.endpoint === 'server');
    const unknowns = [...gaps, ...contentGaps(servers, 'certificate')];
    const judged = servers.filter((contents) => endEntityOf(contents) !== undefined);
    if (judged.length === 0 && unknowns.length === 0) return notApplicable('there is no server certificate');
    const outcomes = judged.flatMap((contents) => {
      const { set, certificate } = contents;
      const leaf = endEntityOf(contents);
      if (leaf === undefined || certificate.state !== 'loaded') return [];
      const { path } = certificate.file;
      const asText = namesAddressAsText(leaf);
      const absent = options.addresses.filter(
        (address) => canonicalAddress(address) !== undefined && !asText.includes(address) && !coversName(leaf, address),
      );
      const fixFor = (address: string) =>
        ({
          title: `Have ${path} issued with the address ${address}`,
          applicability: 'manual',
          ...certificateSteps(facts, set, { replaces: leaf, interrupts: false, addresses: [address] }),
        }) as const;
      const at = file(path, leaf.line);
      return [
        ...asText.map((address) => violation('asText', at, { address }, { instance: address, fix: fixFor(address) })),
        ...absent.map((address) => violation('absent', at, { address }, { instance: address, fix: fixFor(address) })),
      ];
    });
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
