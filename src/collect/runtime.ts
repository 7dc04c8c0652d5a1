import { posix } from 'node:path';
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
import { daemons } from '../reference/configuration-files.ts';
import { defineCollector } from './collector.ts';
import { readNetwork } from './network.ts';

/** Processes are read from /proc, which a directory has where it is a container's view of its host or a report that kept it. */
export default defineCollector({
  fact: 'runtime',
  after: [],
  collect: async (view): Promise<Runtime> => {
    const ids = (await view.list('/proc')).filter((name) => /^[1-9][0-9]*$/.test(name)).map(Number);
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
