import columnsOf from 'fast-string-width';
import type { Rule } from '../rule/define-rule.ts';
import { roleNames } from '../rule/role-names.ts';
import { messagePreviews, optionTexts } from '../rule/rule-page.ts';
import { painter } from './color.ts';
import { printable } from './printable.ts';
import { wrap } from './wrap.ts';

const labelWidth = 15;

/** A rule's page for a terminal, from the same definition as its Markdown. `family` is the folder that the rule lives in. */
export function explainRule(
  rule: Rule,
  family: string,
  options: { readonly color: boolean; readonly width: number },
): string {
  const paint = painter(options.color);
  const width = Math.max(24, options.width);
  const prose = (text: string): readonly string[] => wrap(printable(text), width);
  const section = (label: string, texts: readonly string[]): readonly string[] =>
    texts
      .flatMap((text) => wrap(printable(text), Math.max(24, width - labelWidth)))
      .map((line, index) => `${paint('faint', (index === 0 ? label : '').padEnd(labelWidth))}${line}`);

  const kind = `${rule.severity} · ${family}/`;
  const gap = Math.max(3, width - columnsOf(rule.id) - columnsOf(kind));
  const blocks = [
    [`${paint('strong', rule.id)}${' '.repeat(gap)}${paint(rule.severity, kind)}`, ...prose(rule.title)],
    prose(rule.rationale),
    section(
      'What is wrong',
      messagePreviews(rule).map(({ message }) => message),
    ),
    section(
      'Needed',
      [...new Set(messagePreviews(rule).map(({ needed }) => needed))].filter((needed) => needed !== ''),
    ),
    section('What to do', [rule.remedy]),
    section('Judges', [`hosts that are ${rule.roles.map((role) => roleNames[role]).join(', ')}`]),
    section('Reads', [rule.needs.join(', ')]),
    section(
      'Options',
      optionTexts(rule).map(({ name, value }) => `${name}: ${value} by default`),
    ),
    section('Where', rule.sources ?? []),
    section(
      'More',
      rule.references.map(({ title, url }) => `${title} ${url}`),
    ),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n')}\n`;
}
