import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recognise } from '../../src/explain/recognise.ts';
import { plainText } from '../../src/explain/template.ts';
import { allMessages } from '../../src/reference/messages/all-messages.ts';

const rules = new Set(
  readdirSync(join(import.meta.dirname, '../../rules'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/^.*\//, '').replace(/\.ts$/, '')),
);

const literal = (template: string): string => plainText(template).replace(/<[a-z0-9]+>/g, '');

describe('the messages that are known', () => {
  it('are at least 120, each with an id of its own', () => {
    expect(allMessages.length).toBeGreaterThanOrEqual(120);
    const ids = allMessages.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are worded once: no wording stands in two entries', () => {
    const wordings = allMessages.flatMap(({ wordings: all }) => all.map(({ template }) => template));
    expect(wordings.filter((each, index) => wordings.indexOf(each) !== index)).toEqual([]);
  });

  it.each(allMessages.map((message) => [message.id, message] as const))('%s', (id, message) => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    // Its example is recognised by it alone.
    expect(recognise(message.example).map((one) => one.message.id)).toEqual([id]);
    for (const { template } of message.wordings) {
      // Too little literal text would be found anywhere, and two holes side by side cannot be told apart.
      expect(literal(template).replaceAll(' ', '').length, template).toBeGreaterThanOrEqual(9);
      expect(template).not.toMatch(/><|>\s+</);
      const filled = template.replace(/<([a-z0-9]+)>/g, '1$1');
      const [first] = recognise(filled);
      expect(first, filled).toBeDefined();
    }
    for (const cause of message.causes) {
      expect(cause.rules.filter((rule) => !rules.has(rule))).toEqual([]);
      for (const text of [cause.why, cause.look.what, cause.fix]) {
        expect(text).not.toBe('');
        expect(text, 'no full stop at the end').not.toMatch(/\.$/);
      }
      for (const printer of cause.printedBy ?? []) {
        if (message.printedBy.length === 1) expect(message.printedBy).toContain(printer);
      }
      // A hole in a command that no wording has would be printed as a name in capitals.
      for (const command of cause.commands ?? []) {
        for (const [, hole] of command.matchAll(/<([a-z0-9]+)>/g)) {
          expect(
            message.wordings.some(({ template }) => template.includes(`<${hole}>`)),
            `${command}: ${hole}`,
          ).toBe(true);
        }
      }
    }
    for (const printer of message.printedBy) {
      const causes = message.causes.filter(({ printedBy }) => printedBy === undefined || printedBy.includes(printer));
      expect(causes.length, `no cause where ${printer} prints it`).toBeGreaterThan(0);
    }
    expect(message.source).toMatch(/\S/);
  });
});
