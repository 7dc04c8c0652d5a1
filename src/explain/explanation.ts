import type { Finding } from '../engine/report.ts';
import type { ConnectionStage } from '../reference/connection-stages.ts';
import type { Printer, Side } from '../reference/messages/message.ts';
import { confirm, type Confirmed, type Hosts, type Standing } from './confirm.ts';
import { nearestMessages } from './nearest-messages.ts';
import { likelyStages, recognise, textLimits } from './recognise.ts';

export const explanationFormat = 'virt-pki-check/explanation';
export const explanationVersion = 1;

/** One thing that can be behind a message; holes are filled in prose, and still open in `commands` (see `fillCommand`). */
export interface ExplainedCause {
  readonly why: string;
  readonly stage: ConnectionStage;
  readonly side: Side;
  readonly look: string;
  readonly rules: readonly string[];
  readonly fix: string;
  readonly commands: readonly string[];
  readonly standing: Standing;
  readonly findings: readonly Finding[];
}

/** One known message of the text. */
export interface ExplainedMessage {
  readonly message: string;
  readonly text: string;
  readonly line: number;
  readonly count: number;
  readonly printedBy: Printer | null;
  readonly program: string | null;
  readonly kind: 'reason' | 'symptom';
  readonly versions: readonly string[];
  readonly holes: Readonly<Record<string, string>>;
  readonly stages: readonly ConnectionStage[];
  readonly explainedBy: readonly string[];
  readonly causes: readonly ExplainedCause[];
  readonly source: string;
}

/** What a text means: all that a reporter draws. */
export interface Explanation {
  readonly format: typeof explanationFormat;
  readonly version: typeof explanationVersion;
  readonly known: boolean;
  /** The text was longer than what is read. */
  readonly truncated: boolean;
  /** Where the connection fails, most likely first. */
  readonly stages: readonly ConnectionStage[];
  /** What tells most comes first. */
  readonly messages: readonly ExplainedMessage[];
  /** For a text without any known message: what it resembles. */
  readonly nearest: readonly { readonly message: string; readonly text: string; readonly likeness: number }[];
}

const fill = (text: string, holes: Readonly<Record<string, string>>): string =>
  text.replace(/<([a-z0-9]+)>/g, (whole, name: string) =>
    Object.hasOwn(holes, name) ? (holes[name] ?? whole) : whole,
  );

function explained(one: Confirmed): ExplainedMessage {
  const { message, wording, holes } = one;
  return {
    message: message.id,
    text: one.text,
    line: one.line,
    count: one.count,
    printedBy: one.printer ?? null,
    program: one.program ?? null,
    kind: message.kind,
    versions: [
      ...(wording.since === undefined ? [] : [`since ${wording.since}`]),
      ...(wording.until === undefined ? [] : [`until ${wording.until}`]),
    ],
    holes,
    stages: one.stages,
    explainedBy: one.explainedBy,
    causes: one.causes.map(({ why, stage, look, rules, fix, commands, standing, findings }) => ({
      why: fill(why, holes),
      stage,
      side: look.side,
      look: fill(look.what, holes),
      rules,
      fix: fill(fix, holes),
      commands: commands ?? [],
      standing,
      findings,
    })),
    source: message.source,
  };
}

/** Explains a line or a page, and, given reports of the hosts, says which cause it is there. */
export function explanationOf(text: string, hosts: Hosts = {}): Explanation {
  const found = confirm(recognise(text), hosts);
  return {
    format: explanationFormat,
    version: explanationVersion,
    known: found.length > 0,
    truncated: text.length > textLimits.characters,
    stages: likelyStages(found),
    messages: found.map(explained),
    nearest:
      found.length > 0
        ? []
        : nearestMessages(text).map(({ message, template, likeness }) => ({
            message: message.id,
            text: template,
            likeness: Math.round(likeness * 100) / 100,
          })),
  };
}
