import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Observation, TcpAnswer } from '../../src/facts/observation.ts';
import { findProgram } from '../../src/host/run-program.ts';
import { bundleProbe } from '../support/bundle-probe.ts';
import { runInNamespaces } from '../support/own-host.ts';
import type { Request } from '../support/probe-driver.ts';

const missing = ['nft', 'ip', 'ss', 'unshare'].filter((name) => findProgram(name) === undefined);
if (process.getuid?.() !== 0) missing.push('root');

const timeoutMs = 1500;
const tcp = (host: string, port: number): Request => ({ asks: 'tcp', host, port, timeoutMs });

/** Who is asked over that network, and what becomes of it. */
const cases: readonly { readonly name: string; readonly request: Request; readonly expected: object }[] = [
  {
    name: 'a port on which somebody listens',
    request: tcp('192.0.2.1', 7000),
    expected: { addresses: [{ connection: { seen: true } }] },
  },
  {
    name: 'a port on which nobody listens',
    request: tcp('192.0.2.1', 7009),
    expected: { addresses: [{ connection: { reason: 'refused' } }] },
  },
  {
    name: 'a port whose packets are dropped',
    request: tcp('192.0.2.1', 7001),
    expected: { addresses: [{ connection: { reason: 'filtered' } }] },
  },
  {
    name: 'a port whose answers are dropped',
    request: tcp('192.0.2.1', 7006),
    expected: { addresses: [{ connection: { reason: 'filtered' } }] },
  },
  {
    name: 'a port that a firewall rejects as firewalld does',
    request: tcp('192.0.2.1', 7002),
    expected: { addresses: [{ connection: { reason: 'unreachable' } }] },
  },
  {
    name: 'a port that a firewall resets',
    request: tcp('192.0.2.1', 7003),
    expected: { addresses: [{ connection: { reason: 'refused' } }] },
  },
  {
    name: 'a connection after whose beginning all is dropped',
    request: { asks: 'libvirt', transport: 'tls', host: '192.0.2.1', port: 7004, timeoutMs },
    expected: {
      addresses: [{ connection: { seen: true }, answer: { withoutCertificate: { verdict: { reason: 'silent' } } } }],
    },
  },
  {
    name: 'an address without a route',
    request: tcp('203.0.113.9', 7000),
    expected: { addresses: [{ connection: { reason: 'unreachable' } }] },
  },
  {
    name: 'IPv6',
    request: tcp('2001:db8::1', 7000),
    expected: { addresses: [{ address: '2001:db8::1', connection: { seen: true } }] },
  },
  {
    name: 'an address whose IPv6 packets are dropped',
    request: tcp('2001:db8::1', 7001),
    expected: { addresses: [{ connection: { reason: 'filtered' } }] },
  },
  {
    name: 'a name that nobody knows',
    request: tcp('nobody.example', 7000),
    expected: { resolution: { reason: 'name-not-found' }, addresses: [] },
  },
  {
    name: 'an ssh server',
    request: { asks: 'ssh', host: '192.0.2.1', port: 7007, timeoutMs },
    expected: { addresses: [{ answer: { banner: { seen: true, value: 'SSH-2.0-OpenSSH_9.2p1 Debian-2' } } }] },
  },
];

const several = tcp('several.example', 7005);

const script = `
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
ip link set lo up
ip address add 192.0.2.1/32 dev lo
ip address add 192.0.2.2/32 dev lo
ip address add 2001:db8::1/128 dev lo nodad
printf '%s\\n' '192.0.2.1 several.example' '192.0.2.2 several.example' '2001:db8::1 several.example' > hosts
printf 'hosts: files\\n' > nsswitch.conf
printf 'multi on\\n' > host.conf
for name in hosts nsswitch.conf host.conf; do touch /etc/$name; mount --bind $name /etc/$name; done
nft -f - <<RULES
table inet t {
  chain input {
    type filter hook input priority filter
    tcp dport 7001 drop
    tcp dport 7002 reject with icmpx admin-prohibited
    tcp dport 7003 reject with tcp reset
    tcp dport 7004 tcp flags & (syn | psh) == psh drop
    ip daddr 192.0.2.2 tcp dport 7005 drop
  }
  chain output {
    type filter hook output priority filter
    tcp sport 7006 drop
  }
}
RULES
"$NODE" -e '
  const net = require("node:net");
  const listen = (port, host, play = () => undefined) =>
    net.createServer((socket) => { socket.on("error", () => undefined).resume(); play(socket); }).listen(port, host);
  for (const port of [7000, 7001, 7002, 7003, 7004, 7006]) listen(port, "::");
  listen(7005, "192.0.2.1");
  listen(7005, "192.0.2.2");
  listen(7007, "::", (socket) => socket.write("SSH-2.0-OpenSSH_9.2p1 Debian-2\\r\\n"));
' &
for i in $(seq 100); do ! ss --no-header --tcp --listening --numeric | grep -q :7007 || break; sleep 0.1; done
timeout 120 "$NODE" "$PROBE" "$1"
`;

describe.skipIf(missing.length > 0)(
  `a network with firewalls${missing.length > 0 ? ` (needs ${missing.join(', ')})` : ''}`,
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'probe-network-'));
    let results: readonly { readonly observation: Observation<TcpAnswer>; readonly milliseconds: number }[];

    beforeAll(async () => {
      const driver = join(directory, 'probe.mjs');
      await bundleProbe(driver);
      const requests = [...cases.map(({ request }) => request), several];
      const out = runInNamespaces(`set -- "$REQUESTS"\n${script}`, {
        PROBE: driver,
        REQUESTS: JSON.stringify(requests),
      });
      results = JSON.parse(out) as typeof results;
    }, 250_000);

    afterAll(() => rmSync(directory, { recursive: true, force: true }));

    it.each(cases.map((one, index) => ({ ...one, index })))('$name', ({ index, expected }) => {
      expect(results[index]?.observation).toMatchObject(expected);
      expect(results[index]?.milliseconds).toBeLessThan(timeoutMs + 5000);
    });

    it('a name with several addresses, each for itself', () => {
      const observation = results[cases.length]?.observation;
      const seen = Object.fromEntries(
        (observation?.addresses ?? []).map(({ address, connection }) => [
          address,
          connection.seen ? connection.value : connection.reason,
        ]),
      );
      expect(seen).toEqual({ '192.0.2.1': 'connected', '192.0.2.2': 'filtered', '2001:db8::1': 'refused' });
      expect(observation?.resolution).toEqual({
        seen: true,
        value: (observation?.addresses ?? []).map(({ address }) => address),
      });
    });
  },
);
