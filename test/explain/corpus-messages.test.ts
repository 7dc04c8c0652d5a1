import { describe, expect, it } from 'vitest';
import { likelyStages, recognise } from '../../src/explain/recognise.ts';
import { libvirtScenarios, vncScenarios } from '../support/corpus.ts';

/** What the programs printed in one scenario, as it would be pasted: the server's lines, then the client's. */
interface Page {
  readonly name: string;
  readonly stage: string | null;
  readonly client: string | null;
  readonly server: readonly string[];
  readonly prefix: string;
}

const truths = (scenario: { readonly truth: object }): readonly unknown[] => Object.values(scenario.truth) as unknown[];

const pages: readonly Page[] = [
  ...libvirtScenarios.flatMap((scenario) =>
    truths(scenario).map((truth) => {
      const { stage, clientError, daemonErrors } = truth as {
        stage: string | null;
        clientError: string | null;
        daemonErrors: readonly string[];
      };
      return { name: scenario.name, stage, client: clientError || null, server: daemonErrors, prefix: 'error: ' };
    }),
  ),
  ...vncScenarios.flatMap((scenario) =>
    truths(scenario).map((truth) => {
      const { stage, clientError, qemuErrors } = truth as {
        stage: string | null;
        clientError?: string | null;
        qemuErrors: readonly string[];
      };
      return {
        name: scenario.name,
        stage,
        client: clientError || null,
        server: qemuErrors.map((line) => `qemu-system-x86_64: ${line}`),
        prefix: '',
      };
    }),
  ),
];

const messages = pages.flatMap(({ name, stage, client, server }) =>
  [...server, ...(client === null ? [] : [client])].map((text) => ({ name, stage, text })),
);

describe('what the real programs printed in the corpus', () => {
  it('is there', () => {
    expect(messages.length).toBeGreaterThan(1_000);
  });

  it('is recognised, every line of it', () => {
    expect(messages.filter(({ text }) => recognise(text).length === 0).map(({ text }) => text)).toEqual([]);
  });

  it('names the stage where it failed, line by line, in at least 98 %', () => {
    // The rest are lines of a second fault: a client that refuses its own files while the daemon is not up either.
    const failing = messages.filter(({ stage }) => stage !== null);
    const right = failing.filter(({ text, stage }) => likelyStages(recognise(text)).some((each) => each === stage));
    expect(right.length / failing.length).toBeGreaterThanOrEqual(0.98);
  });

  it('names it first where the page leaves no doubt, and among the possible ones where a connection was just refused', () => {
    const failing = pages.filter(
      ({ stage, client, server }) => stage !== null && (client !== null || server.length > 0),
    );
    const judged = failing.map(({ name, stage, client, server, prefix }) => {
      const found = recognise([...server, ...(client === null ? [] : [`${prefix}${client}`])].join('\n'));
      const stages = likelyStages(found);
      const ambiguous = found.every(({ stages: each }) => each.length > 1);
      return {
        name,
        stage,
        stages,
        ambiguous,
        right: stages[0] === stage,
        contained: stages.some((each) => each === stage),
      };
    });
    expect(judged.filter(({ contained }) => !contained).map(({ name }) => name)).toEqual([]);
    const certain = judged.filter(({ ambiguous }) => !ambiguous);
    expect(certain.filter(({ right }) => right).length / certain.length).toBeGreaterThanOrEqual(0.98);
    // Of those where nothing but a refused connection is seen, the most frequent stage is named first.
    expect(judged.filter(({ right }) => right).length / judged.length).toBeGreaterThanOrEqual(0.95);
  });
});
