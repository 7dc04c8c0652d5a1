import { isAtLeast } from './upstream-version.ts';

type Program = 'libvirt' | 'qemu';

/** How many CA certificates the check of own files reads (MAX_CERTS of virnettlscert.c and tlscredsx509.c). */
const checkedCas = 16;

/**
 * How many certificates of a CA file the check of own files sees, silently leaving out the rest; QEMU 10.1 lifted the limit
 * (gnutls_x509_crt_list_import2 in qcrypto_tls_creds_load_ca_cert_list), libvirt 12.8 still has it.
 */
export const maximumCas = (program: Program, version: string | undefined): number =>
  program === 'qemu' && version !== undefined && isAtLeast(version, '10.1') ? Number.POSITIVE_INFINITY : checkedCas;

/**
 * Does a program load several identities: a pair without a number, then those numbered from 0 on, every one of them whole or not there at
 * all. With it came other words for what is missing, and at QEMU the check of whole chains. A version that is not known counts as older.
 *
 * Source: libvirt 11.10 src/rpc/virnettlsconfig.c: virNetTLSConfigCheckTrust, virNetTLSConfigCheckIdentity; QEMU 10.2
 * crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load_identities, qcrypto_tls_creds_check_authority_chain.
 */
export const loadsIdentities = (program: Program, version: string | undefined): boolean =>
  version !== undefined && isAtLeast(version, program === 'libvirt' ? '11.10' : '10.2');

/** A version apart: `epoch:upstream-revision`, as dpkg and rpm write it; epoch 0 and an empty revision where there is none. */
export interface ParsedVersion {
  readonly epoch: number;
  readonly upstream: string;
  readonly revision: string;
}

/** Takes a full package version apart; undefined where it holds no digit to begin with. */
export function parseVersion(version: string): ParsedVersion | undefined {
  const parts = /^(?:(\d{1,9}):)?(\d[^\s:]*)$/.exec(version.trim());
  if (parts?.[2] === undefined) return undefined;
  const rest = parts[2];
  const dash = rest.lastIndexOf('-');
  return {
    epoch: Number(parts[1] ?? 0),
    upstream: dash === -1 ? rest : rest.slice(0, dash),
    revision: dash === -1 ? '' : rest.slice(dash + 1),
  };
}

/**
 * Orders versions as dpkg does (deb-version(7)): digits by value, `~` before the end, letters before other characters. rpm's order is
 * the same for the versions that its packages have. Negative, zero or positive.
 */
export function compareVersions(one: ParsedVersion, other: ParsedVersion): number {
  return (
    one.epoch - other.epoch || compareParts(one.upstream, other.upstream) || compareParts(one.revision, other.revision)
  );
}

function compareParts(one: string, other: string): number {
  const pieces = (text: string): string[] => text.match(/\d+|\D+/g) ?? [];
  const [left, right] = [pieces(one), pieces(other)];
  // dpkg compares an initial run of other characters first, an empty one where the text starts with a digit.
  if (/^\d/.test(one)) left.unshift('');
  if (/^\d/.test(other)) right.unshift('');
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [a, b] = [left[index] ?? '', right[index] ?? ''];
    const order = index % 2 === 0 ? compareText(a, b) : compareDigits(a, b);
    if (order !== 0) return order;
  }
  return 0;
}

function compareText(one: string, other: string): number {
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const order = weight(one[index]) - weight(other[index]);
    if (order !== 0) return order;
  }
  return 0;
}

function weight(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
}

function compareDigits(one: string, other: string): number {
  const [a, b] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')];
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** From which version on, within which series, a program no longer demands key encipherment of its certificates. */
const keyEnciphermentDropped: readonly {
  readonly program: Program;
  readonly series?: RegExp;
  readonly since: string;
}[] = [
  // NEWS of 11.6.0.
  { program: 'libvirt', since: '11.6.0' },
  // Debian's patch backport/tls-Don-t-require-keyEncipherment-to-be-enabled-altoghthe.patch.
  { program: 'libvirt', series: /^11\.3\.0-.*deb13/, since: '11.3.0-3+deb13u1' },
  // "crypto: stop requiring "key encipherment" usage in x509 certs": master, and the stable branches.
  { program: 'qemu', since: '10.2' },
  { program: 'qemu', series: /^10\.0\./, since: '10.0.7' },
  { program: 'qemu', series: /^10\.1\./, since: '10.1.3' },
  // Debian 12 keeps its upstream version while it takes in the stable releases: deb12u18 is 7.2.22.
  { program: 'qemu', series: /^7\.2\+dfsg-7\+deb12/, since: '7.2+dfsg-7+deb12u18' },
  { program: 'qemu', series: /^7\.2\./, since: '7.2.22' },
];

/**
 * Does a version demand key encipherment where a certificate restricts its key usage; undefined where the version is not known.
 * Distributions carry the change back, so that the full package version is needed.
 */
export function requiresKeyEncipherment(program: Program, version: string | undefined): boolean | undefined {
  const parsed = version === undefined ? undefined : parseVersion(version);
  if (version === undefined || parsed === undefined) return undefined;
  const plain = version.trim().replace(/^\d+:/, '');
  return !keyEnciphermentDropped.some(({ program: whose, series, since }) => {
    const first = parseVersion(since);
    if (whose !== program || first === undefined || (series !== undefined && !series.test(plain))) return false;
    return compareVersions({ ...parsed, epoch: 0 }, first) >= 0;
  });
}
