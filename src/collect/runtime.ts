import { posix } from 'node:path';
import type { Group, User } from '../facts/accounts.ts';
import { known, unknown, type Fact } from '../facts/fact.ts';
import type { ListeningSocket, Process, Runtime } from '../facts/services.ts';
import { AccessError } from '../host/access-error.ts';
import type { HostView } from '../host/host-view.ts';
import {
  parseCommandLine,
  parseListeningSockets,
  parseProcessStatus,
  processStart,
  socketInode,
} from '../parse/proc.ts';
import { parseGroup, parsePasswd } from '../parse/accounts.ts';
import type { ListedProcess } from '../parse/process-listing.ts';
import { daemons } from '../reference/configuration-files.ts';
import { defineCollector } from './collector.ts';
import { readNetwork } from './network.ts';
import { listedProcesses, listedSockets } from './report-listings.ts';

/**
 * Processes are read from /proc, which a directory has where it is a container's view of its host; else from a sosreport's listings of ps,
 * ss and netstat.
 */
export default defineCollector({
  fact: 'runtime',
  after: [],
  collect: async (view): Promise<Runtime> => {
    const ids = (await view.list('/proc')).filter((name) => /^[1-9][0-9]*$/.test(name)).map(Number);
    // A report may keep a file or two of each process.
    if (ids.length === 0 || !(await hasName(view, ids[0] ?? 0))) {
      const listed = await listedProcesses(view);
      if (listed !== undefined) return runtimeOfListing(view, listed);
    }
    if (ids.length === 0) return { observed: false };
    const systemStat = (await view.readText('/proc/stat')) ?? '';
    const processes: Process[] = [];
    for (const pid of ids.sort((a, b) => a - b)) {
      const process = await describeProcess(view, pid, systemStat);
      if (process !== undefined) processes.push(process);
    }
    return { observed: true, processes, listening: await findListening(view, processes) };
  },
});

const hasName = async (view: HostView, pid: number): Promise<boolean> =>
  (await textOf(view, pid, 'comm')) !== undefined;

/** Something of a process, by its path below /proc/PID; undefined when it has ended or does not let us look. */
export const readOfProcess = async (view: HostView, pid: number, name: string): Promise<Uint8Array | undefined> => {
  try {
    // Not through the view: nothing here is asked for twice, and a busy host has thousands of processes.
    return await view.host.read(`/proc/${pid}/${name}`);
  } catch (error) {
    if (error instanceof AccessError) return undefined;
    throw error;
  }
};

const textOf = async (view: HostView, pid: number, name: string): Promise<string | undefined> => {
  const content = await readOfProcess(view, pid, name);
  return content === undefined ? undefined : new TextDecoder().decode(content);
};

const linkOf = async (view: HostView, path: string): Promise<string | undefined> => {
  try {
    const entry = await view.host.lstat(path);
    return entry.type === 'symlink' ? entry.target : undefined;
  } catch (error) {
    if (error instanceof AccessError) return undefined;
    throw error;
  }
};

const isDaemon = (program: string): boolean => (daemons as readonly string[]).includes(program);

const isWanted = (program: string): boolean =>
  isDaemon(program) || program === 'qemu-kvm' || program.startsWith('qemu-system-');

const describeProcess = async (view: HostView, pid: number, systemStat: string): Promise<Process | undefined> => {
  // The kernel keeps 15 bytes of the name, and libvirt can name a guest's process `qemu:GUEST`.
  const name = (await textOf(view, pid, 'comm'))?.trimEnd();
  if (name === undefined || !(isDaemon(name) || name.startsWith('qemu'))) return undefined;
  const argv = parseCommandLine((await readOfProcess(view, pid, 'cmdline')) ?? new Uint8Array());
  // What runs, not what it calls itself, where we may see it; the file may have been replaced by an update since.
  const executable = (await linkOf(view, `/proc/${pid}/exe`))?.replace(/ \(deleted\)$/, '');
  const program = posix.basename(executable ?? argv[0] ?? name);
  if (!isWanted(program)) return undefined;
  const status = parseProcessStatus((await textOf(view, pid, 'status')) ?? '');
  if (status === undefined) return undefined;
  const started = processStart((await textOf(view, pid, 'stat')) ?? '', systemStat);
  const environment = isDaemon(program) ? await textOf(view, pid, 'environ') : undefined;
  return {
    pid,
    program,
    uid: status.uid,
    gid: status.gid,
    groups: status.groups,
    ...(started === undefined ? {} : { started }),
    ...(isDaemon(program) ? { arguments: argv.slice(1) } : {}),
    ...(environment === undefined ? {} : { socketActivated: /(?:^|\0)LISTEN_FDS=[1-9]/.test(environment) }),
  };
};

const findListening = async (
  view: HostView,
  processes: readonly Process[],
): Promise<Fact<readonly ListeningSocket[]>> => {
  let tcp: string | undefined;
  let tcp6: string | undefined;
  try {
    [tcp, tcp6] = [await readNetwork(view, 'tcp'), await readNetwork(view, 'tcp6')];
  } catch (error) {
    if (error instanceof AccessError) return unknown(error.reason, error.message);
    throw error;
  }
  if (tcp === undefined && tcp6 === undefined) return unknown('not-collected', '/proc/net/tcp is not there');
  const sockets = [...parseListeningSockets(tcp ?? ''), ...parseListeningSockets(tcp6 ?? '')];
  const owners = await findOwners(view, processes, new Set(sockets.map(({ inode }) => inode)));
  return known(
    sockets.map(({ address, port, inode }) => {
      const pid = owners.get(inode);
      return { address, port, ...(pid === undefined ? {} : { pid }) };
    }),
  );
};

/** Groups come from the account's databases where the report did not keep /proc/PID/status; when a process started ps says in an unknown zone. */
async function runtimeOfListing(view: HostView, listed: ReadonlyMap<number, ListedProcess>): Promise<Runtime> {
  const users = parsePasswd((await view.readText('/etc/passwd')) ?? '');
  const groups = parseGroup((await view.readText('/etc/group')) ?? '');
  const processes: Process[] = [];
  for (const [pid, one] of [...listed].sort(([a], [b]) => a - b)) {
    const words = one.command?.split(' ') ?? [];
    const program = posix.basename(words[0] ?? '');
    if (!isWanted(program)) continue;
    const ids =
      parseProcessStatus((await textOf(view, pid, 'status')) ?? '') ??
      idsOf(one, users, groups) ??
      refuse(
        `which account process ${pid} (${program}) has is not known: etc/passwd and etc/group do not have ${one.user ?? one.uid}`,
      );
    processes.push({
      pid,
      program,
      uid: ids.uid,
      gid: ids.gid,
      groups: ids.groups,
      ...(isDaemon(program) ? { arguments: words.slice(1) } : {}),
    });
  }
  const sockets = await listedSockets(view);
  if (sockets === undefined) return { observed: true, processes, listening: await findListening(view, processes) };
  const pids = new Set(processes.map(({ pid }) => pid));
  const listening = sockets.map(({ address, port, pids: holders }) => {
    const pid = holders.find((holder) => pids.has(holder));
    return { address, port, ...(pid === undefined ? {} : { pid }) };
  });
  return { observed: true, processes, listening: known(listening) };
}

function refuse(text: string): never {
  throw new AccessError('not-collected', text);
}

/** Ids of a process from a listing: numbers as they are, names and beginnings of names by the account's databases. */
function idsOf(
  { uid, user, group }: ListedProcess,
  users: readonly User[],
  groups: readonly Group[],
): Pick<Process, 'uid' | 'gid' | 'groups'> | undefined {
  const account = users.find((one) => one.uid === uid) ?? byListedName(users, user);
  const id = uid ?? account?.uid ?? numeric(user);
  const gid = byListedName(groups, group)?.gid ?? numeric(group) ?? account?.gid;
  if (id === undefined || gid === undefined) return undefined;
  const others = groups.filter(({ members }) => account !== undefined && members.includes(account.name));
  return { uid: id, gid, groups: others.map((one) => one.gid) };
}

/** ps shows the beginning of a name and a plus sign where its column is too narrow; more than one may begin so. */
function byListedName<T extends { readonly name: string }>(
  entries: readonly T[],
  name: string | undefined,
): T | undefined {
  if (name === undefined) return undefined;
  const exact = entries.find((one) => one.name === name);
  if (exact !== undefined || !name.endsWith('+')) return exact;
  const [first, ...more] = entries.filter((one) => one.name.startsWith(name.slice(0, -1)));
  return more.length === 0 ? first : undefined;
}

const numeric = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;

/** The process that holds each socket, among those given, as far as their descriptors may be seen. */
const findOwners = async (
  view: HostView,
  processes: readonly Process[],
  inodes: ReadonlySet<number>,
): Promise<ReadonlyMap<number, number>> => {
  const owners = new Map<number, number>();
  for (const { pid } of processes) {
    if (owners.size === inodes.size) break;
    let descriptors: readonly string[] = [];
    try {
      descriptors = await view.host.list(`/proc/${pid}/fd`);
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
    }
    for (const descriptor of descriptors) {
      const inode = socketInode((await linkOf(view, `/proc/${pid}/fd/${descriptor}`)) ?? '');
      if (inode !== undefined && inodes.has(inode) && !owners.has(inode)) owners.set(inode, pid);
    }
  }
  return owners;
};
