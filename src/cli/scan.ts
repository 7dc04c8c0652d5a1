import { assume } from '../engine/assume.ts';
import { exitStatus } from '../engine/exit-status.ts';
import { makeReport } from '../engine/make-report.ts';
import { credentialFacts } from '../domain/credentials.ts';
import { ownPorts, type OwnPort } from '../domain/own-ports.ts';
import { known } from '../facts/fact.ts';
import type { FactName, Facts } from '../facts/facts.ts';
import type { Role } from '../facts/role.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import type { Severity } from '../rule/severity.ts';
import { printable } from '../report/printable.ts';
import { deliver, put } from './deliver.ts';
import { allRules, chooseRules } from './load-rules.ts';
import { openTarget, type Opened } from './open-target.ts';
import { moment, timeLimit } from './options.ts';
import type { Shell } from './shell.ts';
import type { Scanned } from '../tui/scanned.ts';
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
  readonly probe?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  /** Seconds. */
  readonly timeout: number;
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
  timeLimit(args.timeout);
  const targets = args.targets.length > 0 ? args.targets : ['local'];
  if (args.dryRun === true && args.probe !== true) throw new UsageError('--dry-run lists what --probe would send');
  if (args.probe === true && !targets.includes('local'))
    throw new UsageError('--probe asks the ports of this machine: it goes with the target local');
  let opened: readonly Opened[] | undefined = await Promise.all(targets.map(openTarget));

  const load = async (progress?: (what: string) => void): Promise<Scanned> => {
    // A snapshot file may be another one when it is looked at again.
    const sources = opened ?? (await Promise.all(targets.map(openTarget)));
    opened = undefined;
    const needs = [
      ...new Set([
        ...alwaysNeeded,
        ...(args.probe === true ? probeNeeds : []),
        ...rules.flatMap((rule) => rule.needs as readonly FactName[]),
      ]),
    ];
    const snapshots = await Promise.all(
      sources.map(async (one, index) => {
        const snapshot = await factsOf(one, needs, progress);
        return args.probe === true && targets[index] === 'local' ? probed(snapshot, args, progress) : snapshot;
      }),
    );
    const assumed = snapshots.map((snapshot) =>
      assume(snapshot, {
        ...(at === undefined ? {} : { at }),
        ...(args.libvirtVersion === undefined ? {} : { libvirt: args.libvirtVersion }),
        ...(args.qemuVersion === undefined ? {} : { qemu: args.qemuVersion }),
      }),
    );
    const judge = (hosts: readonly Snapshot[]): Scanned => ({
      report: makeReport(hosts, rules, tool, { roles: args.role ?? [] }),
      snapshots: hosts,
      judgeAt: (moment) => judge(assumed.map((snapshot) => assume(snapshot, { at: moment }))),
    });
    return judge(assumed);
  };

  if (args.dryRun === true) {
    await put(await dryRun(await openTarget('local'), args), args.output, shell);
    return 0;
  }

  const format = args.format ?? (args.output === undefined && showsTui(shell.streams) ? 'tui' : 'text');
  const scanned = format === 'tui' ? await watch(load, args, shell) : await load();
  if (format !== 'tui') await deliver(scanned, { ...args, format }, shell);
  return exitStatus(scanned.report, args);
}

/** Facts that tell which ports this host opens. */
const probeNeeds = [...credentialFacts, 'identity'] as const;

/** The ports of this host; none where its configuration cannot be seen. */
function portsOf(snapshot: Snapshot): readonly OwnPort[] {
  const facts: Partial<Facts> = {};
  for (const name of probeNeeds) {
    const fact = snapshot.facts[name];
    if (!fact.known) return [];
    Object.assign(facts, { [name]: fact.value });
  }
  return ownPorts(facts as Facts);
}

async function probed(
  snapshot: Snapshot,
  { timeout }: ScanArguments,
  progress?: (what: string) => void,
): Promise<Snapshot> {
  const ports = portsOf(snapshot);
  progress?.(`${ports.length} ports`);
  const { lookAtPorts } = await import('./look-at-wire.ts');
  const observations = known(await lookAtPorts(ports, timeout * 1000));
  return { ...snapshot, facts: { ...snapshot.facts, observations } };
}

async function dryRun(opened: Opened, { timeout }: ScanArguments): Promise<string> {
  const ports = portsOf(await factsOf(opened, probeNeeds));
  if (ports.length === 0) return 'Nothing would be sent: no port of this host is to be open.\n';
  const { describePorts } = await import('./look-at-wire.ts');
  const lines = describePorts(ports, timeout * 1000).map(
    ({ to, sends }) => `  ${printable(to)}: ${printable(sends)}\n`,
  );
  return `Within ${timeout} s each, this would be sent:\n${lines.join('')}`;
}

const factsOf = async (
  opened: Opened,
  needs: readonly FactName[],
  progress?: (what: string) => void,
): Promise<Snapshot> => (opened.kind === 'snapshot' ? opened.snapshot : opened.collect(needs, progress));

async function watch(
  load: (progress: (what: string) => void) => Promise<Scanned>,
  args: ScanArguments,
  shell: Shell,
): Promise<Scanned> {
  const { startTui } = await shell.loadTui();
  const families = new Map(allRules.map(({ family, rule }) => [rule.id, family]));
  const targets = args.targets.length > 0 ? args.targets : ['local'];
  return startTui({
    load,
    color: wantsColor(args.color, shell.streams),
    familyOf: (rule) => families.get(rule),
    fixesOf: (host) => {
      const { at, libvirtVersion, qemuVersion, role } = args;
      // Loaded when the screen of fixes is opened.
      const source = import('./fix-tui.ts').then(({ fixSource }) =>
        fixSource({ target: targets[host] ?? 'local', role, at, libvirtVersion, qemuVersion }),
      );
      return {
        load: async (progress) => (await source).load(progress),
        act: async (request, progress, stop) => (await source).act(request, progress, stop),
      };
    },
  });
}
