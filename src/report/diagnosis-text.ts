import type { DiagnosisReport, DiagnosedHost, SidedFinding } from '../engine/diagnosis-report.ts';
import { subjectText } from '../rule/subject.ts';
import { painter, signs, type Paint } from './color.ts';
import { fixLines, quote } from './fix-commands.ts';
import { printable, printableDiagnosis } from './printable.ts';
import type { RenderOptions } from './reporter.ts';
import { wrap } from './wrap.ts';

export interface DiagnosisOptions extends RenderOptions {
  /** The user asked that nothing be sent. */
  readonly offline: boolean;
}

type Step = DiagnosisReport['steps'][number];

interface Page extends DiagnosisOptions {
  readonly paint: Paint;
}

const narrowest = 24;

const stageWidth = 20;

const indented = (text: string, indent: number, page: Page): readonly string[] =>
  wrap(text, Math.max(narrowest, page.width - indent)).map((line) => ' '.repeat(indent) + line);

/** A rung: its sign, a label, and its answer wrapped beside them. */
const rung = (sign: string, label: string, text: string, page: Page, tone: Parameters<Paint>[0]): readonly string[] => {
  const start = 4 + stageWidth;
  return wrap(text, Math.max(narrowest, page.width - start)).map((line, index) =>
    index === 0 ? `  ${page.paint(tone, sign)} ${label.padEnd(stageWidth)}${line}` : `${' '.repeat(start)}${line}`,
  );
};

const toneOf = { pass: 'pass', fail: 'error', warning: 'warning', unknown: 'unknown', skipped: 'faint' } as const;
const signOf = {
  pass: signs.pass,
  fail: signs.error,
  warning: signs.warning,
  unknown: signs.unknown,
  skipped: '·',
} as const;

/** The worst first; what passes is as good as what does not matter. */
export const gravity = ['fail', 'unknown', 'warning', 'pass', 'skipped'] as const;

/** One rung per stage: what decides it, and without a decision what says most. */
function rungsOf(steps: readonly Step[], page: Page): readonly string[] {
  const stages = [...new Set(steps.map(({ stage }) => stage))];
  return stages.flatMap((stage) => {
    const own = steps.filter((step) => step.stage === stage);
    if (page.verbose) {
      return own.flatMap((step, index) => [
        ...rung(
          signOf[step.outcome],
          index === 0 ? stage : '',
          `${step.question} ${step.message}`,
          page,
          toneOf[step.outcome],
        ),
        ...(step.evidence ?? []).flatMap((line) => indented(line, 6 + stageWidth, page)),
        ...(step.observed === undefined || step.predicted === undefined
          ? []
          : [`seen: ${step.observed.message}`, `by the files: ${step.predicted.message}`].flatMap((line) =>
              indented(line, 6 + stageWidth, page),
            )),
        ...indented(page.paint('faint', step.source), 6 + stageWidth, page),
      ]);
    }
    const worst = gravity.find((outcome) => own.some((step) => step.outcome === outcome)) ?? 'skipped';
    const deciding = own.filter((step) => step.outcome === worst);
    const messages =
      worst === 'pass'
        ? [deciding.reduce((a, b) => (b.message.length > a.message.length ? b : a)).message]
        : [...new Set(deciding.map(({ message }) => message))];
    return messages.flatMap((message, index) =>
      rung(signOf[worst], index === 0 ? stage : '', message, page, toneOf[worst]),
    );
  });
}

/** What a person calls a host of a diagnosis. */
export const hostText = ({ hostname, target }: DiagnosedHost, fallback: string): string =>
  hostname ?? (target === null || target === 'local' ? fallback : target);

/** By the scheme of a URI that is none of virsh's: what opens it. */
const otherClients: Readonly<Record<string, string>> = {
  vnc: 'the VNC client',
  spice: 'the SPICE client',
  nbd: 'QEMU as the client',
  nbds: 'QEMU as the client',
};

/** The client of a URI that is opened without virsh; undefined for those of libvirt. */
export const otherClient = ({ uri }: Pick<DiagnosisReport, 'uri'>): string | undefined => {
  const scheme = uri.slice(0, uri.indexOf(':')).toLowerCase();
  return Object.hasOwn(otherClients, scheme) ? otherClients[scheme] : undefined;
};

const versionText = (report: DiagnosisReport): string => {
  const isQemus = otherClient(report) !== undefined;
  const software = report.server?.software;
  const version = isQemus ? software?.qemu : software?.libvirt;
  return version === null || version === undefined ? '' : ` (${isQemus ? 'QEMU' : 'libvirt'} ${version})`;
};

const labelled = (label: string, lines: readonly string[]): readonly string[] =>
  lines.map((line, index) => `${(index === 0 ? label : '').padEnd(8)}${line}`);

const prose = (text: string, page: Page): readonly string[] => wrap(text, Math.max(narrowest, page.width - 8));

function failureBlock(report: DiagnosisReport, page: Page): readonly string[] {
  const { clientError, serverError, why, fix, mendedOn } = report;
  const client = otherClient(report)?.replace(/^t/, 'T') ?? 'virsh';
  const side = report.steps.find(({ outcome }) => outcome === 'fail')?.side;
  const where = mendedOn === null ? '' : machine(report, mendedOn);
  return [
    `It fails on the ${side ?? 'client'}'s side. ${clientError === null ? `${client} prints no reason.` : `${client} prints:`}`,
    ...(clientError === null ? [] : [`    ${printable(clientError)}`]),
    ...(serverError === null
      ? []
      : [
          `${otherClient(report) === undefined ? 'The daemon' : 'QEMU'} logs:`,
          ...indented(printable(serverError), 4, page),
        ]),
    '',
    ...(why === null ? [] : labelled('Why', prose(why, page))),
    ...(fix === null
      ? []
      : labelled('Mend', [
          ...prose(
            `on ${where}: ${printable(fix.title)}${fix.applicability === 'unsafe' ? ' (interrupts or replaces something: think first)' : ''}`,
            page,
          ),
          ...fix.steps
            .flatMap(fixLines)
            .flatMap(({ kind, text }) => (kind === 'paste' ? [`  ${text}`] : prose(text, page))),
        ])),
    ...labelled('Then', [checkAfter(report)]),
  ];
}

const machine = (report: DiagnosisReport, side: 'client' | 'server'): string =>
  side === 'client'
    ? hostText(report.client, 'this machine')
    : report.server === null
      ? 'the server'
      : hostText(report.server, 'the server');

/** What shows that it is mended. */
const checkAfter = ({ uri }: DiagnosisReport): string => {
  if (otherClient({ uri }) === undefined) return `virsh -c ${quote(uri)} uri`;
  return uri.startsWith('nbd') ? 'open the disk again' : 'open the console again';
};

const warningLines = (report: DiagnosisReport, findings: readonly SidedFinding[], page: Page): readonly string[] =>
  findings.flatMap(({ severity, rule, side, message, subject }) => [
    `  ${page.paint(severity, signs[severity])} ${rule}   ${subjectText(subject)} on ${machine(report, side)}`,
    ...indented(message, 4, page),
  ]);

/** What was not sent, and why. */
const wireLines = ({ asked, notes }: DiagnosisReport['wire'], page: Page): readonly string[] =>
  asked
    ? notes.flatMap((note) => prose(`${note}.`, page))
    : page.offline
      ? []
      : prose(`Nothing was sent: ${notes.join('; ')}.`, page);

/** One connection for a person: the ladder, then what happens, why, and what to type where. */
export function diagnosisText(given: DiagnosisReport, options: DiagnosisOptions): string {
  const report = printableDiagnosis(given);
  const page: Page = { ...options, paint: painter(options.color) };
  const viewer = otherClient(report) === undefined ? `virsh -c ${report.uri}` : report.uri;
  const title = `${viewer}   as ${report.client.user} on ${hostText(report.client, 'this machine')}${report.server === null ? '' : `, to ${hostText(report.server, 'the server')}${versionText(report)}`}`;
  const shown = report.warnings.filter(({ severity }) => page.verbose || severity !== 'note');
  const blocks: readonly (readonly string[])[] = [
    wrap(title, Math.max(narrowest, page.width)).map((line) => page.paint('strong', line)),
    rungsOf(report.steps, page),
    report.verdict === 'fails'
      ? failureBlock(report, page)
      : [
          report.verdict === 'connects'
            ? page.paint('pass', 'It connects.')
            : 'Nobody can tell from here: what is marked ? would settle it.',
        ],
    shown.length === 0 || page.quiet
      ? []
      : [page.paint('strong', 'Beside this connection:'), ...warningLines(report, shown, page)],
    page.quiet ? [] : wireLines(report.wire, page),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n')}\n`;
}
