import { assume } from '../engine/assume.ts';
import { evaluate } from '../engine/evaluate.ts';
import type { HostReport } from '../engine/report.ts';
import type { Role } from '../facts/role.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { applyPlan } from '../fix/apply.ts';
import { AuthorityError, type CertificateAuthority } from '../fix/certificate-authority.ts';
import { Journal } from '../fix/journal.ts';
import { editedFiles, planPreviews } from '../fix/preview.ts';
import { planWithAuthority } from '../fix/plan-with-authority.ts';
import type { ProvenPlan } from '../fix/simulate.ts';
import { undoLatest } from '../fix/undo.ts';
import { Refused, WritableTree } from '../fix/writable-tree.ts';
import { AccessError } from '../host/access-error.ts';
import { describedHost } from '../host/described-host.ts';
import { HostView } from '../host/host-view.ts';
import { maximumConfigurationSize } from '../parse/configuration.ts';
import { printable } from '../report/printable.ts';
import type { FixOutcome, Fixing, FixSource, Prepared } from '../tui/fix/fixing.ts';
import { stepName } from '../tui/fix/model.ts';
import { loadAuthority, type AuthorityFiles } from './authority-files.ts';
import { allRules } from './load-rules.ts';
import { mustBeKnown } from './fix.ts';
import { openTarget, type Opened } from './open-target.ts';
import { moment } from './options.ts';
import type { Shell } from './shell.ts';
import { wantsColor } from './streams.ts';
import { tool } from './tool.ts';
import { UsageError } from './usage-error.ts';

/** The host whose ways out are shown, and what is assumed of it. */
export interface FixTarget {
  readonly target: string;
  /** Ids of rules or fingerprints; all when empty or absent. */
  readonly only?: readonly string[] | undefined;
  readonly role?: readonly Role[] | undefined;
  readonly at?: string | undefined;
  readonly libvirtVersion?: string | undefined;
  readonly qemuVersion?: string | undefined;
}

/** Shows the ways out on the terminal. Gives 0 when nothing worse than a note is left, 1 when something is. */
export async function watchFixes(
  args: FixTarget & AuthorityFiles & { readonly color: 'auto' | 'always' | 'never' },
  shell: Shell,
): Promise<number> {
  const { startTui } = await shell.loadTui();
  const at = args.at === undefined ? new Date().toISOString() : moment(args.at);
  // Before the screen is ours: it may have something to say.
  const fixes = fixSource(args, await loadAuthority(args, at, shell));
  const { report } = await startTui({ fixes, color: wantsColor(args.color, shell.streams) });
  return report.findings.some(({ severity }) => severity !== 'note') ? 1 : 0;
}

const rules = allRules.map(({ rule }) => rule);

/** Milliseconds in which the terminal draws: what comes next may keep the program from it until it is done. */
const frame = 40;
const drawn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, frame));

/** Looks at a host for the screen of fixes, plans (with a CA if one is at hand), applies and takes back there. */
export function fixSource(args: FixTarget, authority?: CertificateAuthority): FixSource {
  const { target } = args;
  const at = args.at === undefined ? undefined : moment(args.at);
  const runs = target === 'local';
  const judge = (snapshot: Snapshot): HostReport => evaluate(snapshot, rules, { roles: args.role ?? [] });
  let snapshot: Snapshot | undefined;
  let contents: ReadonlyMap<string, Uint8Array> = new Map();

  const plan = (on: Snapshot, only: readonly string[]): Promise<ProvenPlan> =>
    planWithAuthority(on, judge, { runs, only }, authority);

  const prepare = (on: Snapshot, proven: ProvenPlan): Prepared => ({
    plan: proven,
    previews: planPreviews(on.facts, proven, contents),
  });

  const look = async (progress: (what: string) => void): Promise<Fixing> => {
    const opened = await openTarget(target);
    const collected = opened.kind === 'snapshot' ? opened.snapshot : await opened.collect(undefined, progress);
    const seen = assume(collected, {
      ...(at === undefined ? {} : { at }),
      ...(args.libvirtVersion === undefined ? {} : { libvirt: args.libvirtVersion }),
      ...(args.qemuVersion === undefined ? {} : { qemu: args.qemuVersion }),
    });
    snapshot = seen;
    progress('ways out');
    await drawn();
    const report = judge(seen);
    mustBeKnown(args.only ?? [], report);
    const proven = await plan(seen, args.only ?? []).catch((error: unknown) => {
      throw error instanceof AuthorityError ? new UsageError(error.message, { cause: error }) : error;
    });
    contents = await textsOf(opened, editedFiles(proven));
    const readOnly = whyReadOnly(target, opened);
    const latest = readOnly === undefined ? await latestApply(target) : undefined;
    return {
      report,
      ...prepare(seen, proven),
      ...(readOnly === undefined ? {} : { readOnly }),
      ...(latest === undefined ? {} : { latest }),
    };
  };

  return {
    load: look,
    async act(request, progress, stop): Promise<FixOutcome> {
      try {
        switch (request.kind) {
          case 'look':
            return { kind: 'looked', fixing: await look(progress) };
          case 'prepare': {
            await drawn();
            if (snapshot === undefined) return { kind: 'looked', fixing: await look(progress) };
            return { kind: 'prepared', ...prepare(snapshot, await plan(snapshot, request.fixes)) };
          }
          case 'apply': {
            if (snapshot === undefined) throw new Refused('the host was not looked at');
            const applied = await applyPlan(snapshot.facts, request.plan, new WritableTree(target), {
              tool: `${tool.name} ${tool.version}`,
              time: new Date().toISOString(),
              target,
              runs,
              ...(authority === undefined ? {} : { keyFor: (publicKey) => authority.keyFor(publicKey) }),
              before: async ({ step }) => {
                progress(stepName(step));
                await drawn();
                // What was typed during the step before is heard by now.
                if (stop.aborted) throw new Refused('stopped by the user');
              },
            });
            progress('look again');
            await drawn();
            return { kind: 'applied', applied, plan: request.plan, fixing: await look(progress) };
          }
          case 'undo': {
            progress('undo');
            await drawn();
            const undone = await undoLatest(new WritableTree(target), { runs });
            return { kind: 'undone', ...(undone === undefined ? {} : { undone }), fixing: await look(progress) };
          }
        }
      } catch (error) {
        if (error instanceof Refused || error instanceof AccessError || error instanceof AuthorityError)
          return { kind: 'refused', because: printable(error.message) };
        throw error;
      }
    },
  };
}

/** Configuration files as they are; those that cannot be read are left out. */
async function textsOf(opened: Opened, paths: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const texts = new Map<string, Uint8Array>();
  if (opened.kind === 'snapshot') return texts;
  const view = new HostView(opened.host);
  for (const path of paths) {
    try {
      const content = await view.read(path, maximumConfigurationSize);
      if (content !== undefined) texts.set(path, content);
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
    }
  }
  return texts;
}

/** Why nothing can be changed there; undefined where it can. */
function whyReadOnly(target: string, opened: Opened): string | undefined {
  if (opened.kind === 'snapshot') return 'This is a snapshot: there is a plan only, and c copies what to type';
  if (target === 'local') return undefined;
  try {
    if (describedHost(target) !== undefined)
      return 'This directory describes a host: there is a plan only, and c copies what to type';
    new WritableTree(target);
    return undefined;
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    return `Nothing can be changed here: ${printable(error.message)}`;
  }
}

/** What an undo would take back; undefined for nothing, and for a journal that cannot be read. */
async function latestApply(target: string): Promise<Fixing['latest']> {
  try {
    const records = (await Journal.latest(new WritableTree(target), { cleans: false }))?.read();
    const [begin] = records ?? [];
    if (records === undefined || begin?.kind !== 'begin') return undefined;
    return {
      time: printable(begin.time),
      interrupted: !records.some(({ kind }) => kind === 'end'),
      paths: [
        ...new Set(
          records.flatMap((record) =>
            record.kind === 'change'
              ? [printable(record.path)]
              : record.kind === 'run'
                ? [printable(record.command.join(' '))]
                : [],
          ),
        ),
      ],
    };
  } catch (error) {
    if (error instanceof Refused || error instanceof AccessError) return undefined;
    throw error;
  }
}
