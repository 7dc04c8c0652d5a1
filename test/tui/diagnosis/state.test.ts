import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeConnection } from '../../../src/tui/diagnosis/connection.ts';
import { reduceConnectionKey } from '../../../src/tui/diagnosis/keys.ts';
import { isTooSmall } from '../../../src/tui/diagnosis/layout.ts';
import {
  arranged,
  initialConnection,
  reduceConnection,
  type ConnectionState,
} from '../../../src/tui/diagnosis/state.ts';
import type { Keypress } from '../../../src/tui/keys.ts';
import { connecting, failing, hostile, undecided } from './a-diagnosis.ts';

const load = (report = failing, columns = 80, rows = 24): ConnectionState =>
  reduceConnection(initialConnection(columns, rows), { kind: 'loaded', connection: makeConnection(report) });

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
};

const press = (state: ConnectionState, ...keys: readonly string[]): ConnectionState =>
  keys.reduce((before, key) => {
    const named = special[key];
    return reduceConnectionKey(before, named === undefined ? { input: key, key: {} } : { input: '', key: named });
  }, state);

const marked = (state: ConnectionState): string => {
  const { ladder, cursor } = arranged(state);
  const line = ladder[cursor];
  const stage = state.connection?.rungs[line?.rung ?? -1]?.stage ?? '';
  return `${stage} ${state.at.below}`;
};

describe('the mark', () => {
  it.each([
    ['fails', failing, 'server-identity 0'],
    ['connects', connecting, 'server-config 0'],
    ['is not known', undecided, 'server-config 0'],
  ])('stands at first where the connection %s', (_name, report, at) => expect(marked(load(report))).toBe(at));

  it.each([
    [['up'], 'handshake 0'],
    [['k', 'k', 'j'], 'handshake 0'],
    [['home'], 'server-config 0'],
    [['home', 'up'], 'server-config 0'],
    [['end'], 'auth 0'],
    [['end', 'down'], 'auth 0'],
    [['home', 'enter', 'down'], 'server-config 1'],
    [['home', 'enter', 'jjjjjj'], 'server-config 6'],
    [['home', 'enter', 'jjjjjjj'], 'server-credentials 0'],
    [['home', 'enter', 'jjj', 'enter'], 'server-config 0'],
    [['home', 'enter', 'jjj', 'esc'], 'server-config 0'],
    [['pageup', 'pageup'], 'server-config 0'],
  ])('%j marks %s', (keys, at) => expect(marked(press(load(), ...keys))).toBe(at));
});

describe('rungs', () => {
  it.each([
    [['enter'], ['server-identity']],
    [['enter', 'enter'], []],
    [['right', 'right'], ['server-identity']],
    [['right', 'left'], []],
    [['left'], []],
    [
      ['enter', 'home', 'enter'],
      ['server-identity', 'server-config'],
    ],
    [['enter', 'home', 'enter', 'esc'], []],
    [['enter', 'o'], []],
    [['tab', 'enter'], []],
    [['?', 'enter'], []],
  ])('%j leaves open %j', (keys, open) => expect(press(load(), ...keys).open).toEqual(open));

  it('open all at once', () => expect(press(load(), 'o').open).toHaveLength(8));

  it('come into view with all of their steps when they open, as far as there is room', () => {
    for (const rows of [24, 16]) {
      const state = press(load(failing, 80, rows), 'end', 'enter');
      const { layout, ladder, cursor } = arranged(state);
      const room = layout.ladder.height - 2;
      const steps = ladder.length - cursor;
      expect(cursor).toBeGreaterThanOrEqual(state.top);
      expect(state.top + room).toBeGreaterThanOrEqual(Math.min(ladder.length, cursor + Math.min(steps, room)));
    }
  });
});

describe('a terminal that is too small', () => {
  it('changes nothing until it is large enough again', () => {
    const before = press(load(failing, 80, 24), 'enter', 'down');
    const small = press(reduceConnection(before, { kind: 'resize', columns: 1, rows: 1 }), 'up', 'enter', 'end');
    expect(reduceConnection(small, { kind: 'resize', columns: 80, rows: 24 })).toEqual(before);
  });
});

describe('keys', () => {
  it('scroll what happens when it has the keyboard, and leave the ladder alone', () => {
    const state = press(load(failing, 60, 16), 'tab', 'down', 'down');
    expect([state.pane, state.scroll, marked(state)]).toEqual(['outcome', 2, 'server-identity 0']);
    expect(press(state, 'esc').pane).toBe('ladder');
  });

  it('show the keys, and go back', () => {
    expect(press(load(), '?').help).toBe(true);
    for (const key of ['?', 'esc']) expect(press(load(), '?', key).help).toBe(false);
  });

  it('do nothing but quit until there is something to see', () => {
    const start = initialConnection(80, 24);
    expect(press(start, 'enter', 'r', '?', 'tab', 'down')).toEqual(start);
    expect(press(start, 'q').quit).toBe(true);
    expect(reduceConnectionKey(start, { input: '\x03\x03', key: {} }).quit).toBe(true);
  });
});

describe('looking again', () => {
  it('asks once, shows meanwhile what was seen, and then keeps mark and open rungs', () => {
    const again = press(load(), 'enter', 'up', 'r', 'r');
    expect([again.looks, again.looking]).toEqual([1, true]);
    expect(again.connection).toBeDefined();
    const seen = reduceConnection(reduceConnection(press(again, 'home'), { kind: 'progress', what: 'server: clock' }), {
      kind: 'loaded',
      connection: makeConnection(connecting),
    });
    expect([seen.looking, seen.progress, seen.open, marked(seen)]).toEqual([
      false,
      [],
      ['server-identity'],
      'server-config 0',
    ]);
    expect(seen.connection?.report.verdict).toBe('connects');
    expect(press(seen, 'r').looks).toBe(2);
  });
});

describe('any keys', () => {
  it('leave the mark in view and everything within bounds', () => {
    const key = fc.constantFrom(...Object.keys(special), ...'orkgGx? ');
    const size = fc.record({ columns: fc.integer({ min: 0, max: 200 }), rows: fc.integer({ min: 0, max: 80 }) });
    const report = fc.constantFrom(failing, connecting, undecided, hostile('\x1b[2J\u202eevil 日本語'), {
      ...failing,
      steps: [],
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(key, size, report), { maxLength: 25 }), (events) => {
        const state = events.reduce<ConnectionState>((before, event) => {
          if (typeof event === 'string') return press(before, event);
          if ('columns' in event) return reduceConnection(before, { kind: 'resize', ...event });
          return reduceConnection(before, { kind: 'loaded', connection: makeConnection(event) });
        }, load());
        if (isTooSmall(state)) return;
        const { layout, ladder, cursor, outcome, help } = arranged(state);
        expect(cursor).toBeGreaterThanOrEqual(state.top);
        expect(cursor).toBeLessThan(state.top + Math.max(1, layout.ladder.height - 2));
        expect(cursor).toBeLessThan(Math.max(1, ladder.length));
        expect(state.scroll).toBeGreaterThanOrEqual(0);
        expect(state.scroll).toBeLessThanOrEqual(outcome.length);
        expect(state.helpScroll).toBeLessThanOrEqual(help.length);
        if (!layout.beside) expect(layout.ladder.height + layout.outcome.height).toBe(state.rows - 4);
      }),
    );
  });
});
