import type { Hosts } from '../explain/confirm.ts';
import { explanationOf } from '../explain/explanation.ts';
import { textLimits } from '../explain/recognise.ts';
import { explanationJson, explanationText } from '../report/explanation-text.ts';
import type { Shell } from './shell.ts';
import { wantsColor } from './streams.ts';

/** Prints what a text means, on these hosts as far as they are known; `-` stands for standard input. Gives 0 where a message is known, else 1. */
export async function explainText(
  text: string,
  hosts: Hosts,
  args: { readonly format: 'text' | 'json'; readonly color: 'auto' | 'always' | 'never' },
  shell: Shell,
): Promise<number> {
  const explanation = explanationOf(text === '-' ? await standardInput() : text, hosts);
  const { out } = shell.streams;
  await out.write(
    args.format === 'json'
      ? explanationJson(explanation)
      : explanationText(explanation, { color: wantsColor(args.color, shell.streams), width: out.width }),
  );
  return explanation.known ? 0 : 1;
}

/** As much of standard input as is read of a text, and a character more, so that it shows that there was more. */
async function standardInput(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > textLimits.characters) break;
  }
  return text.slice(0, textLimits.characters + 1);
}
