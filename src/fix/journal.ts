import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { parentOf } from '../domain/walk.ts';
import type { Splice } from './edit-configuration.ts';
import { Refused, type Kept, type WritableTree } from './writable-tree.ts';

/** One line of a journal: what is about to be done, and what was done. */
export type JournalRecord =
  | {
      readonly kind: 'begin';
      readonly version: 1;
      readonly tool: string;
      readonly time: string;
      readonly target: string;
      /** Directories that were made to hold the journal, outermost first. */
      readonly made: readonly string[];
      /** How many steps are to be done. */
      readonly steps: number;
    }
  /** Written before a change is made: enough to take it back, whether it was made or not. */
  | {
      readonly kind: 'change';
      readonly n: number;
      readonly step: string;
      readonly path: string;
      readonly before: Kept;
      readonly after: Kept;
      /** A file beside `path` that may have been left behind. */
      readonly temporary?: string;
      /** Of a file whose content is changed: no more of it than that. */
      readonly splices?: readonly Splice[];
      /** Of a file that is replaced as a whole: where the one before is kept. */
      readonly aside?: string;
      /** Of a private key: its public half (SHA-256), by which it is known again. */
      readonly publicKey?: string;
      /** A file is put, or a directory made, as a whole. */
      readonly makes?: 'file' | 'directory';
    }
  | { readonly kind: 'run'; readonly n: number; readonly step: string; readonly command: readonly string[] }
  | { readonly kind: 'done'; readonly n: number }
  | { readonly kind: 'failed'; readonly n: number; readonly because: string }
  | { readonly kind: 'end'; readonly time: string; readonly complete: boolean }
  | { readonly kind: 'undone'; readonly n: number };

/** An apply that never came to its end. */
export interface Interruption {
  /** When it was begun. */
  readonly time: string;
  readonly steps: number;
  /** How many of them were surely done. */
  readonly done: number;
}

/** Where the journals of a host lie, of a directory target inside it: no collector looks there. */
const hostState = '/var/lib/virt-pki-check';

const journalName = 'journal.jsonl';

/** Journals are a few KiB; this bounds what a damaged one can make us read. */
const largestJournal = 64 << 20;

/**
 * The directory of the journals: `/var/lib/virt-pki-check` of the host, also where that is a directory; for a user who is not root on a live
 * host `~/.local/state/virt-pki-check`.
 */
const stateDirectory = ({ live }: WritableTree): string =>
  live && process.geteuid?.() !== 0 ? `${homedir()}/.local/state/virt-pki-check` : hostState;

/**
 * The record of one apply, in a directory of its own for the caller alone: `journal.jsonl`, a line for each change, on the disk before the
 * change is made. Of a file it holds digests and what is taken out of it, which is never a secret: the rest stays where it is alone.
 */
export class Journal {
  readonly directory: string;
  readonly #tree: WritableTree;

  constructor(tree: WritableTree, directory: string) {
    this.#tree = tree;
    this.directory = directory;
  }

  /** Begins a journal. @throws Refused when it cannot be written, or when an earlier apply was interrupted and not undone. */
  static async begin(
    tree: WritableTree,
    about: { readonly tool: string; readonly time: string; readonly target: string; readonly steps: number },
  ): Promise<Journal> {
    const made: string[] = [];
    const state = await ensureDirectory(tree, stateDirectory(tree), made);
    const latest = latestIn(tree, state);
    if (latest !== undefined) {
      const records = new Journal(tree, `${state}/${latest}`).read();
      if (!records.some(({ kind }) => kind === 'end'))
        throw new Refused(`an earlier apply was interrupted (${state}/${latest}): take it back first with --undo`);
    }
    const directory = `${state}/${String(Number(latest ?? '0') + 1).padStart(6, '0')}`;
    tree.makeDirectory(directory, 0o700);
    const journal = new Journal(tree, directory);
    tree.create(`${directory}/${journalName}`, new Uint8Array());
    journal.append({ kind: 'begin', version: 1, made, ...about });
    return journal;
  }

  /** The journal of the latest apply that is not undone; undefined when there is none. Takes empty ones away, if asked. @throws Refused */
  static async latest(tree: WritableTree, { cleans = true } = {}): Promise<Journal | undefined> {
    let state: string;
    try {
      state = await tree.resolve(stateDirectory(tree));
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
    const there = await tree.look(state);
    if (there.type === 'absent') return undefined;
    mustBeOurs(state, there);
    const latest = latestIn(tree, state, cleans);
    return latest === undefined ? undefined : new Journal(tree, `${state}/${latest}`);
  }

  /** Adds a line; it is on the disk when this returns, or not there at all. @throws Refused */
  append(record: JournalRecord): void {
    this.#tree.announce(`journal ${record.kind}`);
    this.#tree.withDirectory(this.directory, (real) => {
      const descriptor = openSync(
        `${real}/${journalName}`,
        constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW,
      );
      const { size } = fstatSync(descriptor);
      try {
        const line = Buffer.from(`${JSON.stringify(record)}\n`);
        for (let at = 0; at < line.length;) at += writeSync(descriptor, line, at);
        fsyncSync(descriptor);
      } catch (error) {
        ftruncateSync(descriptor, size);
        throw new Refused(`${this.directory}/${journalName}: cannot be written`, { cause: error });
      } finally {
        closeSync(descriptor);
      }
    });
  }

  /** All records; a last line that was being written when the power went is none. @throws Refused for a damaged journal */
  read(): readonly JournalRecord[] {
    const text = this.#tree.withDirectory(this.directory, (real) =>
      readBounded(`${real}/${journalName}`, this.directory),
    );
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line, index) => {
      const record = parsed(line);
      if (record === undefined || (index === 0) !== (record.kind === 'begin'))
        throw new Refused(`${this.directory}/${journalName}: line ${index + 1} is damaged`);
      return record;
    });
  }

  /** Undefined for an apply that came to its end. @throws Refused */
  interruption(): Interruption | undefined {
    const records = this.read();
    const [begin] = records;
    if (begin?.kind !== 'begin' || records.some(({ kind }) => kind === 'end')) return undefined;
    const done = new Set(records.flatMap((record) => (record.kind === 'done' ? [record.n] : [])));
    return { time: begin.time, steps: begin.steps, done: done.size };
  }

  /** Takes the journal away, with what was made to hold it. */
  remove(): void {
    const [begin] = this.read();
    const names = this.#tree.withDirectory(this.directory, (real) => readdirSync(real));
    // The journal last: as long as it is there, an interrupted undo can be done again.
    for (const name of names.filter((one) => one !== journalName)) this.#tree.unlink(`${this.directory}/${name}`);
    this.#tree.unlink(`${this.directory}/${journalName}`);
    this.#tree.removeDirectory(this.directory);
    const made = begin?.kind === 'begin' ? begin.made : [];
    for (const directory of [...made].reverse()) this.#tree.removeDirectory(directory);
  }
}

function readBounded(name: string, directory: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(name, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw new Refused(`${directory}/${journalName}: is not there`, { cause: error });
  }
  try {
    if (fstatSync(descriptor).size > largestJournal) throw new Refused(`${directory}/${journalName}: too large`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function parsed(line: string): JournalRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, n, path, before, after, command, splices = [], aside = '' } = value as Record<string, unknown>;
  const isKept = (one: unknown): boolean => typeof one === 'object' && one !== null && 'type' in one;
  switch (kind) {
    case 'begin':
    case 'end':
      return value as JournalRecord;
    case 'change':
      if (typeof path !== 'string' || !isKept(before) || !isKept(after)) return undefined;
      if (typeof aside !== 'string') return undefined;
      if (!Array.isArray(splices) || !splices.every(isSplice)) return undefined;
      return typeof n === 'number' ? (value as JournalRecord) : undefined;
    case 'run':
      return Array.isArray(command) && typeof n === 'number' ? (value as JournalRecord) : undefined;
    case 'done':
    case 'failed':
    case 'undone':
      return typeof n === 'number' ? (value as JournalRecord) : undefined;
    default:
      return undefined;
  }
}

const isSplice = (one: unknown): boolean => {
  const { at, out, in: put } = (one ?? {}) as Record<string, unknown>;
  return typeof at === 'number' && typeof out === 'string' && typeof put === 'string';
};

function latestIn(tree: WritableTree, state: string, cleans = true): string | undefined {
  const names = tree.withDirectory(state, (real) => readdirSync(real)).filter((name) => /^\d{6}$/.test(name));
  return names
    .sort()
    .reverse()
    .find((name) => {
      // One that has no journal was killed before anything was done, or after all was undone.
      const files = tree.withDirectory(`${state}/${name}`, (real) => readdirSync(real));
      const isNothing = !files.includes(journalName) || isEmpty(tree, `${state}/${name}`);
      if (!isNothing) return true;
      if (!cleans) return false;
      for (const file of files) tree.unlink(`${state}/${name}/${file}`);
      tree.removeDirectory(`${state}/${name}`);
      return false;
    });
}

const isEmpty = (tree: WritableTree, directory: string): boolean =>
  tree.withDirectory(directory, (real) => !readBounded(`${real}/${journalName}`, directory).includes('\n'));

/** Only what belongs to the caller, closed to all others, can be believed to be our own. */
function mustBeOurs(path: string, kept: Kept): void {
  const isOurs = kept.type === 'directory' && kept.uid === process.geteuid?.() && (kept.mode & 0o077) === 0;
  if (!isOurs) throw new Refused(`${path} is not a directory for this account alone`);
}

/** Finds or makes a directory for the caller alone; those above it are made as usual ones. */
async function ensureDirectory(tree: WritableTree, path: string, made: string[], mode = 0o700): Promise<string> {
  let canonical: string;
  try {
    canonical = await tree.resolve(path);
  } catch (error) {
    if (!(error instanceof Refused) || path === '/') throw error;
    await ensureDirectory(tree, parentOf(path), made, 0o755);
    canonical = await tree.resolve(path);
  }
  const kept = await tree.look(canonical);
  if (kept.type === 'absent') {
    tree.makeDirectory(canonical, mode);
    made.push(canonical);
  } else if (mode === 0o700) {
    mustBeOurs(canonical, kept);
  }
  return canonical;
}
