/** Why a keytab's bytes end where no entry may end, or are none. */
export type KeytabFault =
  /** Not a keytab: the first byte is not 5, or the version after it is none that MIT knows. */
  | 'not-a-keytab'
  /** Version 1, whose byte order is that of the machine that wrote it; no krb5 of this century writes it. */
  | 'version-1'
  /** The file ends within a record. */
  | 'truncated'
  /** A length that leads out of its record, or that MIT's library refuses. */
  | 'corrupt'
  /** More entries than a keytab can sensibly have; the rest was not read. */
  | 'too-many';

/** One key of a principal; the key itself is never read. */
export interface KeytabEntry {
  /** Components joined by `/`, as klist prints them: `/`, `@` and `\` inside are escaped by a backslash. */
  readonly principal: string;
  readonly components: readonly string[];
  readonly realm: string;
  /** 1 principal, 2 service instance, 3 service and host, and others of RFC 4120. */
  readonly nameType: number;
  /** When the key was written, ISO 8601 in UTC; absent for 0. */
  readonly written?: string;
  /** Key version number: the 32-bit one where there is one that is not 0. */
  readonly keyVersion: number;
  /** Number of the encryption type. */
  readonly encryptionType: number;
}

/** A keytab as MIT Kerberos reads it; entries before a fault are valid. */
export interface Keytab {
  readonly entries: readonly KeytabEntry[];
  /** Holes that deleted entries left behind. */
  readonly deleted: number;
  readonly fault?: { readonly cause: KeytabFault; readonly offset: number };
}
