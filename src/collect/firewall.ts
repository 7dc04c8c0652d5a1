import { posix } from 'node:path';
import { known, unknown, type Fact } from '../facts/fact.ts';
import type { Firewall, Firewalld, FirewalldPort, FirewalldZone, FirewallTable } from '../facts/firewall.ts';
import { AccessError } from '../host/access-error.ts';
import type { ObservingProgram } from '../host/host-access.ts';
import type { HostView } from '../host/host-view.ts';
import { parseDefaultZone, parseFirewalldService, parseFirewalldZone, parseZoneListing } from '../parse/firewalld.ts';
import { parseIptablesSave } from '../parse/iptables-save.ts';
import { parseNftRuleset, type NftRuleset } from '../parse/nft-ruleset.ts';
import { firewalldPaths, iptablesFiles, nftablesFile, reportedZones, ufwSwitch } from '../reference/firewall-files.ts';
import { defineCollector } from './collector.ts';
import { readNetwork } from './network.ts';

const limit = 1024 * 1024;

/**
 * The rules in force are asked of nft and, where the kernel has tables of the older kind, of iptables; firewalld is asked only where
 * these cannot be. An image is judged by the files of whatever it starts.
 */
export default defineCollector({
  fact: 'firewall',
  after: [],
  collect: async (view): Promise<Firewall> => (view.host.live ? ofRunningSystem(view) : ofImage(view)),
});

async function ofRunningSystem(view: HostView): Promise<Firewall> {
  const interfaces = interfaceNames((await readNetwork(view, 'dev')) ?? '');
  const tables = await tablesInForce(view);
  const firewalld = tables.known ? undefined : await askFirewalld(view);
  return {
    observed: true,
    ...(interfaces.length === 0 ? {} : { interfaces }),
    tables,
    ...(firewalld === undefined ? {} : { firewalld }),
  };
}

/** The names in /proc/net/dev. */
const interfaceNames = (text: string): readonly string[] =>
  [...text.matchAll(/^\s*([^\s:|]+):/gm)].slice(0, 1000).map(([, name]) => name ?? '');

async function tablesInForce(view: HostView): Promise<Fact<readonly FirewallTable[]>> {
  try {
    return known([...(await nftTables(view)), ...(await legacyTables(view))]);
  } catch (error) {
    if (error instanceof AccessError) return unknown(error.reason, error.message);
    throw error;
  }
}

async function nftTables(view: HostView): Promise<readonly FirewallTable[]> {
  const ruleset = await nftRuleset(view);
  if (ruleset === undefined) {
    const modules = await view.readText('/proc/modules');
    if (modules !== undefined && !/^nf_tables /m.test(modules)) return [];
    throw new AccessError('unsupported', 'nft, which lists the rules of the packet filter, is not installed');
  }
  const tables: FirewallTable[] = [];
  const listings = new Map<string, readonly FirewallTable[]>();
  for (const table of ruleset.tables) {
    if (!ruleset.foreign.has(table) || (table.family !== 'ip' && table.family !== 'ip6')) {
      tables.push(table);
      continue;
    }
    const program = table.family === 'ip' ? 'iptables' : 'ip6tables';
    let listing = listings.get(program);
    if (listing === undefined) {
      listing = (await savedTables(view, program, 'nft')) ?? [];
      listings.set(program, listing);
    }
    // One that it does not list stays, with rules that are not understood.
    tables.push(listing.find(({ name }) => name === table.name) ?? table);
  }
  return tables;
}

/** Undefined when nft is not installed. */
async function nftRuleset(view: HostView): Promise<NftRuleset | undefined> {
  const list = (...more: readonly string[]) => view.host.run('nft', ['--json', ...more, 'list', 'ruleset']);
  let output: string | undefined;
  let terse = false;
  try {
    output = await list();
  } catch (error) {
    if (!(error instanceof AccessError) || error.reason !== 'too-large') throw error;
    // Lists of addresses can be of any size, and hardly matter.
    terse = true;
    output = await list('--terse');
  }
  if (output === undefined) return undefined;
  if (output.trim() === '') {
    throw view.host.caller()?.uid === 0
      ? new AccessError('unsupported', 'nft does not list the rules of the packet filter')
      : new AccessError('permission-denied', 'nft lists the rules of the packet filter to root only');
  }
  const ruleset = parseNftRuleset(output, { terse });
  if (ruleset === undefined) throw new AccessError('unreadable', 'what nft lists is no ruleset in JSON');
  return ruleset;
}

/** The kernel names the tables of the older kind; asking iptables where there are none would load its modules. */
async function legacyTables(view: HostView): Promise<readonly FirewallTable[]> {
  const tables: FirewallTable[] = [];
  for (const program of ['iptables', 'ip6tables'] as const) {
    const names = await readNetwork(view, program === 'iptables' ? 'ip_tables_names' : 'ip6_tables_names');
    if (names === undefined || names.trim() === '') continue;
    const listing = await savedTables(view, program, 'legacy');
    if (listing === undefined) throw new AccessError('unsupported', `${program}-save is not installed`);
    tables.push(...listing);
  }
  return tables;
}

async function savedTables(
  view: HostView,
  program: 'iptables' | 'ip6tables',
  variant: 'nft' | 'legacy',
): Promise<readonly FirewallTable[] | undefined> {
  const named = `${program}-${variant}` as const;
  const run = (name: ObservingProgram) => view.host.run(name, []);
  const output = await run(`${named}-save`);
  if (output !== undefined) return parseIptablesSave(output, (await isUsual(view, program, variant)) ? program : named);
  const plain = await run(`${program}-save`);
  return plain === undefined ? undefined : parseIptablesSave(plain, program);
}

/** Does the plain name stand for this variant (`/usr/sbin/iptables -> … -> xtables-nft-multi`). */
async function isUsual(view: HostView, program: string, variant: string): Promise<boolean> {
  for (const directory of ['/usr/sbin', '/sbin']) {
    const walked = await view.walk(`${directory}/${program}`);
    if (walked.outcome === 'found') return posix.basename(walked.path).includes(variant);
  }
  return true;
}

/** Zones as they are in force; anybody but root might be asked for a password on the way. */
async function askFirewalld(view: HostView): Promise<Firewalld | undefined> {
  if (view.host.caller()?.uid !== 0) return undefined;
  try {
    const { zones } = parseZoneListing((await view.host.run('firewall-cmd', ['--list-all-zones'])) ?? '');
    if (Object.keys(zones).length === 0) return undefined;
    const answer = (await view.host.run('firewall-cmd', ['--get-default-zone']))?.trim() ?? '';
    const defaultZone = Object.hasOwn(zones, answer) ? answer : await configuredDefaultZone(view);
    return { defaultZone, zones, services: await services(view, zones) };
  } catch (error) {
    if (error instanceof AccessError) return undefined;
    throw error;
  }
}

const configuredDefaultZone = async (view: HostView): Promise<string> =>
  parseDefaultZone((await view.readText(`${firewalldPaths.own}/firewalld.conf`, limit)) ?? '');

/** A file of the host's own, or else the one that firewalld comes with. */
async function firewalldFile(view: HostView, kind: 'zones' | 'services', name: string): Promise<string | undefined> {
  for (const directory of [firewalldPaths.own, ...firewalldPaths.shipped]) {
    const text = await view.readText(`${directory}/${kind}/${name}.xml`, limit);
    if (text !== undefined) return text;
  }
  return undefined;
}

const isName = (name: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name);

/** The ports of all services that zones name, with those that these include. */
async function services(
  view: HostView,
  zones: Readonly<Record<string, FirewalldZone>>,
): Promise<Record<string, readonly FirewalldPort[]>> {
  const found: Record<string, readonly FirewalldPort[]> = {};
  const named = Object.values(zones).flatMap((zone) => [
    ...zone.services,
    ...zone.richRules.flatMap(({ service }) => service ?? []),
  ]);
  for (const name of [...new Set(named)].filter(isName).slice(0, 1000)) {
    const ports = await servicePorts(view, name, 0);
    if (ports !== undefined) found[name] = ports;
  }
  return found;
}

async function servicePorts(
  view: HostView,
  name: string,
  depth: number,
): Promise<readonly FirewalldPort[] | undefined> {
  const text = isName(name) && depth < 4 ? await firewalldFile(view, 'services', name) : undefined;
  const service = text === undefined ? undefined : parseFirewalldService(text);
  if (service === undefined) return undefined;
  const ports = [...service.ports];
  for (const included of service.includes.slice(0, 64))
    ports.push(...((await servicePorts(view, included, depth + 1)) ?? []));
  return ports;
}

/** Does systemd start a service, as `systemctl enable` notes it. */
async function isEnabled(view: HostView, service: string): Promise<boolean> {
  for (const target of ['multi-user', 'sysinit', 'basic']) {
    const link = `/etc/systemd/system/${target}.target.wants/${service}`;
    const walked = await view.walk(link, undefined, { followLast: false });
    if (walked.outcome === 'found') return true;
  }
  return false;
}

async function ofImage(view: HostView): Promise<Firewall> {
  const listed = await reportedFirewalld(view);
  if (listed !== undefined || (await isEnabled(view, 'firewalld.service'))) {
    const tables = unknown('not-collected', 'the rules that firewalld makes of its zones are not in force in an image');
    return { observed: true, tables, firewalld: listed ?? (await firewalldOfFiles(view)) };
  }
  if (/^\s*ENABLED\s*=\s*["']?yes/im.test((await view.readText(ufwSwitch, limit)) ?? '')) {
    return {
      observed: true,
      tables: unknown('unsupported', `the rules of ufw, which ${ufwSwitch} switches on, are not read of an image`),
    };
  }
  if ((await isEnabled(view, 'nftables.service')) && (await view.exists(nftablesFile))) {
    return { observed: true, tables: unknown('unsupported', `${nftablesFile} is not read of an image`) };
  }
  const tables: FirewallTable[] = [];
  let enabled = false;
  for (const { path, service, program } of iptablesFiles) {
    if (!(await isEnabled(view, service))) continue;
    const text = await view.readText(path, limit);
    if (text === undefined) continue;
    enabled = true;
    tables.push(...parseIptablesSave(text, program));
  }
  return enabled ? { observed: true, tables: known(tables) } : { observed: false };
}

/** What a sosreport has of a firewalld that ran. */
async function reportedFirewalld(view: HostView): Promise<Firewalld | undefined> {
  const { zones, defaultZone } = parseZoneListing((await view.readText(reportedZones, limit)) ?? '');
  if (Object.keys(zones).length === 0) return undefined;
  return {
    defaultZone: defaultZone ?? (await configuredDefaultZone(view)),
    zones,
    services: await services(view, zones),
  };
}

async function firewalldOfFiles(view: HostView): Promise<Firewalld> {
  const names = new Set<string>();
  for (const directory of [firewalldPaths.own, ...firewalldPaths.shipped]) {
    for (const file of await view.list(`${directory}/zones`)) {
      const name = /^([^/]+)\.xml$/.exec(file)?.[1];
      if (name !== undefined && names.size < 1000) names.add(name);
    }
  }
  const zones: Record<string, FirewalldZone> = {};
  for (const name of [...names].sort()) {
    const zone = parseFirewalldZone((await firewalldFile(view, 'zones', name)) ?? '');
    if (zone !== undefined) zones[name] = zone;
  }
  return { defaultZone: await configuredDefaultZone(view), zones, services: await services(view, zones) };
}
