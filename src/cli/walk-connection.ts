import { diagnose as predict, type Question } from '../diagnosis/diagnose.ts';
import { diagnosisFacts, protocolOfUri, relatedRules } from '../diagnosis/related.ts';
import { credentialFacts } from '../domain/credentials.ts';
import { pkiDirectoriesOf } from '../domain/libvirt-uri.ts';
import { assume } from '../engine/assume.ts';
import { makeDiagnosis, waysOut, type DiagnosisReport, type WayOut, type Wire } from '../engine/diagnosis-report.ts';
import { evaluate } from '../engine/evaluate.ts';
import type { HostReport } from '../engine/report.ts';
import type { Side } from '../diagnosis/diagnosis.ts';
import type { FactName } from '../facts/facts.ts';
import type { ObservedPeer } from '../facts/observation.ts';
import type { Role } from '../facts/role.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { allRules } from './load-rules.ts';
import type { Opened } from './open-target.ts';
import { tool } from './tool.ts';
import { UsageError } from './usage-error.ts';

/** What the user says of a connection, beside where its hosts are. */
export interface ConnectionArguments {
  readonly uri: string;
  readonly user?: string | undefined;
  readonly viewer?: string | undefined;
  readonly libvirtVersion?: string | undefined;
  readonly qemuVersion?: string | undefined;
}

/** Client and, where anything is known of it, server. */
export type BothOpened = readonly [client: Opened, server: Opened | undefined];

/** A connection of which the client was looked at. */
export type AskedConnection = Question & { readonly client: Snapshot };

const rules = allRules.map(({ rule }) => rule);

/** The rules that say more of such a connection. */
function rulesFor(uri: string) {
  const related = new Set(relatedRules(uri));
  return rules.filter(({ id }) => related.has(id));
}

/** Facts that a walk and the rules of such a connection ask for. */
export const connectionFacts = (uri: string): readonly FactName[] => [
  ...new Set<FactName>([
    ...credentialFacts,
    ...diagnosisFacts,
    ...rulesFor(uri).flatMap((rule) => rule.needs as readonly FactName[]),
  ]),
];

/** Collects what both hosts are (all facts where `needs` is absent), as of `at`, and makes the question of it. */
export async function collectConnection(
  args: ConnectionArguments,
  [clientTarget, serverTarget]: BothOpened,
  {
    at,
    needs,
    progress,
  }: {
    readonly at?: string | undefined;
    readonly needs?: readonly FactName[];
    readonly progress?: ((what: string) => void) | undefined;
  },
): Promise<AskedConnection> {
  const look = async (target: Opened, side: Side): Promise<Snapshot> => {
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

function roleOf(uri: string, side: Side): Role {
  const protocol = protocolOfUri(uri);
  if (protocol === 'libvirt') return `libvirt-${side}`;
  return protocol === 'nbd' && side === 'server' ? 'migration' : `vnc-${side}`;
}

const namesAsked = (host: string): Readonly<Record<string, object>> => ({
  'server-name-mismatch': { names: [host] },
});

/** A connection that was walked, and the ways out of its failure, the likeliest first. */
export interface WalkedConnection {
  readonly report: DiagnosisReport;
  readonly ways: readonly WayOut[];
}

/**
 * Walks a connection by what both hosts are and what was seen of the server, and has the rules say what they find there.
 * @throws UsageError for what is no connection.
 */
export function walkConnection(question: AskedConnection, wire?: Wire): WalkedConnection {
  const answer = predict(question);
  if (!answer.ok) throw new UsageError(answer.error);
  const { uri, client, server } = question;
  const related = rulesFor(uri);
  const clock = client.facts.clock;
  const reports = {
    client: evaluate(client, related, { roles: [roleOf(uri, 'client')] }),
    ...(server === undefined
      ? {}
      : {
          server: evaluate(server, related, {
            roles: [roleOf(uri, 'server')],
            ruleOptions: namesAsked(answer.host),
          }),
        }),
  };
  const report = makeDiagnosis(answer.prediction, reports, {
    tool,
    uri: answer.uri,
    time: clock.known ? clock.value.now : '',
    user: answer.account.name,
    clientFiles: answer.clientFiles,
    ...(wire === undefined ? {} : { wire }),
  });
  return { report, ways: waysOut(answer.prediction, reports) };
}

/** Judges the hosts of a connection by all rules, in all that they are for, and in this connection. */
export function judgeOf(question: AskedConnection): (side: Side, snapshot: Snapshot) => HostReport {
  const answer = predict(question);
  const ruleOptions = answer.ok ? namesAsked(answer.host) : {};
  return (side, snapshot) => {
    const { roles } = evaluate(snapshot, []);
    return evaluate(snapshot, rules, {
      roles: [...new Set([...roles, roleOf(question.uri, side)])],
      ...(side === 'server' ? { ruleOptions } : {}),
    });
  };
}

/** A question with what was seen of the server. */
export const observed = (question: AskedConnection, observation: ObservedPeer | undefined): AskedConnection => ({
  ...question,
  ...(observation === undefined ? {} : { observation }),
});
