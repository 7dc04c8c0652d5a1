import { allMessages } from '../reference/messages/all-messages.ts';
import type { KnownMessage } from '../reference/messages/message.ts';
import { linesOf } from './recognise.ts';

/** A known message that a text resembles, and how much: 1 is all of its words. */
export interface NearMessage {
  readonly message: KnownMessage;
  readonly template: string;
  readonly likeness: number;
}

/** Below this a message has too little in common to be worth naming. */
const leastLikeness = 0.45;
const linesCompared = 50;
const wordsCompared = 100;

const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .replace(/<[a-z0-9]+>/g, ' ')
    .split(/[^a-z0-9_]+/)
    .filter((word) => word.length > 1)
    .slice(0, wordsCompared);

/** Words count the more the fewer messages have them. */
function rarities(wordings: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const words of wordings) for (const word of new Set(words)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Map([...counts].map(([word, count]) => [word, Math.log(1 + wordings.length / count)]));
}

/** The known messages that are most like a text that holds none, at most three, the most alike first. */
export function nearestMessages(text: string): readonly NearMessage[] {
  const wordings = allMessages.flatMap((message) =>
    message.wordings.map(({ template }) => ({ message, template, words: wordsOf(template) })),
  );
  const rarity = rarities(wordings.map(({ words }) => words));
  const weigh = (words: Iterable<string>): number => [...words].reduce((sum, word) => sum + (rarity.get(word) ?? 1), 0);
  const best = new Map<string, NearMessage>();
  for (const line of linesOf(text)
    .filter((each) => each !== '')
    .slice(0, linesCompared)) {
    const said = new Set(wordsOf(line));
    for (const { message, template, words } of wordings) {
      const own = new Set(words);
      if (own.size < 2) continue;
      const shared = weigh([...own].filter((word) => said.has(word)));
      // Of what both say together, so that neither a short message nor a long line wins by its length.
      const likeness =
        shared / (weigh(own) + 0.3 * weigh([...said].filter((word) => !own.has(word) && rarity.has(word))));
      if (likeness >= leastLikeness && likeness > (best.get(message.id)?.likeness ?? 0)) {
        best.set(message.id, { message, template, likeness });
      }
    }
  }
  return [...best.values()].sort((a, b) => b.likeness - a.likeness).slice(0, 3);
}
