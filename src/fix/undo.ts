import { parsePrivateKeyFile } from '../parse/private-key-file.ts';
import { runCommand } from './apply.ts';
import { inverseOf } from './commands.ts';
import { reversed, spliced } from './edit-configuration.ts';
import { Journal, type JournalRecord } from './journal.ts';
import { digestOf, Refused, type Kept, type WritableTree } from './writable-tree.ts';

type Change = Extract<JournalRecord, { readonly kind: 'change' }>;

/** What became of an undo. */
export interface Undone {
  /** When the apply that is taken back was made, and whether it had come to its end. */
  readonly of: { readonly time: string; readonly interrupted: boolean };
  /** Paths that are as they were before. */
  readonly restored: readonly string[];
  /** Commands that were run to take others back, or to make restored files count. */
  readonly ran: readonly string[];
  /** What was left as it is, and why: somebody changed it since, or it cannot be restored. The journal is kept then. */
  readonly left: readonly { readonly path: string; readonly because: string }[];
}

/**
 * Takes the latest apply back, also one that was interrupted: changes in reverse order, each only where its place is as the apply left it.
 * It may itself be interrupted and done again. Undefined when there is nothing to take back.
 * @throws Refused for a damaged journal.
 */
export async function undoLatest(
  tree: WritableTree,
  { runs }: { readonly runs: boolean },
): Promise<Undone | undefined> {
  const journal = await Journal.latest(tree);
  if (journal === undefined) return undefined;
  const records = journal.read();
  const begin = records.find((record) => record.kind === 'begin');
  const reached = (kind: 'done' | 'undone', n: number): boolean =>
    records.some((record) => record.kind === kind && record.n === n);
  const restored: string[] = [];
  const ran: string[] = [];
  const left: { path: string; because: string }[] = [];
  const attempt = (what: string, act: () => void): void => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      left.push({ path: what, because: error.message });
    }
  };
  for (const record of [...records].reverse()) {
    if ((record.kind !== 'change' && record.kind !== 'run') || reached('undone', record.n)) continue;
    try {
      if (record.kind === 'change') {
        if (await restore(tree, record, reached('done', record.n))) restored.push(record.path);
      } else {
        const inverse = inverseOf(record.command);
        if (inverse === undefined || !runs || !reached('done', record.n)) continue;
        runCommand(inverse);
        ran.push(inverse.join(' '));
      }
      journal.append({ kind: 'undone', n: record.n });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      left.push({ path: record.kind === 'change' ? record.path : record.command.join(' '), because: error.message });
    }
  }
  const renewals = records.filter(
    (record) =>
      record.kind === 'run' && record.command[0] === 'systemctl' && /^(restart|start)$/.test(record.command[1] ?? ''),
  );
  for (const renewal of runs ? renewals : []) {
    if (renewal.kind !== 'run') continue;
    const command = ['systemctl', 'restart', ...renewal.command.slice(2)];
    attempt(command.join(' '), () => {
      runCommand(command);
      ran.push(command.join(' '));
    });
  }
  if (left.length === 0) journal.remove();
  return {
    of: {
      time: begin?.kind === 'begin' ? begin.time : '',
      interrupted: !records.some(({ kind }) => kind === 'end'),
    },
    restored: [...new Set(restored)],
    ran,
    left,
  };
}

/** Makes a place what it was before a change; false when it is so already. @throws Refused when somebody else changed it since. */
async function restore(tree: WritableTree, change: Change, isDone: boolean): Promise<boolean> {
  const { path, before, after, temporary, splices, makes } = change;
  if (temporary !== undefined) tree.discard(temporary);
  if (makes === 'file') return restoreFile(tree, change);
  const now = await tree.look(path, { content: splices !== undefined });
  if (equals(now, before)) return false;
  // Content is replaced in one step: between before and after there is nothing.
  if (!equals(now, after) && makes === undefined && (splices !== undefined || isDone || !isBetween(now, before, after)))
    throw new Refused(`${path} was changed since by somebody else, and is left as it is`);
  if (makes === 'directory') {
    tree.unmakeDirectory(path);
  } else if (before.type === 'absent') {
    tree.unlink(path);
  } else if (before.type === 'symlink') {
    tree.link(path, before.target, before);
  } else if (splices !== undefined) {
    const content = spliced(tree.read(path), reversed(splices));
    if (content === undefined || !('sha256' in before) || digestOf(content) !== before.sha256)
      throw new Refused(`${path} cannot be restored: the journal does not fit it`);
    tree.replace(path, content, { temporary: temporary ?? tree.temporaryFor(path, 'undo'), now, to: before });
  } else if (now.type === before.type && (now.type === 'file' || now.type === 'directory')) {
    tree.setMetadata(path, now, before);
  } else {
    throw new Refused(`${path} cannot be restored`);
  }
  return true;
}

/** Puts back what a file was put in the place of. @throws Refused */
async function restoreFile(tree: WritableTree, { path, before, after, aside, publicKey }: Change): Promise<boolean> {
  const changed = new Refused(`${path} was changed since by somebody else, and is left as it is`);
  const now = await tree.look(path, { content: publicKey === undefined });
  if (aside === undefined) {
    if (now.type === 'absent') return false;
    if (!isAsPut()) throw changed;
    tree.unlink(path);
    return true;
  }
  if ((await tree.look(aside)).type === 'absent') {
    // Not begun, or taken back already.
    if (!equals(now, before)) throw changed;
    return false;
  }
  if (tree.isSame(path, aside)) {
    tree.unlink(aside);
    return false;
  }
  if (now.type !== 'absent' && !isAsPut()) throw changed;
  tree.rename(aside, path);
  return true;

  function isAsPut(): boolean {
    return equals(now, after) && (publicKey === undefined || publicKey === publicKeyAt(tree, path));
  }
}

/** The public half (SHA-256) of the key at a path. */
function publicKeyAt(tree: WritableTree, path: string): string | undefined {
  const content = tree.read(path);
  const key = parsePrivateKeyFile(content);
  content.fill(0);
  return key.state === 'readable' ? key.publicKey.fingerprint : undefined;
}

const fields = ['type', 'target', 'uid', 'gid', 'mode', 'sha256'] as const;
const aclOf = (kept: Kept): string => ('acl' in kept ? JSON.stringify(kept.acl ?? []) : '[]');
const field = (kept: Kept, name: (typeof fields)[number]): unknown => (kept as Partial<Record<string, unknown>>)[name];

/** The same in all that is kept but times; a link's owner says nothing. */
function equals(a: Kept, b: Kept): boolean {
  if (a.type === 'symlink' && b.type === 'symlink') return a.target === b.target;
  const comparable = fields.filter(
    (name) => name !== 'sha256' || (field(a, name) !== undefined && field(b, name) !== undefined),
  );
  return comparable.every((name) => field(a, name) === field(b, name)) && aclOf(a) === aclOf(b);
}

/** On the way from one to the other, as an interrupted change of owner, ACL and mode leaves it. */
function isBetween(now: Kept, before: Kept, after: Kept): boolean {
  if (now.type !== before.type || now.type !== after.type || now.type === 'absent' || now.type === 'symlink')
    return false;
  const one = (name: 'uid' | 'gid'): boolean => [field(before, name), field(after, name)].includes(field(now, name));
  const acl = [aclOf(before), aclOf(after)].includes(aclOf(now)) || aclOf(before) !== aclOf(after) || 'acl' in now;
  const modes = before.type === after.type && 'mode' in before && 'mode' in after;
  // Narrowed on the way: no bit that neither has; the group bits follow the ACL's mask.
  const mode = modes && (now.mode & ~(before.mode | after.mode | ('acl' in now ? 0o070 : 0))) === 0;
  return one('uid') && one('gid') && acl && mode;
}
