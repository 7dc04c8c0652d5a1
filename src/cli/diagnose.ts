import { diagnose as predict, peerOf, type Question } from '../diagnosis/diagnose.ts';
import { diagnosisFacts, relatedRules } from '../diagnosis/related.ts';
import { credentialFacts } from '../domain/credentials.ts';
import { pkiDirectoriesOf } from '../domain/libvirt-uri.ts';
import { assume } from '../engine/assume.ts';
import { makeDiagnosis, type DiagnosisReport, type Wire } from '../engine/diagnosis-report.ts';
import { evaluate } from '../engine/evaluate.ts';
import type { FactName } from '../facts/facts.ts';
import type { ObservedPeer } from '../facts/observation.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { diagnosisText } from '../report/diagnosis-text.ts';
import { printable } from '../report/printable.ts';
import { toJson } from '../report/json.ts';
import { put } from './deliver.ts';
import { allRules } from './load-rules.ts';
import { openTarget, type Opened } from './open-target.ts';
import { moment, timeLimit } from './options.ts';
import type { Shell } from './shell.ts';
import { showsTui, wantsColor } from './streams.ts';
import { tool } from './tool.ts';
import { UsageError } from './usage-error.ts';

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

type BothOpened = readonly [client: Opened, server: Opened | undefined];

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

/** The rules that say more of such a connection. */
function rulesFor(args: DiagnoseArguments) {
  const related = new Set(relatedRules(args.uri));
  return allRules.map(({ rule }) => rule).filter(({ id }) => related.has(id));
}

/** Collects what both hosts are, and makes the question of it. */
async function facts(
  args: DiagnoseArguments,
  at: string | undefined,
  [clientTarget, serverTarget]: BothOpened,
  progress?: (what: string) => void,
): Promise<Question & { readonly client: Snapshot }> {
  const needs = [
    ...new Set<FactName>([
      ...credentialFacts,
      ...diagnosisFacts,
      ...rulesFor(args).flatMap((rule) => rule.needs as readonly FactName[]),
    ]),
  ];
  const look = async (target: Opened, side: 'client' | 'server'): Promise<Snapshot> => {
    const snapshot =
      target.kind === 'snapshot'
        ? target.snapshot
        : await target.collect(needs, progress && ((what) => progress(`${side}: ${what}`)), {
            pkiDirectories: pkiDirectoriesOf(args.uri),
          });
    return assume(snapshot, {
      ...(at === undefined ? {} : { at }),
      ...(args.libvirtVersion === undefined ? {} : { libvirt: args.libvirtVersion }),
      ...(args.qemuVersion === undefined ? {} : { qemu: args.qemuVersion }),
    });
  };
  const [client, server] = await Promise.all([
    look(clientTarget, 'client'),
    serverTarget === undefined ? undefined : look(serverTarget, 'server'),
  ]);

  return {
    uri: args.uri,
    client,
    ...(server === undefined ? {} : { server }),
    ...(args.user === undefined ? {} : { user: args.user }),
    ...(args.viewer === undefined ? {} : { viewer: args.viewer }),
  };
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
  const answer = predict({ ...question, ...(observation === undefined ? {} : { observation }) });
  if (!answer.ok) throw new UsageError(answer.error);

  const isConsole = answer.protocol === 'vnc';
  const ruleOptions = { 'server-name-mismatch': { names: answer.host === undefined ? [] : [answer.host] } };
  const { client, server } = question;
  const rules = rulesFor(args);
  const clock = client.facts.clock;
  return makeDiagnosis(
    answer.prediction,
    {
      client: evaluate(client, rules, { roles: [isConsole ? 'vnc-client' : 'libvirt-client'] }),
      ...(server === undefined
        ? {}
        : {
            server: evaluate(server, rules, {
              roles: [isConsole ? 'vnc-server' : 'libvirt-server'],
              ruleOptions,
            }),
          }),
    },
    {
      tool,
      uri: answer.uri,
      time: clock.known ? clock.value.now : '',
      user: answer.account.name,
      clientFiles: answer.clientFiles,
      wire,
    },
  );
}

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
