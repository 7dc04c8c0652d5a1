import type { HostView } from '../host/host-view.ts';
import {
  parseAddressListing,
  parseProcessListing,
  parseSocketListing,
  type ListedProcess,
  type ListedSocket,
} from '../parse/process-listing.ts';

/** Where a sosreport keeps what programs printed, and the links at its top (sos report/plugins/process.py, networking.py). */
const places = {
  processes: { directory: '/sos_commands/process', names: /^ps_(?:auxf?www|alxwww|axo_)/, link: '/ps' },
  sockets: { directory: '/sos_commands/networking', names: /^(?:ss_-peaonmi|netstat_.*-neopa)/, link: '/netstat' },
  addresses: { directory: '/sos_commands/networking', names: /^ip_-o_addr/, link: '/ip_addr' },
} as const;

const listed = new WeakMap<HostView, Promise<ReadonlyMap<number, ListedProcess> | undefined>>();

/**
 * The processes of a report by number, put together from all its listings of ps; undefined where there is none. Read once per view.
 * @throws AccessError when one may not be read.
 */
export function listedProcesses(view: HostView): Promise<ReadonlyMap<number, ListedProcess> | undefined> {
  let processes = listed.get(view);
  if (processes === undefined) {
    processes = readProcesses(view);
    listed.set(view, processes);
  }
  return processes;
}

async function readProcesses(view: HostView): Promise<ReadonlyMap<number, ListedProcess> | undefined> {
  const rows = (await textsOf(view, 'processes')).flatMap(parseProcessListing);
  if (rows.length === 0) return undefined;
  const processes = new Map<number, ListedProcess>();
  for (const row of rows) processes.set(row.pid, { ...row, ...processes.get(row.pid) });
  return processes;
}

/** The listening TCP sockets of a report; undefined where it has no listing of them. @throws AccessError */
export async function listedSockets(view: HostView): Promise<readonly ListedSocket[] | undefined> {
  const texts = await textsOf(view, 'sockets');
  if (texts.length === 0) return undefined;
  const sockets = new Map<string, ListedSocket>();
  for (const socket of texts.flatMap(parseSocketListing)) {
    const key = `${socket.address} ${socket.port}`;
    const pids = [...(sockets.get(key)?.pids ?? []), ...socket.pids];
    sockets.set(key, { ...socket, pids });
  }
  return [...sockets.values()];
}

/** The addresses of a report's interfaces; undefined where it has no listing of them. @throws AccessError */
export async function listedAddresses(view: HostView): Promise<readonly string[] | undefined> {
  const addresses = (await textsOf(view, 'addresses')).flatMap(parseAddressListing);
  return addresses.length === 0 ? undefined : [...new Set(addresses)];
}

/** What programs printed; nothing on a running system, which tells by itself. A file that a program could not be run for is none. */
async function textsOf(view: HostView, what: keyof typeof places): Promise<readonly string[]> {
  if (view.host.live) return [];
  const { directory, names, link } = places[what];
  const found = (await view.list(directory)).filter((name) => names.test(name)).map((name) => `${directory}/${name}`);
  const texts: string[] = [];
  for (const path of found.length > 0 ? found : [link]) {
    const walked = await view.walk(path);
    if (walked.outcome === 'refused') throw walked.error;
    if (walked.outcome !== 'found' || walked.entry.type !== 'file') continue;
    const text = await view.readText(path, limit);
    if (text !== undefined) texts.push(text);
  }
  return texts;
}

/** A host with thousands of processes has a few MiB of each. */
const limit = 64 * 1024 * 1024;
