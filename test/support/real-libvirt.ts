import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedVersions } from '../../src/parse/dpkg-status.ts';
import type { HostTree } from './corpus.ts';
import { writeTree } from './directory-tree.ts';

/** A connection to try: two hosts, and who opens what on the client's. */
export interface LibvirtScenario {
  readonly uri: string;
  readonly user: string;
  readonly server: HostTree;
  readonly client: HostTree;
}

/** What the real programs did, in the words of the corpus: see {@link import('./corpus.ts').Truth}. */
export interface LibvirtOutcome {
  readonly daemon: 'running' | 'exits';
  readonly connects: boolean;
  readonly stage: string | null;
  /** The last error line of virsh without `error: `, empty if it connects. */
  readonly clientError: string;
  /** Errors and warnings of the daemon, in the order of its log, without time and thread. */
  readonly daemonErrors: readonly string[];
  /** Warnings of the client's library, which hold the reason why it refused the server. */
  readonly warnings: readonly string[];
  /** Local ports that are listened on. */
  readonly ports: readonly number[];
  /** What our program, given as {@link runLibvirt}'s `program`, printed about the connection as the same user of the same client. */
  readonly report?: string;
}

const drivers = '/usr/lib/x86_64-linux-gnu/libvirt/connection-driver';

/** What has to be installed, or be the case, for {@link runLibvirt}, and is not. */
export const missingForLibvirt: readonly string[] = [
  ...[
    '/usr/sbin/libvirtd',
    '/usr/bin/virsh',
    '/usr/bin/unshare',
    '/usr/bin/python3',
    `${drivers}/libvirt_driver_qemu.so`,
  ].filter((path) => !existsSync(path)),
  ...(process.getuid?.() === 0 ? [] : ['root']),
];

/** The version of Debian's package of the libvirtd that is installed. */
export const installedLibvirt = (): string => {
  const version = installedVersions(readFileSync('/var/lib/dpkg/status', 'utf8'), ['libvirt-daemon']).get(
    'libvirt-daemon',
  );
  if (version === undefined) throw new Error('libvirt-daemon is not installed as a package');
  return version;
};

/**
 * Opens the URI with the real virsh at the real libvirtd. Each has its own root, made of the scenario's tree and of this machine's
 * programs; both are alone in a network and among processes of their own, which end with the connection. That network has the
 * addresses 127.0.0.1, ::1, 192.0.2.10 and 2001:db8::10; names are resolved by the client's hosts file alone.
 */
export async function runLibvirt(scenario: LibvirtScenario, program?: string): Promise<LibvirtOutcome> {
  const directory = mkdtempSync(join(tmpdir(), 'real-libvirt-'));
  try {
    for (const side of ['server', 'client'] as const) writeRoot(join(directory, side), scenario[side]);
    const args = [
      directory,
      scenario.uri,
      scenario.user,
      String(portOf(scenario.uri)),
      daemonArguments(scenario.server),
    ];
    await isolated([...args, activationSockets(scenario.server).join(' '), program ?? '']);
    return outcomeIn(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Lays out the tree, and beside it what the C library and libvirtd's QEMU driver ask for on any host. */
function writeRoot(root: string, tree: HostTree): void {
  writeTree(root, {
    '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n',
    // As Debian has it: a name of several lines of the hosts file has several addresses.
    '/etc/host.conf': 'multi on\n',
    '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
    '/etc/ld.so.cache': { content: readFileSync('/etc/ld.so.cache') },
    ...tree,
    '/etc/passwd': `${textOf(tree, '/etc/passwd')}libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin\n`,
    '/etc/group': `${textOf(tree, '/etc/group')}libvirt-qemu:x:64055:\n`,
  });
}

const textOf = (tree: HostTree, path: string): string => {
  const entry = tree[path];
  return entry !== undefined && 'content' in entry ? Buffer.from(entry.content as string).toString('latin1') : '';
};

const portOf = (uri: string): number =>
  Number(
    /^[^:]+:\/\/(?:[^/@]*@)?(?:\[[^\]]*\]|[^/:?]*):(\d+)/.exec(uri)?.[1] ?? (/^[^:]*\+tcp:/.test(uri) ? 16509 : 16514),
  );

/** The last `LIBVIRTD_ARGS` of the environment file, as words. */
const daemonArguments = (server: HostTree): string =>
  ['/etc/default/libvirtd', '/etc/sysconfig/libvirtd']
    .flatMap((path) => [...textOf(server, path).matchAll(/^LIBVIRTD_ARGS="?(.*?)"?$/gm)])
    .map((match) => match[1] ?? '')
    .at(-1) ?? '';

const activationSockets = (server: HostTree): readonly string[] =>
  ['libvirtd', 'libvirtd-ro', 'libvirtd-admin', 'libvirtd-tcp', 'libvirtd-tls']
    .map((name) => `${name}.socket`)
    .filter((name) => server[`/etc/systemd/system/sockets.target.wants/${name}`] !== undefined);

function isolated(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      'unshare',
      // The first process of the namespace is its init: all others end with it.
      [
        '--mount',
        '--net',
        '--pid',
        '--ipc',
        '--uts',
        '--fork',
        '--kill-child',
        '--mount-proc',
        'bash',
        '-c',
        script,
        'real-libvirt',
        ...args,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' } },
    );
    let complaints = '';
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      if (status === 0) resolve();
      else reject(new Error(`the namespace ended with ${status}: ${complaints}`));
    });
  });
}

/** Opens systemd's sockets as its units do, and becomes the daemon. */
const activation = `
import os, socket, sys
names = sys.argv[1].split()
opened = []
for name in names:
    if name.endswith('-tls.socket') or name.endswith('-tcp.socket'):
        s = socket.socket(socket.AF_INET6)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(('::', 16514 if 'tls' in name else 16509))
    else:
        path = '/run/libvirt/' + {'libvirtd': 'libvirt-sock', 'libvirtd-ro': 'libvirt-sock-ro', 'libvirtd-admin': 'libvirt-admin-sock'}[name[:-7]]
        s = socket.socket(socket.AF_UNIX)
        s.bind(path)
    s.listen(64)
    opened.append(s)
if opened:
    kept = [os.dup(s.fileno()) for s in opened]
    kept = [os.dup2(os.dup2(fd, 100 + i), 100 + i) for i, fd in enumerate(kept)]
    for i, fd in enumerate(kept): os.dup2(fd, 3 + i)
    os.closerange(3 + len(kept), 200)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(kept)), LISTEN_FDNAMES=':'.join(names))
os.execv('/usr/sbin/libvirtd', ['libvirtd'] + sys.argv[2:])
`;

const script = `
set -eu
dir=$1 uri=$2 user=$3 port=$4 args=$5 sockets=$6 program=$7
ip link set lo up
ip address add 192.0.2.10/32 dev lo
ip address add 2001:db8::10/128 dev lo nodad
for root in $dir/server $dir/client; do
  mkdir -p $root/{usr,proc,dev,sys,run,tmp,var,home,root}
  for name in bin sbin lib lib64; do
    if [ -L /$name ]; then cp -d /$name $root/$name; elif [ -d /$name ]; then mkdir $root/$name; mount --rbind /$name $root/$name; fi
  done
  for name in usr proc dev sys; do mount --rbind /$name $root/$name; done
done
mkdir -p $dir/server/run/libvirt $dir/server/var/{lib,log,cache}/libvirt $dir/server/run/drivers
# The driver of QEMU alone: the others take a second to start, and no URI asks for them.
ln -s ${drivers}/libvirt_driver_qemu.so $dir/server/run/drivers/
at_server() { exec chroot $dir/server env -i PATH=$PATH HOME=/root LC_ALL=C LIBVIRT_DRIVER_DIR=/run/drivers "$@"; }
if [ -n "$sockets" ]
then (at_server python3 -c "$ACTIVATION" "$sockets" $args) 2>$dir/daemon.log &
else (at_server libvirtd $args) >$dir/daemon.log 2>&1 &
fi
daemon=$!
hex=$(printf ':%04X' $port)
exec 9<> <(:)
pause() { read -t $1 -u 9 || true; }
# The client starts when its port listens, when the daemon has gone, or when the daemon serves its own host: it then opened all it opens.
for i in $(seq 1000); do
  kill -0 $daemon 2>/dev/null || break
  mapfile -t lines < /proc/net/tcp; mapfile -t -O \${#lines[@]} lines < /proc/net/tcp6
  # Under activation the port listens before the daemon does.
  [ -n "$sockets" ] || [[ "\${lines[*]}" != *$hex\\ *:0000\\ 0A\\ * ]] || break
  if [ $((i % 10)) = 0 ]; then
    mapfile -t unix < /proc/net/unix
    path=$(printf '%s\\n' "\${unix[@]}" | sed -n 's/.* 00010000 .* \\(.*libvirt-sock\\)$/\\1/p')
    [ -z "$path" ] || ! (at_server timeout 10 virsh -c "qemu+unix:///system?socket=$path" uri) >/dev/null 2>&1 </dev/null || break
  fi
  pause 0.01
done
home=/root; [ $user = root ] || home=/home/$user
status=0
timeout 20 chroot --userspec=$user $dir/client env -i PATH=$PATH HOME=$home USER=$user LOGNAME=$user LC_ALL=C \\
  virsh -c "$uri" uri >$dir/out 2>$dir/err </dev/null || status=$?
echo $status >$dir/status
if [ -n "$program" ]; then
  mkdir -p $dir/client/opt/program
  mount --bind $program $dir/client/opt/program
  timeout 30 chroot --userspec=$user $dir/client env -i PATH=$PATH HOME=$home USER=$user LOGNAME=$user LC_ALL=C \\
    node /opt/program/bin/virt-pki-check.js diagnose "$uri" --format json --timeout 4 >$dir/report 2>$dir/report.err </dev/null || true
  cat $dir/report.err >>$dir/report
fi
pause 0.02
if kill -0 $daemon 2>/dev/null; then echo running; else echo exits; fi >$dir/daemon
cat /proc/net/tcp /proc/net/tcp6 >$dir/ports
`.replace('$ACTIVATION', () => activation.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '\\$'));

function outcomeIn(directory: string): LibvirtOutcome {
  const text = (name: string): string => readFileSync(join(directory, name), 'utf8');
  const connects = text('status').trim() === '0';
  const daemon = text('daemon').trim() as LibvirtOutcome['daemon'];
  const errors = text('err').split('\n');
  const daemonErrors = logged(text('daemon.log').split('\n'));
  const ports = [...text('ports').matchAll(/^\s*\d+: \w+:(\w+) \w+:0000 0A /gm)].map((match) =>
    Number.parseInt(match[1]!, 16),
  );
  const clientError = connects
    ? ''
    : (errors.filter((line) => line.startsWith('error: ')).at(-1) ?? '').slice('error: '.length);
  return {
    daemon,
    connects,
    stage: connects ? null : stageOf(daemon, daemonErrors, ports, clientError),
    clientError,
    daemonErrors,
    warnings: logged(errors),
    ports: [...new Set(ports)],
    ...(existsSync(join(directory, 'report')) ? { report: text('report') } : {}),
  };
}

/** Log lines without time and thread; what the namespace alone causes is left out. */
const logged = (lines: readonly string[]): readonly string[] =>
  lines
    .map((line) => line.replace(/^[-\d]+ [\d:.]+\+0000: \d+: /, ''))
    .filter((line) => /^(libvirt: .*)?(error|warning) : /.test(line) && !/virCommandWait|dmidecode/.test(line));

const whenItCannotConnect: readonly (readonly [RegExp, string])[] = [
  [/^(unable to connect to server|Unable to resolve address)/, 'reach'],
  [/TLS handshake failed/, 'handshake'],
  [/^authentication failed: Failed to verify peer's certificate/, 'server-identity'],
  [/^(Unable to read TLS confirmation|server verification \(of our)/, 'client-identity'],
  [
    /^(authentication failed|authentication cancelled|SASL|unsupported authentication|requested authentication)/i,
    'auth',
  ],
];

/** Where it failed first: a daemon that does not serve comes before what the client found out by itself. */
function stageOf(
  daemon: string,
  daemonErrors: readonly string[],
  ports: readonly number[],
  clientError: string,
): string {
  if (daemon === 'exits')
    return daemonErrors.some((line) => /: (virNetTLS|virFileRead|saferead)/.test(line))
      ? 'server-credentials'
      : 'server-config';
  if (ports.length === 0) return 'server-config';
  // What the daemon itself said last came through: nothing of TLS is wrong any more.
  const isTheDaemons = clientError !== '' && daemonErrors.some((line) => line.endsWith(` : ${clientError}`));
  return (
    whenItCannotConnect.find(([pattern]) => pattern.test(clientError))?.[1] ??
    (isTheDaemons ? 'auth' : 'client-credentials')
  );
}
