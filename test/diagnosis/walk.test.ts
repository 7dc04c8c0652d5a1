import { describe, expect, it } from 'vitest';
import type { Side, Stage } from '../../src/diagnosis/diagnosis.ts';
import { cannotTell, defineStep, pass, skipped, warning, type Step, type Take } from '../../src/diagnosis/step.ts';
import { walk, type Protocol, type Snapshots } from '../../src/diagnosis/walk.ts';
import { unknown } from '../../src/facts/fact.ts';
import type { FactName } from '../../src/facts/facts.ts';
import { facts } from '../support/facts.ts';
import { snapshotOf } from '../support/test-rule.ts';

type Question = { readonly asked: boolean };

const client = snapshotOf(facts());
const server = snapshotOf(facts());

const step = (
  stage: Stage,
  take: Take | (() => Take),
  side: Side = 'server',
  needs: { readonly client?: readonly FactName[]; readonly server?: readonly FactName[] } = {},
): Step<Question> =>
  defineStep<Question>()({
    stage,
    side,
    question: `Is ${stage} well?`,
    source: 'observed',
    needs,
    take: () => (typeof take === 'function' ? take() : take),
  });

const fails = (name: string, texts: { readonly clientText?: string; readonly serverText?: string } = {}): Take => ({
  outcome: 'fail',
  message: `${name} fails`,
  ...texts,
  failure: { side: 'server', why: name, rules: [`${name}-rule`] },
});

const walked = (
  lanes: Partial<Omit<Protocol<Question>, 'refused'>>,
  snapshots: Snapshots = { client, server },
  refused = 'Connection refused',
) =>
  walk(
    { serverStart: [], clientStart: [], connection: [], refused: () => refused, ...lanes },
    { asked: true },
    snapshots,
  );

describe('walk', () => {
  it('connects where nothing fails, warnings or not', () => {
    expect(
      walked({
        serverStart: [step('server-config', pass('fine'))],
        clientStart: [step('client-credentials', skipped('no matter'))],
        connection: [step('auth', warning('open to all', 'some-rule'))],
      }),
    ).toMatchObject({
      verdict: 'connects',
      stage: null,
      clientError: null,
      serverError: null,
      failure: null,
      steps: [{ outcome: 'pass' }, { outcome: 'skipped' }, { outcome: 'warning', rule: 'some-rule' }],
    });
  });

  it('stops each lane at its first failure, and lets the two meet only when both are up', () => {
    const { steps, verdict } = walked({
      serverStart: [
        step('server-config', fails('server')),
        step('server-credentials', () => {
          throw new Error('taken');
        }),
      ],
      clientStart: [step('client-credentials', pass('fine'))],
      connection: [
        step('reach', () => {
          throw new Error('taken');
        }),
      ],
    });
    expect(verdict).toBe('fails');
    expect(steps.map(({ stage, outcome, message }) => `${stage} ${outcome} ${message}`)).toEqual([
      'server-config fail server fails',
      'server-credentials skipped not reached',
      'client-credentials pass fine',
      'reach skipped not reached',
    ]);
  });

  it.each<[string, Partial<Omit<Protocol<Question>, 'refused'>>, string, string | null, string | null]>([
    [
      'the earliest stage counts, whatever the lane',
      {
        serverStart: [step('server-credentials', fails('late', { serverText: 'late log' }))],
        clientStart: [step('client-credentials', fails('later', { clientText: 'later print' }))],
      },
      'server-credentials',
      // The client looks at its own files before it dials a daemon that is not there.
      'later print',
      'late log',
    ],
    [
      'and within one lane too',
      {
        serverStart: [
          step('server-credentials', pass('fine')),
          step('server-config', fails('early', { serverText: 'early log' })),
        ],
      },
      'server-config',
      'Connection refused',
      'early log',
    ],
    [
      'a client that fails by itself never sees that nobody listens',
      {
        clientStart: [step('client-credentials', fails('client', { clientText: 'client print' }))],
        connection: [step('reach', fails('reach', { clientText: 'reach print' }))],
      },
      'client-credentials',
      'client print',
      null,
    ],
    [
      'together both have their texts',
      { connection: [step('client-identity', fails('both', { clientText: 'print', serverText: 'log' }))] },
      'client-identity',
      'print',
      'log',
    ],
    ['a failure without words', { connection: [step('auth', fails('silent'))] }, 'auth', null, null],
  ])('%s', (_, lanes, stage, clientError, serverError) => {
    expect(walked(lanes)).toMatchObject({ verdict: 'fails', stage, clientError, serverError });
  });

  it('does not say that the client finds nobody where it may not get so far', () => {
    const serverStart = [step('server-config', fails('server'))];
    const unclear = [step('client-credentials', cannotTell('it is not known'))];
    expect(walked({ serverStart, clientStart: unclear })).toMatchObject({ verdict: 'fails', clientError: null });
    expect(walked({ serverStart })).toMatchObject({ clientError: 'Connection refused' });
  });

  it('goes on over what cannot be told, and says so in the end', () => {
    const { verdict, stage, steps } = walked({
      serverStart: [step('server-config', cannotTell('who knows')), step('server-credentials', pass('fine'))],
      connection: [step('auth', pass('fine'))],
    });
    expect({ verdict, stage }).toEqual({ verdict: 'unknown', stage: null });
    expect(steps.map(({ outcome }) => outcome)).toEqual(['unknown', 'pass', 'pass']);
  });

  it('fails where something fails, although something before it is not known', () => {
    expect(walked({ connection: [step('reach', cannotTell('who knows')), step('auth', fails('auth'))] })).toMatchObject(
      { verdict: 'fails', stage: 'auth' },
    );
  });

  it('takes no step whose facts are not known, and says whose they are', () => {
    const needy = step('server-config', pass('taken'), 'server', { server: ['files'] });
    const { steps, verdict } = walked({ serverStart: [needy] }, { client });
    expect(verdict).toBe('unknown');
    expect(steps[0]?.message).toBe("the server's files or snapshot would settle it (--server TARGET)");
    const closed = { ...server, facts: { ...server.facts, files: unknown('permission-denied', '/etc was closed') } };
    expect(walked({ serverStart: [needy] }, { client, server: closed }).steps[0]).toMatchObject({
      outcome: 'unknown',
      message: '/etc was closed',
    });
  });

  it('sorts the ladder by stages, and keeps the order within one', () => {
    const { steps } = walked({
      connection: [step('reach', pass('one')), step('client-credentials', pass('two')), step('reach', pass('three'))],
      serverStart: [step('server-config', pass('four'))],
    });
    expect(steps.map(({ message }) => message)).toEqual(['four', 'two', 'one', 'three']);
  });

  it('names the likeliest rule and the evidence on the rung that fails', () => {
    const { steps, failure } = walked({
      connection: [step('auth', { ...fails('auth'), evidence: ['/etc/x:1'] } as Take)],
    });
    expect(steps[0]).toMatchObject({ rule: 'auth-rule', evidence: ['/etc/x:1'] });
    expect(failure).toMatchObject({ side: 'server', rules: ['auth-rule'] });
  });
});
