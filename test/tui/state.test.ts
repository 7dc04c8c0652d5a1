import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reduceKey, type Keypress } from '../../src/tui/keys.ts';
import { layoutOf, windowStart } from '../../src/tui/layout.ts';
import { makeModel } from '../../src/tui/model.ts';
import {
  initialState,
  reduce,
  scrollingLines,
  selectedItem,
  visibleItems,
  type TuiState,
} from '../../src/tui/state.ts';
import { cleanReport, familyOf, faultyReport } from '../support/report.ts';

const loaded = reduce(initialState(80, 24), { kind: 'loaded', model: makeModel(faultyReport, familyOf) });

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
  esc: { escape: true, meta: true },
  tab: { tab: true },
  backtab: { tab: true, shift: true },
  backspace: { backspace: true },
};

const press = (state: TuiState, ...keys: readonly string[]): TuiState =>
  keys.reduce((before, key) => {
    const named = special[key];
    return reduceKey(before, named === undefined ? { input: key, key: {} } : { input: '', key: named });
  }, state);

const rules = (state: TuiState): readonly string[] => visibleItems(state).map(({ finding }) => finding.rule);
const all = rules(loaded);

describe('moving', () => {
  it.each([
    [[], 0],
    [['down'], 1],
    [['j', 'j', 'k'], 1],
    [['up'], 0],
    [['end'], 5],
    [['end', 'down'], 5],
    [['G', 'home'], 0],
    [['pagedown'], layoutOf(loaded).items],
    [['pagedown', 'pageup'], 0],
    [['jjj'], 3],
  ])('%j selects finding %i', (keys, index) => expect(press(loaded, ...keys).selected).toBe(index));
});

describe('filters', () => {
  it.each([
    [['e'], all.slice(0, 3)],
    [['w'], all.slice(3, 5)],
    [['n'], all.slice(5)],
    [['e', 'a'], all],
    [['tab'], ['private-key-unreadable']],
    [['right', 'right'], ['tls-not-listening']],
    [['right', 'left'], all],
    [['left'], []],
    [['backtab', 'backtab', 'backtab', 'e'], ['certificate-untrusted']],
    [['/', 'loopback'], ['port-loopback-only']],
    [['/', 'L', 'O', 'O', 'P', 'enter'], ['port-loopback-only']],
    [['/', 'loopx', 'backspace'], ['port-loopback-only']],
    [['/', 'q', 'esc'], all],
    [['e', '/', 'loop', 'enter'], []],
    [['e', 'tab', '/', 'x', 'enter', 'esc'], all],
    [['/', 'listen_tls\rj'], ['tls-not-listening']],
  ])('%j lists %j', (keys, listed) => expect(rules(press(loaded, ...keys))).toEqual(listed));

  it('keep the cursor on its finding where that is still listed', () => {
    expect(selectedItem(press(loaded, 'end', 'k', 'w'))?.finding.rule).toBe('port-loopback-only');
    expect(selectedItem(press(loaded, 'end', 'e'))?.finding.rule).toBe('private-key-unreadable');
    expect(selectedItem(press(loaded, 'end', 'k', 'w', 'a'))?.finding.rule).toBe('port-loopback-only');
  });
});

describe('views', () => {
  it.each([
    [['enter'], 'detail'],
    [['enter', 'esc'], 'list'],
    [['enter', 'backspace'], 'list'],
    [['?'], 'help'],
    [['?', '?'], 'list'],
    [['enter', '?', 'esc'], 'detail'],
    [['u'], 'gaps'],
    [['u', '?', 'esc'], 'list'],
    [['/', '?', 'u'], 'list'],
    [['left', 'enter'], 'list'],
  ])('%j shows the %s', (keys, view) => expect(press(loaded, ...keys).view).toBe(view));

  it('turns to the next finding while one is open', () => {
    const state = press(loaded, 'enter', 'right', 'right', 'left');
    expect([state.view, state.selected]).toEqual(['detail', 1]);
  });

  it('scrolls no further than to the last line', () => {
    const small = reduce(press(loaded, '?'), { kind: 'resize', columns: 60, rows: 16 });
    const end = press(small, 'end');
    expect(end.scroll).toBe(scrollingLines(end).length - layoutOf(end).scrolling.height);
    expect(press(end, 'up').scroll).toBe(end.scroll - 1);
    expect(reduce(end, { kind: 'resize', columns: 80, rows: 60 }).scroll).toBe(0);
  });
});

describe('quitting', () => {
  it.each([
    ['q', loaded, true],
    ['q while collecting', initialState(80, 24), true],
    ['q in a search', press(loaded, '/'), false],
  ])('%s', (_name, state, quit) => expect(press(state, 'q').quit).toBe(quit));

  it('Ctrl-C always quits', () => {
    for (const state of [loaded, initialState(80, 24), press(loaded, '/'), press(loaded, '?')]) {
      expect(reduceKey(state, { input: 'c', key: { ctrl: true } }).quit).toBe(true);
    }
  });
});

describe('any keys', () => {
  it('leave cursor and scroll within bounds', () => {
    const key = fc.constantFrom(...Object.keys(special), ...'ewna/?ujkgGx ');
    const size = fc.record({ columns: fc.integer({ min: 0, max: 200 }), rows: fc.integer({ min: 0, max: 80 }) });
    fc.assert(
      fc.property(fc.array(fc.oneof(key, size), { maxLength: 30 }), fc.boolean(), (events, clean) => {
        const start = clean ? reduce(loaded, { kind: 'loaded', model: makeModel(cleanReport, familyOf) }) : loaded;
        const state = events.reduce<TuiState>(
          (before, event) =>
            typeof event === 'string' ? press(before, event) : reduce(before, { kind: 'resize', ...event }),
          start,
        );
        expect(state.selected).toBeGreaterThanOrEqual(0);
        expect(state.selected).toBeLessThan(Math.max(1, visibleItems(state).length));
        expect(state.scroll).toBeGreaterThanOrEqual(0);
        expect(state.scroll).toBeLessThanOrEqual(scrollingLines(state).length);
        expect(state.view === 'detail' ? selectedItem(state) : true).toBeDefined();
      }),
    );
  });
});

describe('windowStart', () => {
  it('shows the selected entry, and no blank where there is more', () => {
    const size = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(size, size, fc.nat(), (count, capacity, seed) => {
        const selected = seed % count;
        const first = windowStart(selected, count, capacity);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(selected - first).toBeLessThan(capacity);
        expect(selected).toBeGreaterThanOrEqual(first);
        if (count > capacity) expect(first + capacity).toBeLessThanOrEqual(count);
      }),
    );
  });
});
