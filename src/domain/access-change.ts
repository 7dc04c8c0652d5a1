import type { Accounts } from '../facts/accounts.ts';
import type { FileMetadata } from '../facts/files.ts';
import { groupName, membersOf, userName, type Account } from './account.ts';
import { permits, type Permission, type Trusted } from './access.ts';
import { canonicalSteps, type ExistingEntry, type Walk } from './walk.ts';

/** One change of owner, group, mode or ACL, in the shape of a step of a fix. */
export type AccessChange =
  | { readonly kind: 'chmod'; readonly path: string; readonly from: number; readonly to: number }
  | { readonly kind: 'chown' | 'chgrp'; readonly path: string; readonly from: string; readonly to: string }
  | { readonly kind: 'setfacl'; readonly path: string; readonly entry: string };

const withoutNothing = (changes: readonly AccessChange[]): readonly AccessChange[] =>
  changes.filter((change) => change.kind === 'setfacl' || change.from !== change.to);

/**
 * Shuts a file with a secret to all but root, its owner-to-be and whoever is trusted: owner first, for the old one could undo the rest, mode
 * last. `reader` is an account that must go on reading by its group, as QEMU does a key of root's.
 */
export function confine(
  path: string,
  entry: FileMetadata,
  accounts: Accounts,
  { owner, trusted, reader }: { readonly owner: Account; readonly trusted: Trusted; readonly reader?: Account },
): readonly AccessChange[] {
  const { mode } = entry;
  const changes: AccessChange[] = [];
  const uid = entry.uid === 0 || trusted.uids.includes(entry.uid) ? entry.uid : owner.uid;
  if (uid !== entry.uid) {
    changes.push({ kind: 'chown', path, from: userName(accounts, entry.uid), to: userName(accounts, uid) });
  }
  const acl = entry.acl === undefined || entry.acl === 'unread' ? [] : entry.acl;
  const named = acl.filter(({ tag, permissions }) => (tag === 'user' || tag === 'group') && permissions !== 0);
  const mayStay = ({ tag, id }: (typeof named)[number]): boolean =>
    id !== undefined && (tag === 'user' ? trusted.uids : trusted.gids).includes(id);
  const byGroup = reader !== undefined && reader.uid !== 0 && reader.uid !== uid;
  const ownEntry = acl.find(({ tag, id }) => tag === 'user' && id === reader?.uid);
  const classEntry =
    ownEntry ?? acl.find(({ tag }) => tag === 'group-object' && reader?.gids.includes(entry.gid) === true);
  const letInByAcl = byGroup && ((classEntry?.permissions ?? 0) & 4) !== 0;
  const groupMayStay = entry.gid === 0 || trusted.gids.includes(entry.gid);
  const members = membersOf(accounts, entry.gid);
  const isOwnersAlone = members.length > 0 && members.every((member) => member.uid === uid);
  const groupMatters =
    named.some(mayStay) || (entry.gid !== 0 && groupMayStay && !isOwnersAlone && (mode & 0o040) !== 0);
  const keepsGroup = byGroup || groupMatters;
  if (keepsGroup) {
    for (const one of named.filter((candidate) => !mayStay(candidate))) {
      const name = one.tag === 'user' ? userName(accounts, one.id ?? 0) : groupName(accounts, one.id ?? 0);
      changes.push({ kind: 'setfacl', path, entry: `${one.tag === 'user' ? 'u' : 'g'}:${name}:---` });
    }
    // An owning group's entry in an ACL is apart from the mode, so there the reader gets an entry of its own.
    if (byGroup && acl.length > 0 && !letInByAcl) {
      changes.push({ kind: 'setfacl', path, entry: `u:${userName(accounts, reader.uid)}:r` });
    }
    const readersGroup = byGroup && acl.length === 0 ? (reader.gids[0] ?? 0) : 0;
    const mustChange = !groupMayStay || (byGroup && acl.length === 0 && !reader.gids.includes(entry.gid));
    const gid = mustChange ? readersGroup : entry.gid;
    if (gid !== entry.gid) {
      changes.push({ kind: 'chgrp', path, from: groupName(accounts, entry.gid), to: groupName(accounts, gid) });
    }
  }
  const to = 0o400 | (mode & 0o600) | (byGroup ? 0o040 : 0) | (keepsGroup && groupMayStay ? mode & 0o060 : 0);
  changes.push({ kind: 'chmod', path, from: mode, to });
  return withoutNothing(changes);
}

/** Takes away the right to write from all but the owner-to-be; a trusted owning group keeps it where no ACL complicates that. */
export function writeProtect(
  path: string,
  entry: FileMetadata,
  accounts: Accounts,
  { owner, trusted }: { readonly owner: Account; readonly trusted: Trusted },
): readonly AccessChange[] {
  const uid = entry.uid === 0 || trusted.uids.includes(entry.uid) ? entry.uid : owner.uid;
  const groupMayWrite = entry.acl === undefined && entry.gid !== 0 && trusted.gids.includes(entry.gid);
  return withoutNothing([
    { kind: 'chown', path, from: userName(accounts, entry.uid), to: userName(accounts, uid) },
    { kind: 'chmod', path, from: entry.mode, to: entry.mode & (groupMayWrite ? ~0o002 : ~0o022) },
  ]);
}

/**
 * Lets an account read what is at the end of a walk, at every component that stops it: by its group where `belongs` says that the component
 * is there for this account and no other group uses it, by an ACL of one entry elsewhere. A `person` is given what lies below its home
 * directory instead, and a file that is public anyway is opened to everybody.
 */
export function letIn(
  walk: Walk & { readonly outcome: 'found' },
  accounts: Accounts,
  account: Account,
  {
    belongs,
    person = false,
    isPublic = false,
  }: { readonly belongs: (path: string) => boolean; readonly person?: boolean; readonly isPublic?: boolean },
): readonly AccessChange[] {
  const passed = [...walk.steps, ...canonicalSteps(walk)].filter(({ entry }) => entry.type !== 'symlink');
  const components = new Map<string, ExistingEntry>(passed.map(({ path, entry }) => [path, entry]));
  return [...components].flatMap(([path, entry]) => {
    const asked: Permission = path === walk.path ? 'read' : 'search';
    if (permits(entry, account, asked) === true) return [];
    if (isPublic && path === walk.path && entry.acl === undefined) {
      return [{ kind: 'chmod' as const, path, from: entry.mode, to: entry.mode | 0o444 }];
    }
    return admit(path, entry, accounts, account, asked, belongs(path), person);
  });
}

function admit(
  path: string,
  entry: FileMetadata,
  accounts: Accounts,
  account: Account,
  asked: Permission,
  belongs: boolean,
  person: boolean,
): readonly AccessChange[] {
  const { mode } = entry;
  const wanted = asked === 'read' ? 4 : 5;
  const chmod = (bits: number): AccessChange => ({ kind: 'chmod', path, from: mode, to: mode | bits });
  if (entry.uid === account.uid) return [chmod(wanted << 6)];
  if (entry.acl === undefined) {
    if (belongs && person) {
      const chown: AccessChange = { kind: 'chown', path, from: userName(accounts, entry.uid), to: account.name };
      return withoutNothing([chown, chmod(wanted << 6)]);
    }
    if (entry.gid !== 0 && account.gids.includes(entry.gid)) return [chmod(wanted << 3)];
    const free = entry.gid === 0 || (mode & 0o070) === 0;
    const first = account.gids[0];
    if (belongs && free && first !== undefined) {
      const from = groupName(accounts, entry.gid);
      return withoutNothing([{ kind: 'chgrp', path, from, to: groupName(accounts, first) }, chmod(wanted << 3)]);
    }
  }
  const letters = asked === 'read' ? 'r' : 'x';
  return [{ kind: 'setfacl', path, entry: `u:${userName(accounts, account.uid)}:${letters}` }];
}

/** `root:libvirt-qemu 0640`. */
export const ownershipText = (accounts: Accounts, { uid, gid, mode, acl }: FileMetadata): string =>
  `${userName(accounts, uid)}:${groupName(accounts, gid)} ${octal(mode)}${acl === undefined ? '' : ' with an access control list'}`;

/** Four octal digits. */
export const octal = (mode: number): string => mode.toString(8).padStart(4, '0');
