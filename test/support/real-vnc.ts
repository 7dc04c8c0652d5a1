import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedVersions } from '../../src/parse/dpkg-status.ts';
import type { HostTree, VncTruth } from './corpus.ts';
import { writeTree } from './directory-tree.ts';

/** A console to open: the server's tree holds QEMU's arguments and account in /proc/4242. */
export interface VncAttempt {
  readonly uri: string;
  readonly user: string;
  readonly server: HostTree;
  readonly client: HostTree;
}

/** What the real programs did, in the words of the corpus. */
export interface VncOutcome extends VncTruth {
  /** Why QEMU turned the client away, which it tells to its traces alone. */
  readonly refusals: readonly string[];
  /** All that the client printed. */
  readonly clientOutput: string;
  /** What our program, given as {@link runVnc}'s `program`, printed about the connection as the same user of the same client. */
  readonly report?: string;
}

/** What has to be installed, or be the case, for {@link runVnc}, and is not. */
export const missingForVnc: readonly string[] = [
  ...['qemu-system-x86_64', 'gvnccapture', 'unshare']
    .map((name) => `/usr/bin/${name}`)
    .filter((path) => !existsSync(path)),
  ...(process.getuid?.() === 0 ? [] : ['root']),
];

/** The version of Debian's source package of the QEMU that is installed: without the number of a rebuild. */
export const installedQemu = (): string => {
  const name = 'qemu-system-x86';
  const version = installedVersions(readFileSync('/var/lib/dpkg/status', 'utf8'), [name]).get(name);
  if (version === undefined) throw new Error(`${name} is not installed as a package`);
  return version.replace(/\+b\d+$/, '');
};

// QEMU is up when its main thread waits for events (ppoll, 271 on x86-64 and 73 on ARM); its word about a client is complete when it has
// closed the socket (none is established, 01, or half closed, 08).
const script = String.raw`
server=$1 client=$2 uid=$3 gid=$4 groups=$5 user=$6 display=$7 program=$8 uri=$9; shift 9
ip link set lo up
ip address add 192.0.2.10/32 dev lo
ip address add 2001:db8::10/128 dev lo nodad
for root in "$server" "$client"; do
  mkdir -p "$root/usr" "$root/dev" "$root/proc" "$root/tmp" "$root/etc/ssl"
  chmod 1777 "$root/tmp"
  mount --rbind /usr "$root/usr"
  mount --rbind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  mount --bind /etc/ssl "$root/etc/ssl"
  for name in bin sbin lib lib64; do ln -sT "usr/$name" "$root/$name"; done
done
chroot --userspec="+$uid:+$gid" --groups="$groups" "$server" /usr/bin/qemu-system-x86_64 -trace vnc_auth_fail "$@" > "$server/out" 2>&1 &
qemu=$!
running() { kill -0 $qemu 2> /dev/null; }
for turn in $(seq 2000); do
  call=; running || break
  read -r call rest 2> /dev/null < /proc/$qemu/syscall
  case $call in 271 | 73) break ;; esac
  sleep 0.01
done
running && echo running
cat /proc/net/tcp /proc/net/tcp6
printf '\0'
timeout -k 1 20 chroot --userspec="$user" "$client" /usr/bin/gvnccapture --debug "$display" /tmp/screen.png 2>&1
for turn in $(seq 100); do
  running || break
  grep -qE '^ *[0-9]+: [^ ]+ [^ ]+ 0[18] ' /proc/net/tcp /proc/net/tcp6 || break
  sleep 0.01
done
printf '\0'
cat "$server/out"
if [ -n "$program" ]; then
  mkdir -p "$client/opt/program"
  mount --bind "$program" "$client/opt/program"
  printf '\0'
  timeout 30 chroot --userspec="$user" "$client" node /opt/program/bin/virt-pki-check.js \
    diagnose "$uri" --viewer gvnccapture --format json --timeout 4 2>&1 < /dev/null || true
fi
`;

/**
 * Runs the real QEMU as /proc/4242 of the server's tree describes it, and gtk-vnc's gvnccapture as the user against it. Each has its
 * own root, made of its tree and of this machine's programs; both are alone in a network and among processes of their own, which end
 * with the connection. That network has the addresses 127.0.0.1, ::1, 192.0.2.10 and 2001:db8::10.
 */
export async function runVnc(attempt: VncAttempt, program?: string): Promise<VncOutcome> {
  const directory = mkdtempSync(join(tmpdir(), 'real-vnc-'));
  const [server, client] = (['server', 'client'] as const).map((side) => {
    writeTree(join(directory, side), {
      '/': { type: 'directory' },
      '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
      // As Debian has it: a name of several lines of the hosts file has several addresses.
      '/etc/host.conf': 'multi on\n',
      '/etc/ld.so.cache': { content: readFileSync('/etc/ld.so.cache') },
      ...attempt[side],
    });
    return join(directory, side);
  });
  try {
    const status = textOf(attempt.server, '/proc/4242/status');
    const id = (name: string): string => new RegExp(String.raw`^${name}:\s+(\d+)`, 'm').exec(status)?.[1] ?? '0';
    const given = textOf(attempt.server, '/proc/4242/cmdline').split('\0').slice(1, -1);
    const groups =
      /^Groups:\s*(.*?)\s*$/m
        .exec(status)?.[1]
        ?.split(/\s+/)
        .map((group) => `+${group}`) ?? [];
    const account = [id('Uid'), id('Gid'), groups.filter((group) => group !== '+').join(',')];
    const out = await isolated([
      server,
      client,
      ...account,
      attempt.user,
      displayOf(attempt.uri),
      program ?? '',
      attempt.uri,
      ...given,
    ] as string[]);
    const [before = '', said = '', errors = '', report] = out.split('\0');
    return { ...outcomeOf(before, said, errors), ...(report === undefined ? {} : { report }) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const textOf = (tree: HostTree, path: string): string => {
  const entry = tree[path];
  return entry !== undefined && 'content' in entry ? Buffer.from(entry.content as string).toString() : '';
};

/** What gvnccapture calls it: the port is 5900 and the number. */
function displayOf(uri: string): string {
  const [, host = '', port = '5900'] = /^vnc:\/\/([^:/]+)(?::(\d+))?/.exec(uri) ?? [];
  return `${host}:${Number(port) - 5900}`;
}

function isolated(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    // The first process of the namespace is its init: all others end with it.
    const namespaces = ['--mount', '--net', '--pid', '--ipc', '--fork', '--kill-child', '--mount-proc'];
    const child = spawn('unshare', [...namespaces, 'sh', '-c', script, 'real-vnc', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
    });
    const chunks: Buffer[] = [];
    let complaints = '';
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      if (status === 0) resolve(Buffer.concat(chunks).toString());
      else reject(new Error(`the namespace ended with ${status}: ${complaints}`));
    });
  });
}

function outcomeOf(before: string, said: string, printed: string): VncOutcome {
  const lines = printed.split('\n').filter(Boolean);
  const qemuErrors = lines.filter((line) => !trace.test(line)).map((line) => line.replace(/^qemu-system-x86_64: /, ''));
  const refusals = lines.map((line) => trace.exec(line)?.[1]).filter((reason) => reason !== undefined);
  const qemu = before.startsWith('running') ? 'running' : 'exits';
  const listening = listeners(before);
  const connects = /^Connected to /m.test(said);
  const clientError = [...said.matchAll(/\.c Error: (.*)$/gm)].at(-1)?.[1] ?? '';
  const chosen = [...said.matchAll(/\.c Choose auth (?:subtype )?(\d+)$/gm)].at(-1)?.[1];
  const stage = qemu === 'exits' ? refusedStart(qemuErrors) : stageOf(listening, clientError, refusals);
  return {
    qemu,
    connects,
    stage: connects ? null : stage,
    clientError: connects ? '' : clientError,
    qemuErrors,
    listening,
    security: chosen === undefined ? null : Number(chosen),
    refusals,
    clientOutput: said,
  };
}

/** A line of `-trace vnc_auth_fail`, with its reason (ui/trace-events). */
const trace = /^(?:\d+@[\d.]+:)?vnc_auth_fail .*? message=(.*)$/;

/** QEMU's words about the files of a credentials directory (crypto/tlscreds*.c); others are about its arguments. */
const ofCredentials =
  /^(?:Unable to (?:access credentials|import|load DH|verify)|Cannot load|Failed to open file|The (?:(?:server|client|CA) )?certificate|Certificate |Our own certificate)/;

const refusedStart = (errors: readonly string[]): string =>
  errors.some((line) => ofCredentials.test(line)) ? 'server-credentials' : 'server-config';

/** What is wrong with the client shows on QEMU's side of the handshake, when the client is through with its own. */
const ofIdentity = /^TLS handshake failed/;

/** The corpus's first stage that failed, from what each side said. */
function stageOf(listening: readonly string[], clientError: string, refusals: readonly string[]): string {
  if (listening.length === 0) return 'server-config';
  if (/^Unable to connect to/.test(clientError)) return 'reach';
  if (clientError === 'Failed to allocate credentials') return 'client-credentials';
  if (clientError.startsWith('Failed to complete handshake')) return 'handshake';
  if (/^(?:The certificate|Failed to verify peer)/.test(clientError)) return 'server-identity';
  return refusals.some((reason) => ofIdentity.test(reason)) ? 'client-identity' : 'auth';
}

/** `0.0.0.0:5900`, `[::]:5900`: the sockets that listen in /proc/net/tcp and tcp6 (proc(5)). */
function listeners(tables: string): readonly string[] {
  const found = tables.matchAll(/^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ 0A /gm);
  return [...found].map(([, address = '', port = '']) => `${addressText(address)}:${Number.parseInt(port, 16)}`).sort();
}

/** Words of 32 bits in this machine's order. */
function addressText(words: string): string {
  const bytes = (words.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  return new URL(`http://[${(bytes.join('').match(/.{4}/g) ?? []).join(':')}]`).hostname;
}
