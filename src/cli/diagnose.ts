import { peerOf, type Question } from '../diagnosis/diagnose.ts';
import type { DiagnosisReport, Wire } from '../engine/diagnosis-report.ts';
import type { ObservedPeer } from '../facts/observation.ts';
import { diagnosisText } from '../report/diagnosis-text.ts';
import { printable } from '../report/printable.ts';
import { toJson } from '../report/json.ts';
import { put } from './deliver.ts';
import { openTarget } from './open-target.ts';
import { moment, timeLimit } from './options.ts';
import type { Shell } from './shell.ts';
import { showsTui, wantsColor } from './streams.ts';
import { UsageError } from './usage-error.ts';
import {
  collectConnection,
  connectionFacts,
  observed,
  walkConnection,
  type AskedConnection,
  type BothOpened,
} from './walk-connection.ts';

export interface DiagnoseArguments {
  readonly uri: string;
  readonly client: string;
  readonly server?: string | undefined;
  readonly user?: string | undefined;
  readonly viewer?: string | undefined;
  readonly offline?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  /** Seconds. */
  readonly timeout: number;
  readonly format?: 'text' | 'json' | 'tui' | undefined;
  readonly output?: string | undefined;
  readonly at?: string | undefined;
  readonly libvirtVersion?: string | undefined;
  readonly qemuVersion?: string | undefined;
  readonly color: 'auto' | 'always' | 'never';
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
}

/** Walks one connection of two hosts and says where it fails. */
export async function diagnose(args: DiagnoseArguments, shell: Shell): Promise<number> {
  const at = args.at === undefined ? undefined : moment(args.at);
  timeLimit(args.timeout);
  if (args.format === 'tui' && (args.output !== undefined || !showsTui(shell.streams))) {
    throw new UsageError('--format tui needs a terminal to draw on and a keyboard; use text or json');
  }
  const open = (): Promise<BothOpened> =>
    Promise.all([openTarget(args.client), args.server === undefined ? undefined : openTarget(args.server)]);
  // Who names a target that is not there learns it before the screen is taken; whoever looks again has the snapshots read again.
  let opened: BothOpened | undefined = await open();
  const load = async (progress?: (what: string) => void): Promise<DiagnosisReport> => {
    const both = opened ?? (await open());
    opened = undefined;
    return walk(args, at, both, progress);
  };

  if (args.dryRun === true) {
    await put(await dryRun(args, await facts(args, at, opened)), args.output, shell);
    return 0;
  }

  const format = args.format ?? (args.output === undefined && showsTui(shell.streams) ? 'tui' : 'text');
  const report = format === 'tui' ? await watch(load, args, shell) : await load();
  if (format !== 'tui') await deliver(report, { ...args, format }, shell);
  return { connects: 0, fails: 1, unknown: 3 }[report.verdict];
}

async function watch(
  load: (progress: (what: string) => void) => Promise<DiagnosisReport>,
  args: DiagnoseArguments,
  shell: Shell,
): Promise<DiagnosisReport> {
  const { startTui } = await shell.loadTui();
  return startTui({ load, color: wantsColor(args.color, shell.streams), offline: args.offline ?? false });
}

/** Why nothing is sent, where that is so before anybody looks at the connection. */
function unsent({ offline, client }: DiagnoseArguments): string | undefined {
  if (offline === true) return 'this is what follows from the files';
  return client === 'local'
    ? undefined
    : 'the client is not this machine, and from here the network may look different';
}

async function dryRun(args: DiagnoseArguments, question: Question): Promise<string> {
  const peer = unsent(args) ?? peerOf(question);
  if (typeof peer === 'string') return `Nothing would be sent: ${printable(peer)}.\n`;
  const { describeLook } = await import('./look-at-wire.ts');
  const steps = describeLook(peer, args.timeout * 1000);
  return `Within ${args.timeout} s this would be sent:\n${steps.map(({ to, sends }) => `  ${printable(to)}: ${printable(sends)}\n`).join('')}`;
}

/** Looks at the server from here, where here is the client. */
async function lookOver(
  args: DiagnoseArguments,
  question: Question,
  progress?: (what: string) => void,
): Promise<{ readonly wire: Wire; readonly observation?: ObservedPeer }> {
  const peer = unsent(args) ?? peerOf(question);
  if (typeof peer === 'string') return { wire: { asked: false, notes: [peer] } };
  progress?.(`${peer.host}, port ${peer.port}`);
  const { lookAt } = await import('./look-at-wire.ts');
  const { peer: observation, notes } = await lookAt(peer, args.timeout * 1000);
  return { wire: { asked: true, notes }, observation };
}

/** Walks the connection by what both hosts are and what is seen of the server, and has the rules say what they find there. */
async function walk(
  args: DiagnoseArguments,
  at: string | undefined,
  opened: BothOpened,
  progress?: (what: string) => void,
): Promise<DiagnosisReport> {
  const question = await facts(args, at, opened, progress);
  const { wire, observation } = await lookOver(args, question, progress);
  return walkConnection(observed(question, observation), wire).report;
}

/** Collects what the walk asks of both hosts. */
const facts = (
  args: DiagnoseArguments,
  at: string | undefined,
  opened: BothOpened,
  progress?: (what: string) => void,
): Promise<AskedConnection> => collectConnection(args, opened, { at, needs: connectionFacts(args.uri), progress });

async function deliver(report: DiagnosisReport, args: DiagnoseArguments, shell: Shell): Promise<void> {
  const toTerminal = args.output === undefined;
  const document =
    args.format === 'json'
      ? toJson(report)
      : diagnosisText(report, {
          color: toTerminal ? wantsColor(args.color, shell.streams) : args.color === 'always',
          width: shell.streams.out.width,
          verbose: args.verbose ?? false,
          quiet: args.quiet ?? false,
          offline: args.offline ?? false,
        });
  await put(document, args.output, shell);
}
