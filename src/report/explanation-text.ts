import type { ExplainedCause, ExplainedMessage, Explanation } from '../explain/explanation.ts';
import type { ConnectionStage } from '../reference/connection-stages.ts';
import type { Printer } from '../reference/messages/message.ts';
import { painter, signs, type Paint } from './color.ts';
import { quote } from './fix-commands.ts';
import { toJson } from './json.ts';
import { printable } from './printable.ts';
import { wrap } from './wrap.ts';

const narrowest = 24;
const indent = 5;
const labelWidth = 7;

/** What it means that a connection fails at a stage. */
const stageTexts: Readonly<Record<ConnectionStage, string>> = {
  'server-config': 'the server refuses its configuration, or does not listen',
  'server-credentials': 'the server refuses its own certificate, key or CA',
  'client-credentials': 'the client refuses its own settings, certificate, key or CA',
  reach: 'the client does not get through to the server',
  handshake: 'client and server do not agree on TLS',
  'server-identity': 'the client refuses the server’s certificate',
  'client-identity': 'the server refuses the client’s certificate',
  auth: 'the server does not let the user in',
};

const printers: Readonly<Record<Printer, string>> = {
  client: 'the client',
  viewer: 'the viewer',
  daemon: 'the daemon',
  qemu: 'QEMU',
  journal: 'the system log',
};

const standings: Readonly<Record<ExplainedCause['standing'], string>> = {
  confirmed: 'it is this: ',
  open: '',
  unknown: '',
  'ruled-out': 'not this, by what was checked: ',
};

/** A path as an operand is never mistaken for an option. */
const operand = (value: string): string => (value.startsWith('-') ? `./${value}` : value);

/** A command of a cause with what stood in the message, quoted; a hole that the message did not have becomes a name in capitals. */
const fillCommand = (command: string, holes: Readonly<Record<string, string>>): string =>
  command.replace(/<([a-z0-9]+)>/g, (_, name: string) =>
    Object.hasOwn(holes, name) ? quote(operand(holes[name] ?? '')) : name.toUpperCase(),
  );

/** An explanation whose commands can be pasted. */
const withCommands = (explanation: Explanation): Explanation => ({
  ...explanation,
  messages: explanation.messages.map((message) => ({
    ...message,
    causes: message.causes.map((cause) => ({
      ...cause,
      commands: cause.commands.map((command) => fillCommand(command, message.holes)),
    })),
  })),
});

interface Page {
  readonly paint: Paint;
  readonly width: number;
}

const labelled = (label: string, text: string, { paint, width }: Page): readonly string[] =>
  wrap(printable(text), Math.max(narrowest, width - indent - labelWidth)).map(
    (line, index) => `${' '.repeat(indent)}${paint('faint', (index === 0 ? label : '').padEnd(labelWidth))}${line}`,
  );

function causeLines(cause: ExplainedCause, number: number, page: Page): readonly string[] {
  const why = wrap(printable(`${standings[cause.standing]}${cause.why}`), Math.max(narrowest, page.width - indent));
  const rules = cause.findings.length > 0 ? [...new Set(cause.findings.map(({ rule }) => rule))] : cause.rules;
  return [
    ...why.map((line, index) => `${index === 0 ? `  ${number}  ` : ' '.repeat(indent)}${line}`),
    ...cause.findings.slice(0, 3).flatMap(({ message }) => labelled('found', message, page)),
    ...labelled('look', `on the ${cause.side}: ${cause.look}`, page),
    ...(rules.length === 0 ? [] : labelled('rules', rules.join(', '), page)),
    ...labelled('fix', cause.fix, page),
    // Whole, for they are to be pasted.
    ...cause.commands.map((command) => `${' '.repeat(indent + labelWidth)}${printable(command)}`),
  ];
}

function messageLines(one: ExplainedMessage, page: Page, alone: boolean): readonly string[] {
  const sign = one.kind === 'reason' ? page.paint('error', signs.error) : '·';
  const where = [
    ...(alone ? [] : [one.count > 1 ? `line ${one.line} and ${one.count - 1} more` : `line ${one.line}`]),
    ...(one.program === null
      ? one.printedBy === null
        ? []
        : [`from ${printers[one.printedBy]}`]
      : [`from ${one.program}`]),
    ...one.versions,
  ];
  const [first = '', ...rest] = wrap(printable(one.text), Math.max(narrowest, page.width - 2));
  const head = [
    `${sign} ${page.paint('strong', first)}`,
    ...rest.map((line) => `  ${page.paint('strong', line)}`),
    ...(where.length === 0 ? [] : [`  ${page.paint('faint', printable(where.join(' · ')))}`]),
  ];
  if (one.explainedBy.length > 0) return [...head, '  follows from what stands above'];
  return [...head, ...one.causes.flatMap((cause, index) => causeLines(cause, index + 1, page))];
}

function summary({ stages, messages }: Explanation, page: Page): readonly string[] {
  const [first, ...others] = stages;
  if (first === undefined) return [];
  const sure = messages.some((one) => one.stages.length === 1 && one.stages[0] === first);
  const text =
    others.length === 0 || sure
      ? `It fails at ${first}: ${stageTexts[first]}.`
      : `It fails at ${first} (${stageTexts[first]}), or at ${others.join(' or ')}.`;
  return wrap(text, Math.max(narrowest, page.width));
}

function unknownLines({ nearest }: Explanation, page: Page): readonly (readonly string[])[] {
  return [
    wrap('Not known: no message that this program knows stands in this text.', Math.max(narrowest, page.width)),
    nearest.length === 0
      ? ['Nothing that is known resembles it.']
      : [
          'What resembles it most, which may mean something else:',
          ...nearest.map(({ text }) => `  ${printable(text)}`),
        ],
  ];
}

/** An explanation for a person: where it fails, then each message with its causes, the most likely first. */
export function explanationText(
  explanation: Explanation,
  options: { readonly color: boolean; readonly width: number },
): string {
  const page: Page = { paint: painter(options.color), width: options.width };
  const { messages, known, truncated } = withCommands(explanation);
  const alone = messages.length === 1 && messages[0]?.line === 1;
  const named = messages.some(
    ({ causes, explainedBy }) => explainedBy.length === 0 && causes.some(({ rules }) => rules.length > 0),
  );
  const blocks = known
    ? [
        summary(explanation, page),
        ...messages.map((one) => messageLines(one, page, alone)),
        named
          ? wrap(
              'Next: virt-pki-check explain RULE says more about a rule, virt-pki-check looks for what they see',
              page.width,
            )
          : [],
      ]
    : unknownLines(explanation, page);
  const cut = truncated ? [['The text is longer than what is read; only its beginning was.']] : [];
  return `${[...blocks, ...cut]
    .filter((block) => block.length > 0)
    .map((block) => block.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n')}\n`;
}

/** An explanation for programs. */
export const explanationJson = (explanation: Explanation): string => toJson(withCommands(explanation));
