import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import { treatment, type Treatment } from '../../src/domain/firewall.ts';
import type { Firewall } from '../../src/facts/firewall.ts';
import { findProgram } from '../../src/host/run-program.ts';
import { memoryHost } from '../support/memory-host.ts';
import { runInNamespaces } from '../support/own-host.ts';

const missing = [
  ...[
    'nft',
    'ip',
    'unshare',
    'nsenter',
    'sysctl',
    'iptables-nft',
    'ip6tables-nft',
    'iptables-legacy',
    'ip6tables-legacy',
  ],
  ...['firewalld', 'firewall-cmd', 'dbus-daemon'],
].filter((name) => findProgram(name) === undefined);
if (process.getuid?.() !== 0) missing.push('root');

type Expected = 'accepted' | 'dropped' | 'rejected' | 'peer' | 'unknown';

interface Case {
  readonly name: string;
  /** What sets the firewall up, in bash. */
  readonly rules: string;
  /** By `port` over IPv4, or `port/6`; what the client, 192.0.2.2 or 2001:db8::2 on eth0, meets. */
  readonly meets: Readonly<Record<string, Expected>>;
  /** Where it is for the client's own sake that it is let in, or is not. */
  readonly really?: Readonly<Record<string, Expected>>;
}

const nft = (rules: string): string => `nft -f - <<'RULES'\n${rules}\nRULES`;
const input = (rules: string, policy = 'accept', family = 'inet'): string =>
  nft(`table ${family} filter {
  chain input {
    type filter hook input priority filter; policy ${policy};
${rules}
  }
}`);
const ports = '16514, 5900-5910';

const nftCases: readonly Case[] = [
  { name: 'no rules', rules: ':', meets: { '16514': 'accepted', '16514/6': 'accepted' } },
  {
    name: 'a policy that drops, with the port open',
    rules: input('ct state established,related accept\niif lo accept\ntcp dport 16514 accept', 'drop'),
    meets: { '16514': 'accepted', '16514/6': 'accepted', '5900': 'dropped', '5900/6': 'dropped' },
  },
  {
    name: 'a rule that drops',
    rules: input('tcp dport 16514 drop'),
    meets: { '16514': 'dropped', '5900': 'accepted' },
  },
  {
    name: 'a rule that rejects by default',
    rules: input('tcp dport 16514 reject'),
    meets: { '16514': 'rejected', '16514/6': 'rejected', '5900': 'accepted' },
  },
  {
    name: 'rejects of each kind',
    rules: input(`tcp dport 16514 reject with tcp reset
tcp dport 16509 reject with icmpx admin-prohibited
tcp dport 5900 reject with icmp host-unreachable
tcp dport 5901 reject with icmpv6 no-route`),
    meets: {
      ...{ '16514': 'rejected', '16514/6': 'rejected', '16509': 'rejected', '16509/6': 'rejected' },
      ...{ '5900': 'rejected', '5900/6': 'accepted', '5901': 'accepted', '5901/6': 'rejected' },
    },
  },
  {
    name: 'a set, and ranges in it',
    rules: input(`tcp dport { ${ports} } accept`, 'drop'),
    meets: { '16514': 'accepted', '5901': 'accepted', '5999': 'dropped' },
  },
  {
    name: 'a named set',
    rules: nft(`table inet filter {
  set open { type inet_service; flags interval; elements = { ${ports} }; }
  chain input { type filter hook input priority 0; policy drop; tcp dport @open accept; }
}`),
    meets: { '16514': 'accepted', '5901': 'accepted', '16509': 'dropped' },
  },
  {
    name: 'everything but a range',
    rules: input('tcp dport != 5900-5999 drop'),
    meets: { '16514': 'dropped', '5901': 'accepted', '5999': 'accepted' },
  },
  {
    name: 'comparisons',
    rules: input('tcp dport < 5900 accept\ntcp dport >= 49152 accept', 'drop'),
    meets: { '22': 'accepted', '5900': 'dropped', '49152': 'accepted' },
  },
  {
    name: 'jumps and returns',
    rules: nft(`table inet filter {
  chain consoles { tcp dport 5900 return; tcp dport 5900-5999 accept; }
  chain other { reject with icmpx port-unreachable; }
  chain input {
    type filter hook input priority 0; policy drop;
    tcp dport 5900-5999 jump consoles
    tcp dport 16509 goto other
    tcp dport 16514 accept
  }
}`),
    meets: { '5900': 'dropped', '5901': 'accepted', '16509': 'rejected', '16514': 'accepted', '22': 'dropped' },
  },
  {
    name: 'a goto, which does not come back',
    rules: nft(`table inet filter {
  chain empty { }
  chain middle { tcp dport 16514 goto empty; tcp dport 16514 accept; }
  chain input {
    type filter hook input priority 0; policy accept;
    jump middle
    tcp dport 16514 drop
  }
}`),
    meets: { '16514': 'dropped', '5900': 'accepted' },
  },
  {
    name: 'verdict maps, of ports and of states',
    rules: nft(`table inet filter {
  map what { type inet_service : verdict; elements = { 16514 : accept, 5900 : jump no, 5901 : goto no }; }
  chain no { reject with tcp reset; }
  chain input {
    type filter hook input priority 0; policy drop;
    ct state vmap { established : accept, related : accept, invalid : drop }
    tcp dport vmap @what
    tcp dport vmap { 16509 : drop, 22-5899 : accept }
  }
}`),
    meets: { '16514': 'accepted', '5900': 'rejected', '5901': 'rejected', '16509': 'dropped', '22': 'accepted' },
  },
  {
    name: 'states of connections',
    rules: input('ct state new tcp dport 16514 drop\nct state { established, related } accept\nct state != new drop'),
    meets: { '16514': 'dropped', '5900': 'accepted' },
  },
  {
    name: 'flags of TCP',
    rules: input(`tcp flags & (fin|syn|rst|ack) != syn ct state new drop
tcp flags & (fin|syn) == fin|syn drop
tcp flags & (fin|syn|rst|ack) == 0x0 drop
tcp dport 16514 tcp flags syn drop`),
    meets: { '16514': 'dropped', '5900': 'accepted' },
  },
  {
    name: 'interfaces',
    rules: input(
      'iifname "eth0" tcp dport 16514 accept\niifname "virbr*" accept\niifname { "lo", "eth1" } accept\niifname != "eth0" accept',
      'drop',
    ),
    meets: { '16514': 'accepted', '5900': 'dropped' },
  },
  {
    name: 'addresses of clients',
    rules: input(
      'ip saddr 192.0.2.0/24 tcp dport 16514 accept\nip saddr 198.51.100.0/24 tcp dport 5900 accept\nip6 saddr ::/0 tcp dport 5900 accept\nip saddr 0.0.0.0/0 tcp dport 5901 accept',
      'drop',
    ),
    meets: { '16514': 'peer', '16514/6': 'dropped', '5900': 'peer', '5900/6': 'accepted', '5901': 'accepted' },
    really: { '16514': 'accepted', '5900': 'dropped' },
  },
  {
    name: 'a list of addresses that are shut out',
    rules: nft(`table inet filter {
  set bad { type ipv4_addr; flags interval; elements = { 198.51.100.0/24 }; }
  chain input { type filter hook input priority 0; policy accept; ip saddr @bad drop; tcp dport 16514 drop; }
}`),
    meets: { '16514': 'dropped', '5900': 'peer' },
    really: { '5900': 'accepted' },
  },
  {
    name: 'addresses that are called',
    rules: input(
      'ip daddr 192.0.2.0/24 tcp dport 16514 drop\nip6 daddr 2001:db8::9 tcp dport 16514 drop\nip daddr != 192.0.2.1-192.0.2.9 drop',
    ),
    meets: { '16514': 'dropped', '16514/6': 'accepted', '5900': 'accepted' },
  },
  {
    name: 'IPv4 alone',
    rules: input('tcp dport 16514 drop', 'accept', 'ip'),
    meets: { '16514': 'dropped', '16514/6': 'accepted' },
  },
  {
    name: 'IPv6 alone',
    rules: input('meta l4proto ipv6-icmp accept\ntcp dport 16514 accept', 'drop', 'ip6'),
    meets: { '16514': 'accepted', '16514/6': 'accepted', '5900': 'accepted', '5900/6': 'dropped' },
  },
  {
    name: 'protocols',
    rules: input(
      'meta l4proto { icmp, ipv6-icmp } accept\nmeta nfproto ipv4 tcp dport 1-65535 reject with icmp host-prohibited\nip6 nexthdr tcp drop\nudp dport 5900 accept',
    ),
    meets: { '16514': 'rejected', '16514/6': 'dropped' },
  },
  {
    name: 'two chains, of which one accepts and a later one drops',
    rules:
      nft(`table inet one { chain input { type filter hook input priority -10; policy accept; tcp dport 16514 accept; }; }
table inet two { chain input { type filter hook input priority 10; policy drop; ct state established accept; tcp dport 5900 accept; }; }`),
    meets: { '16514': 'dropped', '5900': 'accepted' },
  },
  {
    name: 'a chain before routing',
    rules:
      nft(`table ip raw { chain pre { type filter hook prerouting priority raw; policy accept; tcp dport 16514 drop; }; }
table inet filter { chain input { type filter hook input priority 0; policy accept; tcp dport 16514 reject; }; }`),
    meets: { '16514': 'dropped', '16514/6': 'rejected', '5900': 'accepted' },
  },
  {
    name: 'a chain at the interface',
    rules: nft(
      `table netdev early { chain in { type filter hook ingress device "eth0" priority 0; policy accept; tcp dport 16514 drop; }; }`,
    ),
    meets: { '16514': 'dropped', '16514/6': 'dropped', '5900': 'accepted' },
  },
  {
    name: 'limits and counts',
    rules: input(`tcp dport 16514 limit rate over 10/minute drop
tcp dport 5900 limit rate 10/minute accept
tcp dport 5900 drop
tcp dport 5901 ct count over 50 reject
tcp dport 16509 counter log prefix "in " reject`),
    meets: { '16514': 'accepted', '5900': 'accepted', '5901': 'accepted', '16509': 'rejected' },
  },
  {
    name: 'sets that count clients',
    rules: nft(`table inet filter {
  set seen { type ipv4_addr; size 100; flags dynamic; }
  chain input {
    type filter hook input priority 0; policy accept;
    tcp dport 16514 ct state new add @seen { ip saddr limit rate over 10/minute } drop
  }
}`),
    meets: { '16514': 'accepted' },
  },
  {
    name: 'concatenations',
    rules: input(
      'iifname . tcp dport { "eth0" . 16514, "eth1" . 5900 } drop\nip saddr . tcp dport { 192.0.2.2 . 5901 } reject',
    ),
    meets: { '16514': 'dropped', '5900': 'accepted', '5901': 'peer' },
    really: { '5901': 'rejected' },
  },
  {
    name: 'kinds of addresses and ways back',
    rules: input(
      'fib daddr type local tcp dport 16514 accept\nfib saddr . iif oif missing drop\nmeta pkttype { broadcast, multicast } accept\nct status dnat accept\nfib saddr type local accept\nip protocol icmp accept\nmeta nfproto ipv6 accept',
      'drop',
    ),
    meets: { '16514': 'accepted', '5900': 'dropped', '5900/6': 'accepted' },
  },
  {
    name: 'marks, which nobody here understands',
    rules: input('meta mark 0x1 accept\ntcp dport 5900 accept', 'drop'),
    meets: { '16514': 'unknown', '5900': 'accepted' },
  },
  {
    name: 'a port that is sent elsewhere',
    rules: nft(
      `table ip nat { chain pre { type nat hook prerouting priority dstnat; policy accept; tcp dport 16514 redirect to :5900; }; }`,
    ),
    meets: { '16514': 'unknown', '5900': 'accepted', '16514/6': 'accepted' },
  },
  {
    name: 'comments, and rules that decide nothing',
    rules: input(
      'counter comment "tcp dport 16514 drop"\ntcp dport 16514 continue\ntcp dport 16514 meta mark set 7\ntcp dport 5900 drop comment "no \\\\ consoles {"',
    ),
    meets: { '16514': 'accepted', '5900': 'dropped' },
  },
];

/** The same with both kinds of iptables. */
const iptablesCases = (variant: 'nft' | 'legacy'): readonly Case[] => {
  const both = (rules: string): string =>
    ['iptables', 'ip6tables']
      .flatMap((program) =>
        rules
          .trim()
          .split('\n')
          .map((rule) => `${program}-${variant} ${rule.trim()}`),
      )
      .join('\n');
  const four = (rules: string): string =>
    rules
      .trim()
      .split('\n')
      .map((rule) => `iptables-${variant} ${rule.trim()}`)
      .join('\n');
  return [
    {
      name: 'a policy that drops, with ports open',
      rules: both(`-P INPUT DROP
        -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A INPUT -i lo -j ACCEPT
        -A INPUT -p ${'tcp'} -m state --state NEW -m tcp --dport 16514 -m comment --comment "libvirt \\"TLS\\" -j DROP" -j ACCEPT`),
      meets: { '16514': 'accepted', '5900': 'dropped', '16509': 'dropped' },
    },
    {
      name: 'rejects',
      rules: four(`-A INPUT -p tcp --dport 16514 -j REJECT
        -A INPUT -p tcp --dport 16509 -j REJECT --reject-with tcp-reset
        -A INPUT -p tcp --dport 5900 -j REJECT --reject-with icmp-host-prohibited`),
      meets: {
        '16514': 'rejected',
        '16509': 'rejected',
        '5900': 'rejected',
        '5901': 'accepted',
        '16514/6': 'accepted',
      },
    },
    {
      name: 'several ports, and all but some',
      rules: four(`-A INPUT -p tcp -m multiport --dports 16514,5900:5910 -j ACCEPT
        -A INPUT -p tcp ! --dport 22 -j DROP`),
      meets: { '16514': 'accepted', '5901': 'accepted', '16509': 'dropped', '22': 'accepted' },
    },
    {
      name: 'chains of their own',
      rules: four(`-N CONSOLES
        -N SHUT
        -A CONSOLES -p tcp --dport 5901 -j RETURN
        -A CONSOLES -j ACCEPT
        -A SHUT -j DROP
        -A INPUT -p tcp --dport 5900:5999 -j CONSOLES
        -A INPUT -p tcp -g SHUT`),
      meets: { '5900': 'accepted', '5901': 'dropped', '16514': 'dropped' },
    },
    {
      name: 'interfaces and addresses',
      rules: four(`-A INPUT -i virbr+ -j DROP
        -A INPUT ! -i eth0 -j DROP
        -A INPUT -d 192.0.2.1/32 -p tcp --dport 5900 -j DROP
        -A INPUT -s 198.51.100.0/24 -p tcp --dport 16514 -j ACCEPT
        -A INPUT -p tcp --dport 16514 -j DROP`),
      meets: { '5900': 'dropped', '16514': 'peer', '5901': 'accepted' },
      really: { '16514': 'dropped' },
    },
    {
      name: 'limits, kinds of addresses and flags',
      rules: four(`-A INPUT -m addrtype --dst-type BROADCAST -j DROP
        -A INPUT -p tcp ! --syn -m conntrack --ctstate NEW -j DROP
        -A INPUT -p tcp --tcp-flags ALL NONE -j DROP
        -A INPUT -p tcp --dport 16514 -m connlimit --connlimit-above 20 -j REJECT
        -A INPUT -p tcp --dport 5900 -m limit --limit 5/min -j LOG
        -A INPUT -p tcp --dport 5900 -m addrtype --dst-type LOCAL -j REJECT`),
      meets: { '16514': 'accepted', '5900': 'rejected', '5901': 'accepted' },
    },
    {
      name: 'other tables',
      rules: four(`-t raw -A PREROUTING -p tcp --dport 16514 -j DROP
        -t mangle -A INPUT -p tcp --dport 5900 -j DROP
        -t mangle -A PREROUTING -j MARK --set-mark 5
        -t nat -A PREROUTING -p tcp --dport 5901 -j REDIRECT --to-ports 22
        -A INPUT -p tcp --dport 16514 -j ACCEPT`),
      meets: { '16514': 'dropped', '5900': 'dropped', '5901': 'unknown', '16509': 'accepted' },
    },
    {
      name: 'a match that nobody here understands',
      rules: four(`-A INPUT -p tcp -m length --length 1000:2000 -j DROP
        -A INPUT -p tcp --dport 5900 -j DROP`),
      meets: { '16514': 'unknown', '5900': 'dropped' },
    },
  ].map((one) => ({ ...one, name: `iptables-${variant}: ${one.name}` }) as Case);
};

const firewalldCases: readonly Case[] = [
  {
    name: 'firewalld: the default zone',
    rules: 'start_firewalld',
    meets: { '16514': 'rejected', '16514/6': 'rejected', '22': 'accepted' },
  },
  {
    name: 'firewalld: a service, ports and rich rules',
    rules: `start_firewalld
firewall-cmd -q --add-service=libvirt-tls
firewall-cmd -q --add-port=5900-5910/tcp
firewall-cmd -q --add-rich-rule='rule family="ipv4" port port="5901" protocol="tcp" drop'
firewall-cmd -q --add-rich-rule='rule family="ipv4" source address="198.51.100.0/24" service name="libvirt" accept'`,
    meets: { '16514': 'accepted', '16514/6': 'accepted', '5900': 'accepted', '5901': 'dropped', '16509': 'peer' },
    really: { '16509': 'rejected' },
  },
  {
    name: 'firewalld: a zone of the interface',
    rules: `start_firewalld
firewall-cmd -q --zone=drop --change-interface=eth0
firewall-cmd -q --zone=drop --add-service=vnc-server`,
    meets: { '16514': 'dropped', '5900': 'accepted', '22': 'dropped' },
  },
  {
    name: 'firewalld: a zone that trusts all',
    rules: `start_firewalld
firewall-cmd -q --set-default-zone=trusted`,
    meets: { '16514': 'accepted', '5900/6': 'accepted' },
  },
];

/** What the rule port-blocked-by-firewall says to type, after what it says it about. */
const mendedCases: readonly Case[] = [
  {
    name: 'mended: a policy of nftables',
    rules: `${input('ct state established accept', 'drop')}
nft add rule inet filter input tcp dport 16514 accept`,
    meets: { '16514': 'accepted', '5900': 'dropped' },
  },
  {
    name: 'mended: a rule of nftables',
    rules: `${input('tcp dport 5900-16514 reject')}
nft insert rule inet filter input tcp dport 16509-16514 accept`,
    meets: { '16514': 'accepted', '5900': 'rejected' },
  },
  {
    name: 'mended: iptables',
    rules: `iptables -P INPUT DROP
iptables -A INPUT -p tcp -j REJECT
iptables -I INPUT -p tcp --dport 16509:16514 -j ACCEPT`,
    meets: { '16514': 'accepted', '5900': 'rejected' },
  },
  {
    name: 'mended: firewalld',
    rules: `start_firewalld
firewall-cmd -q --permanent --zone=public --add-service=libvirt-tls
firewall-cmd -q --permanent --zone=public --add-port=5900-5910/tcp
firewall-cmd -q --reload`,
    meets: { '16514': 'accepted', '5900': 'accepted', '16509': 'rejected' },
  },
];

const cases = [...nftCases, ...iptablesCases('nft'), ...iptablesCases('legacy'), ...firewalldCases, ...mendedCases];

/** A host with eth0 and a client at the other end of it; for each case, the firewall's listings and what the client meets. */
const script = `
set -eu
mount -t tmpfs none /run
mkdir -p /run/dbus
mount -t tmpfs none /etc/firewalld
ip link set lo up
unshare --net sleep 230 & client=$!
for i in $(seq 100); do [ "$(readlink /proc/$client/ns/net)" = "$(readlink /proc/self/ns/net)" ] || break; sleep 0.05; done
ip link add eth0 type veth peer name eth0 netns $client
sysctl -q -w net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
ip address add 192.0.2.1/24 dev eth0
ip address add 2001:db8::1/64 dev eth0 nodad
ip link set eth0 up
inside() { nsenter --net=/proc/$client/ns/net "$@"; }
inside ip address add 192.0.2.2/24 dev eth0
inside ip address add 2001:db8::2/64 dev eth0 nodad
inside ip link set eth0 up
"$NODE" -e '
  for (const port of [22, 5900, 5901, 5999, 16509, 16514, 49152])
    require("node:net").createServer((socket) => socket.on("error", () => undefined).end()).listen(port, "::");
' &
start_firewalld() {
  dbus-daemon --system --fork --print-pid > bus
  firewalld --nofork --nopid >/dev/null 2>&1 & firewalld=$!
  for i in $(seq 100); do ! firewall-cmd --state >/dev/null 2>&1 || return 0; sleep 0.1; done
}
work=$(mktemp -d)
cd "$work"
encode() { base64 -w0; }
for i in $(seq 0 $((COUNT - 1))); do
  firewalld=
  nft flush ruleset
  for program in iptables-legacy ip6tables-legacy; do
    for table in filter raw mangle nat; do
      if [ -n "$(cat /proc/net/\${program%%tables*}_tables_names 2>/dev/null)" ] || grep -q $table /proc/net/ip*_tables_names; then
        $program -t $table -F; $program -t $table -X
        for chain in INPUT PREROUTING; do $program -t $table -P $chain ACCEPT 2>/dev/null || true; done
      fi
    done
  done
  name=RULES_$i ports=PORTS_$i
  eval "\${!name}" >&2
  {
    echo "case $i"
    echo "nft $(nft --json list ruleset | encode)"
    for program in iptables ip6tables; do
      for variant in nft legacy; do echo "$program-$variant-save $($program-$variant-save 2>/dev/null | encode)"; done
    done
    echo "/proc/net/dev $(encode < /proc/net/dev)"
    echo "/proc/net/ip_tables_names $( (cat /proc/net/ip_tables_names 2>/dev/null || true) | encode)"
    echo "/proc/net/ip6_tables_names $( (cat /proc/net/ip6_tables_names 2>/dev/null || true) | encode)"
    echo "zones $( ([ -z "$firewalld" ] || firewall-cmd --list-all-zones) | encode)"
    echo "default $( ([ -z "$firewalld" ] || firewall-cmd --get-default-zone) | encode)"
    inside "$NODE" -e '
      for (const word of process.argv[1].split(" ")) {
        const [port, family] = word.split("/");
        const begin = Date.now();
        const socket = require("node:net").connect(Number(port), family === "6" ? "2001:db8::1" : "192.0.2.1");
        const say = (what) => { console.log("met", word, what, Date.now() - begin); socket.destroy(); };
        socket.on("connect", () => say("accepted"));
        socket.on("error", ({ code }) => say(/REFUSED|UNREACH|EACCES|EPERM/.test(code) ? "rejected" : code));
        // The kernel takes no notice of an ICMPv6 error that comes while it still connects, but of the next one, a second later.
        socket.setTimeout(family === "6" ? 1700 : 400, () => say("dropped"));
      }
    ' "\${!ports}"
  }
  if [ -n "$firewalld" ]; then kill $firewalld; wait $firewalld || true; kill $(cat bus); rm -f /run/dbus/*; rm -rf /etc/firewalld/*; fi
done
rm -rf "$work"
kill $client
`;

interface Reality {
  readonly firewall: Firewall & { readonly observed: true };
  /** By what firewalld says of its zones, with no rules of the kernel's to see. */
  readonly ofZones?: Firewall & { readonly observed: true };
  readonly met: Readonly<Record<string, string>>;
}

const firewallOf = async (
  outputs: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>>,
): Promise<Firewall & { observed: true }> => {
  const host = memoryHost(files, { live: true, caller: { uid: 0, gid: 0, groups: [] }, outputs });
  const { facts } = await collectSnapshot(host, {
    tool: { name: 'virt-pki-check', version: '0' },
    needs: ['firewall'],
  });
  if (!facts.firewall.known || !facts.firewall.value.observed) throw new Error('no firewall was observed');
  return facts.firewall.value;
};

/** The services that firewalld brings. */
const servicesOf = (directory = '/usr/lib/firewalld/services'): Readonly<Record<string, string>> =>
  existsSync(directory)
    ? Object.fromEntries(
        readdirSync(directory).map((name) => [`${directory}/${name}`, readFileSync(`${directory}/${name}`, 'utf8')]),
      )
    : {};

const outcomeOf = (answer: Treatment): string => (answer.outcome === 'undecided' ? answer.depends : answer.outcome);
const ask = (firewall: Firewall & { observed: true }, attempt: string): Treatment => {
  const [port, family] = attempt.split('/');
  return treatment(
    firewall,
    family === '6'
      ? { protocol: 'tcp', port: Number(port), family: 'ipv6', address: '2001:db8::1' }
      : { protocol: 'tcp', port: Number(port), family: 'ipv4', address: '192.0.2.1' },
  );
};

describe.skipIf(missing.length > 0)(
  `what firewalls do${missing.length > 0 ? ` (needs ${missing.join(', ')})` : ''}`,
  () => {
    let realities: readonly Reality[];

    beforeAll(async () => {
      const variables = cases.flatMap(({ rules, meets }, index) => [
        [`RULES_${index}`, rules],
        [`PORTS_${index}`, Object.keys(meets).join(' ')],
      ]);
      const out = runInNamespaces(script, { ...Object.fromEntries(variables), COUNT: String(cases.length) });
      realities = await Promise.all(
        out
          .split(/^case \d+\n/m)
          .slice(1)
          .map(async (block): Promise<Reality> => {
            const lines = block.split('\n').map((line) => line.split(' '));
            const texts = Object.fromEntries(
              lines.flatMap(([name = '', content = '']) =>
                name === 'met' || name === '' ? [] : [[name, Buffer.from(content, 'base64').toString()]],
              ),
            );
            const files = Object.fromEntries(Object.entries(texts).filter(([name]) => name.startsWith('/')));
            const { nft: rules = '', zones = '', default: byDefault = '', ...saved } = texts;
            const ofZones =
              zones === ''
                ? undefined
                : await firewallOf(
                    { 'firewall-cmd --list-all-zones': zones, 'firewall-cmd --get-default-zone': byDefault },
                    { ...files, ...servicesOf() },
                  );
            return {
              firewall: await firewallOf({ 'nft --json list ruleset': rules, ...saved }, files),
              ...(ofZones === undefined ? {} : { ofZones }),
              met: Object.fromEntries(
                lines.flatMap(([name, attempt = '', what = '']) => (name === 'met' ? [[attempt, what]] : [])),
              ),
            };
          }),
      );
    }, 250_000);

    it.each(cases.map((one, index) => ({ ...one, index })))('$name', ({ index, meets, really }) => {
      const reality = realities[index];
      if (reality === undefined) throw new Error('was not tried');
      const said = Object.keys(meets).map((attempt) => [attempt, outcomeOf(ask(reality.firewall, attempt))]);
      expect(Object.fromEntries(said)).toEqual(meets);
      const seen = Object.entries({ ...meets, ...really }).filter(([, what]) => what !== 'unknown' && what !== 'peer');
      expect(reality.met).toMatchObject(Object.fromEntries(seen));
      if (reality.ofZones !== undefined) {
        const { ofZones } = reality;
        const zones = Object.keys(meets).map((attempt) => [attempt, outcomeOf(ask(ofZones, attempt))]);
        expect(Object.fromEntries(zones), 'by the zones alone').toEqual(meets);
      }
    });
  },
);
