import { explainRule } from '../report/explain-rule.ts';
import { ruleNamed } from './load-rules.ts';
import type { Shell } from './shell.ts';
import { wantsColor } from './streams.ts';

/** Prints the page of a rule. */
export async function explain(
  args: { readonly rule: string; readonly color: 'auto' | 'always' | 'never' },
  shell: Shell,
): Promise<number> {
  const { family, rule } = ruleNamed(args.rule);
  const page = explainRule(rule, family, {
    color: wantsColor(args.color, shell.streams),
    width: shell.streams.out.width,
  });
  await shell.streams.out.write(page.endsWith('\n') ? page : `${page}\n`);
  return 0;
}
