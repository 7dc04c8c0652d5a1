import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

type Attributes = { mode?: number; owner?: number; group?: number };

/** One name of a tree on disk: a file by its content, a link, or a directory. */
export type TreeEntry =
  | string
  | ({ content: string | Uint8Array } & Attributes)
  | ({ link: string } & Attributes)
  | ({ type: 'directory' } & Attributes);

/** Lays a literal tree out below a directory that is there. Names start with `/`; owners are given only when root runs the test. */
export const writeTree = (root: string, tree: Readonly<Record<string, TreeEntry>>): void => {
  const changes: (() => void)[] = [];
  for (const [path, given] of Object.entries(tree)) {
    const entry = typeof given === 'string' ? { content: given } : given;
    const real = join(root, path);
    mkdirSync(dirname(real), { recursive: true, mode: 0o755 });
    if ('link' in entry) symlinkSync(entry.link, real);
    else if ('content' in entry) writeFileSync(real, entry.content);
    else mkdirSync(real, { recursive: true });
    const { mode, owner, group } = entry as Attributes;
    const mayChown = process.geteuid?.() === 0 && (owner !== undefined || group !== undefined);
    if ('link' in entry) {
      if (mayChown) lchownSync(real, owner ?? 0, group ?? 0);
      continue;
    }
    // Last, and children first, so that a closed directory can still be filled.
    changes.unshift(() => {
      if (mayChown) chownSync(real, owner ?? 0, group ?? 0);
      chmodSync(real, mode ?? ('content' in entry ? 0o644 : 0o755));
    });
  }
  for (const change of changes) change();
};

/**
 * Lays a literal tree out in a new temporary directory and gives its path; it is removed when the test is over. Directories above a
 * name are made (0755).
 */
export const directoryTree = (tree: Readonly<Record<string, TreeEntry>>): string => {
  const root = mkdtempSync(join(tmpdir(), 'virt-pki-check-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  chmodSync(root, 0o755);
  writeTree(root, tree);
  return root;
};

/** A tree on disk as the literal of which {@link writeTree} makes it again. */
export const readTree = (root: string): Readonly<Record<string, Exclude<TreeEntry, string>>> => {
  const tree: Record<string, Exclude<TreeEntry, string>> = {};
  const visit = (path: string): void => {
    const real = join(root, path);
    const stats = lstatSync(real);
    const attributes = { mode: stats.mode & 0o7777, owner: stats.uid, group: stats.gid };
    if (stats.isSymbolicLink()) tree[path] = { link: readlinkSync(real), owner: stats.uid, group: stats.gid };
    else if (stats.isFile()) tree[path] = { content: readFileSync(real), ...attributes };
    else {
      if (path !== '') tree[path] = { type: 'directory', ...attributes };
      for (const name of readdirSync(real).sort()) visit(`${path}/${name}`);
    }
  };
  visit('');
  return tree;
};
