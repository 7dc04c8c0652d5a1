import columnsOf from 'fast-string-width';
import { describe, expect, it } from 'vitest';
import { painter } from '../../../src/report/color.ts';
import { ConnectionHeader } from '../../../src/tui/components/connection-header.tsx';
import { Ladder } from '../../../src/tui/components/ladder.tsx';
import { makeConnection } from '../../../src/tui/diagnosis/connection.ts';
import { ladderLines, outcomeLines } from '../../../src/tui/diagnosis/content.ts';
import { ConnectionScreen } from '../../../src/tui/diagnosis/screen.tsx';
import { isTooSmall } from '../../../src/tui/diagnosis/layout.ts';
import {
  initialConnection,
  reduceConnection,
  type ConnectionAction,
  type ConnectionState,
} from '../../../src/tui/diagnosis/state.ts';
import { hostileTexts } from '../../support/report.ts';
import { drawnAt } from '../drawn-at.ts';
import { connecting, failing, hostile, undecided } from './a-diagnosis.ts';

const paint = painter(false);
const load = (report: typeof failing, columns: number, rows: number): ConnectionState =>
  reduceConnection(initialConnection(columns, rows), { kind: 'loaded', connection: makeConnection(report) });
const draw = (state: ConnectionState): string =>
  drawnAt(state.columns, <ConnectionScreen state={state} paint={paint} />).join('\n');

describe('ConnectionHeader', () => {
  const header = (report: typeof failing, width: number, looking?: string): string =>
    drawnAt(
      width,
      <ConnectionHeader connection={makeConnection(report)} looking={looking} width={width} paint={paint} />,
    )
      .map((line) => line.trimEnd())
      .join('\n');

  it('says which connection, whether it works, and from whom to whom', () =>
    expect(
      [
        header(failing, 100),
        header(connecting, 80),
        header(undecided, 80),
        header({ ...connecting, warnings: failing.warnings }, 60),
      ].join('\n'),
    ).toMatchInlineSnapshot(`
      " virt-pki-check   qemu+tls://kvm1.example.com/system                       ✖ fails: server-identity
       alice@desk7 (libvirt 9.0.0-4+deb12u2) → kvm1 (libvirt 11.3.0-3+deb13u3)
       virt-pki-check   qemu+tls://kvm1.example.com/system                 ✔ connects
       alice@desk7 (libvirt 9.0.0-4+deb12u2) → kvm1 (libvirt 11.3.0-3+deb13u3)
       virt-pki-check   vnc://kvm1.example.com:5901                 ? nobody can tell
       alice@desk7 (GnuTLS 3.7.9-2) → the server (not looked at)
       qemu+tls://kvm1.example.com/system   ✔ connects, 1 to mend
       alice@desk7 (libvirt 9.0.0) → kvm1 (libvirt 11.3.0)"
    `));
  it('says what is looked at again', () =>
    expect(header(failing, 100, 'server: certificates')).toMatchInlineSnapshot(`
      " virt-pki-check   qemu+tls://kvm1.example.com/system                       ✖ fails: server-identity
       alice@desk7 (libvirt 9.0.0) → kvm1 (libvirt 11.3.0)            looking again: server: certificates"
    `));
  it('has only its name while collecting', () =>
    expect(
      drawnAt(80, <ConnectionHeader width={80} paint={paint} />)
        .join('')
        .trim(),
    ).toBe('virt-pki-check'));
});

describe('Ladder', () => {
  it('has a rung for each stage, and shows the steps of those that are open', () => {
    const lines = ladderLines(makeConnection(failing).rungs, ['server-credentials', 'server-identity'], 65);
    expect(
      drawnAt(70, <Ladder lines={lines} cursor={1} active scroll={0} width={70} height={24} paint={paint} />).join(
        '\n',
      ),
    ).toMatchInlineSnapshot(`
      "┌ ▸ Ladder ──────────────────────────────────────────────────────────┐
      │  ✔ server-config       libvirtd listens for TLS on [::]:16514      │
      │ ▸⚠ server-credentials  the certificate expires in 12 days          │
      │    ⚠ server: Does server-credentials go well?                      │
      │      the certificate expires in 12 days                            │
      │      seen    /etc/pki/libvirt/servercert.pem                       │
      │              /etc/pki/libvirt/private/serverkey.pem                │
      │      rule    certificate-expires-soon                              │
      │      source  libvirt src/rpc/virnettlscontext.c                    │
      │  ✔ client-credentials  client-credentials goes well                │
      │  ✔ reach               kvm1.example.com is 192.0.2.10              │
      │  ✔ handshake           TLS 1.3                                     │
      │  ✖ server-identity     the certificate names kvm1, not kvm1.examp… │
      │    ✖ client: Does the client believe the server's certificate?     │
      │      the certificate names kvm1, not kvm1.example.com              │
      │      seen    /etc/pki/libvirt/servercert.pem: DNS kvm1             │
      │      rule    server-name-mismatch                                  │
      │      source  libvirt src/rpc/virnettlscontext.c                    │
      │  · client-identity     not reached                                 │
      │  · auth                not reached                                 │
      │                                                                    │
      │                                                                    │
      │                                                                    │
      └────────────────────────────────────────────────────────────────────┘"
    `);
  });
  it('marks the rung in colour only where the keyboard is', () => {
    const lines = ladderLines(makeConnection(failing).rungs, [], 50);
    const colored = (active: boolean): string =>
      drawnAt(
        60,
        <Ladder lines={lines} cursor={0} scroll={0} width={60} height={4} paint={painter(true)} {...{ active }} />,
      ).join('\n');
    expect(colored(true)).toContain('\x1b[7m');
    expect(colored(false)).not.toContain('\x1b[7m');
  });
});

describe('what happens', () => {
  const text = (report: typeof failing, offline = false): string =>
    outcomeLines(makeConnection(report), offline, 60)
      .map((line) => (typeof line === 'string' ? line : line.map((segment) => segment.text).join('')))
      .join('\n');

  it('is what both ends say, why, the way out, and what else was found', () =>
    expect(text({ ...failing, serverError: 'A TLS fatal alert has been received.' })).toMatchInlineSnapshot(`
      "It fails on the client's side, at server-identity; virsh
      prints this:
          authentication failed: Failed to verify peer's
          certificate
      The daemon logs:
          A TLS fatal alert has been received.
      why     GnuTLS compares the name in the URI with the DNS
              names of the certificate; it has one, so that the
              common name is not looked at
      mend    on kvm1: Have a certificate issued with both names
              (by hand)
              certtool --generate-request --template '/etc/pki/li↩
              bvirt/server cert.info'
              have the CA sign it
      then    virsh -c qemu+tls://kvm1.example.com/system uri

      Beside this connection
      ⚠ certificate-expires-soon
        /etc/pki/libvirt/servercert.pem on kvm1
        The server certificate expires in 12 days

      Nothing was sent: this is what follows from the files of
      both hosts"
    `));
  it('is what nobody can tell, and what would settle it', () =>
    expect(text(undecided)).toMatchInlineSnapshot(`
    "Nobody can tell from here
    ? the server's files or snapshot would settle it (--server
      TARGET)

    Nothing was sent: this is what follows from the files of
    both hosts"
  `));
  it('is short when all is well', () => expect(text(connecting, true)).toBe('It connects'));
  it('calls the programs of a console by their names', () =>
    expect(text({ ...failing, uri: 'vnc://kvm1:1', clientError: null, serverError: 'x', warnings: [] }, true))
      .toMatchInlineSnapshot(`
      "It fails on the client's side, at server-identity; the VNC
      client prints no reason
      QEMU logs:
          x
      why     GnuTLS compares the name in the URI with the DNS
              names of the certificate; it has one, so that the
              common name is not looked at
      mend    on kvm1: Have a certificate issued with both names
              (by hand)
              certtool --generate-request --template '/etc/pki/li↩
              bvirt/server cert.info'
              have the CA sign it
      then    open the console again"
    `));
});

describe('ConnectionScreen', { timeout: 30_000 }, () => {
  it('shows ladder and outcome below each other on a small terminal', () =>
    expect(draw(load(failing, 80, 24))).toMatchInlineSnapshot(`
      " virt-pki-check   qemu+tls://kvm1.example.com/system   ✖ fails: server-identity
       alice@desk7 (libvirt 9.0.0-4+deb12u2) → kvm1 (libvirt 11.3.0-3+deb13u3)
      ┌ ▸ Ladder ────────────────────────────────────────────────────────────────────┐
      │  ✔ server-config       libvirtd listens for TLS on [::]:16514                │
      │  ⚠ server-credentials  the certificate expires in 12 days                    │
      │  ✔ client-credentials  client-credentials goes well                          │
      │  ✔ reach               kvm1.example.com is 192.0.2.10                        │
      │  ✔ handshake           TLS 1.3                                               │
      │ ▸✖ server-identity     the certificate names kvm1, not kvm1.example.com      │
      │  · client-identity     not reached                                           │
      │  · auth                not reached                                           │
      └──────────────────────────────────────────────────────────────────────────────┘
      ┌ What happens ────────────────────────────────────────────────────────────────┐
      │ It fails on the client's side, at server-identity; virsh prints this:        │
      │     authentication failed: Failed to verify peer's certificate               │
      │ why     GnuTLS compares the name in the URI with the DNS names of the        │
      │         certificate; it has one, so that the common name is not looked at    │
      │ mend    on kvm1: Have a certificate issued with both names (by hand)         │
      │         certtool --generate-request --template '/etc/pki/libvirt/server cer↩ │
      │         t.info'                                                              │
      │         have the CA sign it                                                  │
      └  ↓ lines 1–8 of 16 ──────────────────────────────────────────────────────────┘
       ↑↓ move  ⏎ open, close  Tab what happens  r look again  ? keys  q quit"
    `));
  it('gives an opened rung the room', () =>
    expect(draw(reduceConnection(load(failing, 80, 24), { kind: 'toggle' }))).toMatchInlineSnapshot(`
      " virt-pki-check   qemu+tls://kvm1.example.com/system   ✖ fails: server-identity
       alice@desk7 (libvirt 9.0.0-4+deb12u2) → kvm1 (libvirt 11.3.0-3+deb13u3)
      ┌ ▸ Ladder ────────────────────────────────────────────────────────────────────┐
      │  ✔ server-config       libvirtd listens for TLS on [::]:16514                │
      │  ⚠ server-credentials  the certificate expires in 12 days                    │
      │  ✔ client-credentials  client-credentials goes well                          │
      │  ✔ reach               kvm1.example.com is 192.0.2.10                        │
      │  ✔ handshake           TLS 1.3                                               │
      │ ▸✖ server-identity     the certificate names kvm1, not kvm1.example.com      │
      │    ✖ client: Does the client believe the server's certificate?               │
      │      the certificate names kvm1, not kvm1.example.com                        │
      │      seen    /etc/pki/libvirt/servercert.pem: DNS kvm1                       │
      │      rule    server-name-mismatch                                            │
      │      source  libvirt src/rpc/virnettlscontext.c                              │
      │  · client-identity     not reached                                           │
      └  ↓ lines 1–12 of 13 ─────────────────────────────────────────────────────────┘
      ┌ What happens ────────────────────────────────────────────────────────────────┐
      │ It fails on the client's side, at server-identity; virsh prints this:        │
      │     authentication failed: Failed to verify peer's certificate               │
      │ why     GnuTLS compares the name in the URI with the DNS names of the        │
      │         certificate; it has one, so that the common name is not looked at    │
      └  ↓ lines 1–4 of 16 ──────────────────────────────────────────────────────────┘
       ↑↓ move  ⏎ open, close  Tab what happens  r look again  ? keys  q quit"
    `));
  it('shows them side by side on a wide one', () =>
    expect(draw(reduceConnection(load(failing, 140, 24), { kind: 'toggle' }))).toMatchInlineSnapshot(`
      " virt-pki-check   qemu+tls://kvm1.example.com/system                                                               ✖ fails: server-identity
       alice@desk7 (libvirt 9.0.0-4+deb12u2) → kvm1 (libvirt 11.3.0-3+deb13u3)
      ┌ ▸ Ladder ──────────────────────────────────────────────────────────┐┌ What happens ──────────────────────────────────────────────────────┐
      │  ✔ server-config       libvirtd listens for TLS on [::]:16514      ││ It fails on the client's side, at server-identity; virsh prints    │
      │  ⚠ server-credentials  the certificate expires in 12 days          ││ this:                                                              │
      │  ✔ client-credentials  client-credentials goes well                ││     authentication failed: Failed to verify peer's certificate     │
      │  ✔ reach               kvm1.example.com is 192.0.2.10              ││ why     GnuTLS compares the name in the URI with the DNS names of  │
      │  ✔ handshake           TLS 1.3                                     ││         the certificate; it has one, so that the common name is    │
      │ ▸✖ server-identity     the certificate names kvm1, not kvm1.examp… ││         not looked at                                              │
      │    ✖ client: Does the client believe the server's certificate?     ││ mend    on kvm1: Have a certificate issued with both names (by     │
      │      the certificate names kvm1, not kvm1.example.com              ││         hand)                                                      │
      │      seen    /etc/pki/libvirt/servercert.pem: DNS kvm1             ││         certtool --generate-request --template '/etc/pki/libvirt/↩ │
      │      rule    server-name-mismatch                                  ││         server cert.info'                                          │
      │      source  libvirt src/rpc/virnettlscontext.c                    ││         have the CA sign it                                        │
      │  · client-identity     not reached                                 ││ then    virsh -c qemu+tls://kvm1.example.com/system uri            │
      │  · auth                not reached                                 ││                                                                    │
      │                                                                    ││ Beside this connection                                             │
      │                                                                    ││ ⚠ certificate-expires-soon                                         │
      │                                                                    ││   /etc/pki/libvirt/servercert.pem on kvm1                          │
      │                                                                    ││   The server certificate expires in 12 days                        │
      │                                                                    ││                                                                    │
      └────────────────────────────────────────────────────────────────────┘└  ↓ lines 1–18 of 20 ───────────────────────────────────────────────┘
       ↑↓ move  ⏎ open, close  Tab what happens  r look again  ? keys  q quit"
    `));
  it('shows what is looked at before there is anything', () =>
    expect(
      draw(
        ['client: clock', 'server: certificates'].reduce<ConnectionState>(
          (state, what) => reduceConnection(state, { kind: 'progress', what }),
          initialConnection(60, 16),
        ),
      ),
    ).toMatchInlineSnapshot(`
      " virt-pki-check

      ┌ Looking at the hosts ────────────────────────────────────┐
      │   client: clock                                          │
      │ ▸ server: certificates                                   │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      └──────────────────────────────────────────────────────────┘
       q quit"
    `));
  it('names its keys', () =>
    expect(draw(reduceConnection(load(failing, 70, 24), { kind: 'help' }))).toMatchInlineSnapshot(`
      " qemu+tls://kvm1.example.com/system          ✖ fails: server-identity
       alice@desk7 (libvirt 9.0.0) → kvm1 (libvirt 11.3.0)
      ┌ Keys ──────────────────────────────────────────────────────────────┐
      │ ↑ ↓, k j        one up, one down                                   │
      │ PgUp PgDn       a page up, a page down                             │
      │ Home End        first, last                                        │
      │ ⏎               open the rung, or close it                         │
      │ → ←             open it, close it                                  │
      │ o               open all rungs, or close them                      │
      │ Tab             go to what happens, and back to the ladder         │
      │ r               look again at both hosts                           │
      │ ?               these keys                                         │
      │ Esc             back; on the ladder, close all                     │
      │ q, Ctrl-C       quit                                               │
      │                                                                    │
      │ ✖ the connection ends here                                         │
      │ ? nobody can tell from what was looked at                          │
      │ ⚠ it goes on, and a careful admin would act                        │
      │ ✔ it goes on                                                       │
      │ · not reached, or without effect here                              │
      │                                                                    │
      └────────────────────────────────────────────────────────────────────┘
       ↑↓ PgUp PgDn scroll  Esc back  ? keys  q quit"
    `));

  const views: readonly (readonly ConnectionAction[])[] = [
    [],
    [{ kind: 'toggle' }],
    [{ kind: 'toggle-all' }, { kind: 'move', by: 'end', direction: 1 }],
    [{ kind: 'pane' }, { kind: 'move', by: 'end', direction: 1 }],
    [{ kind: 'help' }],
    [{ kind: 'look-again' }, { kind: 'progress', what: 'server: certificates' }],
  ];

  it.each([
    [80, 24],
    [60, 16],
    [76, 19],
    [131, 30],
    [132, 43],
    [200, 60],
    [59, 24],
    [20, 3],
    [1, 1],
  ])('fits a terminal of %i×%i exactly, whatever it shows', (columns, rows) => {
    for (const report of [failing, connecting, undecided, hostile(hostileTexts.join('')), { ...failing, steps: [] }]) {
      for (const actions of views) {
        const state = actions.reduce(reduceConnection, load(report, columns, rows));
        const lines = draw(state).split('\n');
        if (isTooSmall(state)) expect(lines).toHaveLength(1);
        else expect(lines).toHaveLength(rows - 1);
        for (const line of lines.filter((each) => /^[┌│└]/.test(each))) expect(columnsOf(line)).toBe(columns);
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
        expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }
    }
  });
});
