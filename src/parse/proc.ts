import { canonicalAddress } from '../facts/address.ts';

/** Of `/proc/PID/status`: the program's short name (15 bytes of it), effective ids and supplementary groups. */
export interface ProcessStatus {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

const numbers = (text: string): number[] =>
  text.split(/\s+/).flatMap((word) => (/^\d{1,15}$/.test(word) ? [Number(word)] : []));

/** Reads `/proc/PID/status` (proc(5)); undefined when name or ids are missing. */
export function parseProcessStatus(text: string): ProcessStatus | undefined {
  const field = (name: string): string | undefined => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(text)?.[1];
  const name = field('Name');
  // Real, effective, saved, file system.
  const uid = numbers(field('Uid') ?? '')[1];
  const gid = numbers(field('Gid') ?? '')[1];
  if (name === undefined || uid === undefined || gid === undefined) return undefined;
  return { name, uid, gid, groups: numbers(field('Groups') ?? '') };
}

/** Start of a process after boot, in clock ticks: field 22 of `/proc/PID/stat`. The name before it may hold blanks and parentheses. */
export function parseStartTicks(text: string): number | undefined {
  const close = text.lastIndexOf(')');
  if (close === -1) return undefined;
  const ticks = text
    .slice(close + 1)
    .trim()
    .split(/\s+/)[22 - 3];
  return ticks !== undefined && /^\d{1,15}$/.test(ticks) ? Number(ticks) : undefined;
}

/** Boot time in seconds of Unix time: `btime` of `/proc/stat`. */
export function parseBootTime(text: string): number | undefined {
  const seconds = /^btime (\d{1,12})$/m.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/** USER_HZ, the unit of start times in /proc: 100 on every architecture that libvirt's daemons are packaged for. */
const ticksPerSecond = 100;

/** When a process started, ISO 8601 in UTC, from its `stat` and the system's; exact to a second or so, for btime is rounded. */
export function processStart(processStat: string, systemStat: string): string | undefined {
  const ticks = parseStartTicks(processStat);
  const boot = parseBootTime(systemStat);
  if (ticks === undefined || boot === undefined) return undefined;
  const start = new Date(boot * 1000 + (ticks * 1000) / ticksPerSecond);
  return Number.isNaN(start.getTime()) ? undefined : start.toISOString();
}

/** The arguments of `/proc/PID/cmdline`, the program first; empty for a kernel thread or a zombie. */
export function parseCommandLine(bytes: Uint8Array): readonly string[] {
  const text = new TextDecoder().decode(bytes);
  if (text === '') return [];
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}

/** A listening TCP socket; `inode` is the number in the `socket:[…]` links of the processes that hold it. */
export interface TcpListener {
  readonly address: string;
  readonly port: number;
  readonly inode: number;
}

/** TCP_LISTEN of the kernel's tcp_states.h. */
const listening = '0A';

/** The listening sockets of `/proc/net/tcp` or `/proc/net/tcp6`, as a little-endian kernel prints them. */
export function parseListeningSockets(text: string): readonly TcpListener[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, local = '', , state] = fields;
    const inode = fields[9] ?? '';
    const [, hexAddress = '', hexPort = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? [];
    if (state !== listening || hexAddress === '' || !/^\d{1,15}$/.test(inode)) return [];
    const address = addressOf(hostOrder(hexAddress));
    return address === undefined ? [] : [{ address, port: Number.parseInt(hexPort, 16), inode: Number(inode) }];
  });
}

/** Swaps the bytes of each 32-bit word. */
const hostOrder = (hex: string): string => hex.replace(/(..)(..)(..)(..)/g, '$4$3$2$1');

/** Text of an address in network order, as 8 or 32 hexadecimal digits. */
function addressOf(hex: string): string | undefined {
  if (hex.length === 8) return (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.');
  return canonicalAddress((hex.match(/.{4}/g) ?? []).join(':'));
}

/** The inode of a socket from the target of a link in `/proc/PID/fd`; undefined for anything else. */
export function socketInode(link: string): number | undefined {
  const inode = /^socket:\[(\d{1,15})\]$/.exec(link)?.[1];
  return inode === undefined ? undefined : Number(inode);
}

/** The IPv4 addresses of this host: the `host LOCAL` leaves of `/proc/net/fib_trie`, each once, in order. */
export function parseFibTrie(text: string): readonly string[] {
  const addresses = new Set<string>();
  let leaf: string | undefined;
  for (const line of text.split('\n')) {
    const found = /^\s*\|-- (\S+)\s*$/.exec(line)?.[1];
    if (found !== undefined) leaf = canonicalAddress(found);
    else if (leaf !== undefined && /^\s*\/32 host LOCAL\s*$/.test(line)) addresses.add(leaf);
  }
  return [...addresses];
}

/** The IPv6 addresses of this host in canonical form: `/proc/net/if_inet6`, each once, in order. */
export function parseIfInet6(text: string): readonly string[] {
  const addresses = text.split('\n').flatMap((line) => {
    const hex = /^([0-9a-f]{32})\s/i.exec(line)?.[1];
    return (hex === undefined ? undefined : addressOf(hex)) ?? [];
  });
  return [...new Set(addresses)];
}
