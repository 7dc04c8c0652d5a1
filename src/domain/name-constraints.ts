import type { Certificate, NameSubtree } from '../facts/certificates.ts';
import { isIPv4 } from '../facts/address.ts';
import { allowsPurpose, serverPurpose } from './key-purpose.ts';

type Constraints = NonNullable<Certificate['nameConstraints']>;

/**
 * Do the name constraints of all issuers above permit the names of an end certificate, as GnuTLS checks them
 * (gnutls_x509_name_constraints_check_crt for DNS, e-mail, directory, URI and address names; lib/x509/name_constraints.c).
 * Every issuer's permitted subtrees must admit a name, which is what the intersection that GnuTLS forms comes to.
 */
export function permitsNames(certificate: Certificate, constraints: readonly Constraints[]): boolean {
  if (constraints.length === 0) return true;
  const { dns = [], email = [], ip = [], uri = [] } = certificate.subjectAlternativeName ?? {};
  const constrains = (kind: NameSubtree['kind']): boolean =>
    constraints.some(({ permitted, excluded }) => [...permitted, ...excluded].some((each) => each.kind === kind));
  const excludes = (kind: NameSubtree['kind']): boolean =>
    constraints.some(({ excluded }) => excluded.some((each) => each.kind === kind));

  // GnuTLS does not match these kinds: it refuses whatever they exclude something of.
  if (excludes('directory') || (uri.length > 0 && excludes('uri'))) return false;
  if (!ip.every((name) => constraints.every((each) => permits(each, 'ip', name)))) return false;
  if (constrains('email')) {
    // Without an alternative name of the kind, the one of the subject counts, of which there may be no second.
    const addresses = email.length > 0 ? email : mailAddresses(certificate.subject.text);
    if (email.length === 0 && addresses.length > 1) return false;
    if (!addresses.every((name) => constraints.every((each) => permits(each, 'email', name)))) return false;
  }
  if (!dns.every((name) => constraints.every((each) => permits(each, 'dns', name)))) return false;
  if (dns.length > 0 || !constrains('dns') || !allowsPurpose(certificate, serverPurpose)) return true;
  const { commonNames } = certificate.subject;
  return (
    commonNames.length <= 1 && commonNames.every((name) => constraints.every((each) => permits(each, 'dns', name)))
  );
}

/** Values of the attribute EMAIL in a name as GnuTLS prints it. */
const mailAddresses = (text: string): readonly string[] =>
  [...text.matchAll(/(?<=^|[^\\][,+])EMAIL=((?:\\.|[^\\,+])*)/g)].map((match) =>
    (match[1] ?? '').replace(/\\(.)/g, '$1'),
  );

const kinds = { dns: withinDomain, email: withinMailDomain, ip: withinNetwork } as const;

function permits({ permitted, excluded }: Constraints, kind: keyof typeof kinds, name: string): boolean {
  const within = kinds[kind];
  const applies = (each: NameSubtree): boolean => each.kind === kind && (kind !== 'ip' || sameFamily(name, each.value));
  if (excluded.some((each) => applies(each) && ((kind !== 'ip' && each.value === '') || within(name, each.value))))
    return false;
  const admitted = permitted.filter((each) => applies(each) && (kind === 'ip' || each.value !== ''));
  return admitted.length === 0 || admitted.some(({ value }) => within(name, value));
}

const labels = (name: string): string[] => name.toLowerCase().replace(/\.+$/, '').split('.');

/** A name is within itself and within its parents; a leading dot asks for at least one more label. */
function withinDomain(name: string, constraint: string): boolean {
  const [wanted, suffix] = [labels(name), labels(constraint)];
  const parent = suffix[0] === '' && suffix.length > 1 ? suffix.slice(1) : suffix;
  if (wanted.length < parent.length + (parent === suffix ? 0 : 1)) return false;
  return parent.every((label, index) => label === wanted[wanted.length - parent.length + index]);
}

/** A constraint is a mailbox, a host (exact), or with a leading dot a domain. */
function withinMailDomain(name: string, constraint: string): boolean {
  const at = name.lastIndexOf('@');
  const [local, domain] = [name.slice(0, at), name.slice(at + 1)];
  const limit = constraint.lastIndexOf('@');
  const limitDomain = constraint.slice(limit + 1);
  const sameDomain = labels(domain).join('.') === labels(limitDomain).join('.');
  if (limit !== -1) return at !== -1 && sameDomain && local === constraint.slice(0, limit);
  return sameDomain || (limitDomain.startsWith('.') && withinDomain(domain, limitDomain));
}

const sameFamily = (address: string, network: string): boolean =>
  isIPv4(address) === isIPv4(network.slice(0, network.indexOf('/')));

function withinNetwork(address: string, network: string): boolean {
  const slash = network.indexOf('/');
  const length = Number(network.slice(slash + 1));
  return bits(address).slice(0, length) === bits(network.slice(0, slash)).slice(0, length);
}

/** An address as a string of binary digits; IPv6 in the canonical form that facts have. */
function bits(address: string): string {
  if (isIPv4(address))
    return address
      .split('.')
      .map((octet) => Number(octet).toString(2).padStart(8, '0'))
      .join('');
  const [head = '', tail] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const before = head === '' ? [] : head;
  const after = tail ?? [];
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}
