import type { Side } from '../diagnosis/diagnosis.ts';
import type { DiagnosisReport } from '../engine/diagnosis-report.ts';
import { applyPlan, type Applied } from '../fix/apply.ts';
import type { CertificateAuthority } from '../fix/certificate-authority.ts';
import { connectionDocument } from '../fix/connection-document.ts';
import { connectionText, outlookText } from '../fix/connection-text.ts';
import { Journal } from '../fix/journal.ts';
import { mendConnection, type ConnectionPlan, type Ends } from '../fix/mend-connection.ts';
import { timeOf, untilIssued } from '../fix/plan-with-authority.ts';
import { planPlaybook } from '../fix/playbook.ts';
import { planScript } from '../fix/script.ts';
import { undoLatest, type Undone } from '../fix/undo.ts';
import { Refused, WritableTree } from '../fix/writable-tree.ts';
import { AccessError } from '../host/access-error.ts';
import { toJson } from '../report/json.ts';
import { printable } from '../report/printable.ts';
import { loadAuthority } from './authority-files.ts';
import { put } from './deliver.ts';
import { agreed, authorised, mustBeWritable, type FixArguments } from './fix.ts';
import { allRules } from './load-rules.ts';
import { moment } from './options.ts';
import { openTarget } from './open-target.ts';
import type { Shell } from './shell.ts';
import { wantsColor } from './streams.ts';
import { tool } from './tool.ts';
import { UsageError } from './usage-error.ts';
import { collectConnection, judgeOf, walkConnection, type AskedConnection } from './walk-connection.ts';

/** What `fix --diagnose URI` takes. */
export interface FixConnectionArguments extends FixArguments {
  readonly diagnose: string;
}

const author = `${tool.name} ${tool.version}`;
/** The server first: a client that is mended before it would only meet the next failure. */
const sides = ['server', 'client'] as const;

/**
 * Plans all that makes one connection work, on both of its machines, and shows, prints, applies or takes it back. Gives what `diagnose` gives:
 * 0 where it connects, 1 where it fails, 3 where that cannot be told; after `--apply` of the machines as they are then.
 */
export async function fixConnection(args: FixConnectionArguments, shell: Shell): Promise<number> {
  if (args.target !== 'local')
    throw new UsageError('--diagnose takes its machines from --client and --server, not as TARGET');
  if (args.format === 'tui') throw new UsageError('--diagnose is shown as text or json');
  if (args.role !== undefined) throw new UsageError('--role does not go with --diagnose, which knows what each is for');
  if (args.on !== undefined && !args.script && !args.playbook)
    throw new UsageError('--on says for which machine --script or --playbook is');
  mustBeIds(args.only ?? []);
  const targets = targetsOf(args);
  if (args.undo) return undo(args, targets, shell);
  const question = await look(args);
  const authority = await loadAuthority(args, timeOf(question.server ?? question.client), shell);
  const plan = await authorised(() => planOf(args, question, targets, authority));
  if (args.script || args.playbook) {
    await printed(args, question, plan, shell);
    return 0;
  }
  const color = args.output === undefined ? wantsColor(args.color, shell.streams) : args.color === 'always';
  const text = (): string => connectionText(plan, { color, width: shell.streams.out.width });
  if (!args.apply) {
    await put(args.format === 'json' ? toJson(connectionDocument(plan)) : text(), args.output, shell);
    return statusOf(plan.before);
  }
  if (args.format !== 'json') await shell.streams.out.write(text());
  const todo = sides.filter((side) => (plan.plans[side]?.steps.length ?? 0) > 0);
  for (const side of todo) mustBeWritable(targets[side] ?? '');
  if (todo.length === 0) {
    if (args.format === 'json') await put(toJson(connectionDocument(plan)), args.output, shell);
    return statusOf(plan.before);
  }
  const steps = todo.flatMap((side) => plan.plans[side]?.steps ?? []);
  if (!args.yes && !(await agreed({ steps }, shell))) return 1;
  const applied = await perform(args, question, plan, targets, authority);
  const found = walkConnection(await look(args)).report;
  if (args.format === 'json') await put(toJson(connectionDocument(plan, applied, found)), args.output, shell);
  else await put(appliedText(args, plan, applied, found), args.output, shell);
  return Object.values(applied).some(({ failed }) => failed !== undefined) ? 1 : statusOf(found);
}

/** @throws UsageError for what is neither a rule nor can be a fingerprint */
function mustBeIds(only: readonly string[]): void {
  const unknown = only.find((id) => !/^[0-9a-f]{16}$/.test(id) && !allRules.some(({ rule }) => rule.id === id));
  if (unknown !== undefined) throw new UsageError(`${unknown} is neither a rule nor a fix of this plan`);
}

const statusOf = ({ verdict }: DiagnosisReport): number => ({ connects: 0, fails: 1, unknown: 3 })[verdict];

type Targets = Readonly<Partial<Record<Side, string>>>;

/** Where each machine is; one that is both is named once, as the client. */
const targetsOf = ({ client = 'local', server }: FixConnectionArguments): Targets => ({
  client,
  ...(server === undefined || server === client ? {} : { server }),
});

const isOneHost = ({ client = 'local', server }: FixConnectionArguments): boolean => server === client;

async function look(args: FixConnectionArguments): Promise<AskedConnection> {
  const { client = 'local', server } = args;
  const opened = await Promise.all([openTarget(client), server === undefined ? undefined : openTarget(server)]);
  return collectConnection({ ...args, uri: args.diagnose }, opened, {
    at: args.at === undefined ? undefined : moment(args.at),
  });
}

/** Nothing is sent: what was seen of a server does not hold of one that is mended in memory. */
function planOf(
  args: FixConnectionArguments,
  question: AskedConnection,
  targets: Targets,
  authority: CertificateAuthority | undefined,
): Promise<ConnectionPlan> {
  const at = timeOf(question.server ?? question.client);
  // Nobody carries a new key to where a script or playbook runs.
  const makesKeys = !args.script && !args.playbook;
  return untilIssued(authority, { at, makesKeys }, (atHand) => {
    const choice = (side: Side) => ({
      // A directory is mended where it lies; what would have to run there is told.
      runs: !args.apply || targets[side] === 'local',
      safeOnly: args.apply && !args.unsafe,
      only: args.only ?? [],
      ...(atHand === undefined ? {} : { authority: { ...atHand, host: side } }),
    });
    const ends: Ends = {
      client: question.client,
      ...(question.server === undefined ? {} : { server: question.server }),
    };
    return mendConnection(ends, {
      walk: (both) => walkConnection({ ...question, ...both }),
      judge: judgeOf(question),
      choice: { client: choice('client'), server: choice('server') },
      isOneHost: isOneHost(args),
    });
  });
}

async function printed(
  args: FixConnectionArguments,
  question: AskedConnection,
  { plans }: ConnectionPlan,
  shell: Shell,
): Promise<void> {
  const todo = sides.filter((side) => (plans[side]?.steps.length ?? 0) > 0);
  const side = args.on ?? (todo.length > 1 ? undefined : (todo[0] ?? 'server'));
  if (side === undefined)
    throw new UsageError('both machines have steps: --on server or --on client says for which one this is');
  const [plan, snapshot] = [plans[side], question[side]];
  if (plan === undefined || snapshot === undefined)
    throw new UsageError(`a program has nothing to do on the ${side} for this connection`);
  const about = { tool: author, host: plan.remaining.hostname ?? plan.remaining.target };
  await put((args.script ? planScript : planPlaybook)(snapshot.facts, plan, about), args.output, shell);
}

/** Applies one machine's plan after the other; where one stops, the other is not begun. */
async function perform(
  { unsafe }: FixConnectionArguments,
  question: AskedConnection,
  { plans }: ConnectionPlan,
  targets: Targets,
  authority: CertificateAuthority | undefined,
): Promise<Readonly<Partial<Record<Side, Applied>>>> {
  const applied: Partial<Record<Side, Applied>> = {};
  // By the same time an undo knows that both belong together.
  const time = new Date().toISOString();
  for (const side of sides) {
    const [plan, target, snapshot] = [plans[side], targets[side], question[side]];
    if (plan === undefined || plan.steps.length === 0 || target === undefined || snapshot === undefined) continue;
    try {
      applied[side] = await applyPlan(snapshot.facts, plan, new WritableTree(target), {
        tool: author,
        time,
        target,
        runs: target === 'local' && unsafe,
        ...(authority === undefined ? {} : { keyFor: authority.keyFor }),
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const before = Object.keys(applied).length === 0 ? 'nothing was changed' : `the ${side} was not changed`;
      throw new UsageError(`${before}: ${printable(error.message)}`, { cause: error });
    }
    if (applied[side]?.failed !== undefined) break;
  }
  return applied;
}

function appliedText(
  { diagnose, client, server }: FixConnectionArguments,
  { plans }: ConnectionPlan,
  applied: Readonly<Partial<Record<Side, Applied>>>,
  found: DiagnosisReport,
): string {
  const lines = sides.flatMap((side) => {
    const [plan, result] = [plans[side], applied[side]];
    if (plan === undefined || plan.steps.length === 0) return [];
    if (result === undefined) return [`On the ${side} nothing was begun.`];
    const { done, failed, left, journal } = result;
    const at = plan.steps.findIndex(({ id }) => id === failed?.step) + 1;
    return [
      `On the ${side} ${done.length} of ${plan.steps.length} steps are done; the journal is in ${journal} there.`,
      ...(failed === undefined ? [] : [`Step ${at} was not: ${failed.because}`]),
      ...(left.length > 0 ? [`${left.length} were not tried.`] : []),
    ];
  });
  const where = [client === undefined ? '' : ` --client ${client}`, server === undefined ? '' : ` --server ${server}`];
  return `${[
    ...lines,
    `Now ${outlookText(found)}.`,
    `To take all of it back: ${tool.name} fix --undo --diagnose ${diagnose}${where.join('')}`,
  ]
    .map(printable)
    .join('\n')}\n`;
}

/** Takes back what was applied last: on both machines where it was one apply, else on that with the latest. */
async function undo(args: FixConnectionArguments, targets: Targets, shell: Shell): Promise<number> {
  const undone: Partial<Record<Side, Undone>> = {};
  try {
    const times = await Promise.all(
      sides.map(async (side) => {
        const target = targets[side];
        if (target === undefined) return [side, ''] as const;
        mustBeWritable(target);
        const journal = await Journal.latest(new WritableTree(target), { cleans: false });
        return [side, journal?.read().find((record) => record.kind === 'begin')?.time ?? ''] as const;
      }),
    );
    const latest = times.map(([, time]) => time).reduce((a, b) => (a > b ? a : b));
    for (const [side, time] of times) {
      const target = targets[side];
      if (target === undefined || time === '' || time !== latest) continue;
      const one = await undoLatest(new WritableTree(target), { runs: target === 'local' });
      if (one !== undefined) undone[side] = one;
    }
  } catch (error) {
    if (error instanceof Refused || error instanceof AccessError)
      throw new UsageError(`not all was taken back: ${printable(error.message)}`, { cause: error });
    throw error;
  }
  const all = sides.flatMap((side) => (undone[side] === undefined ? [] : [[side, undone[side]] as const]));
  const text = (): string =>
    all.length === 0
      ? 'There is nothing to take back.\n'
      : `${all
          .flatMap(([side, { of, restored, ran, left }]) => [
            `Taken back on the ${side}: what was applied at ${of.time}${of.interrupted ? ', which was interrupted' : ''}.`,
            ...restored.map((path) => `restored ${path}`),
            ...ran.map((command) => `ran ${command}`),
            ...left.map(({ because }) => `left: ${because}`),
          ])
          .map(printable)
          .join('\n')}\n`;
  await put(args.format === 'json' ? toJson(undone) : text(), args.output, shell);
  return all.every(([, { left }]) => left.length === 0) ? 0 : 1;
}
