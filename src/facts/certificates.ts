import type { Moment } from './fact.ts';

/** A subject or issuer; `der` (base64) is what GnuTLS compares, `text` what gnutls_x509_crt_get_dn prints: certificate order, no spaces. */
export interface DistinguishedName {
  readonly text: string;
  readonly der: string;
  /** The values of the commonName attributes, in order. */
  readonly commonNames: readonly string[];
}

export interface PublicKeyInfo {
  readonly algorithm: 'RSA' | 'RSA-PSS' | 'EC' | 'Ed25519' | 'Ed448' | 'DSA' | 'other';
  /** Modulus or field size in bits. */
  readonly bits: number;
  /** Named curve of an EC key, in OpenSSL's spelling (prime256v1, secp384r1 …). */
  readonly curve?: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex: equal for a certificate and its key. */
  readonly fingerprint: string;
}

export type KeyUsage =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly';

export interface GeneralNames {
  readonly dns: readonly string[];
  /** Textual addresses; IPv6 in canonical lower-case form. An entry with neither 4 nor 16 octets is kept as hex with prefix `0x`. */
  readonly ip: readonly string[];
  readonly email: readonly string[];
  readonly uri: readonly string[];
  /** How many entries are of other kinds. */
  readonly other: number;
}

/** A permitted or excluded subtree; for `ip` the text is `address/mask-length`. */
export interface NameSubtree {
  readonly kind: 'dns' | 'ip' | 'email' | 'uri' | 'directory' | 'other';
  readonly value: string;
}

/** One X.509 certificate of a file, with all that a rule or a step asks about it. Dates are ISO 8601 in UTC. */
export interface Certificate {
  /** Index among the certificates of its file, from 0; line of its PEM header, from 1. */
  readonly position: number;
  readonly line: number;
  /** The whole certificate in DER, base64: certificates are public, and signatures are verified on it. */
  readonly der: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
  readonly version: number;
  /** Lower-case hex without separators. */
  readonly serial: string;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly notBefore: Moment;
  readonly notAfter: Moment;
  readonly publicKey: PublicKeyInfo;
  /** Such as `RSA-SHA256`, `ECDSA-SHA384`, `Ed25519`, `RSA-PSS-SHA256`, or the object identifier when it has no common name. */
  readonly signatureAlgorithm: string;
  /** Hash inside the signature in lower case (`sha1`, `md5`, `sha256` …); absent where the scheme has its own. */
  readonly signatureHash?: string;
  readonly basicConstraints?: { readonly critical: boolean; readonly ca: boolean; readonly pathLength?: number };
  readonly keyUsage?: { readonly critical: boolean; readonly usages: readonly KeyUsage[] };
  /** Object identifiers, dotted. */
  readonly extendedKeyUsage?: { readonly critical: boolean; readonly purposes: readonly string[] };
  readonly subjectAlternativeName?: GeneralNames & { readonly critical: boolean };
  readonly nameConstraints?: {
    readonly critical: boolean;
    readonly permitted: readonly NameSubtree[];
    readonly excluded: readonly NameSubtree[];
  };
  /** Lower-case hex. */
  readonly subjectKeyIdentifier?: string;
  readonly authorityKeyIdentifier?: string;
  /** Critical extensions that GnuTLS does not process, dotted. */
  readonly unknownCriticalExtensions: readonly string[];
}

/** Why GnuTLS would not read a file of PEM objects, in terms that a person can act on. */
export type MalformationCause =
  | 'empty'
  | 'no-pem' // text without a PEM header
  | 'der' // binary DER where PEM is needed
  | 'binary' // other binary data
  | 'utf-16'
  | 'trusted-certificate' // OpenSSL's TRUSTED CERTIFICATE label
  | 'wrong-label' // PEM, but of another kind
  | 'truncated' // no END line
  | 'base64' // the armour holds something that is not base64
  | 'structure' // base64 of something that is not such an object
  | 'too-large' // over the 65536 bytes that libvirt reads
  | 'not-a-file'; // a directory, device, FIFO or socket

export interface Malformation {
  readonly cause: MalformationCause;
  /** Line of the offending PEM block or byte, from 1, where there is one. */
  readonly line?: number;
  /** GnuTLS' own text for it (`Base64 decoding error.`), where it is known. */
  readonly gnutlsError?: string;
}

/** A file that should hold certificates: those that can be read, in order, and what stops GnuTLS, if anything does. */
export interface CertificateFile {
  readonly certificates: readonly Certificate[];
  readonly malformation?: Malformation;
  /** All that a malformed file holds, where nothing of it is lost and only its form is at fault. */
  readonly recovered?: readonly Certificate[];
  /** Line of a private key's PEM header, if the file holds one as well. */
  readonly privateKeyLine?: number;
}

/** What became of a pass phrase that a `secret` object of a running QEMU holds; it was never kept. */
export interface TriedPassPhrase {
  readonly pid: number;
  /** The object's id. */
  readonly secret: string;
  /** `newline`: it does not open the key, and would without the end of line that its file ends in. */
  readonly outcome: 'opens' | 'does-not-open' | 'newline';
}

/** A file that should hold a private key; of the key itself only what its public half tells. */
export type PrivateKeyFile =
  | {
      readonly state: 'readable';
      readonly publicKey: PublicKeyInfo;
      readonly format: 'pkcs8' | 'pkcs1' | 'sec1' | 'other';
    }
  | {
      readonly state: 'encrypted';
      readonly format: 'pkcs8' | 'legacy';
      /** The pass phrases that running guests have for it, as far as they could be tried; absent where none was. */
      readonly tried?: readonly TriedPassPhrase[];
    }
  | { readonly state: 'malformed'; readonly malformation: Malformation };

export interface RevokedCertificate {
  /** Lower-case hex without separators, as in `Certificate.serial`. */
  readonly serial: string;
  readonly date: Moment;
}

export interface RevocationList {
  readonly issuer: DistinguishedName;
  readonly thisUpdate: Moment;
  readonly nextUpdate?: Moment;
  readonly signatureAlgorithm: string;
  readonly revoked: readonly RevokedCertificate[];
}

export interface RevocationListFile {
  readonly lists: readonly RevocationList[];
  readonly malformation?: Malformation;
}
