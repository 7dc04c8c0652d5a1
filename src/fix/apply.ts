import { spawnSync } from 'node:child_process';
import type { CertificateFile, PrivateKeyFile } from '../facts/certificates.ts';
import type { AclEntry } from '../facts/files.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { findProgram } from '../host/run-program.ts';
import { vocabularies } from '../reference/settings.ts';
import { parseConfiguration } from '../parse/configuration.ts';
import { parsePrivateKeyFile } from '../parse/private-key-file.ts';
import { configurationNamed, editedBy, isEdit } from './edit-configuration.ts';
import { Journal } from './journal.ts';
import { mayBeSecret, type Expectation, type Plan, type PlannedStep } from './plan.ts';
import { afterStep, entryAt, placeAt, type Performable } from './step-effect.ts';
import { digestOf, Refused, type Kept, type WritableTree } from './writable-tree.ts';

/** What became of a plan. */
export interface Applied {
  /** Ids of the steps that were done, in order. */
  readonly done: readonly string[];
  /** The step at which it stopped, and why; the steps before it are done and can be undone. */
  readonly failed?: { readonly step: string; readonly because: string };
  /** Ids of the steps that were not tried. */
  readonly left: readonly string[];
  /** Where the journal lies, on the host. */
  readonly journal: string;
}

export interface ApplyOptions {
  readonly tool: string;
  /** Now, ISO 8601. */
  readonly time: string;
  readonly target: string;
  /** May commands be run: never in a directory. */
  readonly runs: boolean;
  /** Called and waited for before each step; with a Refused it stops there, as a step does that fails. */
  readonly before?: (step: PlannedStep) => Promise<void>;
  /** The private key (PEM) to a public one (SHA-256) that was made for this plan. */
  readonly keyFor?: (publicKey: string) => Uint8Array | undefined;
}

/** Commands may stop guests or wait for a daemon. */
const commandMilliseconds = 300_000;

/**
 * Performs the steps of a plan in order, each journalled before it is made. Before the first one, every place must be as the plan expects
 * it; a step whose place has changed since is not done, nor what comes after it.
 * @throws Refused when nothing was done: something is not as expected, or there is nowhere to keep the journal.
 */
export async function applyPlan(
  facts: Snapshot['facts'],
  plan: Pick<Plan, 'steps'>,
  tree: WritableTree,
  options: ApplyOptions,
): Promise<Applied> {
  const steps = plan.steps.filter(({ step }) => step.kind !== 'run' || options.runs);
  await mustHold(facts, steps, tree);
  const { tool, time, target } = options;
  const journal = await Journal.begin(tree, { tool, time, target, steps: steps.length });
  const done: string[] = [];
  let current = facts;
  for (const [n, planned] of steps.entries()) {
    try {
      await options.before?.(planned);
      const next = afterStep(current, planned.step);
      await perform(n, planned, { before: current, after: next, keyFor: options.keyFor }, tree, journal);
      current = next;
      done.push(planned.id);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const left = steps.slice(n + 1).map(({ id }) => id);
      try {
        journal.append({ kind: 'failed', n, because: error.message });
        journal.append({ kind: 'end', time, complete: false });
      } catch (unwritable) {
        // The disk is full: an undo treats it as interrupted, which it was.
        if (!(unwritable instanceof Refused)) throw unwritable;
      }
      return { done, failed: { step: planned.id, because: error.message }, left, journal: journal.directory };
    }
  }
  journal.append({ kind: 'end', time, complete: true });
  return { done, left: [], journal: journal.directory };
}

/** Before anything is done: is the first thing that happens to each place possible. */
async function mustHold(facts: Snapshot['facts'], steps: readonly PlannedStep[], tree: WritableTree): Promise<void> {
  const seen = new Set<string>();
  const replaced = new Set<string>();
  const made: string[] = [];
  for (const { step, expects } of steps) {
    if (step.kind === 'run') continue;
    const place = step.kind === 'set' || step.kind === 'unset' ? `${step.path}\n${step.key}` : step.path;
    // In a directory that is not there yet, nothing is.
    if (made.some((directory) => step.path.startsWith(directory))) continue;
    if (seen.has(place)) {
      // Its owner or mode changes first; its content has to be what it was all the same.
      const isReplaced = (step.kind === 'write' || step.kind === 'write-key') && !replaced.has(place);
      if (isReplaced) await mustStill(facts, step, expects, tree);
      continue;
    }
    if (step.kind === 'write' || step.kind === 'write-key' || step.kind === 'remove') replaced.add(place);
    if (step.kind === 'make-directory') made.push(`${step.path}/`);
    seen.add(place);
    await expected(facts, step, expects, tree);
  }
}

/** @throws Refused where a file that is to be replaced holds something else by now */
async function mustStill(
  facts: Snapshot['facts'],
  step: Performable & { readonly kind: 'write' | 'write-key' },
  expects: Expectation,
  tree: WritableTree,
): Promise<void> {
  const path = await tree.resolve(step.path);
  if (expects.kind === 'entry' && !(await isStill(facts, step, expects, tree, path))) throw changed(path);
}

const changed = (path: string): Refused => new Refused(`${path} is not as it was when it was looked at`);

/** The canonical path of a step's place, and what stands there, which is what was expected. @throws Refused */
async function expected(
  facts: Snapshot['facts'],
  step: Exclude<Performable, { kind: 'run' }>,
  expects: Expectation,
  tree: WritableTree,
): Promise<{ path: string; now: Kept; content?: Uint8Array }> {
  if (isEdit(step)) {
    const path = await tree.resolve(step.path);
    const content = tree.read(path);
    const now = await tree.look(path, { content: true });
    if (now.type !== 'file' || now.sha256 !== digestOf(content))
      throw new Refused(`${path} is being changed by somebody else`);
    const { settings, error } = parseConfiguration(content, vocabularies[configurationNamed(step.path)]);
    if (step.kind === 'repair') {
      const { kind, ...seen } = expects;
      if (kind !== 'syntax-error' || !same(error, seen))
        throw new Refused(`${step.path} does not stop the parser as it did when it was looked at`);
      return { path, now, content };
    }
    const setting = settings.find(({ key }) => key === step.key);
    const holds = expects.kind === 'setting' && same(setting?.value ?? null, expects.value) && error === undefined;
    if (!holds) throw new Refused(`${step.path}: ${step.key} is not what it was when it was looked at`);
    if (settings.some(({ key, value }) => key === step.key && value.type === 'redacted'))
      throw new Refused(`${step.path}: ${mayBeSecret(step.key)}`);
    return { path, now, content };
  }
  if (step.kind === 'write' || step.kind === 'write-key') {
    const path = await tree.resolve(step.path);
    const now = await tree.look(path);
    const holds =
      matchesExpectation(now, expects) && (now.type === 'absent' || (await isStill(facts, step, expects, tree, path)));
    if (!holds) throw changed(path);
    return { path, now };
  }
  const path = await tree.resolve(step.path, { followLast: false });
  const now = await tree.look(path);
  if (!matchesExpectation(now, expects)) throw changed(path);
  return { path, now };
}

/** Does a file that is to be replaced hold what the facts say, as far as they say it. */
async function isStill(
  facts: Snapshot['facts'],
  { kind, path: named }: Performable & { readonly kind: 'write' | 'write-key' },
  expects: Expectation,
  tree: WritableTree,
  path: string,
): Promise<boolean> {
  const { size, modified } = tree.timeOf(path);
  if (
    expects.kind === 'entry' &&
    expects.size !== undefined &&
    (expects.size !== size || expects.modified !== modified)
  )
    return false;
  const content = tree.read(path);
  if (kind === 'write-key') {
    const was = facts.privateKeys.known ? facts.privateKeys.value[named] : undefined;
    const is = parsePrivateKeyFile(content);
    content.fill(0);
    return was?.known === true && keyText(was.value) === keyText(is);
  }
  const { parseCertificateFile } = await import('../parse/x509-files.ts');
  const was = facts.certificates.known ? facts.certificates.value[named] : undefined;
  return was?.known === true && certificatesText(was.value) === certificatesText(parseCertificateFile(content));
}

const keyText = (file: PrivateKeyFile): string =>
  JSON.stringify([file.state, file.state === 'readable' ? file.publicKey.fingerprint : null]);

const certificatesText = ({ certificates, malformation, privateKeyLine }: CertificateFile): string =>
  JSON.stringify([certificates.map(({ fingerprint }) => fingerprint), malformation?.cause, privateKeyLine]);

/** Equal as data, in whatever order keys were made. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, one]) => [key, sorted(one)]),
        )
      : value;

function matchesExpectation(now: Kept, expects: Expectation): boolean {
  if (expects.kind === 'absent') return now.type === 'absent';
  if (expects.kind !== 'entry' || now.type !== expects.type) return false;
  if (now.type !== 'file' && now.type !== 'directory') return now.type === 'symlink';
  return (
    now.uid === expects.uid &&
    now.gid === expects.gid &&
    now.mode === expects.mode &&
    same(now.acl ?? [], (expects.acl ?? []) as readonly AclEntry[])
  );
}

async function perform(
  n: number,
  { id, step, expects }: PlannedStep,
  {
    before,
    after,
    keyFor,
  }: {
    readonly before: Snapshot['facts'];
    readonly after: Snapshot['facts'];
    readonly keyFor: ApplyOptions['keyFor'];
  },
  tree: WritableTree,
  journal: Journal,
): Promise<void> {
  if (step.kind === 'run') {
    journal.append({ kind: 'run', n, step: id, command: step.command });
    tree.announce(`run ${step.command.join(' ')}`);
    runCommand(step.command);
    journal.append({ kind: 'done', n });
    return;
  }
  const { path, now, content } = await expected(before, step, expects, tree);
  const change = { kind: 'change', n, step: id, path, before: now } as const;
  const temporary = tree.temporaryFor(path, `${journal.directory.slice(-6)}-${n}`);
  switch (step.kind) {
    case 'chmod':
    case 'chown':
    case 'chgrp':
    case 'setfacl': {
      if (now.type !== 'file' && now.type !== 'directory') throw new Refused(`${path}: neither a file nor a directory`);
      const entry = entryAt(after, step.path);
      if (entry.type !== now.type) throw changed(path);
      const { uid, gid, mode, acl } = entry;
      const to = { type: now.type, uid, gid, mode, ...(acl === undefined || acl === 'unread' ? {} : { acl }) };
      journal.append({ ...change, after: to });
      try {
        tree.setMetadata(path, now, to);
      } catch (error) {
        // It may have been refused half-way: back to where it began.
        const half = await tree.look(path);
        if (half.type === now.type && !same(half, now)) tree.setMetadata(path, half as typeof now, now);
        throw error;
      }
      break;
    }
    case 'set':
    case 'unset':
    case 'repair': {
      if (content === undefined || now.type !== 'file') throw new Refused(`${path}: not a regular file`);
      const edited = editedBy(content, step);
      if (!edited.edited) throw new Refused(`${path}: ${edited.because}`);
      const { modified: _, ...kept } = now;
      const { splices } = edited;
      journal.append({ ...change, after: { ...kept, sha256: digestOf(edited.content) }, temporary, splices });
      tree.replace(path, edited.content, { temporary, now });
      break;
    }
    case 'remove':
      // What undo would need of a file may be a key or a password, and is to lie nowhere twice.
      if (now.type !== 'symlink') throw new Refused(`${path}: only a link is taken away; take this away by hand`);
      journal.append({ ...change, after: { type: 'absent' } });
      tree.unlink(path);
      break;
    case 'make-directory': {
      const to = objectAt(after, step.path);
      journal.append({ ...change, after: to, makes: 'directory' });
      tree.makeDirectory(path, 0o700);
      tree.setMetadata(
        path,
        { type: 'directory', uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, mode: 0o700 },
        to,
      );
      break;
    }
    case 'write':
    case 'write-key': {
      const content = step.kind === 'write' ? Buffer.from(step.pem) : keyFor?.(step.publicKey.fingerprint);
      if (content === undefined) throw new Refused(`${path}: nobody holds the key that is to be written`);
      const to = objectAt(after, step.path);
      const aside = now.type === 'absent' ? {} : { aside: `${path}.OLD-${journal.directory.slice(-6)}-${n}` };
      const known =
        step.kind === 'write'
          ? { after: { ...to, sha256: digestOf(content) } }
          : { after: to, publicKey: step.publicKey.fingerprint };
      journal.append({ ...change, ...known, ...aside, temporary, makes: 'file' });
      tree.put(path, content, { temporary, ...aside, to });
      break;
    }
    case 'symlink':
      journal.append({ ...change, after: { type: 'symlink', target: step.target, uid: 0, gid: 0 } });
      tree.link(path, step.target);
      break;
  }
  journal.append({ kind: 'done', n });
}

/** Owner, mode and ACL of a place in the facts. @throws Refused */
function objectAt(facts: Snapshot['facts'], path: string): Extract<Kept, { readonly type: 'file' | 'directory' }> {
  const { entry } = placeAt(facts, path);
  if (entry.type !== 'file' && entry.type !== 'directory') throw new Refused(`${path}: neither a file nor a directory`);
  const { type, uid, gid, mode, acl } = entry;
  return { type, uid, gid, mode, ...(acl === undefined || acl === 'unread' ? {} : { acl }) };
}

/** Runs a command of this machine as it stands. @throws Refused when it is not there or fails. */
export function runCommand([name = '', ...args]: readonly string[]): void {
  const program = findProgram(name);
  if (program === undefined) throw new Refused(`${name} is not installed`);
  const { status, signal, stderr } = spawnSync(program, args, {
    cwd: '/',
    env: { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: commandMilliseconds,
  });
  if (status === 0) return;
  const said = stderr?.toString().trim().split('\n').at(-1) ?? '';
  throw new Refused(
    `${[name, ...args].join(' ')} ends with ${status ?? signal ?? 'no status'}${said === '' ? '' : `: ${said}`}`,
  );
}
