import { Ajv } from 'ajv';
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import reportSchema from '../../src/engine/report.schema.json' with { type: 'json' };
import type { Report } from '../../src/engine/report.ts';
import { ensureBuilt } from '../support/built-program.ts';
import { absent, diagnose, environment, suite, tryLines, type Case } from '../support/live-diagnoses.ts';
import { missingForLibvirtd, runOnOwnHost } from '../support/own-host.ts';

const missing = [
  ...missingForLibvirtd,
  ...absent('qemu-system-x86_64', 'ss', 'nft', 'virt-admin'),
  ...['/usr/lib/x86_64-linux-gnu/qemu/ui-spice-core.so'].filter((path) => !existsSync(path)),
];

/**
 * A host with libvirtd (16514) and a guest with VNC (5905, and 5705 for WebSockets), SPICE (5910 in the clear, 5911 and 5913 in TLS, 5912 for TLS alone) and servers
 * of network disks (10809 with TLS, 10810 without); root's home is here.
 */
const host = `
${diagnose}
mkdir -p home/.spicec
sed "s#^root:\\(.*\\):/root:#root:\\1:$PWD/home:#" /etc/passwd > passwd; mount --bind passwd /etc/passwd
export HOME=$PWD/home
healthy; issue 'dns_name="localhost"'
certtool --generate-self-signed --load-privkey other.key --template other.t --outfile other.pem
cp $CA home/.spicec/spice_truststore.pem
for use in vnc spice nbd; do
  mkdir /etc/pki/libvirt-$use; cp $CA /etc/pki/libvirt-$use/ca-cert.pem
  [ $use = nbd ] || { cp $SERVER_CERT /etc/pki/libvirt-$use/server-cert.pem; cp $SERVER_KEY /etc/pki/libvirt-$use/server-key.pem; }
done
start_daemon
nbd() { printf '{"execute":"nbd-server-start","arguments":{"addr":{"type":"inet","data":{"host":"127.0.0.1","port":"%s"}}%s}}\\n' "$@"; }
guest() { # name, port of NBD, more of its arguments, words
  local name=$1 port=$2 more=$3; shift 3
  (printf '{"execute":"qmp_capabilities"}\\n'; nbd $port "$more"; exec sleep 1000) |
    qemu-system-x86_64 -name guest=$name -machine none -nodefaults -S -display none -qmp stdio "$@" > $name.log 2>&1 &
}
spice=addr=127.0.0.1,disable-ticketing=on,x509-dir=/etc/pki/libvirt-spice
guest web 10809 ',"tls-creds":"off"' -vnc 127.0.0.1:5,tls-creds=on,websocket=5705 -spice port=5910,tls-port=5911,$spice \\
  -object tls-creds-x509,id=on,dir=/etc/pki/libvirt-vnc,endpoint=server,verify-peer=on \\
  -object tls-creds-x509,id=off,dir=/etc/pki/libvirt-vnc,endpoint=server,verify-peer=off
guest secret 10810 '' -spice port=5912,tls-port=5913,tls-channel=default,$spice
for port in 1711 1716 1717 1718 1719 2A39 2A3A; do
  for turn in $(seq 300); do grep -q ":$port 0*:0000 0A " /proc/net/tcp && break; sleep 0.05; done
done
`;

const spice = (rest: string): string => `"spice://${rest}"`;

const cases: readonly Case[] = [
  {
    name: 'SPICE in the clear',
    asks: spice('localhost:5910'),
    verdict: 'unknown',
    says: /handshake warning: SPICE answers in the clear/,
  },
  {
    name: 'SPICE in TLS',
    asks: spice('localhost?tls-port=5911'),
    verdict: 'unknown',
    says: /handshake pass: SPICE in TLS 1\.3 .*\nserver-identity pass: .*names localhost/,
  },
  {
    name: 'SPICE whose ticket is known to be switched off',
    asks: `${spice('localhost:5910?tls-port=5911')} --server local`,
    verdict: 'connects',
  },
  {
    name: 'SPICE by another name',
    asks: spice('127.0.0.1?tls-port=5911'),
    verdict: 'fails',
    stage: 'server-identity',
    message: /names .*localhost, not 127/,
  },
  {
    name: 'SPICE of a CA that the client does not know',
    server: 'cp other.pem home/.spicec/spice_truststore.pem',
    asks: spice('localhost?tls-port=5911'),
    verdict: 'fails',
    stage: 'server-identity',
    message: /spice_truststore/,
  },
  {
    name: 'SPICE in the clear at the port for TLS',
    asks: spice('localhost:5911'),
    verdict: 'fails',
    stage: 'handshake',
    message: /is one for TLS/,
  },
  {
    name: 'SPICE in TLS at the port in the clear',
    asks: spice('localhost?tls-port=5910'),
    verdict: 'fails',
    stage: 'handshake',
    message: /speaks SPICE, and TLS is needed/,
  },
  {
    name: 'SPICE that wants TLS',
    asks: spice('localhost:5912'),
    verdict: 'fails',
    stage: 'handshake',
    message: /wants TLS/,
  },
  { name: 'no SPICE', asks: spice('localhost:5999'), verdict: 'fails', stage: 'reach' },
  { name: 'VNC at the port of SPICE', asks: spice('localhost:5905'), verdict: 'fails', stage: 'handshake' },
  {
    name: 'NBD in TLS',
    asks: 'nbds://localhost/disk',
    verdict: 'unknown',
    says: /handshake pass: NBD in TLS 1\.3 .*\nserver-identity pass: .*names localhost\nclient-identity warning/,
  },
  {
    name: 'NBD that wants TLS',
    asks: 'nbd://localhost/disk',
    verdict: 'fails',
    stage: 'handshake',
    message: /wants TLS/,
  },
  {
    name: 'NBD in the clear',
    asks: 'nbd://localhost:10810/disk',
    verdict: 'unknown',
    says: /handshake warning: NBD answers in the clear/,
  },
  {
    name: 'NBD without TLS',
    asks: 'nbds://localhost:10810/disk',
    verdict: 'fails',
    stage: 'handshake',
    message: /has no TLS/,
  },
  {
    name: 'NBD by another name',
    asks: 'nbds://127.0.0.1/disk',
    verdict: 'fails',
    stage: 'server-identity',
    message: /names .*localhost, not 127/,
  },
  {
    name: 'VNC at the port of NBD',
    asks: 'nbd://localhost:5905',
    verdict: 'fails',
    stage: 'handshake',
    message: /speaks VNC/,
  },
  { name: 'no NBD', asks: 'nbd://localhost:10899/disk', verdict: 'fails', stage: 'reach' },
];

suite('a client of SPICE or NBD alone, before a real QEMU', missing, cases, () =>
  runOnOwnHost(
    `${host}
try() { eval "$2"; eval "TIMEOUT=$4 diagnose $1 $3"; }
${tryLines(
  cases.map((one) => (one.name === 'no NBD' ? one : { ...one, withoutClient: true })),
  'qemu',
)}
`,
    environment,
  ),
);

const rules = ['needs-restart', 'port-not-listening', 'served-certificate-differs-from-file'];
const valid = new Ajv({ strict: false, validateFormats: false }).compile<Report>(reportSchema);

/** What was found, as rule and place. */
function foundIn(line: string): readonly string[] {
  const { report, left } = JSON.parse(line) as { report: unknown; left: string };
  expect(valid(report), JSON.stringify(valid.errors?.[0])).toBe(true);
  expect(left, 'no connection and no process stays').toBe('');
  const { hosts } = report as Report;
  return hosts.flatMap(({ findings }) =>
    findings.map(({ rule, subject }) => `${rule} ${subject.kind === 'endpoint' ? subject.port : subject.kind}`),
  );
}

describe.skipIf(missing.length > 0)(
  `scan --probe of a real host${missing.length > 0 ? ` (needs ${missing.join(', ')})` : ''}`,
  () => {
    let dryRun: string, lines: readonly string[];
    beforeAll(() => {
      ensureBuilt();
      const out = runOnOwnHost(
        `${host}
scan() {
  "$NODE" "$PROGRAM" scan --probe --timeout 5 --format json ${rules.map((rule) => `--only ${rule}`).join(' ')} > report.json || true
  local left=$(ss --no-header --tcp --processes state connected exclude time-wait | grep '"node"' || true; pgrep -f "$PROGRAM" || true)
  "$NODE" -e 'console.log(JSON.stringify({ report: JSON.parse(require("fs").readFileSync("report.json")), left: process.argv[1].trim() }))' "$left"
}
"$NODE" "$PROGRAM" scan --probe --dry-run; echo end
scan
sleep 1.1
issue 'dns_name="localhost"'; for use in vnc spice; do cp $SERVER_CERT /etc/pki/libvirt-$use/server-cert.pem; done
scan
virt-admin server-update-tls libvirtd > /dev/null
scan
# Whoever was asked still serves.
virsh -c qemu:///system uri > /dev/null && echo serves
jobs -r | grep -c 'printf'
`,
        environment,
      );
      const [before = '', after = ''] = out.split('end\n');
      dryRun = before;
      lines = after.trim().split('\n');
    }, 200_000);

    it('lists first whom it would ask', () => {
      for (const port of [16514, 5905, 5705, 5910, 5911, 5912, 5913, 10809])
        expect(dryRun).toContain(`TCP port ${port}:`);
      expect(dryRun).toMatch(/5911: a TLS handshake without a certificate, and in it SPICE/);
      expect(dryRun).toMatch(/10809: .*NBD_OPT_STARTTLS/);
      // Nothing says that this is NBD.
      expect(dryRun).not.toContain('TCP port 10810');
    });

    it('finds nothing where all is well', () => {
      expect(foundIn(lines[0]!)).toEqual([]);
    });

    it('sees certificates that were renewed and not loaded', () => {
      expect([...foundIn(lines[1]!)].sort()).toEqual([
        'needs-restart process',
        'served-certificate-differs-from-file 16514',
        'served-certificate-differs-from-file 5905',
        'served-certificate-differs-from-file 5911',
        'served-certificate-differs-from-file 5913',
      ]);
    });

    it('sees that libvirtd has loaded its own since', () => {
      expect([...foundIn(lines[2]!)].sort()).toEqual([
        'served-certificate-differs-from-file 5905',
        'served-certificate-differs-from-file 5911',
        'served-certificate-differs-from-file 5913',
      ]);
    });

    it('leaves those that it asked as they were', () => {
      expect(lines.slice(3)).toEqual(['serves', '2']);
    });
  },
);
