/**
 * SASL mechanisms by the encryption that they bring to a connection without TLS, in lower case.
 *
 * Source: Cyrus SASL 2.1.28 plugins/gssapi.c, gs2.c, kerberos4, srp.c, digestmd5.c (max_ssf); all others have none.
 */
export const encryptingMechanisms: readonly string[] = ['gssapi', 'gss-spnego', 'srp'];

/** Encrypts with a broken cipher or key derivation (RFC 6331). */
export const weaklyEncryptingMechanisms: readonly string[] = ['digest-md5'];

/** Is a mechanism fit for use today: `tls-only` where the connection itself must be verified TLS. */
export type MechanismVerdict = 'good' | 'tls-only' | 'obsolete' | 'broken' | 'open';

/** A mechanism of Cyrus SASL on the server's side. */
export interface SaslMechanism {
  /** As servers list it: in upper case, which clients compare exactly. */
  readonly name: string;
  /** The plug-in's base name: `libscram.so` and `libscram.so.2` are `scram`; absent for what the library brings itself. */
  readonly plugin?: string;
  /** The highest strength factor of an encryption of its own, in bits; 0 for none. */
  readonly maximumSsf: number;
  /** The password crosses the connection readable: without SASL_SEC_NOPLAINTEXT it is offered, with it not. */
  readonly isPlaintext: boolean;
  /** Lets anybody in: excluded by SASL_SEC_NOANONYMOUS alone. */
  readonly isAnonymous: boolean;
  readonly verdict: MechanismVerdict;
  /** Why, where it is not good. */
  readonly reason?: string;
}

const proof = { maximumSsf: 0, isPlaintext: false, isAnonymous: false } as const;
const password = { maximumSsf: 0, isPlaintext: true, isAnonymous: false } as const;

/**
 * The mechanisms that Cyrus SASL may have, strongest first.
 *
 * Sources: Cyrus SASL 2.1.28 plugins/*.c (mech_name, max_ssf, security_flags of the server plug-ins) and configure.ac (plug-in names);
 * RFC 6331 (DIGEST-MD5), RFC 5802 and 7677 (SCRAM), RFC 4505 (ANONYMOUS).
 */
export const saslMechanisms: readonly SaslMechanism[] = [
  { name: 'GSSAPI', plugin: 'gssapiv2', ...proof, maximumSsf: 256, verdict: 'good' },
  { name: 'GSS-SPNEGO', plugin: 'gssapiv2', ...proof, maximumSsf: 256, verdict: 'good' },
  { name: 'GS2-KRB5', plugin: 'gs2', ...proof, verdict: 'good' },
  { name: 'GS2-IAKERB', plugin: 'gs2', ...proof, verdict: 'good' },
  { name: 'SCRAM-SHA-512', plugin: 'scram', ...proof, verdict: 'good' },
  { name: 'SCRAM-SHA-384', plugin: 'scram', ...proof, verdict: 'good' },
  { name: 'SCRAM-SHA-256', plugin: 'scram', ...proof, verdict: 'good' },
  { name: 'SCRAM-SHA-224', plugin: 'scram', ...proof, verdict: 'good' },
  { name: 'SCRAM-SHA-1', plugin: 'scram', ...proof, verdict: 'good' },
  {
    name: 'SRP',
    plugin: 'srp',
    ...proof,
    maximumSsf: 128,
    verdict: 'obsolete',
    reason: 'an expired draft, with ciphers of its time',
  },
  { name: 'OTP', plugin: 'otp', ...proof, verdict: 'obsolete', reason: 'one-time passwords on MD4, MD5 or SHA-1' },
  {
    name: 'PASSDSS-3DES-1',
    plugin: 'passdss',
    ...proof,
    maximumSsf: 112,
    verdict: 'obsolete',
    reason: 'DSS and triple DES',
  },
  {
    name: 'KERBEROS_V4',
    plugin: 'kerberos4',
    ...proof,
    maximumSsf: 56,
    verdict: 'broken',
    reason: 'Kerberos 4 is single DES',
  },
  {
    name: 'DIGEST-MD5',
    plugin: 'digestmd5',
    ...proof,
    maximumSsf: 128,
    verdict: 'broken',
    reason: 'MD5 and RC4, moved to historic by RFC 6331',
  },
  {
    name: 'CRAM-MD5',
    plugin: 'crammd5',
    ...proof,
    verdict: 'obsolete',
    reason: 'MD5, and its answers can be guessed off-line',
  },
  {
    name: 'NTLM',
    plugin: 'ntlm',
    ...proof,
    verdict: 'obsolete',
    reason: 'MD4 and DES, and its answers can be guessed off-line',
  },
  { name: 'PLAIN', plugin: 'plain', ...password, verdict: 'tls-only', reason: 'the password itself is sent' },
  { name: 'LOGIN', plugin: 'login', ...password, verdict: 'tls-only', reason: 'the password itself is sent' },
  {
    name: 'ANONYMOUS',
    plugin: 'anonymous',
    maximumSsf: 0,
    isPlaintext: false,
    isAnonymous: true,
    verdict: 'open',
    reason: 'anybody gets in',
  },
  { name: 'EXTERNAL', ...proof, verdict: 'good' },
];

/** A mechanism by a name of mech_list, whose case does not matter; a SCRAM or GS2 with channel binding counts as the one without. */
export function saslMechanism(name: string): SaslMechanism | undefined {
  const wanted = name.toUpperCase().replace(/-PLUS$/, '');
  return saslMechanisms.find((mechanism) => mechanism.name === wanted);
}

/** The mechanisms of a plug-in by its file's name; empty for account stores such as `libsasldb.so` and for strangers. */
export function mechanismsOfPlugin(fileName: string): readonly SaslMechanism[] {
  const plugin = /^lib([a-z0-9]+)\.so(?:\.|$)/.exec(fileName)?.[1];
  return plugin === undefined ? [] : saslMechanisms.filter((mechanism) => mechanism.plugin === plugin);
}

/** Plug-ins that store accounts or look names up, and have no mechanism (Cyrus SASL 2.1.28 plugins/: auxprop and canon_user). */
export const accountStores = /^lib(sasldb|sql|ldapdb)\.so(\.|$)/;

/** The mechanism that a misspelt name most likely means: the same letters and digits. */
export function nearestMechanism(name: string): string | undefined {
  const bare = (text: string): string => text.toUpperCase().replace(/[^A-Z0-9]/g, '');
  const wanted = bare(name);
  const aliases: Readonly<Record<string, string>> = { KERBEROS: 'GSSAPI', KRB5: 'GSSAPI', SCRAM: 'SCRAM-SHA-256' };
  return (saslMechanisms.find((mechanism) => bare(mechanism.name) === wanted)?.name ?? aliases[wanted])?.toLowerCase();
}
