/** How far an encryption type can be trusted today. */
export type EncryptionStrength = 'broken' | 'obsolete' | 'weak' | 'acceptable' | 'good';

export interface EncryptionType {
  readonly name: string;
  readonly strength: EncryptionStrength;
}

/**
 * Kerberos encryption types by number, named as MIT's tools print them.
 *
 * Sources: IANA "Kerberos Encryption Type Numbers"; krb5 1.21 lib/crypto/krb/etypes.c (names, ETYPE_WEAK, ETYPE_DEPRECATED); RFC 6649
 * (single DES), RFC 8429 (triple DES and RC4), RFC 8009 (AES with SHA-2), RFC 6803 (Camellia).
 */
export const encryptionTypes: Readonly<Record<number, EncryptionType>> = {
  1: { name: 'des-cbc-crc', strength: 'broken' },
  2: { name: 'des-cbc-md4', strength: 'broken' },
  3: { name: 'des-cbc-md5', strength: 'broken' },
  4: { name: 'des-cbc-raw', strength: 'broken' },
  5: { name: 'des3-cbc-md5', strength: 'obsolete' },
  6: { name: 'des3-cbc-raw', strength: 'obsolete' },
  7: { name: 'des3-cbc-sha1-old', strength: 'obsolete' },
  8: { name: 'des-hmac-sha1', strength: 'broken' },
  16: { name: 'des3-cbc-sha1', strength: 'weak' },
  17: { name: 'aes128-cts-hmac-sha1-96', strength: 'acceptable' },
  18: { name: 'aes256-cts-hmac-sha1-96', strength: 'acceptable' },
  19: { name: 'aes128-cts-hmac-sha256-128', strength: 'good' },
  20: { name: 'aes256-cts-hmac-sha384-192', strength: 'good' },
  23: { name: 'arcfour-hmac', strength: 'weak' },
  24: { name: 'arcfour-hmac-exp', strength: 'broken' },
  25: { name: 'camellia128-cts-cmac', strength: 'good' },
  26: { name: 'camellia256-cts-cmac', strength: 'good' },
};

/** The name of an encryption type; its number where it has none that we know. */
export const encryptionTypeName = (number: number): string => encryptionTypes[number]?.name ?? `etype ${number}`;

/** Kerberos service names of the programs that take SASL logins; the host's name follows after a slash. */
export const serviceNames = {
  /** libvirt src/rpc/virnetsaslcontext.c, remote_daemon_dispatch.c: virNetSASLSessionNewServer("libvirt"). */
  libvirt: 'libvirt',
  /** QEMU ui/vnc-auth-sasl.c: sasl_server_new("vnc"), whatever its documentation says. */
  vnc: 'vnc',
} as const;
