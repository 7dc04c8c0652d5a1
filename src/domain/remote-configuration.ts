import type { ConfigurationFile, Setting } from '../facts/configurations.ts';
import type { Unknown } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import type { Daemon } from '../facts/services.ts';
import { configurationFiles } from '../reference/configuration-files.ts';
import { settingsOf } from '../reference/settings.ts';
import { firstRefusal, type DaemonRefusal } from './daemon-configuration.ts';
import { remembering } from './remembering.ts';
import { remoteDaemon, type RemoteDaemon } from './remote-daemon.ts';
import { boolSetting, effectiveSetting, stringListSetting, stringSetting, type SettingValue } from './setting-value.ts';

/** The facts that say which configuration a daemon reads. */
export const configurationFacts = ['configurations', 'services', 'software', 'runtime'] as const;
export type ConfigurationFacts = Known<(typeof configurationFacts)[number]>;

/** What a daemon makes of its configuration file. */
export type DaemonConfiguration<D extends Daemon = Daemon> =
  /** It loads, or there is none and all defaults hold; `refusal` is a value that stops the daemon nevertheless. */
  | {
      readonly state: 'loaded';
      readonly daemon: D;
      readonly path: string;
      readonly file: ConfigurationFile;
      readonly refusal?: DaemonRefusal;
    }
  /** A syntax error: no setting of it is ever read. */
  | { readonly state: 'broken'; readonly daemon: D; readonly path: string }
  | { readonly state: 'unknown'; readonly daemon: D; readonly path: string; readonly because: Unknown };

export type LoadedConfiguration<D extends Daemon = Daemon> = Extract<DaemonConfiguration<D>, { state: 'loaded' }>;

/** The configuration of one daemon; a default file that does not exist is an empty one (remote_daemon.c: main). */
export const configurationOf = <D extends Daemon>(
  facts: Known<'configurations' | 'software'>,
  daemon: D,
): DaemonConfiguration<D> => readConfiguration(facts, daemon) as DaemonConfiguration<D>;

const readConfiguration = remembering(['configurations', 'software'], (facts, daemon: Daemon): DaemonConfiguration => {
  const path = configurationFiles[daemon];
  const fact = facts.configurations[path];
  if (fact === undefined) return { state: 'loaded', daemon, path, file: { settings: [] } };
  if (!fact.known) return { state: 'unknown', daemon, path, because: fact };
  if (fact.value.error !== undefined) return { state: 'broken', daemon, path };
  const refusal = firstRefusal(fact.value, daemon, facts.software.libvirt?.version);
  return { state: 'loaded', daemon, path, file: fact.value, ...(refusal === undefined ? {} : { refusal }) };
});

/** The configuration of the daemon that serves remote clients. */
export const remoteConfiguration = (facts: ConfigurationFacts): DaemonConfiguration<RemoteDaemon> =>
  configurationOf(facts, remoteDaemon(facts));

/** A value in force, and the statement that set it; no statement: the default. */
export interface Effective<T> {
  readonly value: T;
  readonly setting?: Setting;
}

const effective = <T>(read: SettingValue<T>, byDefault: T): Effective<T> =>
  read.ok && read.value !== undefined && read.setting !== undefined
    ? { value: read.value, setting: read.setting }
    : { value: byDefault };

const defaultOf = (daemon: Daemon, key: string): boolean | number | string | undefined =>
  settingsOf[daemon][key]?.default;

/** A switch as it is in force; a refused value counts as not set, for another rule reports it. */
export const effectiveBool = ({ daemon, file }: LoadedConfiguration, key: string): Effective<boolean> =>
  effective(boolSetting(file, key), defaultOf(daemon, key) === true);

/** A string as it is in force; undefined where it is not set and has no default. */
export function effectiveString({ daemon, file }: LoadedConfiguration, key: string): Effective<string | undefined> {
  const byDefault = defaultOf(daemon, key);
  return effective<string | undefined>(stringSetting(file, key), typeof byDefault === 'string' ? byDefault : undefined);
}

/** A list of strings where one is set and libvirt takes it. */
export const effectiveList = ({ file }: LoadedConfiguration, key: string): Effective<readonly string[] | undefined> =>
  effective<readonly string[] | undefined>(stringListSetting(file, key), undefined);

/** Is there any statement of that name, whatever its value. */
export const isSet = ({ file }: LoadedConfiguration, key: string): boolean => effectiveSetting(file, key) !== undefined;
