export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The accounts of `/etc/passwd` and `/etc/group`. */
export interface Accounts {
  readonly users: readonly User[];
  readonly groups: readonly Group[];
  /** Further sources that nsswitch.conf names for users or groups (`sss`, `ldap`): an account not listed here may still exist. */
  readonly otherSources: readonly string[];
}

/** The account that ran the collection on a live host; absent when a directory or image was read. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  readonly name?: string;
}
