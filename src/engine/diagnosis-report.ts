import type { Failure, Prediction, Side } from '../diagnosis/diagnosis.ts';
import type { Fix } from '../rule/fix.ts';
import { severities } from '../rule/severity.ts';
import type { Finding, HostReport } from './report.ts';

export const diagnosisFormat = 'virt-pki-check/diagnosis';
export const diagnosisVersion = 1;

/** A finding of one of the two hosts. */
export interface SidedFinding extends Finding {
  readonly side: Side;
}

/** Whether the server was looked at from the client, over the network. */
export interface Wire {
  readonly asked: boolean;
  /** Why nothing was sent, or what was held back: clauses for a person. */
  readonly notes: readonly string[];
}

/** One connection, walked: what every reporter draws and what JSON output is. */
export interface DiagnosisReport extends Pick<
  Prediction,
  'verdict' | 'stage' | 'clientError' | 'serverError' | 'steps'
> {
  readonly format: typeof diagnosisFormat;
  readonly version: typeof diagnosisVersion;
  readonly tool: { readonly name: string; readonly version: string };
  /** As the client opens it, aliases resolved. */
  readonly uri: string;
  /** The moment as of which it was judged, ISO 8601 in UTC. */
  readonly time: string;
  readonly client: DiagnosedHost & { readonly user: string };
  /** Null where nothing is known of it. */
  readonly server: DiagnosedHost | null;
  readonly wire: Wire;
  /** Why it fails, in a sentence; null where it does not. */
  readonly why: string | null;
  /** The machine on which it is mended. */
  readonly mendedOn: Side | null;
  /** The finding of `scan` on that machine that says the same; null where no rule does. */
  readonly cause: Pick<SidedFinding, 'side' | 'rule' | 'fingerprint'> | null;
  readonly fix: Fix | null;
  /** Findings that do not stop this connection. */
  readonly warnings: readonly SidedFinding[];
}

export interface DiagnosedHost {
  /** Null where nothing was looked at. */
  readonly target: string | null;
  readonly hostname: string | null;
  readonly software: HostReport['software'] | null;
}

/** What the rules found on either host, as far as it was looked at. */
export type SidedReports = Readonly<Partial<Record<Side, HostReport>>>;

/** Completes a prediction by what the rules say of each host: the way out of the failure, and what will trouble the connection later. */
export function makeDiagnosis(
  prediction: Prediction,
  reports: SidedReports,
  about: Pick<DiagnosisReport, 'tool' | 'uri' | 'time'> & {
    /** Absent where nobody looked at the wire. */
    readonly wire?: Wire;
    readonly user: string;
    /** Files of the client that this connection uses. */
    readonly clientFiles: readonly string[];
  },
): DiagnosisReport {
  const { verdict, stage, clientError, serverError, steps, failure } = prediction;
  const cause = failure === null ? undefined : causeOf(failure, reports[failure.side]);
  const host = (report: HostReport | undefined): DiagnosedHost => ({
    target: report?.target ?? null,
    hostname: report?.hostname ?? null,
    software: report?.software ?? null,
  });
  return {
    format: diagnosisFormat,
    version: diagnosisVersion,
    tool: about.tool,
    uri: about.uri,
    time: about.time,
    client: { ...host(reports.client), user: about.user },
    server: reports.server === undefined ? null : host(reports.server),
    wire: about.wire ?? { asked: false, notes: [] },
    verdict,
    stage,
    clientError,
    serverError,
    steps,
    why: failure?.why ?? null,
    mendedOn: failure?.side ?? null,
    cause:
      failure === null || cause === undefined
        ? null
        : { side: failure.side, rule: cause.rule, fingerprint: cause.fingerprint },
    fix: cause?.fix ?? failure?.fix ?? null,
    warnings: warningsOf(reports, cause, about.clientFiles),
  };
}

/** One way out of a failure: that of a finding of its machine, or the failure's own. */
export interface WayOut {
  readonly side: Side;
  readonly finding?: Finding;
  readonly fix: Fix;
}

/** All ways out of a failure, the likeliest first: of the finding that says the same, the failure's own two, of what else its rules found. */
export function waysOut({ failure }: Pick<Prediction, 'failure'>, reports: SidedReports): readonly WayOut[] {
  if (failure === null) return [];
  const { side } = failure;
  const cause = causeOf(failure, reports[side]);
  const ofFinding = (finding: Finding | undefined): readonly WayOut[] =>
    finding === undefined || finding.fix === null ? [] : [{ side, finding, fix: finding.fix }];
  return [
    ...ofFinding(cause),
    ...(failure.fix === undefined ? [] : [{ side, fix: failure.fix }]),
    ...(failure.otherwise === undefined ? [] : [failure.otherwise]),
    ...foundBy(failure, reports[side])
      .filter((finding) => finding !== cause)
      .flatMap(ofFinding),
  ];
}

const foundBy = ({ rules }: Failure, report: HostReport | undefined): readonly Finding[] =>
  rules.flatMap((rule) => (report?.findings ?? []).filter((finding) => finding.rule === rule));

/** The finding that says of one host what makes the connection fail: of the file at fault where there is one, by the likeliest rule. */
function causeOf(failure: Failure, report: HostReport | undefined): Finding | undefined {
  const pathOf = ({ subject }: Finding): string | undefined => ('path' in subject ? subject.path : undefined);
  const { path } = failure;
  const candidates = foundBy(failure, report);
  return path === undefined
    ? candidates[0]
    : (candidates.find((finding) => pathOf(finding) === path) ??
        // A link, a directory on the way or a setting may be the file that the finding is about.
        candidates.find((finding) => pathOf(finding) === undefined || path.startsWith(`${pathOf(finding)}/`)));
}

/** Findings that have to do with the connection: of the server all, of the client those of the files that this account uses. */
const warningsOf = (
  reports: SidedReports,
  cause: Finding | undefined,
  clientFiles: readonly string[],
): readonly SidedFinding[] =>
  (['server', 'client'] as const)
    .flatMap((side) => (reports[side]?.findings ?? []).map((finding) => ({ ...finding, side })))
    .filter(({ side, subject }) => side === 'server' || !('path' in subject) || clientFiles.includes(subject.path))
    .filter(({ fingerprint, rule }) => fingerprint !== cause?.fingerprint || rule !== cause.rule)
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
