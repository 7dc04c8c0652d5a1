import type { KnownMessage, Wording } from '../reference/messages/message.ts';

/**
 * A wording taken apart: literal text, and holes between. It is matched from left to right by searching for one literal after the
 * other, each hole as short as it can be (a reason at the end as long) and never longer than `longestHole`: no step is ever taken back, so that no text can make it slow.
 */
interface Template {
  readonly message: KnownMessage;
  readonly wording: Wording;
  readonly literals: readonly string[];
  readonly holes: readonly string[];
  /** Letters that are not holes: the more of them, the more exact the match. */
  readonly weight: number;
}

/** One place where a wording fits; `to` is where its last literal (or word) ends. */
export interface TemplateMatch {
  readonly message: KnownMessage;
  readonly wording: Wording;
  readonly from: number;
  readonly to: number;
  readonly weight: number;
  readonly holes: Readonly<Record<string, string>>;
}

const longestHole = 512;
const placesOnALine = 8;

/** Holes that take all the rest of a line when they end a wording; others end at the next space. */
const prose: ReadonlySet<string> = new Set([
  'reason',
  'detail',
  'what',
  'suggestion',
  'range',
  'value',
  'result',
  'entry',
]);

/** Quotation marks of word processors and web pages become those that programs print, and every run of space one space. */
export const plainText = (text: string): string =>
  text
    .replace(/[\u2018\u2019\u201a\u201b\u00b4]/g, "'")
    .replace(/[\u201c\u201d\u201e\u201f]/g, '"')
    .replace(/\s+/g, ' ')
    .trim();

function compile(message: KnownMessage, wording: Wording): Template {
  const parts = plainText(wording.template).split(/<([a-z0-9]+)>/);
  const literals = parts.filter((_, index) => index % 2 === 0);
  return {
    message,
    wording,
    literals,
    holes: parts.filter((_, index) => index % 2 === 1),
    weight: literals.join('').replaceAll(' ', '').length,
  };
}

const wordCharacter = /[A-Za-z0-9_]/;

/** Would a word be cut in two between these characters. */
const cutsWord = (left: string | undefined, right: string | undefined): boolean =>
  left !== undefined && right !== undefined && wordCharacter.test(left) && wordCharacter.test(right);

/** The unbroken word that ends at `end`. */
function wordBefore(line: string, end: number): number {
  let start = end;
  while (start > 0 && end - start < longestHole && line[start - 1] !== ' ') start -= 1;
  return start;
}

function fit(
  { message, wording, literals, holes, weight }: Template,
  line: string,
  at: number,
): TemplateMatch | undefined {
  const found: Record<string, string> = {};
  let from = at;
  let index = 0;
  let to = at;
  if (literals[0] === '') {
    // A wording that begins with a hole: `at` is where the text after it stands.
    from = wordBefore(line, at);
    if (from === at) return undefined;
    found[holes[0] ?? ''] = line.slice(from, at);
    index = 1;
  }
  const first = literals[index] ?? '';
  if (cutsWord(line[from - 1], line[from])) return undefined;
  to = at + first.length;
  for (; index < holes.length; index += 1) {
    const name = holes[index] ?? '';
    const literal = literals[index + 1] ?? '';
    let end: number;
    if (literal === '') {
      const rest = line.slice(to, to + longestHole);
      const space = rest.indexOf(' ');
      const value = (prose.has(name) || space === -1 ? rest : rest.slice(0, space)).replace(/[.,;:]$/, '');
      end = to + value.length;
    } else {
      const rest = line.slice(to, to + longestHole + literal.length);
      // A reason in brackets may have brackets of its own.
      const next = index === holes.length - 1 && prose.has(name) ? rest.lastIndexOf(literal) : rest.indexOf(literal);
      if (next === -1) return undefined;
      end = to + next;
    }
    if (end === to) return undefined;
    found[name] = line.slice(to, end);
    to = end + literal.length;
  }
  if ((literals.at(-1) ?? '') !== '' && cutsWord(line[to - 1], line[to])) return undefined;
  return { message, wording, from, to, weight, holes: found };
}

/** A finder of all places in a line, as `plainText` gives it, where a wording of these messages fits. */
export function finder(messages: readonly KnownMessage[]): (line: string) => readonly TemplateMatch[] {
  const templates = messages
    .flatMap((message) => message.wordings.map((wording) => compile(message, wording)))
    .map((template) => ({ template, anchor: template.literals.find((literal) => literal !== '') ?? '' }));
  return (line) => {
    const matches: TemplateMatch[] = [];
    for (const { template, anchor } of templates) {
      let at = line.indexOf(anchor);
      for (let places = 0; at !== -1 && places < placesOnALine; places += 1) {
        const match = fit(template, line, at);
        if (match !== undefined) matches.push(match);
        at = line.indexOf(anchor, at + anchor.length);
      }
    }
    return matches;
  };
}

const partRanks = { whole: 0, frame: 1, fragment: 2 } as const;
const partRank = ({ message }: TemplateMatch): number => partRanks[message.part ?? 'whole'];

/** The more exact one comes first; of two alike, the one that puts less into its holes. */
export const byExactness = (a: TemplateMatch, b: TemplateMatch): number =>
  partRank(a) - partRank(b) || b.weight - a.weight || inHoles(a) - inHoles(b) || a.from - b.from;

const inHoles = ({ holes }: TemplateMatch): number =>
  Object.values(holes).reduce((sum, value) => sum + value.length, 0);
