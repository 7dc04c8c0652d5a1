import type { HostIdentity, HostsEntry } from '../facts/host.ts';
import type { HostView } from '../host/host-view.ts';
import { parseHosts } from '../parse/hosts.ts';
import { parseFibTrie, parseIfInet6 } from '../parse/proc.ts';
import { defineCollector } from './collector.ts';
import { readNetwork } from './network.ts';
import { listedAddresses } from './report-listings.ts';

export default defineCollector({
  fact: 'identity',
  after: [],
  collect: async (view): Promise<HostIdentity> => {
    const hostname = await readHostname(view);
    const hosts = parseHosts((await view.readText('/etc/hosts')) ?? '');
    const fqdn = hostname === undefined ? undefined : qualify(hostname, hosts);
    const addresses = await readAddresses(view);
    return {
      ...(hostname === undefined ? {} : { hostname }),
      ...(fqdn === undefined ? {} : { fqdn }),
      ...(addresses === undefined ? {} : { addresses }),
      hosts,
    };
  },
});

/** The kernel's name of a live host; else what hostname(5) would set: the first line that is no comment. */
const readHostname = async (view: HostView): Promise<string | undefined> => {
  const text =
    (view.host.live ? await view.readText('/proc/sys/kernel/hostname') : undefined) ??
    (await view.readText('/etc/hostname')) ??
    '';
  const name = text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('#'));
  return name === undefined || name === '(none)' ? undefined : name;
};

/** The name with a dot on the first line of the hosts file that has the host name, the canonical (first) name before aliases. */
const qualify = (hostname: string, hosts: readonly HostsEntry[]): string | undefined => {
  if (hostname.includes('.')) return hostname;
  const wanted = hostname.toLowerCase();
  const line = hosts.find(({ names }) => names.some((name) => name.toLowerCase() === wanted));
  const ofLine = line?.names.find((name) => name.includes('.'));
  return ofLine ?? hosts.flatMap(({ names }) => names).find((name) => name.toLowerCase().startsWith(`${wanted}.`));
};

const readAddresses = async (view: HostView): Promise<readonly string[] | undefined> => {
  const [trie, interfaces] = [await readNetwork(view, 'fib_trie'), await readNetwork(view, 'if_inet6')];
  if (trie === undefined && interfaces === undefined) return listedAddresses(view);
  return [...parseFibTrie(trie ?? ''), ...parseIfInet6(interfaces ?? '')];
};
