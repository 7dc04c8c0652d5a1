import { missingForLibvirtd, runOnOwnHost } from '../support/own-host.ts';
import { absent, diagnose, environment, quoted, suite, tryLines, type Case } from '../support/live-diagnoses.ts';

/** Client directories for pkipath=: the admin's, one without a certificate, one of another CA, one that has expired, one that trusts nobody here. */
const clients = `
for name in admin stranger expired; do certtool --generate-privkey --outfile $name.key; done
client() { # directory, CA, certificate, key
  mkdir -p $1; cp $2 $1/cacert.pem
  [ -z "$3" ] || { cp $3 $1/clientcert.pem; install -m 0600 $4 $1/clientkey.pem; }
}
certificate() { # name, CA's certificate and key, more lines
  local name=$1 ca=$2 key=$3; shift 3
  printf '%s\\n' "cn=$name" tls_www_client signing_key encryption_key "$@" > $name.t
  certtool --generate-certificate --load-privkey $name.key --load-ca-certificate $ca --load-ca-privkey $key --template $name.t --outfile $name.pem
}
certtool --generate-self-signed --load-privkey ca.key --template ca.t --outfile ca.pem
certtool --generate-self-signed --load-privkey other.key --template other.t --outfile other.pem
certificate admin ca.pem ca.key expiration_days=900
certificate stranger other.pem other.key expiration_days=900
certificate expired ca.pem ca.key 'activation_date="2020-01-01 00:00:00 UTC"' 'expiration_date="2021-01-01 00:00:00 UTC"'
client own ca.pem admin.pem admin.key
client bare ca.pem '' ''
client strange ca.pem stranger.pem stranger.key
client expired ca.pem expired.pem expired.key
client elsewhere other.pem stranger.pem stranger.key
`;

const tls = (directory: string, more = '', host = 'localhost'): string =>
  `"qemu+tls://${host}/system?pkipath=$PWD/${directory}${more}"`;
const healthy = `healthy; issue 'dns_name="localhost"'`;

const libvirtCases: readonly Case[] = [
  {
    name: 'TLS, verified both ways',
    server: healthy,
    asks: tls('own'),
    verdict: 'connects',
    says: /handshake pass: TLS 1\.3 with TLS_\w+; TLS 1\.\d is taken as well/,
  },
  { name: 'a client without a certificate', asks: tls('bare'), verdict: 'fails', stage: 'client-identity' },
  {
    name: 'a client of another CA',
    asks: tls('strange', '&no_sanity=1'),
    verdict: 'fails',
    stage: 'client-identity',
    message: /Peer CA/,
  },
  {
    name: 'a client whose certificate has expired',
    asks: tls('expired', '&no_sanity=1'),
    verdict: 'fails',
    stage: 'client-identity',
    message: /has expired/,
  },
  {
    name: 'a client whose own check refuses its certificate',
    asks: tls('expired'),
    verdict: 'fails',
    stage: 'client-credentials',
  },
  { name: 'a CA that the client does not know', asks: tls('elsewhere'), verdict: 'fails', stage: 'server-identity' },
  {
    name: 'a name that the certificate does not have',
    asks: tls('own', '', '127.0.0.1'),
    verdict: 'fails',
    stage: 'server-identity',
    message: /names .*localhost, not 127/,
  },
  { name: 'the same with no_verify', asks: tls('own', '&no_verify=1', '127.0.0.1'), verdict: 'connects' },
  { name: 'a port on which nobody listens', asks: tls('own', '', 'localhost:16599'), verdict: 'fails', stage: 'reach' },
  { name: 'a name that nobody knows', asks: tls('own', '', 'nobody.invalid'), verdict: 'fails', stage: 'reach' },
  { name: 'plain TCP where only TLS is served', asks: 'qemu+tcp://localhost/system', verdict: 'fails', stage: 'reach' },
  {
    name: 'a certificate that was renewed for the right name, and is not loaded',
    server: `healthy; issue`,
    asks: tls('own'),
    verdict: 'fails',
    stage: 'server-identity',
  },
  {
    name: 'the same, with the files of the server',
    server: `later=later; healthy; issue`,
    asks: `${tls('own')} --server local`,
    verdict: 'fails',
    stage: 'server-identity',
    message: /is not the one on disk/,
  },
  {
    name: 'a certificate that has expired',
    server: `healthy; conf 'tls_no_sanity_certificate = 1'
      issue 'dns_name="localhost"' 'activation_date="2020-01-01 00:00:00 UTC"' 'expiration_date="2021-01-01 00:00:00 UTC"'`,
    asks: tls('own'),
    verdict: 'fails',
    stage: 'server-identity',
    message: /expired/,
  },
  {
    name: 'TLS that verifies nobody',
    server: `${healthy}; conf 'tls_no_verify_certificate = 1'`,
    asks: tls('bare'),
    verdict: 'connects',
  },
  {
    name: 'a list of names that does not have the client',
    server: `${healthy}; conf 'tls_allowed_dn_list = ["CN=somebody else"]'`,
    asks: tls('own'),
    verdict: 'fails',
    stage: 'client-identity',
    message: /turns the certificate CN=admin away/,
  },
  {
    name: 'a list of names that has it',
    server: `${healthy}; conf 'tls_allowed_dn_list = ["CN=adm*"]'`,
    asks: tls('own'),
    verdict: 'connects',
  },
  {
    name: 'SASL after TLS, and no login',
    server: `${healthy}; printf 'mech_list: scram-sha-256\\n' > libvirt.conf; conf 'auth_tls = "sasl"' 'listen_tcp = 1' 'auth_tcp = "none"'`,
    asks: tls('own'),
    verdict: 'fails',
    stage: 'auth',
    message: /SCRAM-SHA-256/,
  },
  { name: 'plain TCP for everybody', asks: 'qemu+tcp://localhost/system', verdict: 'connects' },
  {
    name: 'SASL over plain TCP without a mechanism that encrypts',
    server: `${healthy}; printf 'mech_list: scram-sha-256\\n' > libvirt.conf; conf 'listen_tcp = 1' 'auth_tcp = "sasl"'`,
    asks: 'qemu+tcp://localhost/system',
    verdict: 'fails',
    stage: 'auth',
  },
  {
    name: 'polkit over plain TCP',
    server: `${healthy}; conf 'listen_tcp = 1' 'auth_tcp = "polkit"'`,
    asks: 'qemu+tcp://localhost/system',
    verdict: 'fails',
    stage: 'auth',
    // Which words polkit has depends on what is installed on the server.
    withoutClient: true,
  },
  {
    name: 'a daemon that does not start',
    server: `${healthy}; rm $SERVER_KEY`,
    asks: tls('own'),
    verdict: 'fails',
    stage: 'reach',
  },
  {
    name: 'the same, with the files of the server',
    asks: `${tls('own')} --server local`,
    verdict: 'fails',
    stage: 'server-credentials',
  },
];

const libvirtScript = `
export SASL_CONF_PATH=$PWD
${diagnose}
${clients}
daemon=
try() { # name of a client, what the server becomes, words
  if [ -n "$2" ]; then
    if [ -n "$daemon" ]; then stop_daemon; fi
    rm -f libvirt.conf; later=
    eval "$2"
    start_daemon
    # A renewal that the daemon is not told of.
    case $2 in *'issue') issue 'dns_name="localhost"' ;; esac
  fi
  eval "TIMEOUT=$4 diagnose $1 $3"
}
`;

/** `serve` listens on a port; `trickle` says what a real server says, a byte at a time. */
const peerTools = String.raw`
const net = require('node:net');
const serve = (port, play) => net.createServer((socket) => { socket.on('error', () => {}); play(socket); }).listen(port);
const trickle = (port, pause, real) => serve(port, (socket) => {
  const server = net.connect(real, '127.0.0.1');
  server.on('error', () => {});
  socket.on('data', (chunk) => server.write(chunk));
  socket.on('close', () => { server.destroy(); clearTimeout(timer); clearImmediate(timer); });
  socket.setNoDelay();
  const queue = [];
  let timer;
  const later = () => (timer = pause === 0 ? setImmediate(next) : setTimeout(next, pause));
  const next = () => { if (socket.writable) socket.write(Buffer.from([queue.shift()])); if (queue.length > 0) later(); else if (server.destroyed) socket.end(); };
  server.on('close', () => { if (queue.length === 0) socket.end(); });
  server.on('data', (chunk) => { const idle = queue.length === 0; queue.push(...chunk); if (idle) later(); });
});
`;

/** Peers that do what no libvirtd does, by port. A verdict that comes in pieces virsh 9.0 may not read ("Resource temporarily unavailable"). */
const peers = String.raw`
${peerTools}
const tls = require('node:tls');
const { readFileSync } = require('node:fs');
serve(7001, () => {});
serve(7002, (socket) => socket.write('\x7f\x00 this is neither TLS nor anything else\r\n'.repeat(3)));
serve(7003, (socket) => socket.once('data', () => socket.end()));
serve(7004, (socket) => socket.once('data', () => socket.resetAndDestroy()));
serve(7005, (socket) => socket.write('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'));
trickle(7006, 0, 16514);
trickle(7007, 40, 16514);
// A server that ends in the middle of its first answer.
serve(7008, (socket) => {
  const server = net.connect(16514, '127.0.0.1');
  server.on('error', () => {});
  socket.on('data', (chunk) => server.write(chunk));
  server.once('data', (chunk) => { socket.end(chunk.subarray(0, 50)); server.destroy(); });
});
// Servers that end in the middle of their answer to the first call: in the clear, and in TLS.
const half = Buffer.from([0, 0, 0, 36, 0x20, 0, 0x80, 0x86, 0, 0, 0, 1, 0, 0]);
serve(7020, (socket) => socket.once('data', () => socket.end(half)));
serve(7021, (socket) => socket.once('data', () => socket.resetAndDestroy()));
const credentials = { cert: readFileSync(process.env.SERVER_CERT), key: readFileSync(process.env.SERVER_KEY) };
const serveTls = (port, play) => tls.createServer(credentials, (socket) => { socket.on('error', () => {}); play(socket); }).listen(port);
serveTls(7022, (socket) => { socket.write(Buffer.from([1])); socket.once('data', () => { socket.write(half); setImmediate(() => socket.destroy()); }); });
serveTls(7023, (socket) => socket.write(Buffer.from([7])));
`;

const at = (port: number): string => tls('own', '', `localhost:${port}`);

const peerCases: readonly Case[] = [
  {
    name: 'a listener that says nothing',
    asks: at(7001),
    verdict: 'fails',
    stage: 'handshake',
    message: /says nothing/,
    withoutClient: true,
  },
  { name: 'a listener that sends garbage', asks: at(7002), verdict: 'fails', stage: 'handshake' },
  {
    name: 'one that closes when TLS starts',
    asks: at(7003),
    verdict: 'fails',
    stage: 'handshake',
    message: /hangs up/,
  },
  { name: 'one that resets when TLS starts', asks: at(7004), verdict: 'fails', stage: 'handshake', message: /reset/ },
  { name: 'an ssh server', asks: at(7005), verdict: 'fails', stage: 'handshake', message: /speaks ssh/ },
  { name: 'a byte at a time', asks: at(7006), verdict: 'connects', within: 8, withoutClient: true },
  {
    name: 'a byte at a time, too slowly',
    asks: at(7007),
    verdict: 'fails',
    stage: 'handshake',
    message: /in time/,
    withoutClient: true,
  },
  {
    name: 'one that closes in the middle of its answer',
    asks: at(7008),
    verdict: 'fails',
    stage: 'handshake',
    message: /hangs up/,
    withoutClient: true,
  },
  {
    name: 'a port whose packets are dropped',
    asks: at(7010),
    verdict: 'fails',
    stage: 'reach',
    message: /does not answer/,
    withoutClient: true,
  },
  { name: 'a port that a firewall rejects', asks: at(7011), verdict: 'fails', stage: 'reach', message: /not reached/ },
  {
    name: 'a port that this machine does not let out',
    asks: at(7012),
    verdict: 'fails',
    stage: 'reach',
    message: /forbidden|not reached/,
    withoutClient: true,
  },
  { name: 'an address without a route', asks: tls('own', '', '203.0.113.9'), verdict: 'fails', stage: 'reach' },
  {
    name: 'ssh where nobody listens',
    asks: 'qemu+ssh://localhost:7009/system',
    verdict: 'fails',
    stage: 'reach',
    withoutClient: true,
  },
  { name: 'ssh', asks: 'qemu+ssh://localhost:7005/system', verdict: 'unknown', withoutClient: true },
  {
    name: 'one that closes in the middle of its answer in the clear',
    asks: 'qemu+tcp://localhost:7020/system',
    verdict: 'fails',
    stage: 'auth',
    message: /hangs up before its answer is complete/,
  },
  {
    name: 'one that resets where its answer should come',
    asks: 'qemu+tcp://localhost:7021/system',
    verdict: 'fails',
    stage: 'auth',
    message: /reset before its answer is complete/,
  },
  {
    name: 'one that closes in the middle of its answer in TLS',
    asks: at(7022),
    verdict: 'fails',
    stage: 'auth',
    message: /hangs up before its answer is complete/,
  },
  {
    name: 'one that speaks TLS and is no libvirt',
    asks: at(7023),
    verdict: 'fails',
    stage: 'client-identity',
    message: /byte 7/,
  },
  {
    name: 'plain TCP to one that says nothing',
    asks: 'qemu+tcp://localhost:7001/system',
    verdict: 'fails',
    stage: 'auth',
    withoutClient: true,
  },
];

const peerScript = `
nft -f - <<'RULES'
table inet filter {
  chain input {
    type filter hook input priority 0;
    tcp dport 7010 drop
    tcp dport 7011 reject with icmpx admin-prohibited
  }
  chain output {
    type filter hook output priority 0;
    tcp dport 7012 reject with icmpx admin-prohibited
  }
}
RULES
${healthy}; start_daemon
export SERVER_CERT SERVER_KEY
"$NODE" -e "$PEER_PROGRAM" &
PEERS=$!
sleep 0.3
`;

suite(
  'a client of libvirt alone, before a real daemon',
  [...missingForLibvirtd, ...absent('virsh', 'ss')],
  libvirtCases,
  () => runOnOwnHost(`${libvirtScript}\n${tryLines(libvirtCases, 'virsh')}\n`, environment),
);

suite(
  'a client of libvirt alone, before other peers and firewalls',
  [...missingForLibvirtd, ...absent('virsh', 'ss', 'nft')],
  peerCases,
  () =>
    runOnOwnHost(`${libvirtScript}\n${peerScript}\n${tryLines(peerCases, 'virsh')}\nkill $PEERS\n`, {
      ...environment,
      PEER_PROGRAM: peers,
    }),
);

/** A display of QEMU, what follows the address in `-vnc`, and the flags of the diagnosis. */
interface Display extends Omit<Case, 'asks' | 'server'> {
  readonly options: string;
  /** Shell, run before QEMU starts. */
  readonly first?: string;
  /** Shell, run when QEMU is up. */
  readonly then?: string;
  readonly host?: string;
}

const displays: readonly Display[] = [
  { name: 'None', options: '', verdict: 'connects' },
  { name: 'VNC', options: 'password=on', verdict: 'fails', stage: 'auth', message: /VNC password/ },
  { name: 'SASL', options: 'sasl=on', verdict: 'fails', stage: 'auth', message: /SASL/ },
  { name: 'TLSNone', options: 'tls-creds=anon', verdict: 'connects' },
  { name: 'TLSVnc', options: 'tls-creds=anon,password=on', verdict: 'fails', stage: 'auth' },
  { name: 'TLSSASL', options: 'tls-creds=anon,sasl=on', verdict: 'fails', stage: 'auth', message: /anonymous TLS/ },
  {
    name: 'SASL that does not encrypt',
    options: 'sasl=on',
    first: "echo 'mech_list: scram-sha-256' > qemu.conf",
    verdict: 'fails',
    stage: 'auth',
    message: /none of which encrypts/,
  },
  { name: 'X509None that verifies', options: 'tls-creds=on', verdict: 'connects' },
  { name: 'X509None that does not verify', options: 'tls-creds=off', verdict: 'connects' },
  { name: 'X509Vnc', options: 'tls-creds=on,password=on', verdict: 'fails', stage: 'auth' },
  { name: 'X509SASL', options: 'tls-creds=on,sasl=on', verdict: 'fails', stage: 'auth' },
  {
    name: 'X509None that admits others',
    options: 'tls-creds=on,tls-authz=nobody',
    verdict: 'fails',
    stage: 'client-identity',
  },
  {
    name: 'X509None for a client without a certificate',
    options: 'tls-creds=on',
    then: 'rm -r /etc/pki/gvnccapture',
    verdict: 'fails',
    stage: 'client-identity',
  },
  {
    name: 'X509None for a client that does not know the CA',
    options: 'tls-creds=off',
    then: 'cp other.pem /etc/pki/CA/cacert.pem',
    verdict: 'fails',
    stage: 'server-identity',
  },
  {
    name: 'a client whose key is not readable as one',
    options: 'tls-creds=off',
    then: 'echo nonsense > /etc/pki/gvnccapture/private/clientkey.pem',
    verdict: 'fails',
    stage: 'client-credentials',
  },
  {
    name: 'X509None by another name',
    options: 'tls-creds=off',
    host: '127.0.0.1',
    verdict: 'fails',
    stage: 'server-identity',
  },
  { name: 'no guest', options: 'none', verdict: 'fails', stage: 'reach' },
];

const displayScript = `
${diagnose}
${clients}
export SASL_CONF_PATH=$PWD
${healthy}
mkdir creds; cp ca.pem creds/ca-cert.pem; cp $SERVER_CERT creds/server-cert.pem; cp $SERVER_KEY creds/server-key.pem
see() { # client, host, options, what comes first, what comes then
  printf 'mech_list: scram-sha-256 digest-md5\\n' > qemu.conf
  eval "$4"
  mkdir -p /etc/pki/CA /etc/pki/gvnccapture/private
  cp ca.pem /etc/pki/CA/cacert.pem
  cp admin.pem /etc/pki/gvnccapture/clientcert.pem; cp admin.key /etc/pki/gvnccapture/private/clientkey.pem
  local where=0.0.0.0:5$3; [ "$3" = none ] && where=none
  qemu-system-x86_64 -machine none -nodefaults -S -display none \\
    -object tls-creds-x509,id=on,dir=creds,endpoint=server,verify-peer=on -object tls-creds-x509,id=off,dir=creds,endpoint=server,verify-peer=off \\
    -object tls-creds-anon,id=anon,endpoint=server -object authz-simple,id=nobody,identity=CN=nobody -vnc "$where" > qemu.log 2>&1 &
  local qemu=$!
  for turn in $(seq 200); do
    [ "$3" = none ] || grep -q ':1711 0*:0000 0A ' /proc/net/tcp && break
    sleep 0.05
  done
  eval "$5"
  DISPLAY_ADDRESS=$2:5
  diagnose $1 vnc://$2:5905 --viewer gvnccapture
  kill $qemu; wait $qemu || true
}
`;

suite(
  'a VNC client alone, before a real QEMU',
  [...missingForLibvirtd, ...absent('qemu-system-x86_64', 'gvnccapture', 'ss')],
  displays.map(({ options: _, then: __, first: ___, host: ____, ...one }) => ({ ...one, asks: '' })),
  () => {
    const lines = displays.map(({ options, first = '', then = '', host = 'localhost', withoutClient }) =>
      [
        'see',
        withoutClient ? 'none' : 'gvnccapture',
        host,
        quoted(options === '' || options === 'none' ? options : `,${options}`),
        quoted(first),
        quoted(then),
      ].join(' '),
    );
    return runOnOwnHost(`${displayScript}\n${lines.join('\n')}\n`, environment);
  },
);

/** Peers that do what no QEMU does, by port; the real one is on 5905. */
const consolePeers = String.raw`
${peerTools}
const greeting = 'RFB 003.008\n';
serve(5911, () => {});
serve(5912, (socket) => socket.write('\x7f\x00 this is neither VNC nor anything else\r\n'.repeat(3)));
serve(5913, (socket) => socket.write('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'));
serve(5914, (socket) => socket.end(greeting));
serve(5915, (socket) => { socket.write(greeting); socket.once('data', () => socket.end(Buffer.from([2, 19]))); });
serve(5916, (socket) => { socket.write(greeting); socket.once('data', () => { socket.write(Buffer.from([1, 19])); socket.once('data', () => socket.end(Buffer.from([0]))); }); });
// VeNCrypt up to where TLS starts.
serve(5917, (socket) => {
  const says = [[1, 19], [0, 2], [0, 1, 0, 0, 1, 4], [1]];
  socket.write(greeting);
  socket.on('data', () => { const next = says.shift(); if (next === undefined) socket.end(); else socket.write(Buffer.from(next)); });
});
trickle(5918, 0, 5905);
trickle(5919, 60, 5905);
`;

const console_ = (port: number): string => `vnc://localhost:${port} --viewer gvnccapture`;

const consoleCases: readonly Case[] = [
  {
    name: 'a listener that says nothing',
    asks: console_(5911),
    verdict: 'fails',
    stage: 'handshake',
    message: /says nothing/,
    withoutClient: true,
  },
  { name: 'a listener that sends garbage', asks: console_(5912), verdict: 'fails', stage: 'handshake' },
  { name: 'an ssh server', asks: console_(5913), verdict: 'fails', stage: 'handshake', message: /speaks ssh/ },
  { name: 'one that closes after its greeting', asks: console_(5914), verdict: 'fails', stage: 'handshake' },
  {
    name: 'one that closes in the middle of its answer',
    asks: console_(5915),
    verdict: 'fails',
    stage: 'handshake',
    message: /hangs up before its answer is complete/,
  },
  { name: 'one that closes in the middle of VeNCrypt', asks: console_(5916), verdict: 'fails', stage: 'auth' },
  {
    name: 'one that closes when TLS starts',
    asks: console_(5917),
    verdict: 'fails',
    stage: 'handshake',
    message: /in the middle of the handshake/,
  },
  { name: 'a byte at a time', asks: console_(5918), verdict: 'connects', within: 8, withoutClient: true },
  {
    name: 'a byte at a time, too slowly',
    asks: console_(5919),
    verdict: 'fails',
    stage: 'handshake',
    message: /in time/,
    withoutClient: true,
  },
  {
    name: 'a port whose packets are dropped',
    asks: console_(5920),
    verdict: 'fails',
    stage: 'reach',
    message: /does not answer/,
    withoutClient: true,
  },
];

const consoleScript = `
${displayScript}
nft 'table inet filter { chain input { type filter hook input priority 0; tcp dport 5920 drop; }; }'
mkdir -p /etc/pki/CA; cp ca.pem /etc/pki/CA/cacert.pem
qemu-system-x86_64 -machine none -nodefaults -S -display none -object tls-creds-x509,id=off,dir=creds,endpoint=server,verify-peer=off \
  -vnc 127.0.0.1:5,tls-creds=off > qemu.log 2>&1 &
qemu=$!
"$NODE" -e "$CONSOLE_PROGRAM" &
PEERS=$!
for turn in $(seq 200); do
  grep -q ':1711 0*:0000 0A ' /proc/net/tcp && break
  sleep 0.05
done
try() { # client, nothing, words, seconds
  local port=\${3##*:}
  DISPLAY_ADDRESS=localhost:$(( \${port%% *} - 5900 ))
  eval "TIMEOUT=$4 diagnose $1 $3"
}
`;

suite(
  'a VNC client alone, before other peers and firewalls',
  [...missingForLibvirtd, ...absent('qemu-system-x86_64', 'gvnccapture', 'ss', 'nft')],
  consoleCases,
  () =>
    runOnOwnHost(`${consoleScript}\n${tryLines(consoleCases, 'gvnccapture')}\nkill $PEERS $qemu\n`, {
      ...environment,
      CONSOLE_PROGRAM: consolePeers,
    }),
);
