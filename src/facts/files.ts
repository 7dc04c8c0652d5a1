import type { Fact, Moment } from './fact.ts';

/** One entry of a POSIX access control list; `id` is a uid or gid for `user` and `group`, absent for the others. */
export interface AclEntry {
  readonly tag: 'user-object' | 'user' | 'group-object' | 'group' | 'mask' | 'other';
  readonly id?: number;
  /** read 4, write 2, search or execute 1 */
  readonly permissions: number;
}

/** What lstat(2) and the extended attributes say of an existing file, directory or link. */
export interface FileMetadata {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits with set-id and sticky bits, 0 to 0o7777. */
  readonly mode: number;
  /** An extended access ACL; absent when the entry has none, `unread` when it has one that could not be read. */
  readonly acl?: readonly AclEntry[] | 'unread';
  /** SELinux security context, where the host has labels. */
  readonly label?: string;
  /** Last change of the content, ISO 8601 in UTC. */
  readonly modified: Moment;
}

/** One name in the file system, its symbolic links not followed. */
export type FileEntry =
  | { readonly type: 'absent' }
  | (FileMetadata & { readonly type: 'file'; readonly size: number })
  | (FileMetadata & { readonly type: 'directory' })
  | (FileMetadata & { readonly type: 'symlink'; readonly target: string })
  | (FileMetadata & { readonly type: 'fifo' | 'socket' | 'block-device' | 'character-device' });

/**
 * Every name that was looked at, by its canonical path (no `.`, `..` or symbolic link before the last component).
 *
 * For each path that a program looks up, all components of its walk are here: the directories from `/` on, links that are
 * crossed, and what they lead to. `domain/walk.ts` follows them in the data, so no path is stored twice.
 */
export type Files = Readonly<Record<string, Fact<FileEntry>>>;
