import type { Accounts, Caller, Group, User } from '../facts/accounts.ts';
import { userPkiDirectory } from '../reference/pki-files.ts';

/** Who acts: the ids that the kernel compares, and a name for people. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  /** Primary group first. */
  readonly gids: readonly number[];
}

export const rootAccount: Account = { name: 'root', uid: 0, gids: [0] };

export const userNamed = (accounts: Accounts, name: string): User | undefined =>
  accounts.users.find((user) => user.name === name);

export const groupNamed = (accounts: Accounts, name: string): Group | undefined =>
  accounts.groups.find((group) => group.name === name);

/**
 * The account of a listed user, with the groups that list it as a member; `primary` comes before its own primary group, which it keeps.
 *
 * Source: libvirt src/util/virutil.c: virGetGroupList.
 */
export function accountOf(accounts: Accounts, user: User, primary: number = user.gid): Account {
  const supplementary = membershipsOf(accounts).groupsOf.get(user.name) ?? [];
  return { name: user.name, uid: user.uid, gids: [...new Set([primary, user.gid, ...supplementary])] };
}

/** The account that runs us. */
export const callerAccount = (caller: Caller): Account => ({
  name: caller.name ?? String(caller.uid),
  uid: caller.uid,
  gids: [...new Set([caller.gid, ...caller.groups])],
});

/** `root`, or the number where the host has no name for it. */
export const userName = (accounts: Accounts, uid: number): string =>
  accounts.users.find((user) => user.uid === uid)?.name ?? (uid === 0 ? 'root' : String(uid));

export const groupName = (accounts: Accounts, gid: number): string =>
  accounts.groups.find((group) => group.gid === gid)?.name ?? (gid === 0 ? 'root' : String(gid));

/**
 * Users whose home directories are looked into: everybody's, but only the caller's own when it is not root, to whom other people's homes
 * are rightly closed.
 */
export function usersInScope({
  accounts,
  caller,
}: {
  readonly accounts: Accounts;
  readonly caller: Caller | null;
}): readonly User[] {
  const only = caller === null || caller.uid === 0 ? undefined : caller.uid;
  return accounts.users.filter(({ uid, home }) => home.startsWith('/') && (only === undefined || uid === only));
}

interface Memberships {
  /** Groups that list a user, by the user's name. */
  readonly groupsOf: ReadonlyMap<string, readonly number[]>;
  /** Users by group, by their own entry or the group's. */
  readonly members: ReadonlyMap<number, readonly User[]>;
}

/** Hosts with a hundred thousand accounts exist, and every file asks who is in which group: the answer is worked out once. */
const memberships = new WeakMap<Accounts, Memberships>();

function membershipsOf(accounts: Accounts): Memberships {
  const known = memberships.get(accounts);
  if (known !== undefined) return known;
  const groupsOf = new Map<string, number[]>();
  for (const { gid, members } of accounts.groups) {
    for (const name of members) {
      const groups = groupsOf.get(name);
      if (groups === undefined) groupsOf.set(name, [gid]);
      else groups.push(gid);
    }
  }
  const members = new Map<number, User[]>();
  for (const user of accounts.users) {
    for (const gid of new Set([user.gid, ...(groupsOf.get(user.name) ?? [])])) {
      const users = members.get(gid);
      if (users === undefined) members.set(gid, [user]);
      else users.push(user);
    }
  }
  const made = { groupsOf, members };
  memberships.set(accounts, made);
  return made;
}

/** Listed users who are in a group, by their own entry or the group's. */
export const membersOf = (accounts: Accounts, gid: number): readonly User[] =>
  membershipsOf(accounts).members.get(gid) ?? [];

/** The home directory of an account, without a slash at its end; undefined for an account that is not listed. */
export const homeOf = (accounts: Accounts, { uid }: Pick<Account, 'uid'>): string | undefined =>
  accounts.users.find((user) => user.uid === uid)?.home.replace(/\/+$/, '');

/** Path of a user's own file of libvirt's flat layout. */
export const userPkiFile = (user: User, name: string): string =>
  `${user.home.replace(/\/+$/, '')}/${userPkiDirectory}/${name}`;
