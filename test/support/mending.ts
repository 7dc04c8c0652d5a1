import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  lchownSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { allRules } from '../../src/cli/load-rules.ts';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import { assume, type Assumptions } from '../../src/engine/assume.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import type { HostReport } from '../../src/engine/report.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { applyPlan, type Applied } from '../../src/fix/apply.ts';
import type { Choice } from '../../src/fix/plan.ts';
import { planWithAuthority } from '../../src/fix/plan-with-authority.ts';
import type { CertificateAuthority } from '../../src/fix/certificate-authority.ts';
import type { ProvenPlan } from '../../src/fix/simulate.ts';
import { undoLatest } from '../../src/fix/undo.ts';
import { WritableTree } from '../../src/fix/writable-tree.ts';
import { directoryHost } from '../../src/host/file-system-host.ts';

export const isRoot = process.geteuid?.() === 0;
const rules = allRules.map(({ rule }) => rule);
const tool = { name: 'virt-pki-check', version: 'test' } as const;

/** Judges by all rules. */
export const judge = (snapshot: Snapshot): HostReport => evaluate(snapshot, rules);

/** The facts of a directory, under some assumptions. */
export const lookAt = async (directory: string, assumptions: Assumptions = {}): Promise<Snapshot> =>
  assume(await collectSnapshot(directoryHost(directory), { tool }), assumptions);

/** Everything of a tree that an undo has to give back, by path: type, owner, mode, ACL, content, and when a file was changed. */
export function manifestOf(root: string): Record<string, string> {
  const manifest: Record<string, string> = {};
  const visit = (path: string): void => {
    const stats = lstatSync(path);
    const own = `${stats.uid}:${stats.gid} ${(stats.mode & 0o7777).toString(8)}`;
    const name = `/${relative(root, path)}`;
    if (stats.isSymbolicLink()) manifest[name] = `link ${readlinkSync(path)}`;
    else if (stats.isDirectory()) {
      manifest[name] = `directory ${own}`;
      for (const child of readdirSync(path)) visit(join(path, child));
    } else manifest[name] = `file ${own} ${Math.round(stats.mtimeMs)} ${readFileSync(path).toString('base64')}`;
  };
  visit(root);
  const acls = execFileSync('getfacl', ['-R', '--skip-base', '--numeric', '--absolute-names', '--physical', root]);
  return { ...manifest, acls: acls.toString() };
}

/** A copy on disk of a host of fixtures/hosts with owners, modes and dates as described; root alone can make one. */
export function hostOnDisk(name: string): { readonly directory: string; readonly now: string } {
  const host = join(import.meta.dirname, '../../fixtures/hosts', name);
  const directory = mkdtempSync(join(tmpdir(), 'virt-pki-check-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  cpSync(join(host, 'root'), directory, { recursive: true, verbatimSymlinks: true });
  const { now, entries } = JSON.parse(readFileSync(join(host, 'host.json'), 'utf8')) as {
    now: string;
    entries: Record<string, { uid?: number; gid?: number; mode?: string; modified?: string }>;
  };
  const visit = (path: string): void => {
    const stats = lstatSync(path);
    if (stats.isDirectory()) for (const child of readdirSync(path)) visit(join(path, child));
    const {
      uid = 0,
      gid = 0,
      mode,
      modified = '2026-01-01T00:00:00.000Z',
    } = entries[`/${relative(directory, path)}`] ?? {};
    if (stats.isSymbolicLink()) return lchownSync(path, uid, gid);
    chownSync(path, uid, gid);
    chmodSync(path, mode === undefined ? (stats.isDirectory() ? 0o755 : 0o644) : Number.parseInt(mode, 8));
    utimesSync(path, new Date(modified), new Date(modified));
  };
  visit(directory);
  return { directory, now };
}

/** Plans on a directory and applies the plan there. */
export async function mend(
  directory: string,
  assumptions: Assumptions,
  choice: Partial<Choice> = {},
  authority?: CertificateAuthority,
): Promise<{ readonly plan: ProvenPlan; readonly applied?: Applied; readonly before: HostReport }> {
  const snapshot = await lookAt(directory, assumptions);
  const before = judge(snapshot);
  const plan = await planWithAuthority(snapshot, judge, { runs: false, ...choice }, authority);
  if (plan.steps.length === 0) return { plan, before };
  const options = { tool: 'virt-pki-check test', time: '2026-01-01T00:00:00Z', target: directory, runs: false };
  const keyFor = authority === undefined ? {} : { keyFor: authority.keyFor };
  return {
    plan,
    before,
    applied: await applyPlan(snapshot.facts, plan, new WritableTree(directory), { ...options, ...keyFor }),
  };
}

/** Fingerprints of what is found; needs-restart says only that something was changed, and what was put aside is as it was before. */
const foundIn = ({ findings }: HostReport): readonly string[] =>
  findings
    .filter(({ rule, subject }) => rule !== 'needs-restart' && !JSON.stringify(subject).includes('.OLD-'))
    .map(({ fingerprint, rule }) => `${rule} ${fingerprint}`)
    .sort();

/**
 * Holds a directory to everything that a fix promises: what it claims to mend is gone, what comes to light is what the plan said, a second
 * run changes nothing, and undo gives back every byte, owner and mode. Gives the number of steps.
 */
export async function holdToPromises(
  directory: string,
  assumptions: Assumptions,
  authority?: CertificateAuthority,
): Promise<number> {
  const original = manifestOf(directory);
  let applies = 0;
  let steps = 0;
  for (const safeOnly of [true, false]) {
    const { plan, applied, before } = await mend(directory, assumptions, { safeOnly }, authority);
    steps += plan.steps.length;
    if (applied === undefined) continue;
    applies += 1;
    expect(applied).toMatchObject({ left: [], done: plan.steps.map(({ id }) => id) });
    expect(applied.failed).toBeUndefined();
    const after = judge(await lookAt(directory, assumptions));
    expect(foundIn(after), 'what remains is what the plan said').toEqual(foundIn(plan.remaining));
    const claimed = plan.fixes.filter((fix) => fix.steps.length > 0).flatMap(({ findings }) => findings);
    const left = after.findings.filter(({ fingerprint }) => claimed.some((one) => one.fingerprint === fingerprint));
    expect(
      left.map(({ message }) => message),
      'claimed and still there',
    ).toEqual([]);
    const fresh = foundIn(after).filter((one) => !foundIn(before).includes(one));
    if (safeOnly) expect(fresh, 'new').toEqual([]);
    const mended = manifestOf(directory);
    const again = await mend(directory, assumptions, { safeOnly }, authority);
    expect(again.plan.steps, 'nothing left to do').toEqual([]);
    expect(manifestOf(directory)).toEqual(mended);
  }
  for (let n = 0; n < applies; n += 1) {
    const undone = await undoLatest(new WritableTree(directory), { runs: false });
    expect(undone).toMatchObject({ left: [], of: { interrupted: false } });
  }
  expect(await undoLatest(new WritableTree(directory), { runs: false })).toBeUndefined();
  expect(manifestOf(directory)).toEqual(original);
  return steps;
}
