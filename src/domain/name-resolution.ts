import { canonicalAddress, isIPv4 } from '../facts/address.ts';
import type { HostIdentity, HostsEntry } from '../facts/host.ts';

/** What getaddrinfo(3) makes of a name without asking anybody. */
export type NameResolution =
  /** Addresses in the order in which they are dialled, each until one answers (virNetSocketNewConnectTCP). */
  | { readonly state: 'resolved'; readonly addresses: readonly string[] }
  /** The hosts file does not have it: DNS would be asked, or whatever else nsswitch.conf names. `error` is what holds if nobody knows it. */
  | { readonly state: 'not-in-hosts'; readonly error: string }
  /** Nobody is asked: an address of a family of which this host has none, or no name that DNS could have. */
  | { readonly state: 'refused'; readonly error: string };

/** What a client prints when a name does not resolve (virnetsocket.c virNetSocketNewConnectTCP); `service` is the port. */
export const resolutionError = (host: string, service: number | string, error: string): string =>
  `Unable to resolve address '${host}' service '${service}': ${error}`;

/** What a client prints when no address answers, with the error of the last one. */
export const connectionError = (host: string, service: number | string, error: string): string =>
  `unable to connect to server at '${host}:${service}': ${error}`;

/**
 * Resolves a host as libvirt's client does on a host of that identity: getaddrinfo(3) with AI_ADDRCONFIG, AI_V4MAPPED and AI_PASSIVE, of
 * addresses and the hosts file alone (nsswitch's `files`, first everywhere). A zone (`fe80::1%eth0`) stays with its address.
 *
 * The order of several addresses is RFC 6724's as far as the host's own addresses decide it: routes are not known here.
 *
 * Sources: glibc 2.36 sysdeps/posix/getaddrinfo.c, sysdeps/unix/sysv/linux/check_pf.c, nss/nss_files/files-hosts.c.
 */
export function resolveName(
  name: string,
  { hosts, addresses }: Pick<HostIdentity, 'hosts' | 'addresses'>,
): NameResolution {
  const families = configuredFamilies(addresses);
  const v4 = parseIPv4(name);
  if (v4 !== undefined) {
    return { state: 'resolved', addresses: [families === 'ipv6' ? mapped(v4) : v4] };
  }
  const v6 = parseIPv6(name);
  if (v6 !== undefined) {
    const unmapped = families === 'ipv4' ? fromMapped(v6) : v6;
    return unmapped === undefined
      ? { state: 'refused', error: 'Address family for hostname not supported' }
      : { state: 'resolved', addresses: [unmapped] };
  }
  // A lone asterisk stands for no name, which with AI_PASSIVE is every address of this host.
  const found = name === '*' ? ['::', '0.0.0.0'] : inHosts(name, hosts);
  const wanted = [...new Set(inFamilies(found, families))];
  if (wanted.length > 0) return { state: 'resolved', addresses: inDiallingOrder(wanted, addresses) };
  // res_hnok, and ns_name_pton for empty labels.
  const isHostName = /^(?!-)[\w.-]+$/.test(name) && !name.includes('..');
  return { state: isHostName ? 'not-in-hosts' : 'refused', error: 'Name or service not known' };
}

type Families = 'both' | 'ipv4' | 'ipv6';

/** AI_ADDRCONFIG: one family alone, if only that has an address that is not loopback's; unknown addresses restrict nothing. */
function configuredFamilies(addresses: readonly string[] | undefined): Families {
  const v4 = addresses?.some((address) => !address.includes(':') && address !== '127.0.0.1') ?? true;
  const v6 = addresses?.some((address) => address.includes(':') && address !== '::1') ?? true;
  return v4 === v6 ? 'both' : v4 ? 'ipv4' : 'ipv6';
}

/** inet_aton(3): one to four numbers in decimal, octal or hexadecimal, the last of which fills the rest. */
function parseIPv4(text: string): string | undefined {
  const parts = text.length > 64 ? [] : text.split('.');
  const numbers = parts.map((part) =>
    /^(?:0x[0-9a-f]+|0|[1-9]\d*)$/i.test(part)
      ? Number(part)
      : /^0[0-7]+$/.test(part)
        ? Number.parseInt(part, 8)
        : Number.NaN,
  );
  const last = numbers.pop() ?? Number.NaN;
  const fits = numbers.every((number) => number <= 255) && last < 256 ** (4 - numbers.length);
  if (parts.length > 4 || !fits) return undefined;
  const value = numbers.reduce((sum, number, index) => sum + number * 256 ** (3 - index), last);
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** inet_pton(3) with a zone after `%`; which zones there are is not known here, and any name is taken. */
function parseIPv6(text: string): string | undefined {
  const [, bare = '', zone] = /^([^%]*)(%.+)?$/s.exec(text) ?? [];
  const address = bare.includes(':') ? canonicalAddress(bare) : undefined;
  if (address === undefined) return undefined;
  if (zone === undefined) return address;
  // __inet6_scopeid_pton: a name is a zone of link-local addresses only.
  return /^%\d+$/.test(zone) || /^fe[89ab]/.test(address) ? `${address}${zone}` : undefined;
}

/** Every line that has the name, whatever its case. */
function inHosts(name: string, hosts: readonly HostsEntry[]): readonly string[] {
  const wanted = name.toLowerCase();
  return hosts.filter(({ names }) => names.some((one) => one.toLowerCase() === wanted)).map(({ address }) => address);
}

/**
 * What lines of the hosts file are to a lookup in these families: IPv6's loopback serves IPv4 too (files-hosts.c, LINE_PARSER), and IPv4
 * serves IPv6 where there is nothing else (AI_V4MAPPED).
 */
function inFamilies(found: readonly string[], families: Families): readonly string[] {
  if (families === 'both') return found;
  if (families === 'ipv4') {
    return found.flatMap((address) =>
      isIPv4(address) ? address : address === '::1' ? '127.0.0.1' : (fromMapped(address) ?? []),
    );
  }
  const proper = found.filter((address) => !isIPv4(address) && fromMapped(address) === undefined);
  return proper.length > 0 ? proper : found.filter(isIPv4).map(mapped);
}

const mapped = (address: string): string => canonicalAddress(`::ffff:${address}`) ?? address;

/** The IPv4 address that an IPv6 address maps, if it does. */
function fromMapped(address: string): string | undefined {
  const [, high = '', low = ''] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === '') return undefined;
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]).join('.');
}

const linkLocal = 2;
const siteLocal = 5;
const global = 14;

/** RFC 6724, section 3.1; of IPv4, loopback and 169.254/16 are link-local. */
function scopeOf(address: string): number {
  const v4 = isIPv4(address) ? address : fromMapped(address);
  if (v4 !== undefined) return /^(?:127|169\.254)\./.test(v4) ? linkLocal : global;
  if (/^fe[89ab]/.test(address) || address === '::1') return linkLocal;
  return /^fe[c-f]/.test(address) ? siteLocal : global;
}

/** Policy table that glibc has built in (getaddrinfo.c default_labels, default_precedence; gai.conf(5)). */
function policyOf(address: string): { readonly label: number; readonly precedence: number } {
  if (isIPv4(address) || address.startsWith('::ffff:')) return { label: 4, precedence: 10 };
  if (address === '::1') return { label: 0, precedence: 50 };
  if (address.startsWith('2002:')) return { label: 2, precedence: 30 };
  if (/^::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})?)?$/.test(address)) return { label: 3, precedence: 20 };
  if (/^fe[c-f]/.test(address)) return { label: 5, precedence: 40 };
  if (/^f[cd]/.test(address)) return { label: 6, precedence: 40 };
  return { label: /^2001:(?:0:|:)/.test(address) ? 7 : 1, precedence: 40 };
}

/**
 * RFC 6724, section 6: those that this host can reach, then by scope and label of the source, precedence, smaller scope and, of IPv6, how
 * much they share with the source (of IPv4 glibc asks that only within one subnet); else as they stand.
 */
function inDiallingOrder(found: readonly string[], own: readonly string[] | undefined): readonly string[] {
  if (found.length < 2) return found;
  const keys = found.map((address) => {
    const source = sourceFor(address, own);
    return [
      source === undefined ? 1 : 0,
      source !== undefined && scopeOf(source) === scopeOf(address) ? 0 : 1,
      source !== undefined && policyOf(source).label === policyOf(address).label ? 0 : 1,
      -policyOf(address).precedence,
      scopeOf(address),
      source === undefined || isIPv4(address) ? 0 : -sharedBits(address, source),
    ];
  });
  return found
    .map((address, index) => ({ address, key: keys[index] ?? [] }))
    .sort((one, other) => {
      const at = one.key.findIndex((part, index) => part !== other.key[index]);
      return at === -1 ? 0 : (one.key[at] ?? 0) - (other.key[at] ?? 0);
    })
    .map(({ address }) => address);
}

/** The address of this host from which another would be dialled: itself, or one of its family, best of its scope and label. */
function sourceFor(address: string, own: readonly string[] | undefined): string | undefined {
  const v4 = fromMapped(address);
  if (v4 !== undefined) {
    const source = sourceFor(v4, own);
    return source === undefined ? undefined : mapped(source);
  }
  if (own === undefined || own.includes(address) || address === '::1' || address.startsWith('127.')) return address;
  const isLoopback = (one: string): boolean => one === '::1' || one.startsWith('127.');
  const ofFamily = own.filter((one) => isIPv4(one) === isIPv4(address) && !isLoopback(one));
  const rank = (one: string): number =>
    (scopeOf(one) === scopeOf(address) ? 0 : 2) + (policyOf(one).label === policyOf(address).label ? 0 : 1);
  const [best] = [...ofFamily].sort((one, other) => rank(one) - rank(other));
  return address === '::' ? '::1' : best;
}

/** How many leading bits two IPv6 addresses have in common. */
function sharedBits(one: string, other: string): number {
  const [a, b] = [bitsOf(one), bitsOf(other)];
  const at = [...a].findIndex((bit, index) => bit !== b[index]);
  return at === -1 ? a.length : at;
}

/** The 128 bits of an IPv6 address in canonical form, as text. */
function bitsOf(address: string): string {
  const [head = [], tail] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const groups =
    tail === undefined ? [...head] : [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}
