import { posix } from 'node:path';
import type { Daemon, DaemonArguments, Services, SystemdUnit } from '../facts/services.ts';
import { AccessError } from '../host/access-error.ts';
import type { HostView } from '../host/host-view.ts';
import { lastAssignment, parseEnvironmentFile, splitArguments } from '../parse/environment-file.ts';
import { parseUnitFile, type UnitDirective } from '../parse/unit-file.ts';
import { daemons } from '../reference/configuration-files.ts';
import {
  argumentsDirectories,
  argumentsVariable,
  systemdRuns,
  unitDirectories,
  unitNames,
} from '../reference/systemd-units.ts';
import { defineCollector } from './collector.ts';

export default defineCollector({
  fact: 'services',
  after: [],
  collect: async (view): Promise<Services> => {
    const places = await findPlaces(view);
    const wanted = await findWanted(view, places);
    const loaded = new Map<string, LoadedUnit>();
    for (const name of unitNames) loaded.set(name, await loadUnit(view, places, name));
    const units = [...loaded].flatMap(([name, unit]) => {
      const enabled = wanted.has(name);
      return unit.path !== undefined || unit.masked || enabled ? [describe(name, unit, enabled)] : [];
    });
    const active = await askWhichAreActive(view, units);
    return {
      daemonArguments: Object.fromEntries(
        await Promise.all(
          daemons.map(
            async (daemon) => [daemon, await daemonArguments(view, daemon, loaded.get(`${daemon}.service`))] as const,
          ),
        ),
      ) as Record<Daemon, DaemonArguments>,
      units: Object.fromEntries(
        units.map((unit) => {
          const isActive = active.get(unit.name);
          return [unit.name, isActive === undefined ? unit : { ...unit, active: isActive }];
        }),
      ),
    };
  },
});

/** A directory of units that exists, by its canonical path, and the names in it. */
interface Place {
  readonly path: string;
  readonly names: ReadonlySet<string>;
}

/** In order of precedence; `/lib` is left out where it is a link to `/usr/lib`. */
const findPlaces = async (view: HostView): Promise<readonly Place[]> => {
  const places = new Map<string, Place>();
  for (const directory of unitDirectories) {
    const walked = await view.walk(directory);
    if (walked.outcome === 'refused') throw walked.error;
    if (walked.outcome !== 'found' || walked.entry.type !== 'directory' || places.has(walked.path)) continue;
    places.set(walked.path, { path: walked.path, names: new Set(await view.list(walked.path)) });
  }
  return [...places.values()];
};

/** Names of units to which a `.wants` or `.requires` link, or an administrator's alias, leads; the unit itself may be missing from an image. */
const findWanted = async (view: HostView, places: readonly Place[]): Promise<ReadonlySet<string>> => {
  const wanted = new Set<string>();
  for (const { path, names } of places) {
    for (const name of names) {
      if (/\.(?:wants|requires|upholds)$/.test(name)) {
        for (const unit of await view.list(`${path}/${name}`)) wanted.add(unit);
      } else if (path.startsWith('/etc/')) {
        const entry = await view.entry(`${path}/${name}`);
        const target = entry.known && entry.value.type === 'symlink' ? posix.basename(entry.value.target) : name;
        if (target !== name) wanted.add(target);
      }
    }
  }
  return wanted;
};

interface LocatedSetting extends UnitDirective {
  readonly path: string;
}

interface LoadedUnit {
  readonly path?: string;
  readonly masked: boolean;
  /** Of the unit file, then of its drop-ins, in the order in which systemd reads them. */
  readonly settings: readonly LocatedSetting[];
  readonly modified?: string;
}

const loadUnit = async (view: HostView, places: readonly Place[], name: string): Promise<LoadedUnit> => {
  let path: string | undefined;
  const settings: LocatedSetting[] = [];
  let modified: string | undefined;
  const take = async (at: string): Promise<'masked' | 'absent' | 'taken'> => {
    const file = await loadFile(view, at);
    if (typeof file === 'string') return file;
    settings.push(...parseUnitFile(file.text).map((setting) => ({ ...setting, path: at })));
    if (modified === undefined || file.modified > modified) modified = file.modified;
    return 'taken';
  };
  for (const place of places) {
    if (!place.names.has(name)) continue;
    const taken = await take(`${place.path}/${name}`);
    if (taken === 'masked') return { masked: true, settings: [] };
    if (taken === 'absent') continue;
    path = `${place.path}/${name}`;
    break;
  }
  for (const dropIn of await findDropIns(view, places, name)) await take(dropIn);
  return {
    masked: false,
    settings,
    ...(path === undefined ? {} : { path }),
    ...(modified === undefined ? {} : { modified }),
  };
};

/** A unit file or drop-in; an empty one, or a link to /dev/null, masks its name (systemd.unit(5)). */
const loadFile = async (
  view: HostView,
  path: string,
): Promise<{ text: string; modified: string } | 'masked' | 'absent'> => {
  const link = await view.walk(path, undefined, { followLast: false });
  if (link.outcome === 'found' && link.entry.type === 'symlink') {
    // In an image there is no /dev/null to follow the link to.
    if (posix.resolve(posix.dirname(link.path), link.entry.target) === '/dev/null') return 'masked';
  }
  const walked = await view.walk(path);
  if (walked.outcome === 'refused') throw walked.error;
  if (walked.outcome !== 'found') return 'absent';
  if (walked.entry.type !== 'file') return walked.path === '/dev/null' ? 'masked' : 'absent';
  if (walked.entry.size === 0) return 'masked';
  const text = await view.readText(walked.path, maximumUnitFile);
  return text === undefined ? 'absent' : { text, modified: walked.entry.modified };
};

/** systemd refuses unit files beyond this (LINE_MAX is 1 MiB, and a file of ours has a few hundred lines). */
const maximumUnitFile = 1 << 20;

/** Drop-ins by file name; for equal names the first directory wins: of the unit, of its dash-shortened names, of its type. */
const findDropIns = async (view: HostView, places: readonly Place[], name: string): Promise<readonly string[]> => {
  const dot = name.lastIndexOf('.');
  const type = name.slice(dot);
  const shortened: string[] = [];
  for (let dash = name.lastIndexOf('-', dot); dash > 0; dash = name.lastIndexOf('-', dash - 1))
    shortened.push(name.slice(0, dash + 1) + type);
  const own = places.flatMap((place) => [name, ...shortened].map((unit) => ({ place, directory: `${unit}.d` })));
  const ofType = places.map((place) => ({ place, directory: `${type.slice(1)}.d` }));
  const found = new Map<string, string>();
  for (const { place, directory } of [...own, ...ofType]) {
    if (!place.names.has(directory)) continue;
    for (const file of await view.list(`${place.path}/${directory}`)) {
      if (file.endsWith('.conf') && !found.has(file)) found.set(file, `${place.path}/${directory}/${file}`);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
};

const describe = (name: string, { path, masked, settings, modified }: LoadedUnit, enabled: boolean): SystemdUnit => {
  const socket = settings.filter(({ section }) => section === 'Socket');
  // An empty group is none; an empty mode is a fault that systemd passes over (config_parse_mode).
  const socketMode = socket.findLast(({ key, value }) => key === 'SocketMode' && value !== '')?.value;
  const socketGroup = socket.findLast(({ key }) => key === 'SocketGroup')?.value || undefined;
  return {
    name,
    ...(path === undefined ? {} : { path }),
    enabled,
    masked,
    listenStreams: listenStreams(settings),
    ...(socketMode === undefined ? {} : { socketMode }),
    ...(socketGroup === undefined ? {} : { socketGroup }),
    ...(modified === undefined ? {} : { modified }),
  };
};

/** An empty assignment to any Listen…= takes back all that were made before (systemd.socket(5)). */
const listenStreams = (settings: readonly LocatedSetting[]): readonly string[] => {
  let streams: string[] = [];
  for (const { section, key, value } of settings) {
    if (section !== 'Socket' || !/^Listen(?:Stream|Datagram|SequentialPacket|FIFO)$/.test(key)) continue;
    if (value === '') streams = [];
    else if (key === 'ListenStream') streams.push(expandSpecifiers(value));
  }
  return streams;
};

/** The specifiers that libvirt's units use; %t is the run-time directory of the system manager. */
const expandSpecifiers = (value: string): string =>
  value.replace(/%([t%])/g, (_, letter) => (letter === 't' ? '/run' : '%'));

interface Assignment {
  readonly value: string;
  readonly path: string;
  readonly line: number;
}

/** The daemon's arguments after its program: what ExecStart= says, with variables of Environment= and EnvironmentFile=. */
const daemonArguments = async (
  view: HostView,
  daemon: Daemon,
  unit: LoadedUnit | undefined,
): Promise<DaemonArguments> => {
  const settings = unit?.settings.filter(({ section }) => section === 'Service') ?? [];
  const start = effective(settings, 'ExecStart').at(-1);
  const variable = argumentsVariable(daemon);
  if (start === undefined) return conventionalArguments(view, daemon, variable);
  const environment = await environmentOf(view, settings);
  const [, ...words] = splitArguments(start.value);
  const used = words.flatMap((word) =>
    [...word.matchAll(/\$\{(\w+)\}|^\$(\w+)$/g)].map((match) => environment.get(match[1] ?? match[2] ?? '')),
  );
  const source =
    used.find((assignment) => assignment !== undefined) ??
    (words.length > 0 && used.length < words.length ? start : undefined);
  return {
    ...(source === undefined ? {} : { path: source.path, line: source.line }),
    arguments: words.flatMap((word) => {
      const whole = /^\$(\w+)$/.exec(word)?.[1];
      if (whole !== undefined) return splitArguments(environment.get(whole)?.value ?? '');
      return [word.replace(/\$\{(\w+)\}/g, (_, name: string) => environment.get(name)?.value ?? '')];
    }),
  };
};

/** Assignments to a list setting that an empty one has not taken back. */
const effective = (settings: readonly LocatedSetting[], key: string): readonly LocatedSetting[] => {
  const all = settings.filter((setting) => setting.key === key);
  return all.slice(all.findLastIndex(({ value }) => value === '') + 1);
};

/** Files come after all Environment= settings, whatever the order in the unit (systemd.exec(5)). */
const environmentOf = async (
  view: HostView,
  settings: readonly LocatedSetting[],
): Promise<ReadonlyMap<string, Assignment>> => {
  const environment = new Map<string, Assignment>();
  for (const { value, path, line } of effective(settings, 'Environment')) {
    for (const word of splitArguments(value)) {
      const equals = word.indexOf('=');
      if (equals > 0) environment.set(word.slice(0, equals), { value: word.slice(equals + 1), path, line });
    }
  }
  for (const { value } of effective(settings, 'EnvironmentFile')) {
    const path = expandSpecifiers(value.replace(/^-/, ''));
    for (const { name, value, line } of parseEnvironmentFile((await view.readText(path)) ?? ''))
      environment.set(name, { value, path, line });
  }
  return environment;
};

/** Without a unit file (an image of configuration alone) the distribution's arguments file speaks; OpenRC has another variable. */
const conventionalArguments = async (view: HostView, daemon: Daemon, variable: string): Promise<DaemonArguments> => {
  for (const directory of argumentsDirectories) {
    const path = `${directory}/${daemon}`;
    const text = await view.readText(path);
    if (text === undefined) continue;
    const assignments = parseEnvironmentFile(text);
    const assignment =
      lastAssignment(assignments, variable) ??
      (directory === '/etc/conf.d' ? lastAssignment(assignments, variable.replace(/_ARGS$/, '_OPTS')) : undefined);
    return assignment === undefined
      ? { arguments: [] }
      : { path, line: assignment.line, arguments: splitArguments(assignment.value) };
  }
  return { arguments: [] };
};

/** Asks the running systemd, once, for all units; nothing is known where it does not run or cannot be asked. */
const askWhichAreActive = async (
  view: HostView,
  units: readonly SystemdUnit[],
): Promise<ReadonlyMap<string, boolean>> => {
  const active = new Map<string, boolean>();
  if (!view.host.live || units.length === 0 || !(await view.exists(systemdRuns))) return active;
  let output: string | undefined;
  try {
    output = await view.host.run('systemctl', [
      'show',
      '--property=Names,ActiveState',
      '--',
      ...units.map(({ name }) => name),
    ]);
  } catch (error) {
    if (error instanceof AccessError) return active;
    throw error;
  }
  for (const block of (output ?? '').split('\n\n')) {
    const names = /^Names=(.*)$/m.exec(block)?.[1]?.split(' ') ?? [];
    const state = /^ActiveState=(.*)$/m.exec(block)?.[1];
    if (state !== undefined)
      for (const name of names) active.set(name, state === 'active' || state === 'reloading' || state === 'refreshing');
  }
  return active;
};
