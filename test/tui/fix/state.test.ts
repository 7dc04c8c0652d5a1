import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Keypress } from '../../../src/tui/keys.ts';
import type { Fixing } from '../../../src/tui/fix/fixing.ts';
import { reduceFixKey } from '../../../src/tui/fix/keys.ts';
import { fixLayout, isTooSmall } from '../../../src/tui/fix/layout.ts';
import {
  initialFix,
  isPerformable,
  markedWay,
  reduceFix,
  scrollingLines,
  visibleWays,
  type FixState,
} from '../../../src/tui/fix/state.ts';
import { afterwards, aFixing, applied, aPrepared, hostileFixing } from './a-fixing.ts';

const load = (fixing: Fixing = aFixing, columns = 80, rows = 24, wanted?: string): FixState =>
  reduceFix(initialFix(columns, rows, wanted), { kind: 'loaded', fixing });

const special: Readonly<Record<string, Keypress['key']>> = {
  up: { upArrow: true },
  down: { downArrow: true },
  left: { leftArrow: true },
  right: { rightArrow: true },
  pageup: { pageUp: true },
  pagedown: { pageDown: true },
  home: { home: true },
  end: { end: true },
  enter: { return: true },
  esc: { escape: true },
  tab: { tab: true },
  interrupt: { ctrl: true },
};

const press = (state: FixState, ...keys: readonly string[]): FixState =>
  keys.reduce((before, key) => {
    const named = special[key];
    const input = key === 'interrupt' ? 'c' : named === undefined ? key : '';
    return reduceFixKey(before, { input, key: named ?? {} });
  }, state);

const asked = (state: FixState): FixState => {
  const busy = press(state, 'enter');
  return reduceFix(busy, { kind: 'acted', outcome: { kind: 'prepared', ...aPrepared } });
};

describe('the ways out', () => {
  it('stand in the order in which one takes them: safe, unsafe, by hand, not offered', () =>
    expect(load().ways.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      'safe unreadable',
      'unsafe switched-off',
      'unsafe restart',
      'manual expired',
      'withheld harmful',
    ]));

  it('are found by what they mend and by what is typed', () => {
    for (const [search, id] of [
      ['tls-not', 'switched-off'],
      ['certtool', 'expired'],
      ['CHGRP', 'unreadable'],
    ] as const) {
      const state = press(load(), '/', search);
      expect(visibleWays(state).map((way) => way.id)).toEqual([id]);
      expect(press(state, 'esc').search).toBe('');
      expect(press(state, 'enter').typing).toBe(false);
      expect(visibleWays(press(state, 'enter', 'esc'))).toHaveLength(5);
    }
  });
});

describe('choosing', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['one', [' '], ['unreadable']],
    ['and not', [' ', ' '], []],
    ['an unsafe one', ['down', ' '], ['switched-off']],
    ['all safe ones', ['down', 'a'], ['unreadable']],
    ['all safe ones, and none', ['a', 'a'], []],
    ['all safe ones besides another', ['down', ' ', 'a'], ['switched-off', 'unreadable']],
    ['not what follows from another', ['j', 'j', ' '], []],
    ['not what is done by hand', ['jjj', ' '], []],
    ['not what is not offered', ['end', ' '], []],
  ])('%s', (_name, keys, chosen) => {
    const state = press(load(), ...keys);
    expect(state.chosen).toEqual(chosen);
  });

  it('says why where it cannot be', () => {
    expect(press(load(), 'jjj', ' ').notice).toMatch(/by hand/);
    expect(press(load(), 'end', ' ').notice).toMatch(/not offered/);
    expect(press(load({ ...aFixing, readOnly: 'only a plan' }), ' ').notice).toBe('only a plan');
    expect(press(load(), 'end', ' ', 'up').notice).toBe('');
  });

  it('begins with the finding that was asked for, be it one of several that a way out mends', () => {
    const state = load(aFixing, 80, 24, 'switched-off');
    expect([markedWay(state)?.id, state.chosen]).toEqual(['switched-off', ['switched-off']]);
    const byHand = load(aFixing, 80, 24, 'expired');
    expect([markedWay(byHand)?.id, byHand.chosen]).toEqual(['expired', []]);
    expect(load(aFixing, 80, 24, 'nothing').notice).toMatch(/Nobody knows/);
  });
});

describe('applying', () => {
  it('plans what is chosen alone, asks, and only y does it', () => {
    const busy = press(load(), 'a', 'enter');
    expect([busy.view, busy.asks]).toEqual(['busy', { kind: 'prepare', fixes: ['unreadable'] }]);
    const question = asked(press(load(), 'a'));
    expect(question.view).toBe('ask');
    for (const key of ['n', 'esc']) expect(press(question, key).view).toBe('ways');
    for (const key of ['enter', ' ', 'a', 'x', 'Y']) expect(press(question, key).view).toBe('ask');
    expect(press(question, 'y').asks).toEqual({ kind: 'apply', plan: aPrepared.plan });
  });

  it('takes the marked one where none is chosen, and shows what to do where no program can', () => {
    expect(press(load(), 'down', 'enter').asks).toEqual({ kind: 'prepare', fixes: ['switched-off'] });
    expect(press(load(), 'jjj', 'enter').pane).toBe('changes');
  });

  it('changes nothing where there is only a plan', () => {
    const state = press(load({ ...aFixing, readOnly: 'only a plan' }), 'enter');
    expect([state.view, state.notice]).toEqual(['ways', 'only a plan']);
    expect(press(load({ ...aFixing, readOnly: 'only a plan' }), 'u').notice).toBe('only a plan');
  });

  it('says why when the plan of the chosen ones has no step', () => {
    const plan = { ...aFixing.plan, steps: [], fixes: [] };
    const state = reduceFix(press(load(), 'a', 'enter'), {
      kind: 'acted',
      outcome: { kind: 'prepared', plan, previews: [] },
    });
    expect([state.view, state.notice]).toEqual(['ways', expect.stringContaining('certificate-revoked')]);
  });

  it('is not left half done: Ctrl-C and q stop it after its step, other keys do nothing', () => {
    const applying = press(asked(press(load(), 'a')), 'y');
    for (const key of ['interrupt', 'q']) {
      const state = press(applying, key, key);
      expect([state.quit, state.stops, state.view]).toEqual([false, true, 'busy']);
      expect(state.notice).toMatch(/stops after/);
    }
    expect(press(applying, 'enter', 'y', 'esc', 'u', ' ')).toEqual(applying);
  });

  it('shows what became of it, with other ways out and none chosen, and u leads to the undo', () => {
    const applying = press(asked(press(load(), 'a')), 'y');
    const done = reduceFix(applying, {
      kind: 'acted',
      outcome: { kind: 'applied', applied, plan: aPrepared.plan, fixing: afterwards },
    });
    expect([done.view, done.chosen, done.changed, done.asks]).toEqual(['result', [], true, undefined]);
    expect(done.ways.map(({ id }) => id)).not.toContain('unreadable');
    const undo = press(done, 'u');
    expect(undo.view).toBe('ask-undo');
    expect(press(undo, 'y').asks).toEqual({ kind: 'undo' });
    expect(press(undo, 'n').view).toBe('ways');
    expect(press(press(undo, 'y'), 'q', 'interrupt').quit).toBe(false);
  });

  it('has nothing to take back at first', () => expect(press(load(), 'u').notice).toMatch(/nothing to take back/));
});

describe('copying', () => {
  it('gives what is to be typed, and says so', () => {
    const state = press(load(), 'c', 'c');
    expect(state.copies).toEqual({
      text: 'chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem\nchmod 0640 /etc/pki/libvirt-vnc/server-key.pem',
      count: 2,
    });
    expect(state.notice).toMatch(/^Copied 2 lines/);
    expect(press(load(), 'jjj', 'c').copies?.text).toBe(
      'certtool --generate-request --outfile server.csr\ncn = "kvm1"\ntls_www_server',
    );
    expect(press(load(), 'end', 'c').notice).toMatch(/nothing to type/);
  });
});

describe('leaving', () => {
  it('leads back step by step', () => {
    const state = press(load(), '/', 'key', 'enter', 'tab', '?');
    expect(state.view).toBe('help');
    const [first, second, third, fourth] = [1, 2, 3, 4].map((times) =>
      press(state, ...Array<string>(times).fill('esc')),
    );
    expect([first?.view, first?.pane]).toEqual(['ways', 'changes']);
    expect([second?.pane, second?.search]).toEqual(['ways', 'key']);
    expect([third?.search, third?.quit]).toEqual(['', false]);
    expect([fourth?.quit, fourth?.outright]).toEqual([true, false]);
  });

  it('is possible from everywhere', () => {
    for (const state of [
      initialFix(80, 24),
      load(),
      press(load(), '?'),
      asked(press(load(), 'a')),
      press(load(), 'r'),
    ]) {
      expect(press(state, 'q')).toMatchObject({ quit: true, outright: false });
      expect(press(state, 'interrupt')).toMatchObject({ quit: true, outright: true });
    }
  });
});

describe('keys in one burst', () => {
  it('count one by one, and Escape before another is Escape', () => {
    const state = reduceFixKey(press(load(), '?'), { input: 'r', key: { meta: true } });
    expect(state.asks).toEqual({ kind: 'look' });
    expect(reduceFixKey(load(), { input: 'j \t', key: {} })).toMatchObject({
      chosen: ['switched-off'],
      pane: 'changes',
    });
  });
});

describe('a terminal that is too small', () => {
  it('changes nothing until it is large enough again', () => {
    const before = press(load(), 'down', 'tab', 'down');
    const small = press(reduceFix(before, { kind: 'resize', columns: 1, rows: 1 }), 'up', 'end');
    expect(reduceFix(small, { kind: 'resize', columns: 80, rows: 24 })).toEqual(before);
  });
});

describe('any keys', () => {
  it('leave the mark and what scrolls within bounds, and only what can be taken chosen', () => {
    const key = fc.constantFrom(...Object.keys(special), ...' aynurcq?/kgGx');
    const size = fc.record({ columns: fc.integer({ min: 0, max: 200 }), rows: fc.integer({ min: 0, max: 80 }) });
    const fixing = fc.constantFrom(aFixing, afterwards, hostileFixing('\x1b[2J\u202eevil 日本語'), {
      ...aFixing,
      plan: { ...aFixing.plan, fixes: [], steps: [], withheld: [] },
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(key, size, fixing), { maxLength: 25 }), (events) => {
        const state = events.reduce<FixState>((before, event) => {
          if (typeof event === 'string') return press(before, event);
          if ('columns' in event) return reduceFix(before, { kind: 'resize', ...event });
          if (before.asks === undefined) return reduceFix(before, { kind: 'loaded', fixing: event });
          const outcome =
            before.asks.kind === 'prepare'
              ? ({ kind: 'prepared', ...aPrepared } as const)
              : before.asks.kind === 'apply'
                ? ({ kind: 'applied', applied, plan: before.asks.plan, fixing: event } as const)
                : ({ kind: 'looked', fixing: event } as const);
          return reduceFix(before, { kind: 'acted', outcome });
        }, load());
        if (isTooSmall(state)) return;
        const { lines, room } = scrollingLines(state);
        expect(state.scroll).toBeGreaterThanOrEqual(0);
        expect(state.scroll).toBeLessThanOrEqual(Math.max(0, lines.length - room));
        expect(state.selected).toBeGreaterThanOrEqual(0);
        expect(state.selected).toBeLessThan(Math.max(1, visibleWays(state).length));
        for (const id of state.chosen) expect(state.ways.filter(isPerformable).map((way) => way.id)).toContain(id);
        const { ways, changes, beside } = fixLayout(state, visibleWays(state).length);
        if (!beside) expect(ways.height + changes.height).toBe(state.rows - 4);
      }),
    );
  });
});
