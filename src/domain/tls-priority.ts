import {
  certificateExchanges,
  cipherNames,
  curveNames,
  datagramProtocols,
  defaultProtocols,
  ellipticGroups,
  exchangeNames,
  finiteGroups,
  gostSuite,
  groupNames,
  laterWords,
  legacyMacs,
  macNames,
  priorityLevels,
  priorityOptions,
  protocolNames,
  signatureNames,
  streamProtocols,
  suites,
  tls13Ciphers,
  tlsVersions,
  type PriorityLevel,
  type TlsVersion,
} from '../reference/gnutls-priorities.ts';
import { isAtLeast } from './upstream-version.ts';

/** What GnuTLS makes of a priority string. */
export type TlsPriority =
  | {
      readonly state: 'valid';
      /** TLS versions that it enables, oldest first; none when only DTLS is left. */
      readonly versions: readonly TlsVersion[];
      /** Those that a peer can really agree on: TLS 1.0 and 1.1 need a suite of their own time. */
      readonly negotiable: readonly TlsVersion[];
      readonly algorithms: PriorityAlgorithms;
    }
  /** GnuTLS stops at `element` (empty for an empty one). */
  | { readonly state: 'invalid'; readonly reason: 'unknown-element'; readonly element: string }
  /** All of it is understood, and nothing is left that a session could use. */
  | { readonly state: 'invalid'; readonly reason: 'nothing-enabled' }
  /** It builds on a keyword of the system's configuration of GnuTLS, which is not looked at. */
  | { readonly state: 'unknown'; readonly keyword: string }
  /** `element` is refused before version `since` of GnuTLS, and the version is not known. */
  | { readonly state: 'version-dependent'; readonly element: string; readonly since: string };

/** What a priority string leaves for a handshake, by GnuTLS' names in lower case. */
export interface PriorityAlgorithms {
  /** Ciphers of TLS 1.3. */
  readonly ciphers: readonly string[];
  /** Suites of earlier versions. */
  readonly suites: readonly Suite[];
  readonly signatures: readonly string[];
  readonly groups: readonly string[];
}

/** A suite of TLS before 1.3. */
export interface Suite {
  readonly cipher: string;
  readonly mac: string;
  readonly exchange: string;
}

/** GNUTLS_MAX_ALGORITHM_NUM: what follows is not looked at. */
const maximumElements = 128;

interface Enabled {
  protocols: Set<string>;
  ciphers: Set<string>;
  macs: Set<string>;
  exchanges: Set<string>;
  signatures: Set<string>;
  groups: Set<string>;
  noExtensions: boolean;
}
type Kind = Exclude<keyof Enabled, 'noExtensions'>;

/**
 * Reads a priority string as gnutls_priority_init does (lib/priority.c, 3.7.9 and 3.8.9): elements between colons, spaces after a colon
 * skipped, names in any case, options in upper case. `version` is GnuTLS', upstream or a package's.
 */
export function tlsPriority(text: string, version?: string): TlsPriority {
  const string = text.replace(/^[\t\n\v\f\r ]+/, '');
  const elements = string
    .split(':', maximumElements)
    .map((part, index) => (index === 0 ? part : part.replace(/^ +/, '')));
  const [first = ''] = elements;
  const keyword = first.startsWith('@') ? first : undefined;
  const enabled = start(first);
  let levelSeen = first.toLowerCase() === 'none';
  let dependent: { element: string; since: string } | undefined;
  for (const element of elements.slice(keyword === undefined && !levelSeen ? 0 : 1)) {
    const level = levelOf(element);
    if (level !== undefined) {
      apply(enabled, level, levelSeen ? 'add' : 'set');
      levelSeen = true;
      continue;
    }
    const since = laterWords[element.replace(/^[-+!]/, '').toLowerCase()];
    if (since !== undefined && isWellFormedLater(element)) {
      if (version === undefined) dependent ??= { element, since };
      else if (!isAtLeast(version, since)) return { state: 'invalid', reason: 'unknown-element', element };
      if (/^\+group-/i.test(element)) enabled.groups.add(element.slice(7).toLowerCase());
      continue;
    }
    if (!applyElement(enabled, element)) return { state: 'invalid', reason: 'unknown-element', element };
  }
  if (keyword !== undefined) return { state: 'unknown', keyword };
  if (dependent !== undefined) return { state: 'version-dependent', ...dependent };
  return settle(enabled);
}

const isWellFormedLater = (element: string): boolean =>
  element.startsWith('%') ? element === element.toUpperCase() : /^[-+!]/.test(element);

const levelOf = (name: string): PriorityLevel | undefined => {
  const lower = name.toLowerCase();
  return Object.hasOwn(priorityLevels, lower) ? priorityLevels[lower] : undefined;
};

function start(first: string): Enabled {
  const bare = first.toLowerCase() === 'none';
  const { signatures = [], groups = [] } = bare ? {} : (priorityLevels['normal'] ?? {});
  return {
    protocols: new Set(bare ? [] : defaultProtocols),
    ciphers: new Set(),
    macs: new Set(),
    exchanges: new Set(),
    signatures: new Set(signatures),
    groups: new Set(groups),
    noExtensions: false,
  };
}

const levelKinds = ['protocols', 'ciphers', 'macs', 'exchanges', 'signatures', 'groups'] as const;

function apply(enabled: Enabled, level: PriorityLevel, how: 'add' | 'set'): void {
  for (const kind of levelKinds) {
    const names = level[kind];
    if (names !== undefined) enabled[kind] = new Set(how === 'set' ? names : [...enabled[kind], ...names]);
  }
}

/** One element that is no level: false when GnuTLS refuses it. */
function applyElement(enabled: Enabled, element: string): boolean {
  const sign = element[0];
  const written = element.slice(1);
  if (sign === '%') {
    if (!priorityOptions.has(written)) return false;
    if (written === 'NO_EXTENSIONS') enabled.noExtensions = true;
    return true;
  }
  if (sign !== '+' && sign !== '-' && sign !== '!') return false;
  const adds = sign === '+';
  const name = written.toLowerCase();
  const one = (kind: Kind, value: string): true => {
    if (adds) enabled[kind].add(value);
    else enabled[kind].delete(value);
    return true;
  };
  /** Adds a list, or takes it away. */
  const given = (kind: Kind, values: readonly string[]): true => {
    for (const value of values) one(kind, value);
    return true;
  };
  /** Adds a list, or takes away everything of the kind. */
  const bulk = (kind: Kind, values: readonly string[]): true => {
    if (adds) return given(kind, values);
    enabled[kind].clear();
    return true;
  };
  const level = adds ? levelOf(name) : undefined;
  const normal = priorityLevels['normal'];
  if (normal === undefined) return false;
  if (level !== undefined) {
    apply(enabled, level, 'add');
    return true;
  }
  if (macNames.includes(name)) return one('macs', name);
  if (cipherNames.includes(name)) return one('ciphers', name);
  if (exchangeNames.includes(name)) return name === 'rsa-export' ? true : one('exchanges', name);
  // GnuTLS compares the words with -ALL by their length only: what follows them is not looked at.
  const is = (word: string): boolean => name.startsWith(word);
  if (is('vers-')) {
    if (is('vers-tls-all')) return given('protocols', streamProtocols);
    if (is('vers-dtls-all')) return given('protocols', adds ? datagramProtocols : [...datagramProtocols, 'dtls0.9']);
    if (is('vers-all')) return bulk('protocols', defaultProtocols);
    return protocolNames.includes(name.slice(5)) && one('protocols', name.slice(5));
  }
  if (is('comp-')) return true;
  if (is('curve-')) {
    if (is('curve-all')) return bulk('groups', normal.groups);
    return curveNames.includes(name.slice(6)) && one('groups', name.slice(6));
  }
  if (is('group-')) {
    if (is('group-all')) return bulk('groups', normal.groups);
    if (is('group-dh-all')) return given('groups', finiteGroups);
    if (is('group-ec-all')) return given('groups', ellipticGroups);
    if (is('group-gost-all')) return given('groups', gostSuite.groups);
    return groupNames.includes(name.slice(6)) && one('groups', name.slice(6));
  }
  if (is('ctype-')) {
    if (is('ctype-all')) return true;
    const type = /^ctype-(?:(?:cli|srv)-)(.*)$/.exec(name)?.[1];
    if (type !== undefined) return type.startsWith('all') || isCertificateType(type);
    return isCertificateType(name.slice(6)) || is('ctype-openpgp');
  }
  if (is('sign-')) {
    if (is('sign-all')) return bulk('signatures', normal.signatures);
    if (is('sign-gost-all')) return bulk('signatures', gostSuite.signatures);
    return Object.hasOwn(signatureNames, name.slice(5)) && one('signatures', name.slice(5));
  }
  // An unknown name after these three is passed over in silence.
  if (is('mac-')) {
    if (is('mac-all')) return bulk('macs', normal.macs);
    return is('mac-gost-all') ? bulk('macs', gostSuite.macs) : true;
  }
  if (is('cipher-')) {
    if (is('cipher-all')) return bulk('ciphers', normal.ciphers);
    return is('cipher-gost-all') ? bulk('ciphers', gostSuite.ciphers) : true;
  }
  if (is('kx-')) {
    if (is('kx-all')) return bulk('exchanges', normal.exchanges);
    return is('kx-gost-all') ? bulk('exchanges', gostSuite.exchanges) : true;
  }
  if (is('gost')) {
    given('groups', gostSuite.groups);
    bulk('signatures', gostSuite.signatures);
    bulk('macs', gostSuite.macs);
    bulk('ciphers', gostSuite.ciphers);
    return bulk('exchanges', gostSuite.exchanges);
  }
  return false;
}

const isCertificateType = (name: string): boolean => ['x.509', 'x509', 'rawpk'].includes(name);

const nothing: TlsPriority = { state: 'invalid', reason: 'nothing-enabled' };

/** set_ciphersuite_list: drops versions that what is enabled cannot serve, and refuses when nothing is left. */
function settle({ protocols, ciphers, macs, exchanges, signatures, groups, noExtensions }: Enabled): TlsPriority {
  const has = (name: string): boolean => protocols.has(name);
  const preTls13Only =
    ciphers.has('null') || [...exchanges].some((name) => /^srp/.test(name) || name === 'rsa-psk') || noExtensions;
  if (preTls13Only) protocols.delete('tls1.3');
  if (protocols.size === 0) return nothing;

  const stream = [...streamProtocols, 'ssl3.0'].filter(has);
  const datagram = protocols.size > stream.length;
  const pre13Semantics = datagram || stream.some((name) => name !== 'tls1.3');
  const psk = ['psk', 'dhe-psk', 'ecdhe-psk'].some((name) => exchanges.has(name));
  const onlyTls13 = stream.length === 1 && has('tls1.3') && !datagram;
  const usedExchanges = onlyTls13 && !psk ? new Set<string>() : exchanges;
  const made = Object.entries(suites).flatMap(([pair, allowed]) => {
    const [cipher = '', mac = ''] = pair.split(' ');
    const usable = ciphers.has(cipher) && macs.has(mac) ? allowed.filter((name) => usedExchanges.has(name)) : [];
    return usable.map((exchange): Suite => ({ cipher, mac, exchange }));
  });
  const haveTls13Suite = macs.has('aead') && tls13Ciphers.some((name) => ciphers.has(name));

  // Looked at before versions are dropped for want of a signature.
  const haveTls12 = has('tls1.2');
  const havePreTls12 = has('tls1.1') || has('tls1.0') || has('ssl3.0');
  const haveTls13 = has('tls1.3');
  const usableSignature = [...signatures].some((name) => {
    const serves = signatureNames[name] ?? 'none';
    return serves === 'both' || (serves === 'before-1.3' && pre13Semantics) || (serves === '1.3' && haveTls13);
  });
  if (!usableSignature) for (const name of ['tls1.2', 'tls1.3', 'dtls1.2']) protocols.delete(name);
  if (protocols.size === 0 || (protocols.size === 1 && has('ssl3.0'))) return nothing;
  if (made.length === 0 && !haveTls13Suite) return nothing;
  const newest13 = haveTls13;
  if ((!psk && newest13 && groups.size === 0) || (!haveTls12 && havePreTls12 && haveTls13)) protocols.delete('tls1.3');

  const versions = tlsVersions.filter((name) => has(name.toLowerCase()));
  const legacy = made.some(({ mac, exchange }) => legacyMacs.has(mac) && certificateExchanges.has(exchange));
  const modern = made.some(({ exchange }) => certificateExchanges.has(exchange) || exchange === 'vko-gost-12');
  const negotiable = versions.filter((name) =>
    name === 'TLS1.3' ? haveTls13Suite : name === 'TLS1.2' ? modern : legacy,
  );
  const algorithms = {
    ciphers: macs.has('aead') ? tls13Ciphers.filter((name) => ciphers.has(name)) : [],
    suites: made,
    signatures: [...signatures],
    groups: [...groups],
  };
  return { state: 'valid', versions, negotiable, algorithms };
}
