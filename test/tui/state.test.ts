import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostReport } from '../../src/engine/report.ts';
import { reduceKey, type Keypress } from '../../src/tui/keys.ts';
import { layoutOf, windowStart } from '../../src/tui/layout.ts';
import { makeModel, type Model } from '../../src/tui/model.ts';
import {
  initialState,
  listedItems,
  reduce,
  scrollingLines,
  selectedItem,
  visibleItems,
  type TuiState,
} from '../../src/tui/state.ts';
import {
  aFinding,
  aHost,
  aReport,
  cleanReport,
  familyOf,
  faultyHost,
  faultyReport,
  scanned,
} from '../support/report.ts';

const loaded = reduce(initialState(80, 24), { kind: 'loaded', model: makeModel(scanned(faultyReport), familyOf) });

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
    [['e', 'e'], all],
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

const modelOf = (...hosts: readonly HostReport[]): Model => makeModel(scanned(aReport(...hosts)), familyOf);

describe('several hosts', () => {
  const two = reduce(initialState(80, 24), {
    kind: 'loaded',
    model: modelOf(faultyHost, aHost({ hostname: 'kvm2', findings: [aFinding()] })),
  });
  it.each([
    [['h'], 6],
    [['h', 'h'], 1],
    [['h', 'h', 'h'], 7],
    [['H'], 1],
    [['h', 'h', 'w'], 0],
    [['h', 'esc'], 7],
    [['/', 'kvm2', 'enter'], 1],
  ])('%j lists %i findings', (keys, count) => expect(visibleItems(press(two, ...keys))).toHaveLength(count));

  it('are told apart although the fault is the same', () =>
    expect(selectedItem(press(two, 'end', 'h', 'h'))?.host).toBe('kvm2'));

  it('are no key where there is but one', () => expect(press(loaded, 'h')).toEqual(loaded));
});

describe('looking again', () => {
  const others = [aFinding({ fingerprint: 'ffff' }), ...faultyHost.findings.slice(1)];
  const again = (state: TuiState, host = aHost({ ...faultyHost, findings: others })): TuiState =>
    reduce(press(state, 'r'), { kind: 'loaded', model: modelOf(host) });

  it('asks once at a time', () => {
    const asked = press(loaded, 'r', 'r');
    expect([asked.looking, asked.looks]).toEqual([true, 1]);
    expect(again(loaded).looking).toBe(false);
  });

  it('marks what is new and what is gone, until the next time', () => {
    const state = again(loaded);
    expect(listedItems(state).map(({ change }) => change)).toEqual(['new', ...Array<undefined>(5), 'gone']);
    expect(state.notice).toBe('looked again: 1 gone, 1 new');
    expect(press(state, 'down').notice).toBeUndefined();
    const once = again(state);
    expect(listedItems(once).filter(({ change }) => change !== undefined)).toEqual([]);
    expect(once.notice).toBe('looked again: nothing has changed');
  });

  it('leaves the cursor on its finding and an open one open, also when it is gone', () => {
    expect(selectedItem(again(press(loaded, 'down')))?.finding.rule).toBe('certificate-untrusted');
    const open = again(press(loaded, 'enter'));
    expect([open.view, selectedItem(open)?.change]).toEqual(['detail', 'gone']);
    expect(again(open).view).toBe('list');
  });

  it('says why it failed, and shows what was seen before', () => {
    const state = reduce(press(loaded, 'r'), { kind: 'failed', why: 'kvm1 is gone' });
    expect([state.looking, state.notice, state.model]).toEqual([
      false,
      'could not look again: kvm1 is gone',
      loaded.model,
    ]);
  });

  it('goes back from the time line to now', () => {
    const state = again(press(loaded, 't', 'right'));
    expect([state.view, state.base, state.time, state.question]).toEqual(['list', 'list', undefined, undefined]);
  });

  it('follows a fix that changed something', () => {
    expect(reduce(loaded, { kind: 'returned', changed: true }).looks).toBe(1);
    expect(reduce(loaded, { kind: 'returned', changed: false }).looks).toBe(0);
  });
});

describe('mending and copying', () => {
  it('opens the fix of the finding, for the next key alone', () => {
    const state = press(loaded, 'f');
    expect(state.opens).toEqual({ kind: 'fix', host: 0, fingerprint: '0123456789abcdef' });
    expect(press(state, 'down').opens).toBeUndefined();
  });

  it('says why nothing opens', () => {
    expect(press(loaded, 'end', 'f').notice).toMatch(/^no fix is known/);
    expect(press(loaded, 't', 'f').notice).toMatch(/now/);
  });

  it('copies one command after the other, and begins anew with the next finding', () => {
    const texts = (...keys: readonly string[]): string | undefined => press(loaded, ...keys).copies?.text;
    expect(texts('c')).toBe('chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem');
    expect(texts('c', 'c')).toBe('chmod 0640 /etc/pki/libvirt-vnc/server-key.pem');
    expect(texts('c', 'c', 'c')).toBe(texts('c'));
    expect(texts('c', 'down', 'down', 'c')).toBe('listen_tls = 1');
    expect(press(loaded, 'c', 'c', 'c').copies?.count).toBe(3);
    expect(press(loaded, 'c').notice).toBe('copied 1 of 2: chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem');
  });

  it('says when there is nothing to copy', () => {
    expect(press(loaded, 'down', 'c').notice).toBe('there is nothing to copy: this is done by hand');
    expect(press(loaded, 'end', 'c').notice).toBe('there is nothing to copy: no fix is known');
  });
});

describe('the time line', () => {
  const opened = press(loaded, 't');
  const answered = (state: TuiState, findings = faultyHost.findings.slice(1)): TuiState => {
    const at = state.question;
    if (at === undefined) throw new Error('nothing is asked');
    return reduce(state, { kind: 'judged', at, model: modelOf(aHost({ ...faultyHost, findings })) });
  };

  it.each([
    [['right'], '2026-04-01T14:02:09.000Z'],
    [['l', 'l'], '2026-05-01T14:02:09.000Z'],
    [['h'], '2026-02-01T14:02:09.000Z'],
    [['d', 'right'], '2026-03-02T14:02:09.000Z'],
    [['w', 'left'], '2026-02-22T14:02:09.000Z'],
    [['y', 'right'], '2027-03-01T14:02:09.000Z'],
    [['right', 'left'], undefined],
    [['right', '0'], undefined],
    [['right', 't'], undefined],
    [['right', 'esc'], undefined],
  ])('%j asks for %s', (keys, question) => expect(press(opened, ...keys).question).toBe(question));

  it('shows what is found then, beside now, and forgets what was asked before', () => {
    const asked = press(opened, 'right');
    const state = answered(asked);
    expect(state.question).toBeUndefined();
    expect(listedItems(state).map(({ change }) => change)).toEqual([...Array<undefined>(5), 'gone']);
    const late = reduce(press(asked, 'right'), { kind: 'judged', at: asked.question ?? '', model: modelOf(aHost()) });
    expect(late.question).toBe('2026-05-01T14:02:09.000Z');
    expect(listedItems(late)).toHaveLength(6);
  });

  it('opens a finding, and Esc leads back to the line and then to the list', () => {
    const open = press(answered(press(opened, 'right')), 'home', 'down', 'enter');
    expect([open.view, selectedItem(open)?.finding.rule]).toEqual(['detail', 'tls-not-listening']);
    const line = press(open, 'esc');
    expect([line.view, selectedItem(line)?.finding.rule]).toEqual(['time', 'tls-not-listening']);
    const list = press(line, 'esc');
    expect([list.view, list.base, selectedItem(list)?.finding.rule]).toEqual([
      'list',
      'list',
      'private-key-unreadable',
    ]);
    expect(press(press(open, 't'), 'esc').view).toBe('list');
  });

  it('says when nothing ends', () => expect(press(opened, 'tab').notice).toBe('nothing else ends in that direction'));

  it('is not there where the time is not known', () => {
    const model = makeModel(scanned({ ...faultyReport, time: '' }), familyOf);
    const state = press(reduce(initialState(80, 24), { kind: 'loaded', model }), 't');
    expect([state.view, state.notice]).toEqual(['list', 'nothing is known of the time on these hosts']);
  });
});

describe('Escape and a key in one burst', () => {
  it('are both', () => {
    const state = reduceKey(press(loaded, 'enter'), { input: 'u', key: { meta: true } });
    expect([state.view, state.behind]).toEqual(['gaps', 'list']);
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
    const key = fc.constantFrom(...Object.keys(special), ...'ewna/?ujkgGx hHltdmy0rcf');
    const size = fc.record({ columns: fc.integer({ min: 0, max: 200 }), rows: fc.integer({ min: 0, max: 80 }) });
    fc.assert(
      fc.property(fc.array(fc.oneof(key, size), { maxLength: 30 }), fc.boolean(), (events, clean) => {
        const start = clean
          ? reduce(loaded, { kind: 'loaded', model: makeModel(scanned(cleanReport), familyOf) })
          : loaded;
        const state = events.reduce<TuiState>((before, event) => {
          const after = typeof event === 'string' ? press(before, event) : reduce(before, { kind: 'resize', ...event });
          // What is asked for comes some time.
          if (event === 'down' && after.question !== undefined)
            return reduce(after, {
              kind: 'judged',
              at: after.question,
              model: makeModel(scanned(cleanReport), familyOf),
            });
          return event === 'up' && after.looking
            ? reduce(after, { kind: 'loaded', model: after.model ?? modelOf() })
            : after;
        }, start);
        expect(listedItems(state).length === 0 || selectedItem(state) !== undefined).toBe(true);
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
