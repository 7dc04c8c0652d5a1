import type { Accounts } from '../facts/accounts.ts';
import { unknown, type Unknown } from '../facts/fact.ts';
import type { AclEntry, FileMetadata, Files } from '../facts/files.ts';
import { accountOf, groupName, membersOf, type Account } from './account.ts';
import { canonicalSteps, parentOf, walk, type Walk, type WalkStep } from './walk.ts';

/** `change` is to write and search a directory at once, which the kernel asks of one entry of an ACL to change what the directory holds. */
export type Permission = 'read' | 'write' | 'search' | 'change';

const bits: Readonly<Record<Permission, number>> = { read: 4, write: 2, search: 1, change: 3 };

/**
 * May an account do something with one object; undefined when an ACL that could not be read decides.
 *
 * Source: Linux fs/namei.c: acl_permission_check, fs/posix_acl.c: posix_acl_permission. With an ACL the group bits of the mode are its
 * mask, and when all three are off the kernel does not look at the ACL: whoever is not of the owning group is then "other".
 */
export function permits(metadata: FileMetadata, account: Account, permission: Permission): boolean | undefined {
  const { mode, acl } = metadata;
  const wanted = bits[permission];
  const grants = (granted: number): boolean => (granted & wanted) === wanted;
  // CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH; executing a file is not asked here.
  if (account.uid === 0) return true;
  if (account.uid === metadata.uid) return grants(mode >> 6);
  if (acl === undefined || (mode & 0o070) === 0) {
    return grants(account.gids.includes(metadata.gid) ? mode >> 3 : mode);
  }
  // Where the mask denies, only "other" can still allow.
  if (acl === 'unread') return grants(mode >> 3) || grants(mode) ? undefined : false;
  return permitsByAcl(acl, metadata.gid, account, grants);
}

/** The access check algorithm of acl(5), from the second step on. */
function permitsByAcl(
  acl: readonly AclEntry[],
  owningGroup: number,
  account: Account,
  grants: (granted: number) => boolean,
): boolean {
  const mask = acl.find((entry) => entry.tag === 'mask')?.permissions ?? 7;
  const user = acl.find((entry) => entry.tag === 'user' && entry.id === account.uid);
  if (user !== undefined) return grants(user.permissions & mask);
  const groups = acl.filter((entry) =>
    entry.tag === 'group-object'
      ? account.gids.includes(owningGroup)
      : entry.tag === 'group' && entry.id !== undefined && account.gids.includes(entry.id),
  );
  if (groups.length > 0) return groups.some((entry) => grants(entry.permissions & mask));
  return grants(acl.find((entry) => entry.tag === 'other')?.permissions ?? 0);
}

/** Whether an account gets at the object at the end of a walk, and if not, which component stops it. */
export type Access =
  | { readonly may: true }
  | { readonly may: false; readonly at: string; readonly permission: Permission }
  | { readonly may: undefined; readonly because: Unknown };

/**
 * Can `account` search every directory on the way, links included, and then do `permission` with the object itself. `see` asks nothing
 * of the object, as stat(2) does.
 */
export function access(walk: Walk, account: Account, permission: Permission | 'see'): Access {
  const last = walk.outcome === 'found' ? walk.steps.length - 1 : -1;
  for (const [index, { path, entry }] of walk.steps.entries()) {
    // A link itself needs no permission.
    if (entry.type === 'symlink') continue;
    const asked = index === last ? permission : 'search';
    if (asked === 'see') continue;
    const answer = toAccess(permits(entry, account, asked), path, asked);
    if (answer.may !== true) return answer;
  }
  return walk.outcome === 'unknown' ? { may: undefined, because: walk.because } : { may: true };
}

const toAccess = (allowed: boolean | undefined, at: string, permission: Permission): Access =>
  allowed === undefined
    ? { may: undefined, because: unknown('permission-denied', `the access control list of ${at} could not be read`) }
    : allowed
      ? { may: true }
      : { may: false, at, permission };

/** Who can do something without being meant to: any account whatever, listed users, and members of groups (also groups without members now). */
export interface Audience {
  readonly anyone: boolean;
  /** Names of listed users, root left out; empty when anyone can. */
  readonly users: readonly string[];
  /** Groups by which they can, or any future member could; never root's, which is as good as root. */
  readonly gids: readonly number[];
  /** Set when an ACL that could not be read, or a component that could not be seen, decides for somebody. */
  readonly because?: Unknown;
}

/** Accounts and groups that are meant to have access, besides root. */
export interface Trusted {
  readonly uids: readonly number[];
  readonly gids: readonly number[];
}

/** Trusts the accounts that are meant, the given groups, and groups without other members than these accounts. */
export function trusting(accounts: Accounts, meant: readonly Account[], gids: readonly number[] = []): Trusted {
  const uids = meant.map(({ uid }) => uid);
  const alone = meant
    .flatMap((account) => account.gids)
    .filter((gid) => {
      const members = membersOf(accounts, gid);
      return members.length > 0 && members.every(({ uid }) => uids.includes(uid));
    });
  return { uids, gids: [...new Set([...gids, ...alone])] };
}

const nobodyTrusted: Trusted = { uids: [], gids: [] };

/** An id that no account has: what "others" may do. */
const nobodyInParticular: Account = { name: 'others', uid: -1, gids: [] };

/** Is there anybody at all. */
export const isEmpty = ({ anyone, users, gids }: Audience): boolean =>
  !anyone && users.length === 0 && gids.length === 0;

/** For people: `every account`, or `group ssl-cert, bob`. Only for an audience that is not empty. */
export const audienceText = (accounts: Accounts, { anyone, users, gids }: Audience): string =>
  anyone ? 'every account' : [...gids.map((gid) => `group ${groupName(accounts, gid)}`), ...users].join(', ');

/**
 * Solves who can read (or write) the object at the end of a walk by its canonical path, whatever closed directory a link to it lies in:
 * over all listed accounts, every group that counts there, and anyone else. Trusted accounts, and what others can only as members of
 * trusted groups, are left out.
 */
export function audience(
  walk: Walk,
  accounts: Accounts,
  permission: 'read' | 'write',
  trusted: Trusted = nobodyTrusted,
): Audience {
  if (walk.outcome !== 'found') return { anyone: false, users: [], gids: [], ...becauseOf(walk) };
  const steps = canonicalSteps(walk);
  const direct: Walk = { ...walk, steps };
  return solveAudience(steps, accounts, trusted, (account) => access(direct, account, permission));
}

const becauseOf = (walk: Walk): { because?: Unknown } => (walk.outcome === 'unknown' ? { because: walk.because } : {});

/** A component by which somebody can swap what a path leads to. */
export interface Replaceable {
  readonly path: string;
  readonly entry: WalkStep['entry'];
  readonly by: Audience;
}

/**
 * The components of a walk by which others could put something else in the place of its end, in the order of the walk: files that they can
 * write, directories whose entries they can (the sticky bit leaves those to the owners of entry and directory), and what belongs to
 * them, since an owner can change the mode. Only those whom the directories above let in count.
 */
export function replaceable(walk: Walk, accounts: Accounts, trusted: Trusted = nobodyTrusted): readonly Replaceable[] {
  const passed = new Map(walk.steps.map((step) => [step.path, step]));
  const found: Replaceable[] = [];
  for (const [index, { path, entry }] of walk.steps.entries()) {
    if (entry.type === 'symlink') continue;
    const above = ancestorsOf(path).flatMap((ancestor) => passed.get(ancestor) ?? []);
    const children = walk.steps.filter((step) => step.path !== path && parentOf(step.path) === path);
    const isEnd = walk.outcome === 'found' && index === walk.steps.length - 1;
    const by = solveAudience([...above, { path, entry }, ...children], accounts, trusted, (account) => {
      for (const directory of above) {
        const search = toAccess(permits(directory.entry, account, 'search'), directory.path, 'search');
        if (search.may !== true) return search;
      }
      if (account.uid === entry.uid) return { may: true };
      const asked = isEnd ? 'write' : 'change';
      const write = toAccess(permits(entry, account, asked), path, asked);
      if (isEnd || write.may !== true || (entry.mode & 0o1000) === 0) return write;
      return children.some((child) => child.entry.uid === account.uid)
        ? write
        : { may: false, at: path, permission: asked };
    });
    if (!isEmpty(by) || by.because !== undefined) found.push({ path, entry, by });
  }
  return found;
}

function ancestorsOf(path: string): readonly string[] {
  const ancestors: string[] = [];
  for (let at = path; at !== '/';) ancestors.unshift((at = parentOf(at)));
  return ancestors;
}

function solveAudience(
  steps: readonly WalkStep[],
  accounts: Accounts,
  trusted: Trusted,
  ask: (account: Account) => Access,
): Audience {
  let because: Unknown | undefined;
  const can = (account: Account): boolean => {
    const answer = ask(account);
    if (answer.may === undefined) because ??= answer.because;
    return answer.may === true;
  };
  const anyone = can(nobodyInParticular);
  if (anyone) return { anyone, users: [], gids: [] };
  // Without its trusted groups an account is judged as what it is besides.
  const untrusted = (account: Account): Account => ({
    ...account,
    gids: account.gids.filter((gid) => gid !== 0 && !trusted.gids.includes(gid)),
  });
  const ids = idsOn(steps);
  const groups = groupsOn(steps);
  // All that own nothing there and are in no group that counts are "others".
  const owners = accounts.users.filter(({ uid }) => ids.includes(uid));
  const members = [0, ...groups].flatMap((gid) => membersOf(accounts, gid));
  const users = [...new Set([...owners, ...members])]
    .filter((user) => user.uid !== 0 && !trusted.uids.includes(user.uid))
    .map((user) => accountOf(accounts, user))
    .filter((account) => can(account) && can(untrusted(account)))
    .map(({ name }) => name);
  // An id that no list names is somebody all the same.
  const strangers = ids
    .filter((uid) => uid !== 0 && !trusted.uids.includes(uid) && !accounts.users.some((user) => user.uid === uid))
    .filter((uid) => can({ name: String(uid), uid, gids: [] }))
    .map(String);
  const gids = groups.filter((gid) => !trusted.gids.includes(gid) && can({ name: '', uid: -1, gids: [gid] }));
  return { anyone, users: [...users, ...strangers], gids, ...(because === undefined ? {} : { because }) };
}

const namedIn = ({ entry }: WalkStep, tag: AclEntry['tag']): readonly number[] =>
  entry.acl === undefined || entry.acl === 'unread'
    ? []
    : entry.acl.flatMap((acl) => (acl.tag === tag && acl.id !== undefined ? [acl.id] : []));

/** Users that own something on the way or that an ACL there names. */
const idsOn = (steps: readonly WalkStep[]): readonly number[] =>
  [...new Set(steps.flatMap((step) => [step.entry.uid, ...namedIn(step, 'user')]))].sort((a, b) => a - b);

/** Groups that own something on the way or that an ACL there names; root's own group apart, which is as good as root. */
const groupsOn = (steps: readonly WalkStep[]): readonly number[] =>
  [...new Set(steps.flatMap((step) => [step.entry.gid, ...namedIn(step, 'group')]))]
    .filter((gid) => gid !== 0)
    .sort((a, b) => a - b);

/** Does stat(2) or access(2) with F_OK of a path succeed for an account: what it may not see is for it not there. */
export function sees(files: Files, account: Account, path: string): boolean | Unknown {
  const way = walk(files, path);
  const answer = access(way, account, 'see');
  if (answer.may === undefined) return answer.because;
  return answer.may && way.outcome === 'found';
}
