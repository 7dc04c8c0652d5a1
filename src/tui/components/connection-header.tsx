import { Text } from 'ink';
import columnsOf from 'fast-string-width';
import type { Paint } from '../../report/color.ts';
import type { DiagnosedHost } from '../../engine/diagnosis-report.ts';
import { decidingRung, type Connection } from '../diagnosis/connection.ts';
import { outcomeMark } from '../diagnosis/content.ts';
import { cutMiddle, drawLine, type Line, type Segment } from '../line.ts';

export interface ConnectionHeaderProps {
  /** Absent while collecting for the first time. */
  readonly connection?: Connection | undefined;
  /** What is being looked at again; absent when nothing is. */
  readonly looking?: string | undefined;
  readonly width: number;
  readonly paint: Paint;
}

const verdictOf = (connection: Connection): Segment => {
  const { verdict, stage, warnings } = connection.report;
  const grave = warnings.filter(({ severity }) => severity !== 'note').length;
  const deciding = stage ?? connection.rungs[decidingRung(connection) ?? -1]?.stage;
  const { outcome, words } = {
    connects: { outcome: 'pass' as const, words: `connects${grave === 0 ? '' : `, ${grave} to mend`}` },
    fails: { outcome: 'fail' as const, words: `fails: ${deciding ?? ''}` },
    unknown: { outcome: 'unknown' as const, words: 'nobody can tell' },
  }[verdict];
  const { sign, tone } = outcomeMark[outcome];
  return { text: `${sign} ${words} `, tone };
};

/** A distribution's package version without its epoch and revision. */
const upstream = (version: string): string => version.replace(/^\d+:/, '').replace(/[-+].*$/, '');

const withVersion = (name: string, program: string, version: string | null | undefined, short: boolean): string =>
  version === null || version === undefined ? name : `${name} (${program} ${short ? upstream(version) : version})`;

const ends = ({ report, isConsole, client, server }: Connection, short: boolean): string => {
  const of = (host: DiagnosedHost | null) => host?.software;
  const from = withVersion(
    `${report.client.user}@${client}`,
    isConsole ? 'GnuTLS' : 'libvirt',
    isConsole ? of(report.client)?.gnutls : of(report.client)?.libvirt,
    short,
  );
  const to =
    report.server === null
      ? `${server} (not looked at)`
      : withVersion(
          server,
          isConsole ? 'QEMU' : 'libvirt',
          isConsole ? of(report.server)?.qemu : of(report.server)?.libvirt,
          short,
        );
  return `${from} → ${to}`;
};

const spread = (left: readonly Segment[], right: readonly Segment[], width: number): Line => {
  const used = [...left, ...right].reduce((sum, { text }) => sum + columnsOf(text), 0);
  return [...left, { text: ' '.repeat(Math.max(0, width - used)) }, ...right];
};

/** The first two lines: which connection and whether it works; from whom to whom, and what is being done. */
export const ConnectionHeader = ({ connection, looking, width, paint }: ConnectionHeaderProps) => {
  const name: Segment = { text: ' virt-pki-check', tone: 'strong' };
  const draw = (line: Line) => <Text wrap="truncate">{drawLine(line, width, paint)}</Text>;
  if (connection === undefined) {
    return (
      <>
        {draw([name])}
        {draw('')}
      </>
    );
  }
  const verdict = verdictOf(connection);
  const { uri } = connection.report;
  const room = width - columnsOf(verdict.text) - 2;
  // Which connection it is matters more than our name.
  const named = columnsOf(name.text) + 3 + columnsOf(uri) <= room;
  const first: readonly Segment[] = named
    ? [name, { text: `   ${uri}` }]
    : [{ text: ` ${cutMiddle(uri, Math.max(0, room - 1))}` }];
  const work = looking === undefined ? '' : `  looking again: ${looking} `;
  const right: Segment = { text: cutMiddle(work, Math.floor(width / 2)), tone: 'unknown' };
  const rest = width - 1 - columnsOf(right.text);
  const full = ends(connection, false);
  const left = columnsOf(full) <= rest ? full : cutMiddle(ends(connection, true), rest);
  return (
    <>
      {draw(spread(first, [verdict], width))}
      {draw(spread([{ text: ` ${left}` }], [right], width))}
    </>
  );
};
