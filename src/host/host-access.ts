import type { Caller } from '../facts/accounts.ts';
import type { AclEntry, FileEntry } from '../facts/files.ts';

/** Programs that a host access may run, read-only, to learn what no file says; each is called with a fixed list of arguments. */
export type ObservingProgram =
  | 'systemctl'
  | 'rpm'
  | 'getent'
  | 'nft'
  | 'firewall-cmd'
  | `${'iptables' | 'ip6tables'}${'' | '-nft' | '-legacy'}-save`;

/** ACL and SELinux context of a path, where it has them; `acl: 'unread'` when there is one but no means to read it. */
export interface ExtendedAttributes {
  readonly acl?: readonly AclEntry[] | 'unread';
  readonly label?: string;
}

/**
 * Everything that may be asked of a host; there is no way to write through it.
 *
 * All paths are the host's own, absolute and canonical: no component before the last is a symbolic link, and none is ever
 * followed (`HostView` walks links by asking for each component). What is refused throws an `AccessError`; what does not exist
 * is an answer. Names are UTF-8; each other byte of a name is a lone surrogate U+DC80 to U+DCFF, so that no two names are one.
 */
export interface HostAccess {
  /** What the user called it. */
  readonly target: string;
  /** Does it run, so that systemd and its processes can be asked; false for an image. */
  readonly live: boolean;
  /** lstat(2); `{ type: 'absent' }` when there is no such name. ACL and label are not filled in: see `attributes`. */
  lstat(path: string): Promise<FileEntry>;
  /** Names in a directory, sorted; empty when there is no such directory. */
  list(path: string): Promise<readonly string[]>;
  /**
   * Content of a regular file. Never blocks on a FIFO or device.
   * @throws AccessError `too-large` beyond `limit` bytes (default 16 MiB), `unreadable` for what is not a regular file or vanished.
   */
  read(path: string, limit?: number): Promise<Uint8Array>;
  /**
   * ACLs and labels of many paths at once; a path without any has no entry.
   * @throws AccessError where neither can be seen at all: no program to ask, or no answer within 5 s.
   */
  attributes(paths: readonly string[]): Promise<ReadonlyMap<string, ExtendedAttributes>>;
  /**
   * Standard output of a program, whatever its exit status; undefined where the host cannot run it or does not have it.
   * @throws AccessError `timed-out` after 5 s, `too-large` beyond 1 MiB, `unsupported` when it is there and cannot be run.
   */
  run(program: ObservingProgram, args: readonly string[]): Promise<string | undefined>;
  /** The account that looks; null for an image, where nobody logs in. */
  caller(): Caller | null;
  now(): Date;
}
