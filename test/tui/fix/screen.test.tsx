import columnsOf from 'fast-string-width';
import { describe, expect, it } from 'vitest';
import { painter } from '../../../src/report/color.ts';
import type { FixOutcome, Fixing } from '../../../src/tui/fix/fixing.ts';
import { isTooSmall } from '../../../src/tui/fix/layout.ts';
import { FixScreen } from '../../../src/tui/fix/screen.tsx';
import { initialFix, reduceFix, type FixAction, type FixState } from '../../../src/tui/fix/state.ts';
import { hostileTexts } from '../../support/report.ts';
import { drawnAt } from '../drawn-at.ts';
import { afterwards, aFixing, applied, aPrepared, hostileFixing, stopped } from './a-fixing.ts';

const draw = (state: FixState, color = false): string =>
  drawnAt(state.columns, <FixScreen state={state} paint={painter(color)} />)
    .map((line) => line.trimEnd())
    .join('\n');

const load = (fixing: Fixing = aFixing, columns = 80, rows = 24): FixState =>
  reduceFix(initialFix(columns, rows), { kind: 'loaded', fixing });

const after = (state: FixState, ...actions: readonly FixAction[]): FixState => actions.reduce(reduceFix, state);
const acted = (outcome: FixOutcome): FixAction => ({ kind: 'acted', outcome });
const prepared: FixAction = acted({ kind: 'prepared', ...aPrepared });
const down = { kind: 'move', by: 'line', direction: 1 } as const;
const end = { kind: 'move', by: 'end', direction: 1 } as const;
const asking: readonly FixAction[] = [{ kind: 'choose-safe' }, { kind: 'proceed' }, prepared];
const undone = {
  of: { time: '2026-03-01T14:05:00.000Z', interrupted: true },
  restored: ['/etc/pki/libvirt-vnc/server-key.pem'],
  ran: ['systemctl restart libvirtd'],
  left: [{ path: '/etc/x', because: '/etc/x was changed since by somebody else, and is left as it is' }],
};

describe('the screen of fixes', () => {
  it('shows the ways out and what the marked one changes', () =>
    expect(draw(load())).toMatchInlineSnapshot(`
    " virt-pki-check fix   kvm1.example.com                                 2 ✖  1 ⚠
     0 of 2 chosen
    ┌ ▸ Ways out ──────────────────────────────────────────────────────────────────┐
    │ ▸[ ] ✖ Let libvirt-qemu read the key                                    safe │
    │        private-key-unreadable   /etc/pki/libvirt-vnc/server-key.pem          │
    │  [ ] ✖ Listen for TLS                                                 unsafe │
    │        tls-not-listening   /etc/libvirt/libvirtd.conf:31 listen_tls          │
    │   +  ℹ Restart libvirtd                                               unsafe │
    │        needs-restart   this host                                             │
    │      ⚠ Have the certificate issued anew                              by hand │
    │        certificate-expired   /etc/pki/libvirt/servercert.pem                 │
    └  ↓ 1–4 of 5 ─────────────────────────────────────────────────────────────────┘
    ┌ Let libvirt-qemu read the key ───────────────────────────────────────────────┐
    │ safe: changes nothing that works                                             │
    │                                                                              │
    │ chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem                       │
    │ chmod 0640 /etc/pki/libvirt-vnc/server-key.pem                               │
    │   - -rw------- root root /etc/pki/libvirt-vnc/server-key.pem                 │
    │   + -rw-r----- root libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem         │
    │                                                                              │
    │ stops   nothing                                                              │
    └  ↓ lines 1–8 of 15 ──────────────────────────────────────────────────────────┘
     space choose  a safe  ⏎ apply  Tab diff  u undo  r rescan  ? keys  q leave"
  `));

  it('shows a setting in its surroundings, what stops, and how it is taken back', () =>
    expect(draw(after(load(), { kind: 'choose-safe' }, down, { kind: 'pane' }))).toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com                                 2 ✖  1 ⚠
       1 of 2 chosen
      ┌ Ways out ────────────────────────────────────────────────────────────────────┐
      │  [x] ✖ Let libvirt-qemu read the key                                    safe │
      │        private-key-unreadable   /etc/pki/libvirt-vnc/server-key.pem          │
      │ ▸[ ] ✖ Listen for TLS                                                 unsafe │
      │        tls-not-listening   /etc/libvirt/libvirtd.conf:31 listen_tls          │
      └  ↓ 1–2 of 5 ─────────────────────────────────────────────────────────────────┘
      ┌ ▸ Listen for TLS ────────────────────────────────────────────────────────────┐
      │ unsafe: interrupts or replaces something                                     │
      │ its effect could not be tried: what systemctl changes is not known           │
      │ beforehand                                                                   │
      │                                                                              │
      │ in /etc/libvirt/libvirtd.conf, line 31: listen_tls = 1                       │
      │   /etc/libvirt/libvirtd.conf, line 31                                        │
      │     # TLS, for all that come from elsewhere                                  │
      │   - listen_tls = 0                                                           │
      │   + listen_tls = 1                                                           │
      │                                                                              │
      │                                                                              │
      │ systemctl restart libvirtd                                                   │
      └  ↓ lines 1–12 of 22 ─────────────────────────────────────────────────────────┘
       ↑↓ scroll  Tab ways out  ⏎ apply  r rescan  c copy  ? keys  q leave"
    `));

  it('tells what is done by hand', () =>
    expect(draw(after(load(aFixing, 70, 20), down, down, down, { kind: 'pane' }))).toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com                       2 ✖  1 ⚠
       0 of 2 chosen
      ┌ Ways out ──────────────────────────────────────────────────────────┐
      │   +  ℹ Restart libvirtd                                     unsafe │
      │        needs-restart   this host                                   │
      │ ▸    ⚠ Have the certificate issued anew                    by hand │
      │        certificate-expired   /etc/pki/libvirt/servercert.pem       │
      └ ↑↓ 3–4 of 5 ───────────────────────────────────────────────────────┘
      ┌ ▸ Have the certificate issued anew ────────────────────────────────┐
      │ by hand: no program can do it                                      │
      │                                                                    │
      │ To do:                                                             │
      │   have the CA sign the request                                     │
      │   certtool --generate-request --outfile server.csr                 │
      │   in /etc/pki/server.info, write:                                  │
      │     cn = "kvm1"                                                    │
      │     tls_www_server                                                 │
      └  ↓ lines 1–8 of 13 ────────────────────────────────────────────────┘
       ↑↓ scroll  Tab ways out  ⏎ apply  r rescan  c copy  ? keys  q leave"
    `));

  it('says why something is not offered', () =>
    expect(draw(after(load(aFixing, 60, 16), end))).toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com             2 ✖  1 ⚠
       0 of 2 chosen
      ┌ ▸ Ways out ──────────────────────────────────────────────┐
      │      ⚠ Have the certificate issued anew          by hand │
      │        certificate-…ed   /etc/pki/libvirt/servercert.pem │
      │ ▸    ⚠ Drop the revocation list              not offered │
      │        crl-expired   /etc/pki/libvirt-vnc/server-key.pem │
      └ ↑  4–5 of 5 ─────────────────────────────────────────────┘
      ┌ Drop the revocation list ────────────────────────────────┐
      │ not offered: it would bring up certificate-revoked: a    │
      │ revoked client gets in                                   │
      │                                                          │
      │ It mends:                                                │
      └  ↓ lines 1–4 of 7 ───────────────────────────────────────┘
       space choose  a safe  ⏎ apply  Tab diff  ? keys  q leave"
    `));

  it('asks with everything that will be changed, what stops, and what remains', () =>
    expect(draw(after(load(), ...asking))).toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com                                 2 ✖  1 ⚠
       1 of 2 chosen
      ┌ Apply 2 steps? y or n ───────────────────────────────────────────────────────┐
      │ chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem                       │
      │ chmod 0640 /etc/pki/libvirt-vnc/server-key.pem                               │
      │   - -rw------- root root /etc/pki/libvirt-vnc/server-key.pem                 │
      │   + -rw-r----- root libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem         │
      │                                                                              │
      │ stops   nothing                                                              │
      │ after   remains: 1 error, 1 warning, 1 note                                  │
      │ new     what comes to light only then:                                       │
      │ ℹ needs-restart                                                              │
      │   this host                                                                  │
      │   libvirtd has not loaded what was changed                                   │
      │ undo    each change stands in a journal before it is made; u takes all of it │
      │         back                                                                 │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
       y apply  n do not  ↑↓ PgUp PgDn scroll  ? keys  q leave"
    `));

  it('shows each step by its name while it is done', () =>
    expect(
      draw(
        after(
          load(aFixing, 60, 16),
          ...asking,
          { kind: 'agree' },
          { kind: 'progress', what: 'chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem' },
          { kind: 'progress', what: 'chmod 0640 /etc/pki/libvirt-vnc/server-key.pem' },
        ),
      ),
    ).toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com             2 ✖  1 ⚠
       1 of 2 chosen
      ┌ Applying 2 steps ────────────────────────────────────────┐
      │   chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem │
      │ ▸ chmod 0640 /etc/pki/libvirt-vnc/server-key.pem         │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      └──────────────────────────────────────────────────────────┘
       Ctrl-C stop after this step"
    `));

  it('shows what was done, what is gone and what is new', () =>
    expect(
      draw(
        after(
          load(),
          ...asking,
          { kind: 'agree' },
          acted({ kind: 'applied', applied, plan: aPrepared.plan, fixing: afterwards }),
        ),
      ),
    ).toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com                            1 ✖  1 ⚠  1 ℹ
       0 of 2 chosen · applied 2026-03-01 14:05, u takes it back
      ┌ Applied ─────────────────────────────────────────────────────────────────────┐
      │ ✔ chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem                     │
      │ ✔ chmod 0640 /etc/pki/libvirt-vnc/server-key.pem                             │
      │ journal /var/lib/virt-pki-check/000001; u takes it back                      │
      │                                                                              │
      │ Found now: 1 error, 1 warning, 1 note                                        │
      │                                                                              │
      │ Gone: 1 error                                                                │
      │ ✖ private-key-unreadable                                                     │
      │   /etc/pki/libvirt-vnc/server-key.pem                                        │
      │   QEMU runs as libvirt-qemu and cannot read its key                          │
      │                                                                              │
      │ New: 1 note                                                                  │
      │ ℹ needs-restart                                                              │
      │   this host                                                                  │
      │   libvirtd has not loaded what was changed                                   │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
       u undo  ↑↓ PgUp PgDn scroll  Esc back  ? keys  q leave"
    `));

  it('shows where it stopped, and what was not tried', () =>
    expect(
      draw(
        after(
          load(),
          ...asking,
          { kind: 'agree' },
          acted({
            kind: 'applied',
            applied: stopped,
            plan: aFixing.plan,
            fixing: { ...afterwards, report: aFixing.report },
          }),
        ),
      ),
    ).toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com                                 2 ✖  1 ⚠
       0 of 1 chosen · applied 2026-03-01 14:05, u takes it back
      ┌ Stopped ─────────────────────────────────────────────────────────────────────┐
      │ ✔ chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem                     │
      │ ✖ chmod 0640 /etc/pki/libvirt-vnc/server-key.pem                             │
      │   not done: /etc/pki/libvirt-vnc/server-key.pem: the file system is          │
      │   read-only                                                                  │
      │ · in /etc/libvirt/libvirtd.conf, line 31: listen_tls = 1 (not tried)         │
      │ journal /var/lib/virt-pki-check/000001; u takes it back                      │
      │                                                                              │
      │ The same is found as before                                                  │
      │ Found now: 2 errors, 1 warning                                               │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
       u undo  ↑↓ PgUp PgDn scroll  Esc back  ? keys  q leave"
    `));

  it('asks before it takes back', () =>
    expect(draw(after(load(afterwards, 80, 16), { kind: 'ask-undo' }))).toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com                            1 ✖  1 ⚠  1 ℹ
       0 of 2 chosen · applied 2026-03-01 14:05, u takes it back
      ┌ Take this back? y or n ──────────────────────────────────────────────────────┐
      │ What was applied at 2026-03-01T14:05:00.000Z, changed:                       │
      │   /etc/pki/libvirt-vnc/server-key.pem                                        │
      │                                                                              │
      │ Each of these gets back what it was, unless somebody changed it since        │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
       y take it back  n do not  ? keys  q leave"
    `));

  it('shows what was taken back, and what was left', () =>
    expect(
      draw(
        after(
          load(afterwards, 80, 24),
          { kind: 'ask-undo' },
          { kind: 'agree' },
          acted({ kind: 'undone', undone, fixing: aFixing }),
        ),
      ),
    ).toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com                                 2 ✖  1 ⚠
       0 of 2 chosen
      ┌ Taken back ──────────────────────────────────────────────────────────────────┐
      │ Taken back: what was applied at 2026-03-01T14:05:00.000Z, which was          │
      │ interrupted                                                                  │
      │ ✔ restored /etc/pki/libvirt-vnc/server-key.pem                               │
      │ ✔ ran systemctl restart libvirtd                                             │
      │ ✖ not taken back: /etc/x was changed since by somebody else, and is left as  │
      │   it is                                                                      │
      │                                                                              │
      │ Found now: 2 errors, 1 warning                                               │
      │                                                                              │
      │ Gone: 1 note                                                                 │
      │ ℹ needs-restart                                                              │
      │   this host                                                                  │
      │   libvirtd has not loaded what was changed                                   │
      │                                                                              │
      │ New: 1 error                                                                 │
      │ ✖ private-key-unreadable                                                     │
      │   /etc/pki/libvirt-vnc/server-key.pem                                        │
      │   QEMU runs as libvirt-qemu and cannot read its key                          │
      └──────────────────────────────────────────────────────────────────────────────┘
       ↑↓ PgUp PgDn scroll  Esc back  ? keys  q leave"
    `));

  it('says why it was refused', () =>
    expect(
      draw(
        after(
          load(aFixing, 70, 16),
          ...asking,
          { kind: 'agree' },
          acted({
            kind: 'refused',
            because: '/etc/pki/libvirt-vnc/server-key.pem is not as it was when it was looked at',
          }),
        ),
      ),
    ).toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com                       2 ✖  1 ⚠
       0 of 2 chosen
      ┌ Refused ───────────────────────────────────────────────────────────┐
      │ ✖ Nothing was changed                                              │
      │ /etc/pki/libvirt-vnc/server-key.pem is not as it was when it was   │
      │ looked at                                                          │
      │                                                                    │
      │                                                                    │
      │                                                                    │
      │                                                                    │
      │                                                                    │
      │                                                                    │
      │                                                                    │
      └────────────────────────────────────────────────────────────────────┘
       ↑↓ PgUp PgDn scroll  Esc back  ? keys  q leave"
    `));

  it('shows what looking again found', () =>
    expect(draw(after(load(aFixing, 60, 16), { kind: 'look' }, acted({ kind: 'looked', fixing: aFixing }))))
      .toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com             2 ✖  1 ⚠
       0 of 2 chosen
      ┌ Looked again ────────────────────────────────────────────┐
      │ The same is found as before                              │
      │ Found now: 2 errors, 1 warning                           │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      └──────────────────────────────────────────────────────────┘
       ↑↓ PgUp PgDn scroll  Esc back  ? keys  q leave"
    `));

  it('says that it copied', () =>
    expect(draw(after(load(), { kind: 'copy' })).split('\n')[1]).toMatchInlineSnapshot(
      `" Copied 2 lines to the clipboard, if the terminal allows it"`,
    ));

  it('is where a search is typed', () =>
    expect(draw(after(load(aFixing, 60, 16), { kind: 'search' }, { kind: 'type', text: 'nothing at all' })))
      .toMatchInlineSnapshot(`
      " virt-pki-check fix   kvm1.example.com             2 ✖  1 ⚠
       0 of 2 chosen
      ┌ ▸ Ways out: “nothing at all” (0 of 5) ───────────────────┐
      │ No way out fits; Esc drops the search                    │
      │                                                          │
      └──────────────────────────────────────────────────────────┘
      ┌──────────────────────────────────────────────────────────┐
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      └──────────────────────────────────────────────────────────┘
       / nothing at all▏   ⏎ keep  Esc drop"
    `));

  it('shows the keys', () =>
    expect(draw(after(load(aFixing, 80, 32), { kind: 'help' }))).toMatchInlineSnapshot(`
    " virt-pki-check fix   kvm1.example.com                                 2 ✖  1 ⚠
     0 of 2 chosen
    ┌ Keys ────────────────────────────────────────────────────────────────────────┐
    │ ↑ ↓, k j        one up, one down                                             │
    │ PgUp PgDn       a page up, a page down                                       │
    │ Home End        first, last                                                  │
    │ Tab, → ←        go to what the marked way out changes, and back              │
    │ space           choose the marked way out, or not                            │
    │ a               choose all that are safe, or none                            │
    │ ⏎               show what the chosen ones change together, and ask; without  │
    │                 a choice the marked one                                      │
    │ y, n            do it, do not                                                │
    │ u               take back what was applied last; asks                        │
    │ r               look again: what is gone, what is new                        │
    │ c               copy what the marked way out has to type, to the terminal’s  │
    │                 clipboard                                                    │
    │ /               search; ⏎ keeps the search, Esc drops it                     │
    │ ?               these keys                                                   │
    │ Esc             back                                                         │
    │ q               leave                                                        │
    │ Ctrl-C          quit; while it applies: stop after the step that is being    │
    │                 done                                                         │
    │                                                                              │
    │ ✖ mends an error: libvirt or QEMU refuses, or an outsider gets in            │
    │ ⚠ mends a warning: a careful admin would act                                 │
    │ ℹ mends a note: worth knowing                                                │
    │ safe: changes nothing that works                                             │
    │ unsafe: interrupts or replaces something                                     │
    │ not offered: it would do harm, or has no place on this host                  │
    └──────────────────────────────────────────────────────────────────────────────┘
     ↑↓ PgUp PgDn scroll  Esc back  ? keys  q leave"
  `));

  it('puts both side by side where there is room', () =>
    expect(draw(load({ ...aFixing, readOnly: 'This is a snapshot: there is a plan only' }, 140, 20)))
      .toMatchInlineSnapshot(`
        " virt-pki-check fix   kvm1.example.com                                                                                             2 ✖  1 ⚠
         This is a snapshot: there is a plan only
        ┌ ▸ Ways out ────────────────────────────────────────────────────────┐┌ Let libvirt-qemu read the key ─────────────────────────────────────┐
        │ ▸[ ] ✖ Let libvirt-qemu read the key                          safe ││ safe: changes nothing that works                                   │
        │        private-key-un…adable   /etc/pki/libvirt-vnc/server-key.pem ││                                                                    │
        │  [ ] ✖ Listen for TLS                                       unsafe ││ chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem             │
        │        tls-not-listen…g   /etc/libvirt/libvirtd.conf:31 listen_tls ││ chmod 0640 /etc/pki/libvirt-vnc/server-key.pem                     │
        │   +  ℹ Restart libvirtd                                     unsafe ││   - -rw------- root root /etc/pki/libvirt-vnc/server-key.pem       │
        │        needs-restart   this host                                   ││   + -rw-r----- root libvirt-qemu /etc/pki/libvirt-vnc/server-key.↩ │
        │      ⚠ Have the certificate issued anew                    by hand ││     pem                                                            │
        │        certificate-expired   /etc/pki/libvirt/servercert.pem       ││                                                                    │
        │      ⚠ Drop the revocation list                        not offered ││ stops   nothing                                                    │
        │        crl-expired   /etc/pki/libvirt-vnc/server-key.pem           ││ undo    group root                                                 │
        │                                                                    ││         mode 0600                                                  │
        │                                                                    ││                                                                    │
        │                                                                    ││ It mends:                                                          │
        │                                                                    ││ ✖ private-key-unreadable                                           │
        └────────────────────────────────────────────────────────────────────┘└  ↓ lines 1–14 of 16 ───────────────────────────────────────────────┘
         Tab diff  r rescan  c copy  ? keys  q leave"
      `));

  it('says what it looks at', () =>
    expect(
      draw(after(initialFix(60, 16), { kind: 'progress', what: 'certificates' }))
        .split('\n')
        .slice(0, 4)
        .join('\n'),
    ).toMatchInlineSnapshot(`
      " virt-pki-check fix

      ┌ Looking at the host ─────────────────────────────────────┐
      │ ▸ certificates                                           │"
    `));

  it('colours what is taken away and what is put there, and says the same without', () => {
    const colored = draw(load(), true);
    expect(colored).toMatch(/\x1b\[31m- -rw-------/);
    expect(colored).toMatch(/\x1b\[32m\+ -rw-r-----/);

    expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(draw(load()));
  });

  const views: readonly (readonly FixAction[])[] = [
    [],
    [{ kind: 'pane' }, end],
    [{ kind: 'choose-safe' }, end],
    [{ kind: 'help' }],
    asking,
    [...asking, { kind: 'agree' }, { kind: 'progress', what: 'chmod' }],
    [{ kind: 'look' }, acted({ kind: 'looked', fixing: afterwards })],
    [{ kind: 'search' }, { kind: 'type', text: '日本語' }],
  ];

  it.each([
    [80, 24],
    [60, 16],
    [200, 60],
    [20, 3],
  ])('fits a terminal of %i×%i exactly, whatever it shows', { timeout: 60_000 }, (columns, rows) => {
    const nothing = { ...aFixing, plan: { ...aFixing.plan, fixes: [], steps: [], withheld: [] } };
    for (const fixing of [aFixing, afterwards, nothing, hostileFixing(hostileTexts.join(''))]) {
      for (const actions of views) {
        const state = after(load(fixing, columns, rows), ...actions);
        const lines = drawnAt(columns, <FixScreen state={state} paint={painter(false)} />);
        if (isTooSmall(state)) expect(lines).toHaveLength(1);
        else expect(lines).toHaveLength(rows - 1);
        for (const line of lines.filter((each) => /^[┌│└]/.test(each))) expect(columnsOf(line)).toBe(columns);
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
        expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }
    }
  });
});
