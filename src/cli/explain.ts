import { evaluate } from '../engine/evaluate.ts';
import type { HostReport } from '../engine/report.ts';
import type { Hosts } from '../explain/confirm.ts';
import { explainRule } from '../report/explain-rule.ts';
import { allRules, ruleNamed } from './load-rules.ts';
import { openTarget } from './open-target.ts';
import type { Shell } from './shell.ts';
import { wantsColor } from './streams.ts';
import { UsageError } from './usage-error.ts';

/** Words in lower case with hyphens between: no program prints them, so that they are meant as the id of a rule. */
const ruleId = /^[a-z0-9]+(?:-[a-z0-9]+)+$/;

/** Prints the page of a rule, or what a text means. @throws UsageError for the id of a rule that is none */
export async function explain(
  args: {
    readonly text: readonly string[];
    readonly format: 'text' | 'json';
    readonly color: 'auto' | 'always' | 'never';
    readonly client?: string | undefined;
    readonly server?: string | undefined;
  },
  shell: Shell,
): Promise<number> {
  // yargs takes a `-` out, and asks for one word at least: no word is standard input.
  const [first = '-'] = args.text;
  if (first === '-' || !args.text.every((word) => ruleId.test(word))) {
    const hosts: Hosts = {
      ...(args.client === undefined ? {} : { client: await lookAt(args.client) }),
      ...(args.server === undefined ? {} : { server: await lookAt(args.server) }),
    };
    const { explainText } = await import('./explain-text.ts');
    return explainText(args.text.length === 0 ? '-' : args.text.join(' '), hosts, args, shell);
  }
  if (args.client !== undefined || args.server !== undefined) {
    throw new UsageError('--client and --server say which cause of a message it is; a rule has only its page');
  }
  if (args.text.length > 1) throw new UsageError('explain takes one rule at a time (virt-pki-check --help)');
  if (args.format === 'json') {
    throw new UsageError('the page of a rule is text; virt-pki-check rules --format json has all of them as data');
  }
  const { family, rule } = ruleNamed(first);
  const page = explainRule(rule, family, {
    color: wantsColor(args.color, shell.streams),
    width: shell.streams.out.width,
  });
  await shell.streams.out.write(page.endsWith('\n') ? page : `${page}\n`);
  return 0;
}

/** What all rules say of a host. */
async function lookAt(target: string): Promise<HostReport> {
  const opened = await openTarget(target);
  const snapshot = opened.kind === 'snapshot' ? opened.snapshot : await opened.collect();
  return evaluate(
    snapshot,
    allRules.map(({ rule }) => rule),
  );
}
