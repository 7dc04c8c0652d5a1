import { assume } from '../engine/assume.ts';
import { exitStatus } from '../engine/exit-status.ts';
import { makeReport } from '../engine/make-report.ts';
import type { Report } from '../engine/report.ts';
import { credentialFacts } from '../domain/credentials.ts';
import type { FactName } from '../facts/facts.ts';
import type { Role } from '../facts/role.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import type { Severity } from '../rule/severity.ts';
import { deliver } from './deliver.ts';
import { allRules, chooseRules } from './load-rules.ts';
import { openTarget, type Opened } from './open-target.ts';
import { moment } from './options.ts';
import type { Shell } from './shell.ts';
import { showsTui, wantsColor } from './streams.ts';
import { tool } from './tool.ts';
import { UsageError } from './usage-error.ts';

export interface ScanArguments {
  readonly targets: readonly string[];
  readonly format?: 'text' | 'json' | 'tui' | undefined;
  readonly output?: string | undefined;
  readonly role?: readonly Role[] | undefined;
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly at?: string | undefined;
  readonly libvirtVersion?: string | undefined;
  readonly qemuVersion?: string | undefined;
  readonly color: 'auto' | 'always' | 'never';
  readonly failOn: Severity | 'never';
  readonly allowUnknown: boolean;
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
}

/** Facts that every report shows or that tell a host's roles, whatever rules are chosen. */
const alwaysNeeded: readonly FactName[] = ['clock', 'identity', ...credentialFacts];

/** Collects, evaluates and reports: the main job. */
export async function scan(args: ScanArguments, shell: Shell): Promise<number> {
  const rules = chooseRules(args.only ?? [], args.skip ?? []).map(({ rule }) => rule);
  const at = args.at === undefined ? undefined : moment(args.at);
  if (args.format === 'tui' && (args.output !== undefined || !showsTui(shell.streams))) {
    throw new UsageError('--format tui needs a terminal to draw on and a keyboard; use text or json');
  }
  const opened = await Promise.all((args.targets.length > 0 ? args.targets : ['local']).map(openTarget));

  const load = async (progress?: (what: string) => void): Promise<Report> => {
    const needs = [...new Set([...alwaysNeeded, ...rules.flatMap((rule) => rule.needs as readonly FactName[])])];
    const snapshots = await Promise.all(opened.map((one) => factsOf(one, needs, progress)));
    const assumed = snapshots.map((snapshot) =>
      assume(snapshot, {
        ...(at === undefined ? {} : { at }),
        ...(args.libvirtVersion === undefined ? {} : { libvirt: args.libvirtVersion }),
        ...(args.qemuVersion === undefined ? {} : { qemu: args.qemuVersion }),
      }),
    );
    return makeReport(assumed, rules, tool, { roles: args.role ?? [] });
  };

  const format = args.format ?? (args.output === undefined && showsTui(shell.streams) ? 'tui' : 'text');
  const report = format === 'tui' ? await watch(load, args, shell) : await load();
  if (format !== 'tui') await deliver(report, { ...args, format }, shell);
  return exitStatus(report, args);
}

const factsOf = async (
  opened: Opened,
  needs: readonly FactName[],
  progress?: (what: string) => void,
): Promise<Snapshot> => (opened.kind === 'snapshot' ? opened.snapshot : opened.collect(needs, progress));

async function watch(
  load: (progress: (what: string) => void) => Promise<Report>,
  args: ScanArguments,
  shell: Shell,
): Promise<Report> {
  const { startTui } = await shell.loadTui();
  const families = new Map(allRules.map(({ family, rule }) => [rule.id, family]));
  return startTui({ load, color: wantsColor(args.color, shell.streams), familyOf: (rule) => families.get(rule) });
}
