import { canonicalAddress } from '../facts/address.ts';
import { optionsWithArgument } from '../reference/qemu-options.ts';

/** A process as one listing of ps shows it. */
export interface ListedProcess {
  readonly pid: number;
  /** From a column of numbers. */
  readonly uid?: number;
  /** A name, a number where ps knows none, or the beginning of a name and a `+` where the column is too narrow. */
  readonly user?: string;
  readonly group?: string;
  /** The arguments, joined by blanks. */
  readonly command?: string;
}

/** How many words a column of ps takes; all others take one. `STARTED` is lstart: `Sat Nov 21 23:50:44 2026`. */
const wordsOf: Readonly<Record<string, number>> = { STARTED: 5 };

/** Columns with the whole command line come last; COMMAND in the middle is the short name (comm). */
const commandColumns: ReadonlySet<string> = new Set(['COMMAND', 'CMD']);

/**
 * The processes of what `ps auxwww`, `ps alxwww` or `ps axo … ,cmd` printed, by the names in its heading; threads, which have no number of
 * their own there, are left out. Never throws; what is no listing holds nobody.
 *
 * Source: procps ps/output.c: aix_array, macro_array; sos report/plugins/process.py.
 */
export function parseProcessListing(text: string): readonly ListedProcess[] {
  const [heading = '', ...rows] = text.split('\n');
  const columns = heading.trim().split(/\s+/);
  if (!columns.includes('PID') || columns.length > 64) return [];
  const isCommand = commandColumns.has(columns.at(-1) ?? '');
  const commandAt = columns.findIndex((name) => commandColumns.has(name));
  const before = commandAt === -1 ? columns : columns.slice(0, commandAt);
  const pattern = new RegExp(
    `^\\s*${before.map((name) => `(\\S+(?:\\s+\\S+){${(wordsOf[name] ?? 1) - 1}})`).join('\\s+')}${isCommand ? ' (.*)' : '(?:\\s.*)?'}$`,
  );
  return rows.flatMap((row): readonly ListedProcess[] => {
    const fields = pattern.exec(row);
    if (fields === null) return [];
    const field = (name: string): string | undefined => {
      const index = before.indexOf(name);
      return index === -1 ? undefined : fields[index + 1];
    };
    const pid = number(field('PID'));
    if (pid === undefined || pid === 0) return [];
    const [uid, user, group] = [number(field('UID')), field('USER'), field('GROUP')];
    // What ps prints for forests (`ps auxf`) stands before the command.
    const command = isCommand ? fields[before.length + 1]?.replace(/^(?:[ |]*\\_ )?/, '').trimEnd() : undefined;
    return [
      {
        pid,
        ...(uid === undefined ? {} : { uid }),
        ...(user === undefined ? {} : { user }),
        ...(group === undefined ? {} : { group }),
        ...(command === undefined || command === '' ? {} : { command }),
      },
    ];
  });
}

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;

/** What of a command line in a listing could be told apart. */
export interface SplitCommand {
  readonly arguments: readonly string[];
  /** Options of consoles that are left out, for nobody can say where their arguments end. */
  readonly ambiguous: readonly string[];
}

/** Options that say what a console is: a wrong guess at their arguments would be a wrong verdict. */
const consoleOptions: ReadonlySet<string> = new Set(['vnc', 'display', 'object', 'spice']);

/** Kernels before 4.2 show no more of a command line (fs/proc/base.c: proc_pid_cmdline). */
const cutAt = 4095;

/**
 * Splits a command line of QEMU, whose arguments ps joins by single blanks, at what looks like its options. JSON says itself where it
 * ends; another argument ends at the next option, and one of a console that has a blank in it is left out: the blank may also stand before
 * a disk image.
 */
export function splitQemuCommand(command: string): SplitCommand {
  const words: string[] = [];
  const ambiguous = new Set<string>();
  let closed = true;
  let at = 0;
  const word = (): string => command.slice(at, endOfWord(command, at));
  const take = (end: number): string => {
    const taken = command.slice(at, end);
    at = end + 1;
    return taken;
  };
  while (at <= command.length) {
    const option = take(at + word().length);
    words.push(option);
    const name = option.replace(/^--?/, '');
    if (words.length === 1 || !option.startsWith('-') || !optionsWithArgument.has(name) || at > command.length)
      continue;
    const isJson = command[at] === '{';
    const json = isJson && closed ? endOfJson(command, at) : undefined;
    // What follows braces that never close would be gone through again and again.
    if (isJson && json === undefined) closed = false;
    let end = json ?? at + word().length;
    const isExact = isJson ? json !== undefined && isBoundary(command, json) : isFollowedByOption(command, end);
    if (!isExact) {
      end = endOfWord(command, end);
      while (!isFollowedByOption(command, end)) end = endOfWord(command, end + 1);
    }
    const value = take(end);
    if (isExact || !consoleOptions.has(name)) words.push(value);
    else {
      words.pop();
      ambiguous.add(name);
    }
  }
  if (Buffer.byteLength(command) === cutAt || Buffer.byteLength(command) === cutAt + 1) ambiguous.add('vnc');
  return { arguments: words, ambiguous: [...ambiguous] };
}

function endOfWord(command: string, at: number): number {
  const blank = command.indexOf(' ', at);
  return blank === -1 ? command.length : blank;
}

const isBoundary = (command: string, end: number): boolean => end === command.length || command[end] === ' ';

const optionLike = /--?[A-Za-z][A-Za-z0-9_-]*(?: |$)/y;

function isFollowedByOption(command: string, end: number): boolean {
  if (end >= command.length) return true;
  optionLike.lastIndex = end + 1;
  return optionLike.test(command);
}

/** Where the JSON object that starts here ends; undefined when it does not. */
function endOfJson(text: string, start: number): number | undefined {
  let depth = 0;
  let quote: string | undefined;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (quote !== undefined) {
      if (character === '\\') at += 1;
      else if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '{' || character === '[') depth += 1;
    else if ((character === '}' || character === ']') && (depth -= 1) === 0) return at + 1;
  }
  return undefined;
}

/** A TCP socket that listens, with the processes that hold it as far as the listing names them. */
export interface ListedSocket {
  readonly address: string;
  readonly port: number;
  readonly pids: readonly number[];
}

/**
 * The listening TCP sockets of what `ss -peaonmi` or `netstat -neopa` printed, numeric both; never throws.
 *
 * Source: iproute2 misc/ss.c: inet_stats_print, proc_ctx_print; net-tools netstat.c: tcp_do_one.
 */
export function parseSocketListing(text: string): readonly ListedSocket[] {
  return text.split('\n').flatMap((line): readonly ListedSocket[] => {
    const fields = line.trimStart().split(/\s+/);
    const netstat = /^tcp6?$/.test(fields[0] ?? '') && fields[5] === 'LISTEN';
    const ss = fields[0] === 'tcp' && fields[1] === 'LISTEN';
    if (!netstat && !ss) return [];
    const local = fields[netstat ? 3 : 4] ?? '';
    const colon = local.lastIndexOf(':');
    const port = number(local.slice(colon + 1));
    const address = addressOf(local.slice(0, Math.max(colon, 0)));
    if (address === undefined || port === undefined || port > 65535) return [];
    const holders = netstat ? line.matchAll(/\s(\d{1,10})\/\S/g) : line.matchAll(/,pid=(\d{1,10}),/g);
    return [{ address, port, pids: [...holders].map(([, pid]) => Number(pid)) }];
  });
}

/** Brackets and the interface of a bound address are left out; `*` is the IPv6 socket that serves IPv4 as well. */
function addressOf(text: string): string | undefined {
  const bare = text
    .replace(/^\[(.*)\](?=%|$)/, '$1')
    .replace(/%[^%]*$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  return bare === '*' ? '::' : canonicalAddress(bare);
}

/** The addresses that `ip -o addr` printed, each once, in order. */
export function parseAddressListing(text: string): readonly string[] {
  const addresses = text.split('\n').flatMap((line) => {
    const address = /^\d+:\s+\S+\s+inet6?\s+([0-9a-fA-F.:]{2,45})[/\s]/.exec(line)?.[1];
    return (address === undefined ? undefined : canonicalAddress(address)) ?? [];
  });
  return [...new Set(addresses)];
}
