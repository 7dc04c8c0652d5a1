import columnsOf from 'fast-string-width';
import { render } from 'ink-testing-library';
import type { ReactElement } from 'react';
import { describe, expect, it } from 'vitest';
import { painter } from '../../src/report/color.ts';
import { Families } from '../../src/tui/components/families.tsx';
import { FindingDetail } from '../../src/tui/components/finding-detail.tsx';
import { Findings } from '../../src/tui/components/findings.tsx';
import { Gaps } from '../../src/tui/components/gaps.tsx';
import { Header } from '../../src/tui/components/header.tsx';
import { Help } from '../../src/tui/components/help.tsx';
import { Panel } from '../../src/tui/components/panel.tsx';
import { Preview } from '../../src/tui/components/preview.tsx';
import { Progress } from '../../src/tui/components/progress.tsx';
import { StatusBar } from '../../src/tui/components/status-bar.tsx';
import { TooSmall } from '../../src/tui/components/too-small.tsx';
import { layoutOf } from '../../src/tui/layout.ts';
import { makeModel } from '../../src/tui/model.ts';
import { Screen } from '../../src/tui/screen.tsx';
import { initialState, reduce, type Action } from '../../src/tui/state.ts';
import {
  aHost,
  aReport,
  aFinding,
  cleanReport,
  familyOf,
  faultyReport,
  hostileReport,
  hostileTexts,
  scanned,
} from '../support/report.ts';
import { drawnAt } from './drawn-at.ts';

const frame = (element: ReactElement): string => render(element).lastFrame() ?? '';
const paint = painter(false);
const model = makeModel(scanned(faultyReport), familyOf);
const item = (index: number) => model.items[index]!;

describe('Header', () => {
  it('says what, how bad, and when', () =>
    expect(frame(<Header model={model} width={80} paint={paint} />)).toMatchInlineSnapshot(
      `" virt-pki-check   kvm1.example.com          3 ✖  2 ⚠  1 ℹ  3 ✔  2 ?   14:02 UTC"`,
    ));
  it('has only its name while collecting', () =>
    expect(frame(<Header width={80} paint={paint} />).trim()).toBe('virt-pki-check'));
});

describe('Panel', () => {
  it('keeps wide characters in their frame, and cuts with a sign', () =>
    expect(
      frame(
        <Panel
          title="日本語"
          width={16}
          height={5}
          lines={['証明書の期限', 'e\u0301te\u0301', '😀 a long long line']}
          paint={paint}
        />,
      ),
    ).toMatchInlineSnapshot(`
      "┌ 日本語 ──────┐
      │ 証明書の期限 │
      │ été          │
      │ 😀 a long l… │
      └──────────────┘"
    `));
});

describe('Families', () => {
  it('shows how each stands', () =>
    expect(frame(<Families families={model.families} selected={3} width={25} height={9} paint={paint} />))
      .toMatchInlineSnapshot(`
        "┌ Families ─────────────┐
        │  all                  │
        │  files     ✖ 1        │
        │  libvirtd  ✖ 1        │
        │  network   ⚠ 1        │
        │ ▸pki      ✖ 1 ⚠ 1 ℹ 1 │
        │  qemu      ✔          │
        │  sasl      ·          │
        └───────────────────────┘"
      `));
  it('says when there are more', () =>
    expect(frame(<Families families={model.families} selected={2} width={20} height={5} paint={paint} />))
      .toMatchInlineSnapshot(`
        "┌ Families ────────┐
        │  libvirtd  ✖ 1   │
        │ ▸network   ⚠ 1   │
        │  pki ✖ 1 ⚠ 1 ℹ 1 │
        └ ↑↓ of 6 ─────────┘"
      `));
});

describe('Findings', () => {
  const props = {
    items: model.items,
    total: 6,
    selected: 0,
    filter: '',
    empty: '',
    severalHosts: false,
    width: 55,
    height: 8,
    paint,
  };
  it('lists what and where', () =>
    expect(frame(<Findings {...props} />)).toMatchInlineSnapshot(`
    "┌ Findings ───────────────────────────────────────────┐
    │ ▸✖ private-key-unreadable                           │
    │    /etc/pki/libvirt-vnc/server-key.pem              │
    │  ✖ certificate-untrusted                            │
    │    /etc/pki/libvirt/servercert.pem                  │
    │  ✖ tls-not-listening                                │
    │    /etc/libvirt/libvirtd.conf:31 listen_tls         │
    └  ↓ 1–3 of 6 ────────────────────────────────────────┘"
  `));
  it('follows the cursor', () =>
    expect(frame(<Findings {...props} selected={4} width={40} severalHosts />)).toMatchInlineSnapshot(`
      "┌ Findings ────────────────────────────┐
      │  ⚠ certificate-expires-soon · kvm1.… │
      │    /etc/pki/CA/cacert.pem            │
      │ ▸⚠ port-loopback-only · kvm1.exampl… │
      │    [::1]:16514                       │
      │  ℹ crl-not-configured · kvm1.exampl… │
      │    this host                         │
      └ ↑  4–6 of 6 ─────────────────────────┘"
    `));
  it('says what limits it', () =>
    expect(
      frame(<Findings {...props} items={[]} filter="errors, pki" empty="No finding fits; Esc drops the filters" />),
    ).toMatchInlineSnapshot(`
      "┌ Findings: errors, pki (0 of 6) ─────────────────────┐
      │ No finding fits; Esc drops the filters              │
      │                                                     │
      │                                                     │
      │                                                     │
      │                                                     │
      │                                                     │
      └─────────────────────────────────────────────────────┘"
    `));
});

describe('Preview', () => {
  it('shows as much as fits', () =>
    expect(frame(<Preview item={item(0)} hosts={1} width={80} height={8} paint={paint} />)).toMatchInlineSnapshot(`
      "┌ private-key-unreadable ──────────────────────────────────────────────────────┐
      │ QEMU runs as libvirt-qemu and cannot read its key                            │
      │ seen    root:root 0600; QEMU runs as libvirt-qemu:libvirt-qemu               │
      │ needed  read access for libvirt-qemu                                         │
      │ effect  guests with VNC over TLS do not start: "Cannot load certificate …    │
      │         Error while reading file."                                           │
      │ fix     Let libvirt-qemu read the key (safe)                                 │
      └ ⏎ 4 more lines ──────────────────────────────────────────────────────────────┘"
    `));
});

describe('FindingDetail', () => {
  it('shows evidence and the way out', () =>
    expect(frame(<FindingDetail item={item(2)} hosts={2} scroll={0} width={60} height={21} paint={paint} />))
      .toMatchInlineSnapshot(`
      "┌ tls-not-listening ───────────────────────────────────────┐
      │ ✖ error · libvirtd · kvm1.example.com                    │
      │ /etc/libvirt/libvirtd.conf:31 listen_tls                 │
      │                                                          │
      │ TLS is switched off                                      │
      │                                                          │
      │ seen    listen_tls = 0                                   │
      │ needed  listen_tls = 1                                   │
      │                                                          │
      │ fix     Listen for TLS (interrupts or replaces           │
      │         something: think first)                          │
      │         in /etc/libvirt/libvirtd.conf, line 31: listen_↩ │
      │         tls = 1                                          │
      │         systemctl restart libvirtd.service               │
      │                                                          │
      │ more    libvirt: TLS certificates                        │
      │         https://libvirt.org/kbase/tlscerts.html          │
      │                                                          │
      │                                                          │
      │                                                          │
      └──────────────────────────────────────────────────────────┘"
    `));
  it('scrolls, and marks where a command is broken', () =>
    expect(frame(<FindingDetail item={item(0)} hosts={1} scroll={8} width={50} height={10} paint={paint} />))
      .toMatchInlineSnapshot(`
      "┌ private-key-unreadable ────────────────────────┐
      │ needed  read access for libvirt-qemu           │
      │ effect  guests with VNC over TLS do not start: │
      │         "Cannot load certificate … Error while │
      │         reading file."                         │
      │                                                │
      │ fix     Let libvirt-qemu read the key (safe)   │
      │         chgrp libvirt-qemu /etc/pki/libvirt-v↩ │
      │         nc/server-key.pem                      │
      └ ↑↓ lines 9–16 of 22 ───────────────────────────┘"
    `));
});

describe('Gaps', () => {
  it('names each cause once, and the way to judge', () =>
    expect(frame(<Gaps model={model} scroll={0} width={60} height={7} paint={paint} />)).toMatchInlineSnapshot(`
      "┌ Could not be judged ─────────────────────────────────────┐
      │ ? permission denied on /etc/pki/libvirt/private          │
      │   rules private-key-exposed, private-key-mismatch,       │
      │         private-key-unreadable                           │
      │   to do run it as root                                   │
      │                                                          │
      └──────────────────────────────────────────────────────────┘"
    `));
  it('says so when there are none', () =>
    expect(
      frame(<Gaps model={makeModel(scanned(cleanReport), familyOf)} scroll={0} width={60} height={3} paint={paint} />),
    ).toContain('Everything that applies could be judged'));
});

describe('Help', () => {
  it('names every key', () =>
    expect(frame(<Help scroll={0} width={70} height={22} paint={paint} />)).toMatchInlineSnapshot(`
      "┌ Keys ──────────────────────────────────────────────────────────────┐
      │ ↑ ↓, k j        one up, one down                                   │
      │ PgUp PgDn       a page up, a page down (also Space)                │
      │ Home End, g G   first, last                                        │
      │ ⏎               open the finding, with the evidence                │
      │ Esc             back; at the list, drop all filters                │
      │ /               search; ⏎ keeps the search, Esc drops it           │
      │ e w n           errors, warnings or notes only; once more: all     │
      │ a               all severities                                     │
      │ Tab ⇧Tab, → ←   next or previous family; → ← in a finding: next or │
      │                 previous one                                       │
      │ h H             next or previous host, where there are several     │
      │ f               mend it: preview, choose, apply, undo              │
      │ c               copy a command of the finding's fix; once more:    │
      │                 the next one                                       │
      │ t               time line: what ends when, and what is found then  │
      │ r               look again, and mark what is new and what is gone  │
      │ u               what could not be judged                           │
      │ ?               these keys                                         │
      │ q, Ctrl-C       quit                                               │
      │                                                                    │
      └  ↓ lines 1–20 of 35 ───────────────────────────────────────────────┘"
    `));
});

describe('Progress', () => {
  it('shows the latest names', () =>
    expect(frame(<Progress progress={['a', 'b', 'certificates', '/etc/pki']} width={40} height={5} paint={paint} />))
      .toMatchInlineSnapshot(`
      "┌ Looking at the host ─────────────────┐
      │   b                                  │
      │   certificates                       │
      │ ▸ /etc/pki                           │
      └──────────────────────────────────────┘"
    `));
});

describe('StatusBar', () => {
  const props = { search: '', typing: false, width: 80, paint };
  it('names the keys at hand', () =>
    expect(
      (['collecting', 'list', 'detail', 'gaps', 'help'] as const)
        .map((view) => frame(<StatusBar view={view} {...props} />).trimEnd())
        .join('\n'),
    ).toMatchInlineSnapshot(`
      " q quit
       ↑↓ move  ⏎ open  / search  Tab family  t time  r rescan  ? keys  q quit
       ↑↓ PgUp PgDn scroll  Esc back  ← → previous, next  r rescan  ? keys  q quit
       ↑↓ PgUp PgDn scroll  Esc back  ? keys  q quit
       ↑↓ PgUp PgDn scroll  Esc back  ? keys  q quit"
    `));
  it('keeps help and quit when narrow', () =>
    expect(frame(<StatusBar view="list" {...props} width={60} />).trimEnd()).toMatch(/\? keys {2}q quit$/));
  it('is where a search is typed', () =>
    expect(frame(<StatusBar view="list" {...props} typing search="ca" />).trimEnd()).toBe(' / ca▏   ⏎ keep  Esc drop'));
});

describe('TooSmall', () => {
  it('says kindly what is needed', () =>
    expect(frame(<TooSmall columns={50} rows={12} needed="60×16" />)).toBe(
      'Please enlarge: 50×12, needed 60×16. q quits',
    ));
});

describe('Screen', { timeout: 30_000 }, () => {
  const many = aReport(
    ...['kvm1', 'kvm2'].map((hostname) => aHost({ hostname, findings: Array.from({ length: 40 }, () => aFinding()) })),
  );
  const hostile = hostileReport(hostileTexts.join(''));
  const sizes = [
    [80, 24],
    [60, 16],
    [76, 19],
    [132, 43],
    [200, 60],
    [80, 20],
    [59, 24],
    [20, 3],
    [1, 1],
  ] as const;
  const views: readonly (readonly Action[])[] = [
    [],
    [{ kind: 'open' }],
    [{ kind: 'show', view: 'help' }],
    [{ kind: 'show', view: 'gaps' }],
    [{ kind: 'search' }, { kind: 'type', text: 'no such thing at all' }],
    [{ kind: 'family', direction: 1 }],
  ];

  it.each(sizes)('fits a terminal of %i×%i exactly, whatever it shows', (columns, rows) => {
    for (const report of [faultyReport, cleanReport, many, aReport(), hostile]) {
      for (const actions of views) {
        const start = reduce(initialState(columns, rows), {
          kind: 'loaded',
          model: makeModel(scanned(report), familyOf),
        });
        const lines = drawnAt(columns, <Screen state={actions.reduce(reduce, start)} paint={paint} />);
        if (layoutOf({ columns, rows }).tooSmall) expect(lines).toHaveLength(1);
        else expect(lines).toHaveLength(rows - 1);
        for (const line of lines.filter((each) => /^[┌│└]/.test(each))) expect(columnsOf(line)).toBe(columns);
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
        expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }
    }
  });
});
