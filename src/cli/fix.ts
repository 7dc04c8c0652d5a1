import { createInterface } from 'node:readline/promises';
import { assume } from '../engine/assume.ts';
import { evaluate } from '../engine/evaluate.ts';
import type { HostReport } from '../engine/report.ts';
import type { Role } from '../facts/role.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { applyPlan, type Applied } from '../fix/apply.ts';
import { AuthorityError, type CertificateAuthority } from '../fix/certificate-authority.ts';
import { Journal, type Interruption } from '../fix/journal.ts';
import type { Choice } from '../fix/plan.ts';
import { planDocument } from '../fix/plan-document.ts';
import { planText } from '../fix/plan-text.ts';
import { planPlaybook } from '../fix/playbook.ts';
import { planScript } from '../fix/script.ts';
import { planWithAuthority, timeOf } from '../fix/plan-with-authority.ts';
import type { ProvenPlan } from '../fix/simulate.ts';
import { undoLatest } from '../fix/undo.ts';
import { Refused, WritableTree } from '../fix/writable-tree.ts';
import { AccessError } from '../host/access-error.ts';
import { describedHost } from '../host/described-host.ts';
import { toJson } from '../report/json.ts';
import { printable } from '../report/printable.ts';
import { loadAuthority } from './authority-files.ts';
import { put } from './deliver.ts';
import { allRules } from './load-rules.ts';
import { moment } from './options.ts';
import { openTarget } from './open-target.ts';
import type { Shell } from './shell.ts';
import { showsTui, wantsColor } from './streams.ts';
import { tool } from './tool.ts';
import { UsageError } from './usage-error.ts';

export interface FixArguments {
  readonly target: string;
  readonly format?: 'text' | 'json' | 'tui' | undefined;
  readonly output?: string | undefined;
  readonly script: boolean;
  readonly playbook: boolean;
  readonly apply: boolean;
  readonly unsafe: boolean;
  readonly yes: boolean;
  readonly undo: boolean;
  readonly only?: readonly string[] | undefined;
  readonly caCert?: string | undefined;
  readonly caKey?: string | undefined;
  readonly role?: readonly Role[] | undefined;
  readonly at?: string | undefined;
  readonly libvirtVersion?: string | undefined;
  readonly qemuVersion?: string | undefined;
  readonly color: 'auto' | 'always' | 'never';
  /** The URI of a connection that is to work, instead of a host's findings. */
  readonly diagnose?: string | undefined;
  readonly client?: string | undefined;
  readonly server?: string | undefined;
  readonly user?: string | undefined;
  readonly viewer?: string | undefined;
  readonly on?: 'client' | 'server' | undefined;
}

const rules = allRules.map(({ rule }) => rule);
const author = `${tool.name} ${tool.version}`;

/**
 * Plans the ways out of a host's findings, and shows, prints, applies or takes them back. Gives 0 when nothing worse than a note remains, 1
 * when something does.
 */
export async function fix(args: FixArguments, shell: Shell): Promise<number> {
  const asked = (['script', 'playbook', 'apply', 'undo'] as const).filter((name) => args[name]);
  if (asked.length > 1) throw new UsageError(`--${asked.join(' and --')} exclude each other`);
  const { diagnose } = args;
  if (diagnose !== undefined) {
    const { fixConnection } = await import('./fix-connection.ts');
    return fixConnection({ ...args, diagnose }, shell);
  }
  const ofConnection = (['client', 'server', 'user', 'viewer', 'on'] as const).find((name) => args[name] !== undefined);
  if (ofConnection !== undefined) throw new UsageError(`--${ofConnection} goes with --diagnose`);
  if (showsFixes(args, shell)) {
    const { watchFixes } = await import('./fix-tui.ts');
    return watchFixes(args, shell);
  }
  if (args.undo) return undo(args, shell);
  const { target, apply } = args;
  if (apply) mustBeWritable(target);
  const at = args.at === undefined ? undefined : moment(args.at);
  const look = async (): Promise<Snapshot> => {
    const opened = await openTarget(target);
    return assume(opened.kind === 'snapshot' ? opened.snapshot : await opened.collect(), {
      ...(at === undefined ? {} : { at }),
      ...(args.libvirtVersion === undefined ? {} : { libvirt: args.libvirtVersion }),
      ...(args.qemuVersion === undefined ? {} : { qemu: args.qemuVersion }),
    });
  };
  const judge = (snapshot: Snapshot): HostReport => evaluate(snapshot, rules, { roles: args.role ?? [] });
  const snapshot = await look();
  const report = judge(snapshot);
  mustBeKnown(args.only ?? [], report);
  const authority = await loadAuthority(args, timeOf(snapshot), shell);
  const choice: Choice = {
    // A directory is mended where it lies; what would have to run there is told.
    runs: !apply || target === 'local',
    safeOnly: apply && !args.unsafe,
    only: args.only ?? [],
  };
  // Nobody carries a new key to where a script or playbook runs.
  const makesKeys = !args.script && !args.playbook;
  const plan = await authorised(() => planWithAuthority(snapshot, judge, choice, authority, { makesKeys }));
  const about = { tool: author, host: report.hostname ?? target };
  if (args.script || args.playbook) {
    await put((args.script ? planScript : planPlaybook)(snapshot.facts, plan, about), args.output, shell);
    return 0;
  }
  const interrupted = apply ? undefined : await interruptedApply(target);
  const document = { ...planDocument(report, plan, tool), ...(interrupted === undefined ? {} : { interrupted }) };
  if (!apply) {
    const text = (): string => `${interruptedText(interrupted, target)}${textOf(report, plan, args, shell)}`;
    await put(args.format === 'json' ? toJson(document) : text(), args.output, shell);
    return remains(report);
  }
  if (args.format !== 'json') await shell.streams.out.write(textOf(report, plan, args, shell));
  if (plan.steps.length === 0) {
    if (args.format === 'json') await put(toJson(document), args.output, shell);
    return remains(report);
  }
  if (!args.yes && !(await agreed(plan, shell))) return 1;
  const applied = await perform(snapshot, plan, args, authority);
  const after = judge(await look());
  if (args.format === 'json') await put(toJson({ ...document, applied }), args.output, shell);
  else await put(appliedText(plan, applied, after, args), args.output, shell);
  return applied.failed === undefined ? remains(after) : 1;
}

/** Is the plan to be shown as a screen: on a terminal, unless something else is asked for. @throws UsageError where it cannot be. */
function showsFixes(args: FixArguments, { streams }: Shell): boolean {
  const { format, output, script, playbook, apply, undo: takesBack, yes } = args;
  const isElse = output !== undefined || script || playbook || apply || takesBack || yes;
  if (format === 'tui' && (isElse || !showsTui(streams)))
    throw new UsageError(
      '--format tui needs a terminal to draw on and a keyboard, and applies what is chosen there; use text or json',
    );
  return format === 'tui' || (format === undefined && !isElse && showsTui(streams));
}

/** @throws UsageError for what the CA cannot issue */
export async function authorised<T>(plan: () => Promise<T>): Promise<T> {
  try {
    return await plan();
  } catch (error) {
    if (error instanceof AuthorityError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** An earlier apply to a target that never came to its end; undefined also where nobody may look. */
async function interruptedApply(target: string): Promise<Interruption | undefined> {
  try {
    if (target !== 'local' && describedHost(target) !== undefined) return undefined;
    const journal = await Journal.latest(new WritableTree(target), { cleans: false });
    return journal?.interruption();
  } catch {
    // A snapshot has no journal, and that of another account is closed to us; an apply would say so.
    return undefined;
  }
}

const interruptedText = (interrupted: Interruption | undefined, target: string): string =>
  interrupted === undefined
    ? ''
    : `An apply of ${interrupted.time} was interrupted after ${interrupted.done} of ${interrupted.steps} steps. To take it back: ${tool.name} fix --undo${target === 'local' ? '' : ` ${printable(target)}`}\n\n`;

const remains = ({ findings }: HostReport): 0 | 1 => (findings.some(({ severity }) => severity !== 'note') ? 1 : 0);

function textOf(report: HostReport, plan: ProvenPlan, args: FixArguments, shell: Shell): string {
  const color = args.output === undefined ? wantsColor(args.color, shell.streams) : args.color === 'always';
  return planText(report, plan, { color, width: shell.streams.out.width });
}

/** @throws UsageError for what is no running host and no directory that is one's root. */
export function mustBeWritable(target: string): void {
  if (target === 'local') return;
  try {
    if (describedHost(target) !== undefined)
      throw new UsageError(
        `${target} describes a host: its files here are not as they are there, so only a plan can be made`,
      );
    new WritableTree(target);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${target} is no directory that can be mended: only a plan can be made`, { cause: error });
  }
}

/** @throws UsageError for what is neither a rule nor a finding of the report */
export function mustBeKnown(only: readonly string[], { findings }: HostReport): void {
  for (const id of only) {
    if (!rules.some((rule) => rule.id === id) && !findings.some(({ fingerprint }) => fingerprint === id))
      throw new UsageError(`${id} is neither a rule nor a fix of this plan`);
  }
}

/** Asks whether to go on. @throws UsageError where nobody can answer */
export async function agreed({ steps }: Pick<ProvenPlan, 'steps'>, { streams }: Shell): Promise<boolean> {
  if (!streams.out.isTerminal || process.stdin.isTTY !== true)
    throw new UsageError('--apply asks before it changes anything, and there is nobody to ask; use --yes');
  const ask = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await ask.question(`\nApply ${steps.length} step${steps.length === 1 ? '' : 's'}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    ask.close();
  }
}

async function perform(
  snapshot: Snapshot,
  plan: ProvenPlan,
  { target, unsafe }: FixArguments,
  authority: CertificateAuthority | undefined,
): Promise<Applied> {
  try {
    return await applyPlan(snapshot.facts, plan, new WritableTree(target), {
      tool: author,
      time: new Date().toISOString(),
      target,
      runs: target === 'local' && unsafe,
      ...(authority === undefined ? {} : { keyFor: authority.keyFor }),
    });
  } catch (error) {
    if (error instanceof Refused)
      throw new UsageError(`nothing was changed: ${printable(error.message)}`, { cause: error });
    throw error;
  }
}

function appliedText(
  plan: ProvenPlan,
  { done, failed, left, journal }: Applied,
  after: HostReport,
  { target }: FixArguments,
): string {
  const lines = [`${done.length} of ${plan.steps.length} steps are done.`];
  if (failed !== undefined) {
    const at = plan.steps.findIndex(({ id }) => id === failed.step) + 1;
    lines.push(`Step ${at} was not: ${printable(failed.because)}`);
    if (left.length > 0) lines.push(`${left.length} were not tried.`);
  }
  const counted = (severity: string): number =>
    after.findings.filter((finding) => finding.severity === severity).length;
  lines.push(`Now: ${counted('error')} errors, ${counted('warning')} warnings, ${counted('note')} notes.`);
  const name = target === 'local' ? '' : ` ${target}`;
  lines.push(
    `The journal is in ${journal}${target === 'local' ? '' : ' of that host'}; to take all of it back: ${tool.name} fix --undo${name}`,
  );
  return `${lines.join('\n')}\n`;
}

async function undo({ target, format, output }: FixArguments, shell: Shell): Promise<number> {
  mustBeWritable(target);
  try {
    const undone = await undoLatest(new WritableTree(target), { runs: target === 'local' });
    if (format === 'json') {
      await put(toJson(undone ?? null), output, shell);
    } else if (undone === undefined) {
      await put('There is nothing to take back.\n', output, shell);
    } else {
      const { of, restored, ran, left } = undone;
      const lines = [
        `Taken back: what was applied at ${of.time}${of.interrupted ? ', which was interrupted' : ''}.`,
        ...restored.map((path) => `restored ${path}`),
        ...ran.map((command) => `ran ${command}`),
        ...left.map(({ because }) => `left: ${because}`),
      ];
      await put(`${lines.map(printable).join('\n')}\n`, output, shell);
    }
    return undone === undefined || undone.left.length === 0 ? 0 : 1;
  } catch (error) {
    if (error instanceof Refused || error instanceof AccessError)
      throw new UsageError(`nothing was taken back: ${printable(error.message)}`, { cause: error });
    throw error;
  }
}
