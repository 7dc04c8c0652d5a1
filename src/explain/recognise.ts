import { connectionStages, type ConnectionStage } from '../reference/connection-stages.ts';
import { allMessages } from '../reference/messages/all-messages.ts';
import type { Cause, KnownMessage, Printer, Wording } from '../reference/messages/message.ts';
import { among, originOf, printerByFile, type Origin } from './origin.ts';
import { byExactness, finder, plainText, type TemplateMatch } from './template.ts';

/** A known message found in a text. */
export interface Recognised {
  readonly message: KnownMessage;
  readonly wording: Wording;
  /** What stands in the holes of its wording. */
  readonly holes: Readonly<Record<string, string>>;
  /** As it stands in the text, quotation marks and spaces made plain. */
  readonly text: string;
  /** The line where it begins, counted from 1. */
  readonly line: number;
  /** How often it is there, with the same things in its holes. */
  readonly count: number;
  /** Who printed it, where that can be told. */
  readonly printer?: Printer;
  readonly program?: string;
  readonly level?: 'error' | 'warning';
  /** What can be behind it when that one prints it, most likely first. */
  readonly causes: readonly Cause[];
  /** The stages of these causes, in their order. */
  readonly stages: readonly ConnectionStage[];
  /** Ids of messages of the same text that tell the reason for this one. */
  readonly explainedBy: readonly string[];
}

/** So much of a text is read, in characters and in lines, and so many messages are told apart. */
export const textLimits = { characters: 262_144, lines: 4_000, wrappedLines: 400, messages: 200 } as const;

/** How many lines a message that was wrapped may take, and how long a line can be that was wrapped. */
const longestWrap = 4;
const widestWrapped = 300;

/** CSI and OSC sequences of terminals (ECMA-48 5.4, 8.3.89), then every other control but line feeds and tabs. */
const withoutControls = (text: string): string =>
  text
    .replace(/\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]/g, '')
    .replace(/\x1b\][^\x07\x1b]{0,1024}(?:\x07|\x1b\\)?/g, '')
    .replace(/\r\n?/g, '\n')
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/g, '');

/** The lines of a text as they are matched, at most as many as are read. */
export const linesOf = (text: string): readonly string[] =>
  withoutControls(text.slice(0, textLimits.characters)).split('\n').slice(0, textLimits.lines).map(plainText);

/** What begins a line of its own, so that it does not go on with the one before. */
const beginsAnew =
  /^(?:error|warning|Error|ERROR|Warning)\b ?:|^\d{4}-\d\d-\d\d[ T]|^[A-Z][a-z]{2} \d{1,2} \d\d:|^(?:qemu-|libvirt|virsh|ssh:|Traceback|File ")/;

interface Place extends TemplateMatch {
  readonly fromLine: number;
  readonly toLine: number;
  readonly head: string;
  readonly shown: string;
}

let find: ((line: string) => readonly TemplateMatch[]) | undefined;

/** The known messages in a text, the ones that tell most first. Pure; bounded in time whatever the text is. */
export function recognise(text: string): readonly Recognised[] {
  const lines = linesOf(text);
  const places = withoutOverlaps(lines.flatMap((_, index) => placesFrom(lines, index)));
  const origins = places.map((place) => originOf(place.head));
  const printers = places.map((place, index) => knownPrinter(place, origins[index] ?? {}));
  const found = new Map<string, Recognised>();
  places.forEach((place, index) => {
    const printer = printers[index] ?? nearestPrinter(place, places, printers);
    const one = asRecognised(place, origins[index] ?? {}, printer);
    const key = JSON.stringify([place.message.id, place.holes, printer]);
    const before = found.get(key);
    if (before !== undefined) found.set(key, { ...before, count: before.count + 1 });
    else if (found.size < textLimits.messages) found.set(key, one);
  });
  return ranked([...found.values()]);
}

/** Where messages begin on a line, also those that go on over the next ones. */
function placesFrom(lines: readonly string[], index: number): readonly Place[] {
  const line = lines[index] ?? '';
  if (line === '') return [];
  find ??= finder(allMessages);
  const places = find(line).map((match): Place => placed(match, line, index, index));
  if (index >= textLimits.wrappedLines || line.length > widestWrapped) return places;
  for (const glue of [' ', '']) {
    let joined = line;
    for (let next = index + 1; next < index + longestWrap; next += 1) {
      const more = lines[next] ?? '';
      if (more === '' || more.length > widestWrapped || beginsAnew.test(more)) break;
      const before = joined.length;
      joined += glue + more;
      for (const match of find(joined)) {
        // Those that end earlier were found without this line.
        if (match.from < line.length && match.to > before + glue.length) {
          places.push({ ...placed(match, joined, index, next), to: match.to - before - glue.length });
        }
      }
    }
  }
  return places;
}

const placed = (match: TemplateMatch, line: string, fromLine: number, toLine: number): Place => ({
  ...match,
  fromLine,
  toLine,
  head: line.slice(0, match.from),
  shown: line.slice(match.from, match.to),
});

const overlap = (a: Place, b: Place): boolean =>
  (a.fromLine < b.toLine || (a.fromLine === b.toLine && a.from < b.to)) &&
  (b.fromLine < a.toLine || (b.fromLine === a.toLine && b.from < a.to));

/** Of messages at one place the most exact one; in the order of the text. */
function withoutOverlaps(places: readonly Place[]): readonly Place[] {
  const kept = new Map<number, Place[]>();
  const result: Place[] = [];
  for (const place of [...places].sort(byExactness)) {
    const lines = Array.from({ length: place.toLine - place.fromLine + 1 }, (_, index) => place.fromLine + index);
    if (lines.some((line) => kept.get(line)?.some((other) => overlap(place, other)))) continue;
    for (const line of lines) kept.set(line, [...(kept.get(line) ?? []), place]);
    result.push(place);
  }
  return result.sort((a, b) => a.fromLine - b.fromLine || a.from - b.from);
}

function knownPrinter({ message, holes }: Place, origin: Origin): Printer | undefined {
  return (
    among(message.printedBy, origin.printer) ??
    (message.printedBy.length === 1 ? message.printedBy[0] : undefined) ??
    among(message.printedBy, printerByFile(Object.values(holes)))
  );
}

/** Who printed the line nearest to this one of which that is known: a log has one author. */
function nearestPrinter(
  place: Place,
  places: readonly Place[],
  printers: readonly (Printer | undefined)[],
): Printer | undefined {
  let nearest: Printer | undefined;
  let distance = Infinity;
  places.forEach((other, index) => {
    const printer = among(place.message.printedBy, printers[index]);
    const away = Math.abs(other.fromLine - place.fromLine);
    if (printer !== undefined && away < distance) {
      nearest = printer;
      distance = away;
    }
  });
  return nearest;
}

function asRecognised(place: Place, origin: Origin, printer: Printer | undefined): Recognised {
  const { message, wording, holes, shown, fromLine } = place;
  const causes = message.causes.filter(
    ({ printedBy, level }) =>
      (printer === undefined || printedBy === undefined || printedBy.includes(printer)) &&
      (level === undefined || origin.level !== 'error'),
  );
  const possible = causes.length === 0 ? message.causes : causes;
  const guess = printer ?? message.printedBy[0];
  const doubt = ({ printedBy, level }: Cause): number =>
    (printedBy === undefined || printedBy.includes(guess) ? 0 : 1) +
    (level === undefined || origin.level === 'warning' ? 0 : 2);
  const likely = [...possible].sort((a, b) => doubt(a) - doubt(b));
  return {
    message,
    wording,
    holes,
    text: shown,
    line: fromLine + 1,
    count: 1,
    ...(printer === undefined ? {} : { printer }),
    ...(origin.program === undefined ? {} : { program: origin.program }),
    ...(origin.level === undefined ? {} : { level: origin.level }),
    causes: likely,
    stages: stagesOf(likely),
    explainedBy: [],
  };
}

/** The stages of causes, in their order. */
export const stagesOf = (causes: readonly Cause[]): readonly ConnectionStage[] => [
  ...new Set(causes.map(({ stage }) => stage)),
];

/** 0: says what is wrong; 1: a warning that may be harmless; 2: says that something is; 3: says so of what another message says. */
function rankOf({ message: { kind, part, causes }, level }: Recognised): number {
  if (kind === 'symptom') return part === 'frame' ? 3 : 2;
  return level === 'warning' && causes.some((cause) => cause.level === 'warning') ? 1 : 0;
}

/** Reasons before symptoms; a symptom whose reason is there says so, and looks first where the reason points. */
function ranked(found: readonly Recognised[]): readonly Recognised[] {
  const reasons = found.filter((one) => rankOf(one) === 0);
  const linked = found.map((one): Recognised => {
    if (one.message.kind !== 'symptom') return one;
    const explaining = reasons.filter(
      ({ stages }) => rankOf(one) === 3 || stages.some((stage) => one.stages.includes(stage)),
    );
    if (explaining.length === 0) return one;
    const at = new Set(explaining.flatMap(({ stages }) => stages));
    const causes = [
      ...one.causes.filter(({ stage }) => at.has(stage)),
      ...one.causes.filter(({ stage }) => !at.has(stage)),
    ];
    return {
      ...one,
      causes,
      stages: stagesOf(causes),
      explainedBy: [...new Set(explaining.map(({ message }) => message.id))],
    };
  });
  return linked
    .map((one, index) => ({ one, index }))
    .sort((a, b) => rankOf(a.one) - rankOf(b.one) || a.index - b.index)
    .map(({ one }) => one);
}

/**
 * The stages where a connection fails that shows these messages, most likely first: the first stage of a connection that a message
 * leaves no doubt about, then those that messages name, the more of them the earlier.
 */
export function likelyStages(found: readonly Recognised[]): readonly ConnectionStage[] {
  const stops = found.filter((one) => rankOf(one) !== 1);
  const plain = stops.filter((one) => rankOf(one) !== 3);
  const heard = plain.length > 0 ? plain : stops.length > 0 ? stops : found;
  const order = (stage: ConnectionStage): number => connectionStages.indexOf(stage);
  const certain = heard.filter(({ stages }) => stages.length === 1).flatMap(({ stages }) => stages);
  const votes = new Map<ConnectionStage, number>();
  for (const { stages } of heard) {
    stages.forEach((stage, index) => votes.set(stage, (votes.get(stage) ?? 0) + 1 / (index + 1)));
  }
  const voted = [...votes].sort(([a, x], [b, y]) => y - x || order(a) - order(b)).map(([stage]) => stage);
  return [...new Set([...certain.sort((a, b) => order(a) - order(b)), ...voted])];
}
