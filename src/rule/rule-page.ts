import type { Message, Rule } from './define-rule.ts';
import { roleNames } from './role-names.ts';

/**
 * Stands for data that only a host can give. It can be printed, compared, called, indexed, iterated and given to any method of a
 * string, number or array, and always comes out as its name in angle brackets.
 */
function placeholder(name: string): unknown {
  const text = `<${name}>`;
  const stand = (): unknown => self;
  const self: unknown = new Proxy(stand, {
    get: (_target, property) => {
      switch (property) {
        case Symbol.toPrimitive:
        case 'toString':
        case 'valueOf':
        case 'toFixed':
        case 'toLocaleString':
        case 'toISOString':
        case 'join':
          return () => text;
        case Symbol.iterator:
          return () => [self][Symbol.iterator]();
        case 'length':
        case 'size':
          return 2;
        case 'map':
        case 'flatMap':
          return (each: (item: unknown, index: number) => unknown) => [each(self, 0)].flat();
        case 'startsWith':
        case 'endsWith':
        case 'includes':
        case 'some':
        case 'every':
          return () => true;
        default:
          return self;
      }
    },
    has: () => true,
    apply: () => self,
  });
  return self;
}

const dataPlaceholder: unknown = new Proxy(
  {},
  {
    get: (_target, name) =>
      typeof name === 'string' ? placeholder(name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()) : undefined,
  },
);

/** What is left of an expression that made no sense of a placeholder is left open. */
const tidy = (text: unknown): string =>
  String(text)
    .replace(/\bundefined\b|\bNaN\b|\[object \w+\]/g, '…')
    .replace(/\s+/g, ' ')
    .trim();

/** One message of a rule as its page shows it: data that only a host can give stands in angle brackets. */
export interface MessagePreview {
  readonly id: string;
  readonly message: string;
  readonly needed: string;
}

const preview = (id: string, render: (data: never) => Message): MessagePreview => {
  try {
    const { message, needed } = render(dataPlaceholder as never);
    return { id, message: tidy(message), needed: tidy(needed) };
  } catch {
    return { id, message: id.replaceAll('-', ' ').replace(/([a-z])([A-Z])/g, '$1 $2'), needed: '' };
  }
};

/** All that a rule can say, with names in the place of data; one way through each message, never a crash. */
export const messagePreviews = (rule: Rule): readonly MessagePreview[] =>
  Object.entries(rule.messages as Record<string, (data: never) => Message>).map(([id, render]) => preview(id, render));

/** Keeps Markdown from reading placeholders as HTML and stars as emphasis; spans in backquotes stay as they are. */
const markdown = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replace(/[<*_]/g, (character) => `\\${character}`)))
    .join('');

const bullets = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');

/** A rule's options and what they are unless a policy says otherwise. */
export const optionTexts = (rule: Rule): readonly { readonly name: string; readonly value: string }[] =>
  Object.entries((rule.options?.defaults ?? {}) as Record<string, unknown>).map(([name, value]) => ({
    name,
    value: JSON.stringify(value) ?? 'none',
  }));

/** A rule's page in Markdown, all of it from its definition. `family` is the folder that the rule lives in. */
export function rulePage(rule: Rule, family: string): string {
  const options = optionTexts(rule);
  const sources = rule.sources ?? [];
  const sections = [
    `# ${markdown(rule.title)}`,
    bullets([
      `Rule: \`${rule.id}\``,
      `Severity: ${rule.severity}`,
      `Family: ${family}`,
      `Judges: ${rule.roles.map((role) => roleNames[role]).join(', ')}`,
      `Reads: ${(rule.needs as readonly string[]).map((fact) => `\`${fact}\``).join(', ')}`,
      ...options.map(({ name, value }) => `Option \`${name}\`: \`${value}\` by default`),
    ]),
    '## What is wrong',
    bullets(
      messagePreviews(rule).map(({ message, needed }) =>
        markdown(needed === '' ? message : `${message}. Needed: ${needed}`),
      ),
    ),
    '## Why it matters',
    markdown(rule.rationale),
    '## What to do',
    markdown(rule.remedy),
    ...(sources.length === 0 ? [] : ['## Sources', bullets(sources.map(markdown))]),
    ...(rule.references.length === 0
      ? []
      : ['## References', bullets(rule.references.map(({ title, url }) => `[${markdown(title)}](${url})`))]),
  ];
  return `${sections.join('\n\n')}\n`;
}
