/**
 * Attribute types that GnuTLS prints by name in a distinguished name, and how it decodes their values: `directory` for
 * DirectoryString, else the one string type that is allowed; absent names are printed as object identifiers.
 * Source: gnutls 3.7.9 and 3.8.9 lib/x509/common.c, _oid2str.
 */
export const attributeTypes: Readonly<Record<string, { readonly name?: string; readonly value: AttributeSyntax }>> = {
  '1.3.6.1.5.5.7.9.2': { name: 'placeOfBirth', value: 'directory' },
  '1.3.6.1.5.5.7.9.3': { name: 'gender', value: 'printable' },
  '1.3.6.1.5.5.7.9.4': { name: 'countryOfCitizenship', value: 'printable' },
  '1.3.6.1.5.5.7.9.5': { name: 'countryOfResidence', value: 'printable' },
  '2.5.4.6': { name: 'C', value: 'printable' },
  '2.5.4.9': { name: 'street', value: 'directory' },
  '2.5.4.12': { name: 'title', value: 'directory' },
  '2.5.4.10': { name: 'O', value: 'directory' },
  '2.5.4.11': { name: 'OU', value: 'directory' },
  '2.5.4.3': { name: 'CN', value: 'directory' },
  '2.5.4.7': { name: 'L', value: 'directory' },
  '2.5.4.8': { name: 'ST', value: 'directory' },
  '2.5.4.13': { name: 'description', value: 'directory' },
  '2.5.4.5': { name: 'serialNumber', value: 'printable' },
  '2.5.4.20': { name: 'telephoneNumber', value: 'printable' },
  '2.5.4.4': { name: 'surName', value: 'directory' },
  '2.5.4.43': { name: 'initials', value: 'directory' },
  '2.5.4.44': { name: 'generationQualifier', value: 'directory' },
  '2.5.4.42': { name: 'givenName', value: 'directory' },
  '2.5.4.65': { name: 'pseudonym', value: 'directory' },
  '2.5.4.46': { name: 'dnQualifier', value: 'printable' },
  '2.5.4.17': { name: 'postalCode', value: 'directory' },
  '2.5.4.41': { name: 'name', value: 'directory' },
  '2.5.4.15': { name: 'businessCategory', value: 'directory' },
  '0.9.2342.19200300.100.1.25': { name: 'DC', value: 'ia5' },
  '0.9.2342.19200300.100.1.1': { name: 'UID', value: 'directory' },
  '1.2.840.113556.1.4.656': { name: 'userPrincipalName', value: 'directory' },
  '1.3.6.1.4.1.311.60.2.1.1': { name: 'jurisdictionOfIncorporationLocalityName', value: 'directory' },
  '1.3.6.1.4.1.311.60.2.1.2': { name: 'jurisdictionOfIncorporationStateOrProvinceName', value: 'directory' },
  '1.3.6.1.4.1.311.60.2.1.3': { name: 'jurisdictionOfIncorporationCountryName', value: 'printable' },
  '1.2.840.113549.1.9.1': { name: 'EMAIL', value: 'ia5' },
  '1.2.840.113549.1.9.7': { value: 'directory' },
  '1.2.840.113549.1.9.20': { value: 'bmp' },
  '1.2.840.113549.1.9.21': { value: 'octets' },
  '1.2.840.113549.1.9.4': { value: 'octets' },
  '1.3.6.1.5.5.7.8.5': { name: 'XmppAddr', value: 'utf8' },
  '1.2.643.100.1': { name: 'OGRN', value: 'numeric' },
  '1.2.643.100.3': { name: 'SNILS', value: 'numeric' },
  '1.2.643.100.5': { name: 'OGRNIP', value: 'numeric' },
  '1.2.643.3.131.1.1': { name: 'INN', value: 'numeric' },
};

export type AttributeSyntax = 'directory' | 'printable' | 'ia5' | 'bmp' | 'octets' | 'utf8' | 'numeric';

/**
 * Signature algorithms by object identifier: the name that facts carry, and the hash where it is apart from the scheme.
 * Source: gnutls lib/algorithms/sign.c, sign_algorithms; RSA-PSS names its hash in parameters.
 */
export const signatureAlgorithms: Readonly<Record<string, { readonly name: string; readonly hash?: string }>> = {
  '1.2.840.113549.1.1.2': { name: 'RSA-MD2', hash: 'md2' },
  '1.2.840.113549.1.1.4': { name: 'RSA-MD5', hash: 'md5' },
  '1.3.14.3.2.25': { name: 'RSA-MD5', hash: 'md5' },
  '1.2.840.113549.1.1.5': { name: 'RSA-SHA1', hash: 'sha1' },
  '1.3.14.3.2.29': { name: 'RSA-SHA1', hash: 'sha1' },
  '1.2.840.113549.1.1.14': { name: 'RSA-SHA224', hash: 'sha224' },
  '1.2.840.113549.1.1.11': { name: 'RSA-SHA256', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { name: 'RSA-SHA384', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { name: 'RSA-SHA512', hash: 'sha512' },
  '1.3.36.3.3.1.2': { name: 'RSA-RMD160', hash: 'rmd160' },
  '2.16.840.1.101.3.4.3.13': { name: 'RSA-SHA3-224', hash: 'sha3-224' },
  '2.16.840.1.101.3.4.3.14': { name: 'RSA-SHA3-256', hash: 'sha3-256' },
  '2.16.840.1.101.3.4.3.15': { name: 'RSA-SHA3-384', hash: 'sha3-384' },
  '2.16.840.1.101.3.4.3.16': { name: 'RSA-SHA3-512', hash: 'sha3-512' },
  '1.2.840.10045.4.1': { name: 'ECDSA-SHA1', hash: 'sha1' },
  '1.2.840.10045.4.3.1': { name: 'ECDSA-SHA224', hash: 'sha224' },
  '1.2.840.10045.4.3.2': { name: 'ECDSA-SHA256', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { name: 'ECDSA-SHA384', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { name: 'ECDSA-SHA512', hash: 'sha512' },
  '2.16.840.1.101.3.4.3.9': { name: 'ECDSA-SHA3-224', hash: 'sha3-224' },
  '2.16.840.1.101.3.4.3.10': { name: 'ECDSA-SHA3-256', hash: 'sha3-256' },
  '2.16.840.1.101.3.4.3.11': { name: 'ECDSA-SHA3-384', hash: 'sha3-384' },
  '2.16.840.1.101.3.4.3.12': { name: 'ECDSA-SHA3-512', hash: 'sha3-512' },
  '1.2.840.10040.4.3': { name: 'DSA-SHA1', hash: 'sha1' },
  '1.3.14.3.2.27': { name: 'DSA-SHA1', hash: 'sha1' },
  '2.16.840.1.101.3.4.3.1': { name: 'DSA-SHA224', hash: 'sha224' },
  '2.16.840.1.101.3.4.3.2': { name: 'DSA-SHA256', hash: 'sha256' },
  '2.16.840.1.101.3.4.3.3': { name: 'DSA-SHA384', hash: 'sha384' },
  '2.16.840.1.101.3.4.3.4': { name: 'DSA-SHA512', hash: 'sha512' },
  '1.3.101.112': { name: 'Ed25519' },
  '1.3.101.113': { name: 'Ed448' },
};

/** Object identifier of RSASSA-PSS, whose hash stands in its parameters. */
export const rsaPss = '1.2.840.113549.1.1.10';

/** Hashes that RSASSA-PSS parameters name; SHA-1 when they name none. */
export const hashes: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Extensions that GnuTLS processes, so that they may be critical. Source: gnutls lib/x509/supported_exts.gperf. */
export const supportedExtensions: ReadonlySet<string> = new Set([
  '2.5.29.14',
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.18',
  '2.5.29.19',
  '2.5.29.30',
  '2.5.29.31',
  '2.5.29.35',
  '2.5.29.37',
  '1.3.6.1.5.5.7.1.1',
  '1.3.6.1.5.5.7.1.14',
  '1.3.6.1.5.5.7.1.24',
  '2.5.29.32',
  '2.5.29.54',
]);
