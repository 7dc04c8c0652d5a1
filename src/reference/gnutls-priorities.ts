/**
 * The words of GnuTLS priority strings, in lower case, and what the keywords switch on.
 *
 * Source: GnuTLS 3.7.9 and 3.8.9, lib/priority.c (pgroups, gnutls_priority_init, set_ciphersuite_list), lib/priority_options.gperf and
 * lib/algorithms/; built as Debian does. Names that came later carry their first version.
 */

/** Protocol versions as GnuTLS calls them; oldest first, TLS before DTLS. */
export const tlsVersions = ['TLS1.0', 'TLS1.1', 'TLS1.2', 'TLS1.3'] as const;
export type TlsVersion = (typeof tlsVersions)[number];

/** What `VERS-ALL` and any start but NONE switch on. */
export const defaultProtocols: readonly string[] = ['tls1.3', 'tls1.2', 'tls1.1', 'tls1.0', 'dtls1.2', 'dtls1.0'];
/** What `VERS-TLS-ALL` means. */
export const streamProtocols: readonly string[] = ['tls1.3', 'tls1.2', 'tls1.1', 'tls1.0'];
/** What `VERS-DTLS-ALL` adds; taking it away takes DTLS 0.9 too. */
export const datagramProtocols: readonly string[] = ['dtls1.2', 'dtls1.0'];
/** Names after `VERS-`; SSL 3.0 is a name that a build without it never negotiates alone. */
export const protocolNames: readonly string[] = [...defaultProtocols, 'ssl3.0', 'dtls0.9'];

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

const gcm = 'aes-256-gcm chacha20-poly1305 aes-128-gcm';
const normalCiphers = words(`${gcm} aes-256-ccm aes-256-cbc aes-128-ccm aes-128-cbc`);
const strongCiphers = words('aes-256-gcm chacha20-poly1305 aes-256-cbc aes-256-ccm');
const elliptic = words('secp256r1 secp384r1 secp521r1 x25519 x448');
const finite = words('ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192');
const gostGroups = words('gc256a gc256b gc256c gc256d gc512a gc512b gc512c');
const signatures256 = words(
  'rsa-sha256 rsa-pss-sha256 rsa-pss-rsae-sha256 ecdsa-sha256 ecdsa-secp256r1-sha256 eddsa-ed25519',
);
const signatures384 = words(
  'rsa-sha384 rsa-pss-sha384 rsa-pss-rsae-sha384 ecdsa-sha384 ecdsa-secp384r1-sha384 eddsa-ed448 rsa-sha512 rsa-pss-sha512 rsa-pss-rsae-sha512 ecdsa-sha512 ecdsa-secp521r1-sha512',
);
const suiteB384 = words('ecdsa-sha384 ecdsa-secp384r1-sha384');
const secureExchanges = words('ecdhe-ecdsa ecdhe-rsa rsa dhe-rsa');

/** The algorithms of one kind that a keyword stands for. */
export interface PriorityLevel {
  /** Absent: the protocols stay as they are. */
  readonly protocols?: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  readonly exchanges: readonly string[];
  readonly signatures: readonly string[];
  readonly groups: readonly string[];
}

const normal: PriorityLevel = {
  ciphers: normalCiphers,
  macs: ['sha1', 'aead'],
  exchanges: secureExchanges,
  signatures: [...signatures256, ...signatures384, 'rsa-sha1', 'ecdsa-sha1'],
  groups: [...elliptic, ...finite],
};
const secure128: PriorityLevel = { ...normal, signatures: [...signatures256, ...signatures384] };
const secure192: PriorityLevel = {
  ciphers: strongCiphers,
  macs: ['aead'],
  exchanges: secureExchanges,
  signatures: signatures384,
  groups: ['secp384r1', 'secp521r1', 'ffdhe8192'],
};
const suiteB = { protocols: ['tls1.2'], macs: ['aead'], exchanges: ['ecdhe-ecdsa'] };

/** Keywords that stand for a whole level of security. */
export const priorityLevels: Readonly<Record<string, PriorityLevel>> = {
  normal,
  pfs: { ...normal, exchanges: words('ecdhe-ecdsa ecdhe-rsa dhe-rsa') },
  secure128,
  secure: secure128,
  secure192,
  secure256: secure192,
  suiteb128: {
    ...suiteB,
    ciphers: ['aes-256-gcm', 'aes-128-gcm'],
    signatures: [...words('ecdsa-sha256 ecdsa-secp256r1-sha256'), ...suiteB384],
    groups: ['secp256r1', 'secp384r1'],
  },
  suiteb192: { ...suiteB, ciphers: ['aes-256-gcm'], signatures: suiteB384, groups: ['secp384r1'] },
  legacy: normal,
  performance: normal,
};

/** Words after `%`, in the case in which alone they count; those of later versions are in `laterWords`. */
export const priorityOptions: ReadonlySet<string> = new Set(
  words(`COMPAT DUMBFW NO_EXTENSIONS NO_TICKETS NO_TICKETS_TLS12 NO_ETM FORCE_ETM NO_SESSION_HASH STATELESS_COMPRESSION
    VERIFY_ALLOW_BROKEN VERIFY_ALLOW_SIGN_RSA_MD5 VERIFY_ALLOW_SIGN_WITH_SHA1 VERIFY_DISABLE_CRL_CHECKS SSL3_RECORD_VERSION
    LATEST_RECORD_VERSION VERIFY_ALLOW_X509_V1_CA_CRT UNSAFE_RENEGOTIATION SAFE_RENEGOTIATION PARTIAL_RENEGOTIATION
    DISABLE_SAFE_RENEGOTIATION FALLBACK_SCSV DISABLE_WILDCARDS SERVER_PRECEDENCE PROFILE_VERY_WEAK PROFILE_LOW PROFILE_LEGACY
    PROFILE_MEDIUM PROFILE_HIGH PROFILE_ULTRA PROFILE_FUTURE PROFILE_SUITEB128 PROFILE_SUITEB192 NEW_PADDING
    DEBUG_ALLOW_KEY_USAGE_VIOLATIONS ALLOW_SMALL_RECORDS DISABLE_TLS13_COMPAT_MODE`),
);

/** Elements without their sign, in lower case, that earlier versions refuse (GnuTLS NEWS). */
export const laterWords: Readonly<Record<string, string>> = {
  '%force_session_hash': '3.8.1',
  '%no_status_request': '3.8.0',
  '%no_shuffle_extensions': '3.8.1',
  'group-x25519-mlkem768': '3.8.8',
  'group-secp256r1-mlkem768': '3.8.8',
  'group-secp384r1-mlkem1024': '3.8.9',
  'group-x25519-kyber768': '3.8.7',
};

export const macNames: readonly string[] = words(
  `sha1 sha256 sha384 sha512 sha224 umac-96 umac-128 aead md5 gostr341194 streebog-256 streebog-512 aes-cmac-128 aes-cmac-256
  aes-gmac-128 aes-gmac-192 aes-gmac-256 gost28147-tc26z-imit omac-magma omac-kuznyechik mac-null`,
);
export const cipherNames: readonly string[] = words(
  `aes-256-cbc aes-192-cbc aes-128-cbc aes-128-gcm aes-192-gcm aes-256-gcm aes-128-ccm aes-256-ccm aes-128-ccm-8 aes-256-ccm-8
  arcfour-128 estream-salsa20-256 salsa20-256 chacha20-32 chacha20-64 camellia-256-cbc camellia-192-cbc camellia-128-cbc
  chacha20-poly1305 camellia-128-gcm camellia-256-gcm gost28147-tc26z-cfb gost28147-cpa-cfb gost28147-cpb-cfb gost28147-cpc-cfb
  gost28147-cpd-cfb aes-128-cfb8 aes-192-cfb8 aes-256-cfb8 aes-128-xts aes-256-xts aes-128-siv aes-256-siv gost28147-tc26z-cnt
  magma-ctr-acpkm kuznyechik-ctr-acpkm 3des-cbc des-cbc arcfour-40 rc2-40 null`,
);
export const exchangeNames: readonly string[] = words(
  `ecdhe-rsa ecdhe-ecdsa rsa dhe-rsa dhe-dss psk rsa-psk dhe-psk ecdhe-psk srp-dss srp-rsa srp anon-dh anon-ecdh vko-gost-12 rsa-export`,
);
export const curveNames: readonly string[] = words(
  `secp192r1 secp224r1 secp256r1 secp384r1 secp521r1 x25519 ed25519 x448 ed448 cryptopro-a cryptopro-xcha
  tc26-256-b tc26-512-a`,
);
export const groupNames: readonly string[] = [...elliptic, ...finite, ...gostGroups, 'secp192r1', 'secp224r1'];
export const ellipticGroups: readonly string[] = elliptic;
export const finiteGroups: readonly string[] = finite;
export const gostSuite = {
  groups: gostGroups,
  signatures: ['gostr341012-256', 'gostr341012-512'],
  macs: ['gost28147-tc26z-imit'],
  ciphers: ['gost28147-tc26z-cnt'],
  exchanges: ['vko-gost-12'],
} as const;

/** Signature algorithms by what they serve in a handshake: TLS up to 1.2, TLS 1.3, both, or nothing. */
export const signatureNames: Readonly<Record<string, 'both' | 'before-1.3' | '1.3' | 'none'>> = {
  ...all('both', [...signatures256, ...signatures384, 'rsa-sha1', 'ecdsa-sha1']),
  ...all('before-1.3', words('ecdsa-sha256 ecdsa-sha384 ecdsa-sha512 dsa-sha1 gostr341012-256 gostr341012-512')),
  ...all('1.3', words('ecdsa-secp256r1-sha256 ecdsa-secp384r1-sha384 ecdsa-secp521r1-sha512')),
  ...all(
    'none',
    words(`ecdsa-sha3-224 ecdsa-sha3-256 ecdsa-sha3-384 ecdsa-sha3-512 rsa-sha3-224 rsa-sha3-256 rsa-sha3-384 rsa-sha3-512 dsa-sha3-224
      dsa-sha3-256 dsa-sha3-384 dsa-sha3-512 rsa-raw rsa-sha224 rsa-rmd160 dsa-sha224 dsa-sha256 rsa-md5 rsa-md2 ecdsa-sha224
      gostr341001 dsa-sha384 dsa-sha512`),
  ),
};

function all<T extends string>(value: T, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

/** Ciphers of TLS 1.3, each with the MAC `aead`. */
export const tls13Ciphers: readonly string[] = words(
  'aes-128-gcm aes-256-gcm chacha20-poly1305 aes-128-ccm aes-128-ccm-8',
);

const certificate = 'rsa dhe-rsa ecdhe-ecdsa ecdhe-rsa';
const common = `${certificate} dhe-dss anon-dh psk rsa-psk dhe-psk`;
const cbcSha1 = words(`${common} anon-ecdh ecdhe-psk srp srp-dss srp-rsa`);
const cbcSha256 = words(`${common} ecdhe-psk`);
const aeadGcm = words(common);
const aeadCcm = words('dhe-psk dhe-rsa ecdhe-ecdsa psk rsa');
const sha384 = words('dhe-psk ecdhe-ecdsa ecdhe-psk ecdhe-rsa psk rsa-psk');
const plainRsa = words('anon-dh dhe-dss dhe-rsa rsa');
const nullExchanges = words('dhe-psk ecdhe-psk psk rsa-psk');

/** Key exchanges with which a cipher and a MAC make a suite before TLS 1.3 (lib/algorithms/ciphersuites.c). */
export const suites: Readonly<Record<string, readonly string[]>> = {
  '3des-cbc sha1': cbcSha1,
  'aes-128-cbc sha1': cbcSha1,
  'aes-256-cbc sha1': cbcSha1,
  'aes-128-cbc sha256': cbcSha256,
  'aes-256-cbc sha256': plainRsa,
  'aes-256-cbc sha384': sha384,
  'aes-128-gcm aead': aeadGcm,
  'aes-256-gcm aead': aeadGcm,
  'aes-128-ccm aead': aeadCcm,
  'aes-256-ccm aead': aeadCcm,
  'aes-128-ccm-8 aead': aeadCcm,
  'aes-256-ccm-8 aead': aeadCcm,
  'arcfour-128 sha1': words('rsa dhe-dss anon-ecdh dhe-psk ecdhe-ecdsa ecdhe-psk ecdhe-rsa psk rsa-psk'),
  'arcfour-128 md5': words('anon-dh rsa'),
  'camellia-128-cbc sha1': plainRsa,
  'camellia-256-cbc sha1': plainRsa,
  'camellia-128-cbc sha256': cbcSha256,
  'camellia-256-cbc sha256': plainRsa,
  'camellia-256-cbc sha384': sha384,
  'camellia-128-gcm aead': aeadGcm,
  'camellia-256-gcm aead': aeadGcm,
  'chacha20-poly1305 aead': words('dhe-psk dhe-rsa ecdhe-ecdsa ecdhe-psk ecdhe-rsa psk rsa-psk'),
  'gost28147-tc26z-cnt gost28147-tc26z-imit': ['vko-gost-12'],
  'null md5': ['rsa'],
  'null sha1': words('rsa anon-ecdh ecdhe-ecdsa ecdhe-rsa dhe-psk ecdhe-psk psk rsa-psk'),
  'null sha256': ['rsa', ...nullExchanges],
  'null sha384': nullExchanges,
};

/** Key exchanges that a server with a certificate and nothing else can do. */
export const certificateExchanges: ReadonlySet<string> = new Set([...words(certificate), 'dhe-dss']);

/** MACs of the suites that TLS 1.0 and 1.1 can use. */
export const legacyMacs: ReadonlySet<string> = new Set(['sha1', 'md5']);
