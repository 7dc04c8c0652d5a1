import columnsOf from 'fast-string-width';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { allRules } from '../../src/cli/load-rules.ts';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import { assume } from '../../src/engine/assume.ts';
import { makeReport } from '../../src/engine/make-report.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { describedHost } from '../../src/host/described-host.ts';
import { painter } from '../../src/report/color.ts';
import { reduceKey, type Keypress } from '../../src/tui/keys.ts';
import { makeModel } from '../../src/tui/model.ts';
import type { Scanned } from '../../src/tui/scanned.ts';
import { scanScreen } from '../../src/tui/scan-screen.tsx';
import { Screen } from '../../src/tui/screen.tsx';
import { initialState, reduce, type TuiState } from '../../src/tui/state.ts';
import { drawnAt } from './drawn-at.ts';

const hosts = join(import.meta.dirname, '../../fixtures/hosts');
const tool = { name: 'virt-pki-check', version: 'test' } as const;
const families = new Map(allRules.map(({ family, rule }) => [rule.id, family]));
// The rules that these screens show; others that are added change nothing here.
const shownRules = [
  'private-key-unreadable',
  'certificate-expires-soon',
  'certificate-expired',
  'private-key-exposed',
  'configuration-unknown-setting',
];
const rules = allRules.map(({ rule }) => rule).filter(({ id }) => shownRules.includes(id));
const screen = scanScreen((rule) => families.get(rule));

const look = async (...names: readonly string[]): Promise<Scanned> => {
  const snapshots = await Promise.all(
    names.map(async (name): Promise<Snapshot> => {
      const host = describedHost(join(hosts, name));
      if (host === undefined) throw new Error(`fixtures/hosts/${name} describes no host`);
      return { ...(await collectSnapshot(host, { tool })), target: name };
    }),
  );
  const judge = (all: readonly Snapshot[]): Scanned => ({
    report: makeReport(all, rules, tool),
    snapshots: all,
    judgeAt: (at) => judge(snapshots.map((snapshot) => assume(snapshot, { at }))),
  });
  return judge(snapshots);
};

const special: Readonly<Record<string, Keypress['key']>> = {
  down: { downArrow: true },
  right: { rightArrow: true },
  enter: { return: true },
  tab: { tab: true },
};

/** The state after keys, each question answered. */
const press = (start: TuiState, ...keys: readonly string[]): TuiState =>
  keys.reduce((before, key) => {
    const named = special[key];
    const after = reduceKey(before, named === undefined ? { input: key, key: {} } : { input: '', key: named });
    const answer = after.question === undefined ? undefined : screen.answer?.(after);
    return answer === undefined ? after : screen.next(after, answer);
  }, start);

const drawn = (state: TuiState): string =>
  drawnAt(state.columns, <Screen state={state} paint={painter(false)} />).join('\n');

describe('the screens of a scan', { timeout: 60_000 }, () => {
  let one: Scanned;
  let two: Scanned;
  beforeAll(async () => {
    one = await look('example');
    two = await look('example', 'desk');
  }, 60_000);

  const shown = (scanned: Scanned, columns = 80, rows = 24): TuiState =>
    screen.next(screen.initial(columns, rows), { kind: 'report', report: scanned });

  it('begin with the overview', () =>
    expect(drawn(shown(one))).toMatchInlineSnapshot(`
      " virt-pki-check   kvm1.example.com (example)          2 ✖  2 ⚠  1 ✔   02:00 UTC
      ┌ Families ─────────────┐┌ Findings ───────────────────────────────────────────┐
      │ ▸all                  ││ ▸✖ private-key-exposed                              │
      │  files     ✖ 2        ││    /etc/pki/libvirt/private/serverkey.pem           │
      │  libvirtd  ⚠ 1        ││  ✖ private-key-unreadable                           │
      │  pki       ⚠ 1        ││    /etc/pki/libvirt-vnc/server-key.pem              │
      │                       ││  ⚠ certificate-expires-soon                         │
      │                       ││    /etc/pki/libvirt/servercert.pem:1                │
      │                       ││  ⚠ configuration-unknown-setting                    │
      │                       ││    /etc/libvir…irtd.conf:8 tls_no_verify_certifcate │
      │                       ││                                                     │
      └───────────────────────┘└─────────────────────────────────────────────────────┘
      ┌ private-key-exposed ─────────────────────────────────────────────────────────┐
      │ The private key /etc/pki/libvirt/private/serverkey.pem can be read by group  │
      │ ssl-cert, bob                                                                │
      │ seen    root:ssl-cert 0640                                                   │
      │ needed  read access for root alone                                           │
      │ effect  Whoever reads a private key can pose as its owner: as this host to   │
      │         every client, as a client with full control of other hosts, or, with │
      │         a key of the CA, as anybody at all.                                  │
      │ fix     Leave /etc/pki/libvirt/private/serverkey.pem to root (safe)          │
      └ ⏎ 18 more lines with evidence ───────────────────────────────────────────────┘
       ↑↓ move  ⏎ open  f fix  / search  Tab family  t time  r rescan  ? keys  q quit"
    `));

  it('have the hosts above the families where there are several', () =>
    expect(drawn(press(shown(two), 'h', 'h'))).toMatchInlineSnapshot(`
      " virt-pki-check   2 hosts                             2 ✖  3 ⚠  5 ✔   02:00 UTC
      ┌ Hosts ────────────────┐┌ Findings: desk7.example.com (1 of 5) ───────────────┐
      │  all                  ││ ▸⚠ configuration-unknown-setting                    │
      │  kvm1.exampl… ✖ 2 ⚠ 2 ││    /home/alice…g/libvirt/libvirt.conf:4 uri_defualt │
      │ ▸desk7.example.c… ⚠ 1 ││                                                     │
      └───────────────────────┘│                                                     │
      ┌ Families ─────────────┐│                                                     │
      │ ▸all                  ││                                                     │
      │  files     ✔          ││                                                     │
      │  libvirtd  ⚠ 1        ││                                                     │
      │  pki       ✔          ││                                                     │
      └───────────────────────┘└─────────────────────────────────────────────────────┘
      ┌ configuration-unknown-setting ───────────────────────────────────────────────┐
      │ Nothing reads uri_defualt; perhaps uri_default is meant                      │
      │ seen    uri_defualt is not a setting of clients of alice                     │
      │ needed  uri_default                                                          │
      │ effect  libvirt passes over names that it does not know without a word, so a │
      │         misspelt or removed setting looks as if it were in force and is not. │
      │ fix     Write uri_default in /home/alice/.config/libvirt/libvirt.conf (by    │
      │         hand)                                                                │
      │         if uri_default is meant, write that in                               │
      └ ⏎ 9 more lines with evidence ────────────────────────────────────────────────┘
       ↑↓ move  ⏎ open  f fix  / search  Tab family  h host  t time  ? keys  q quit"
    `));

  it('show the path of permissions with the component that stops the reader', () =>
    expect(drawn(press(shown(one), '/unreadable', 'enter', 'enter'))).toMatchInlineSnapshot(`
      " virt-pki-check   kvm1.example.com (example)          2 ✖  2 ⚠  1 ✔   02:00 UTC
      ┌ private-key-unreadable ──────────────────────────────────────────────────────┐
      │ ✖ error · files                                                              │
      │ /etc/pki/libvirt-vnc/server-key.pem                                          │
      │                                                                              │
      │ The private key of QEMU's VNC server cannot be read by libvirt-qemu          │
      │                                                                              │
      │ seen    /etc/pki/libvirt-vnc/server-key.pem is root:root 0600; QEMU runs as  │
      │         libvirt-qemu:libvirt-qemu                                            │
      │ needed  read access for libvirt-qemu                                         │
      │ effect  guests that use it do not start: "Cannot load certificate            │
      │         '/etc/pki/libvirt-vnc/server-cert.pem' & key                         │
      │         '/etc/pki/libvirt-vnc/server-key.pem': Error while reading file."    │
      │                                                                              │
      │ path /etc → pki → libvirt-vnc → server-key.pem ✖                             │
      │ ✔ /               root:root 0755 · libvirt-qemu may pass                     │
      │ ✔ /etc            root:root 0755 · libvirt-qemu may pass                     │
      │ ✔ pki             root:root 0755 · libvirt-qemu may pass                     │
      │ ✔ libvirt-vnc     root:libvirt-qemu 0750 · libvirt-qemu may pass             │
      │ ✖ server-key.pem  root:root 0600 · libvirt-qemu may not read it              │
      │   who reads it    root                                                       │
      └  ↓ lines 1–19 of 28 ─────────────────────────────────────────────────────────┘
       ↑↓ PgUp PgDn scroll  Esc back  ← → previous, next  f fix  ? keys  q quit"
    `));

  it('show a certificate as a person reads it, and its chain as a tree', () =>
    expect(drawn(press(shown(one, 100, 50), '/expires', 'enter', 'enter'))).toMatchInlineSnapshot(`
      " virt-pki-check   kvm1.example.com (example)                   2 ✖  2 ⚠  1 ✔   2026-06-01 02:00 UTC
      ┌ certificate-expires-soon ────────────────────────────────────────────────────────────────────────┐
      │ ⚠ warning · pki                                                                                  │
      │ /etc/pki/libvirt/servercert.pem:1                                                                │
      │                                                                                                  │
      │ The server certificate expires in 12 days                                                        │
      │                                                                                                  │
      │ seen    valid until 2026-06-13 09:00:00 UTC                                                      │
      │ needed  a certificate that is valid for more than 30 days                                        │
      │ effect  A daemon that runs goes on after its certificate has expired, its peers do not; and it   │
      │         does not start again. Renewal of a CA takes longest, for every host and client needs the │
      │         new one.                                                                                 │
      │                                                                                                  │
      │ certificate /etc/pki/libvirt/servercert.pem:1                                                    │
      │   subject   O=Example,CN=kvm1.example.com                                                        │
      │   names     DNS kvm1.example.com, DNS kvm1, IP 192.0.2.10                                        │
      │ ✖ valid     2024-06-13 to 2026-06-13 · 12 days left                                              │
      │   key       RSA 2048 bits                                                                        │
      │   usages    digital signature, key encipherment (critical)                                       │
      │   purposes  TLS web server                                                                       │
      │   issuer    O=Example,CN=Example CA                                                              │
      │   CA        no (critical)                                                                        │
      │   signed    RSA-SHA256                                                                           │
      │   serial    17                                                                                   │
      │   sha256    9ad62ba75e847f98d55b7fa101e0ff4b301944281fbf014636dba37fcf47384b                     │
      │                                                                                                  │
      │ chain libvirtd, /etc/pki/CA/cacert.pem                                                           │
      │ ✔ O=Example,CN=Example CA · trusted, /etc/pki/CA/cacert.pem:1 · 18 years left                    │
      │ ✔ └─ O=Example,CN=kvm1.example.com · server, /etc/pki/libvirt/servercert.pem:1 · 12 days left    │
      │                                                                                                  │
      │ fix     Renew the certificate in line 1 of /etc/pki/libvirt/servercert.pem (by hand)             │
      │         in /etc/pki/libvirt/servercert.info, write:                                              │
      │           cn = "kvm1.example.com"                                                                │
      │           dns_name = "kvm1.example.com"                                                          │
      │           dns_name = "kvm1"                                                                      │
      │           ip_address = "192.0.2.10"                                                              │
      │           tls_www_server                                                                         │
      │           signing_key                                                                            │
      │           encryption_key                                                                         │
      │           expiration_days = 365                                                                  │
      │         certtool --generate-request --load-privkey /etc/pki/libvirt/private/serverkey.pem --tem↩ │
      │         plate /etc/pki/libvirt/servercert.info --outfile /etc/pki/libvirt/servercert.csr         │
      │         where the CA's key is kept; then bring the certificate back:                             │
      │         certtool --generate-certificate --load-request /etc/pki/libvirt/servercert.csr --load-c↩ │
      │         a-certificate cacert.pem --load-ca-privkey cakey.pem --template /etc/pki/libvirt/server↩ │
      │         cert.info --outfile /etc/pki/libvirt/servercert.pem                                      │
      │         virt-admin server-update-tls libvirtd                                                    │
      └  ↓ lines 1–45 of 48 ─────────────────────────────────────────────────────────────────────────────┘
       ↑↓ PgUp PgDn scroll  Esc back  ← → previous, next  f fix  c copy  r rescan  ? keys  q quit"
    `));

  it('show the line of a configuration in its surroundings', () =>
    expect(drawn(press(shown(one), '/unknown-setting', 'enter', 'enter', 'G'))).toMatchInlineSnapshot(`
      " virt-pki-check   kvm1.example.com (example)          2 ✖  2 ⚠  1 ✔   02:00 UTC
      ┌ configuration-unknown-setting ───────────────────────────────────────────────┐
      │   4   │ auth_unix_rw = "polkit"                                              │
      │   5   │ unix_sock_group = "libvirt"                                          │
      │   ⋮                                                                          │
      │   7   │ auth_tls = "none"                                                    │
      │ ✖ 8   │ tls_no_verify_certifcate = ‹not shown›                               │
      │   ⋮                                                                          │
      │   10  │ tls_allowed_dn_list = [ "O=Example,CN=alice", "O=Example, CN=bob" ]  │
      │   ⋮                                                                          │
      │   15  │ log_filters = "1:rpc 3:daemon"                                       │
      │                                                                              │
      │ fix     Write tls_no_verify_certificate in /etc/libvirt/libvirtd.conf (by    │
      │         hand)                                                                │
      │         if tls_no_verify_certificate is meant, write that in                 │
      │         /etc/libvirt/libvirtd.conf in place of line 8 of                     │
      │         /etc/libvirt/libvirtd.conf, and restart what reads it; the value     │
      │         comes into force then                                                │
      │                                                                              │
      │ more    libvirt: configuring the daemon                                      │
      │         https://libvirt.org/remote.html#libvirtd-configuration-file          │
      └ ↑  lines 13–31 of 31 ────────────────────────────────────────────────────────┘
       ↑↓ PgUp PgDn scroll  Esc back  ← → previous, next  f fix  ? keys  q quit"
    `));

  it('show the evidence below the list where there is room', () =>
    expect(
      drawn(press(shown(one, 100, 44), 'down'))
        .split('\n')
        .slice(21)
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "└───────────────────────┘└─────────────────────────────────────────────────────────────────────────┘
      ┌ private-key-unreadable ──────────────────────────────────────────────────────────────────────────┐
      │ The private key of QEMU's VNC server cannot be read by libvirt-qemu                              │
      │ seen    /etc/pki/libvirt-vnc/server-key.pem is root:root 0600; QEMU runs as                      │
      │         libvirt-qemu:libvirt-qemu                                                                │
      │ needed  read access for libvirt-qemu                                                             │
      │ effect  guests that use it do not start: "Cannot load certificate                                │
      │         '/etc/pki/libvirt-vnc/server-cert.pem' & key '/etc/pki/libvirt-vnc/server-key.pem':      │
      │         Error while reading file."                                                               │
      │ path /etc → pki → libvirt-vnc → server-key.pem ✖                                                 │
      │ ✔ /               root:root 0755 · libvirt-qemu may pass                                         │
      │ ✔ /etc            root:root 0755 · libvirt-qemu may pass                                         │
      │ ✔ pki             root:root 0755 · libvirt-qemu may pass                                         │
      │ ✔ libvirt-vnc     root:libvirt-qemu 0750 · libvirt-qemu may pass                                 │
      │ ✖ server-key.pem  root:root 0600 · libvirt-qemu may not read it                                  │
      │   who reads it    root                                                                           │
      │ fix     Let libvirt-qemu read /etc/pki/libvirt-vnc/server-key.pem (safe)                         │
      │         chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem                                   │
      │         chmod 0640 /etc/pki/libvirt-vnc/server-key.pem                                           │
      │                                                                                                  │
      └ ⏎ 4 more lines ──────────────────────────────────────────────────────────────────────────────────┘
       ↑↓ move  ⏎ open  f fix  / search  Tab family  t time  r rescan  ewna filter  ? keys  q quit"
    `));

  it('show what ends when, and what is found then', () =>
    expect(drawn(press(shown(one), 't', 'tab'))).toMatchInlineSnapshot(`
      " virt-pki-check   kvm1.example.com (example)   3 ✖  1 ⚠  1 ✔   as of 2026-06-13
      ┌ Time line ───────────────────────────────────────────────────────────────────┐
      │ 2026-06-13 09:00 UTC (in 12 days)  found: 3 ✖ 1 ⚠ 0 ℹ   now: 2 ✖ 2 ⚠ 0 ℹ     │
      │   one column is a month             2026       2027        2028        2029  │
      │ ✖ O=Exa…kvm1.example.com 2026-06-13 ←━━━╋                                    │
      │ ✔ O=Exa…kvm1.example.com 2028-06-13 ←━━━╋━━━━━━━━━━━━━━━━━━━━━━━╸            │
      │ ✔ O=Exa…le,CN=Example CA 2044-01-15 ←━━━╋━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━→ │
      └──────────────────────────────────────────────────────────────────────────────┘
      ┌ Findings as of 2026-06-13, beside now: 1 new, 1 gone ────────────────────────┐
      │  ✖ + certificate-expired (new)                                               │
      │    /etc/pki/libvirt/servercert.pem:1                                         │
      │ ▸✖ private-key-exposed                                                       │
      │    /etc/pki/libvirt/private/serverkey.pem                                    │
      │  ✖ private-key-unreadable                                                    │
      │    /etc/pki/libvirt-vnc/server-key.pem                                       │
      │  ⚠ configuration-unknown-setting                                             │
      │    /etc/libvirt/libvirtd.conf:8 tls_no_verify_certifcate                     │
      │  ✔ - certificate-expires-soon (gone)                                         │
      │    /etc/pki/libvirt/servercert.pem:1                                         │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
       ← → move  dwmy step  Esc back  Tab next end  ⏎ open  0 now  ? keys  q quit"
    `));

  it('show it on a wide terminal by years, with the files', () =>
    expect(drawn(press(shown(two, 132, 30), 't', 'y', 'right', 'right'))).toMatchInlineSnapshot(`
      " virt-pki-check   2 hosts                                                                          4 ✖  3 ⚠  3 ✔   as of 2028-06-01
      ┌ Time line ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┐
      │ 2028-06-01 02:00 UTC (in 2 years)  found: 4 ✖ 3 ⚠ 0 ℹ   now: 2 ✖ 3 ⚠ 0 ℹ                                                         │
      │   one column is a year                                      2022    2030      2040      2050      2060      2070      2080       │
      │ ✖ O=Example,CN=kvm1.example.com                  2026-06-13   ━━┿ ┃                                                              │
      │ ✖ O=Example,CN=alice · /home/…irt/clientcert.pem 2027-05-01    ━┿╸┃                                                              │
      │ ⚠ O=Example,CN=kvm1.example.com                  2028-06-13   ━━┿━╋                                                              │
      │ ✔ O=Example,CN=Example CA · /etc….pem and 2 more 2044-01-15   ━━┿━╋━━━━━━━━━━━━━━━╸                                              │
      └──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
      ┌ Findings as of 2028-06-01, beside now: 3 new, 1 gone ────────────────────────────────────────────────────────────────────────────┐
      │  ✖ + certificate-expired (new) · kvm1.example.com                                                                                │
      │    /etc/pki/libvirt/servercert.pem:1                                                                                             │
      │ ▸✖ private-key-exposed · kvm1.example.com                                                                                        │
      │    /etc/pki/libvirt/private/serverkey.pem                                                                                        │
      │  ✖ private-key-unreadable · kvm1.example.com                                                                                     │
      │    /etc/pki/libvirt-vnc/server-key.pem                                                                                           │
      │  ⚠ + certificate-expires-soon (new) · kvm1.example.com                                                                           │
      │    /etc/pki/libvirt-vnc/server-cert.pem:1                                                                                        │
      │  ⚠ configuration-unknown-setting · kvm1.example.com                                                                              │
      │    /etc/libvirt/libvirtd.conf:8 tls_no_verify_certifcate                                                                         │
      │  ✖ + certificate-expired (new) · desk7.example.com                                                                               │
      │    /home/alice/.pki/libvirt/clientcert.pem:1                                                                                     │
      │  ⚠ configuration-unknown-setting · desk7.example.com                                                                             │
      │    /home/alice/.config/libvirt/libvirt.conf:4 uri_defualt                                                                        │
      │  ✔ - certificate-expires-soon (gone) · kvm1.example.com                                                                          │
      │    /etc/pki/libvirt/servercert.pem:1                                                                                             │
      │                                                                                                                                  │
      └──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
       ← → move  dwmy step  Esc back  Tab next end  ⏎ open  0 now  ↑↓ findings  ? keys  q quit"
    `));

  it('draw evidence as of the moment', () =>
    expect(drawn(press(shown(one), 't', 'tab', 'g', 'enter'))).toContain('2024-06-13 to 2026-06-13 · expired'));

  it('mark what is gone and what is new after another look', () => {
    const before = reduceKey(shown(one), { input: 'r', key: {} });
    const report = {
      ...one.report,
      hosts: one.report.hosts.map((host) => ({
        ...host,
        findings: host.findings.map((finding) =>
          finding.rule === 'private-key-exposed' ? { ...finding, fingerprint: 'f'.repeat(16) } : finding,
        ),
      })),
    };
    expect(drawn(reduce(before, { kind: 'progress', what: '/etc/libvirt' }))).toContain('looking again: /etc/libvirt');
    expect(drawn(screen.next(before, { kind: 'report', report: { ...one, report } }))).toMatchInlineSnapshot(`
      " virt-pki-check   kvm1.example.com (example)          2 ✖  2 ⚠  1 ✔   02:00 UTC
      ┌ Families ─────────────┐┌ Findings ───────────────────────────────────────────┐
      │ ▸all                  ││  ✖ private-key-unreadable                           │
      │  files     ✖ 2        ││    /etc/pki/libvirt-vnc/server-key.pem              │
      │  libvirtd  ⚠ 1        ││  ⚠ certificate-expires-soon                         │
      │  pki       ⚠ 1        ││    /etc/pki/libvirt/servercert.pem:1                │
      │                       ││  ⚠ configuration-unknown-setting                    │
      │                       ││    /etc/libvir…irtd.conf:8 tls_no_verify_certifcate │
      │                       ││ ▸✔ - private-key-exposed (gone)                     │
      │                       ││    /etc/pki/libvirt/private/serverkey.pem           │
      │                       ││                                                     │
      └───────────────────────┘└ ↑  2–5 of 5 ────────────────────────────────────────┘
      ┌ private-key-exposed ─────────────────────────────────────────────────────────┐
      │ The private key /etc/pki/libvirt/private/serverkey.pem can be read by group  │
      │ ssl-cert, bob                                                                │
      │ seen    root:ssl-cert 0640                                                   │
      │ needed  read access for root alone                                           │
      │ effect  Whoever reads a private key can pose as its owner: as this host to   │
      │         every client, as a client with full control of other hosts, or, with │
      │         a key of the CA, as anybody at all.                                  │
      │ fix     Leave /etc/pki/libvirt/private/serverkey.pem to root (safe)          │
      └ ⏎ 18 more lines with evidence ───────────────────────────────────────────────┘
       looked again: 1 gone, 1 new  ? keys  q quit"
    `);
  });

  it('say what was copied', () =>
    expect(
      drawn(press(shown(one), 'c'))
        .split('\n')
        .at(-1),
    ).toMatchInlineSnapshot(`" copied: chmod 0600 /etc/pki/libvirt/private/serverkey.pem  ? keys  q quit"`));

  it.each([
    [80, 24],
    [60, 16],
    [132, 43],
    [200, 60],
  ] as const)('fit %i×%i, whatever they show', (columns, rows) => {
    for (const keys of [['enter'], ['t'], ['t', 'tab', 'tab', 'tab'], ['t', 'y', 'right', 'enter'], ['h'], ['?']]) {
      const lines = drawn(press(shown(two, columns, rows), ...keys)).split('\n');
      expect(lines).toHaveLength(rows - 1);
      for (const line of lines.slice(1, -1)) expect(columnsOf(line)).toBe(columns);
    }
  });

  it('need no facts', () =>
    expect(
      drawn(
        press(
          reduce(initialState(80, 24), {
            kind: 'loaded',
            model: makeModel({ ...one, snapshots: [] }, (rule) => families.get(rule)),
          }),
          't',
        ),
      ),
    ).toContain('nothing ends'));
});
