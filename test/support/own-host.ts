import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** What has to be installed, or be the case, for {@link runOnOwnHost}, and is not. */
export const missingForLibvirtd: readonly string[] = [
  ...['/usr/sbin/libvirtd', '/usr/bin/certtool', '/usr/bin/unshare'].filter((path) => !existsSync(path)),
  ...(process.getuid?.() === 0 ? [] : ['root']),
];

/**
 * Makes hosts out of this machine in namespaces of its own: /etc/pki, libvirt's configuration and what runs are then not ours.
 * `healthy` makes a healthy one, `conf` writes libvirtd.conf, `issue` a server certificate; `start_daemon` starts libvirtd and sets
 * `$state` to `listens` (for TLS), `exits` or `silent` (it runs without TLS), and its words are in `log`; `stop_daemon` ends it.
 */
const preamble = `
set -eu
ip link set lo up
mkdir -p /etc/pki
mount -t tmpfs none /etc/pki
mount -t tmpfs none /run
mount -t tmpfs none /var/lib/libvirt
# --listen is for a host whose sockets systemd does not open.
mount -t tmpfs none /etc/systemd/system
for unit in libvirtd libvirtd-ro libvirtd-admin; do ln -s /dev/null /etc/systemd/system/$unit.socket; done
cd "$(mktemp -d)"
CA=/etc/pki/CA/cacert.pem SERVER_CERT=/etc/pki/libvirt/servercert.pem SERVER_KEY=/etc/pki/libvirt/private/serverkey.pem
exec 2>/dev/null
for name in ca other server; do certtool --generate-privkey --outfile $name.key; done
printf '%s\\n' 'cn="Peer CA"' ca cert_signing_key expiration_days=3000 > ca.t
printf '%s\\n' 'cn="Other CA"' ca cert_signing_key expiration_days=3000 > other.t
touch conf args
mount --bind conf /etc/libvirt/libvirtd.conf
mount --bind args /etc/default/libvirtd
echo 'LIBVIRTD_ARGS="--listen"' > args
conf() { printf '%s\\n' "$@" > conf; }
issue() {
  local digest=sha256 lines=()
  for word in "$@"; do [ "$word" = sha1 ] && digest=sha1 || lines+=("$word"); done
  [ "\${#lines[@]}" -gt 1 ] || lines+=(expiration_days=900)
  printf '%s\\n' "cn=\\"$(uname -n)\\"" "dns_name=\\"$(uname -n)\\"" tls_www_server signing_key encryption_key "\${lines[@]}" > server.t
  certtool --generate-certificate --load-privkey $SERVER_KEY --load-ca-certificate $CA --load-ca-privkey ca.key --hash $digest --template server.t --outfile $SERVER_CERT
}
healthy() {
  rm -rf /etc/pki/*
  mkdir -p /etc/pki/CA /etc/pki/libvirt
  mkdir -m 0700 /etc/pki/libvirt/private
  certtool --generate-self-signed --load-privkey ca.key --template ca.t --outfile $CA
  install -m 0600 server.key $SERVER_KEY
  issue
  conf '# nothing set'
}
start_daemon() {
  libvirtd --listen > log 2>&1 &
  daemon=$! state=exits
  for i in $(seq 100); do
    kill -0 $daemon 2>/dev/null || break
    # Local port 16514, listening.
    if grep -q ':4082 [0-9A-F]*:0000 0A ' /proc/net/tcp /proc/net/tcp6; then state=listens; break; fi
    # The admin socket is made last but for TLS: where it answers and the port does not, TLS is off.
    if [ $i -gt 20 ] && [ -S /run/libvirt/libvirt-admin-sock ]; then state=silent; break; fi
    sleep 0.1
  done
}
stop_daemon() {
  kill $daemon 2>/dev/null || true
  wait $daemon 2>/dev/null || true
  rm -rf /run/libvirt /run/libvirtd.pid
}
`;

/** Runs a script on such a host and returns what it printed. @throws Error when it fails or takes more than four minutes */
export function runOnOwnHost(script: string, environment: Readonly<Record<string, string>> = {}): string {
  return runInNamespaces(`${preamble}\n${script}`, environment);
}

/** Runs a script as root of mounts, network and processes of its own; they all end with it. @throws Error as above */
export function runInNamespaces(script: string, environment: Readonly<Record<string, string>> = {}): string {
  const { stdout, stderr, status, error } = spawnSync(
    'unshare',
    ['--mount', '--net', '--pid', '--fork', '--mount-proc', 'bash', '-c', script],
    {
      encoding: 'utf8',
      timeout: 240_000,
      maxBuffer: 1 << 28,
      env: { ...process.env, NODE: process.execPath, ...environment },
    },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`the script ended with ${status}: ${stdout.slice(-2000)}${stderr.slice(-2000)}`);
  return stdout;
}
