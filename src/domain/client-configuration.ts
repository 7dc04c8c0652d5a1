import type { ConfigurationFile, Setting } from '../facts/configurations.ts';
import type { Unknown } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import { configurationFiles, userClientConfiguration } from '../reference/configuration-files.ts';
import { access } from './access.ts';
import type { Account } from './account.ts';
import {
  fullName,
  modeAndProxy,
  parseLibvirtUri,
  type FallbackSetting,
  type FallbackValue,
  type LibvirtUri,
  type ParsedUri,
} from './libvirt-uri.ts';
import { effectiveSetting, refusalText, stringListSetting, stringSetting, type SettingValue } from './setting-value.ts';
import { walk } from './walk.ts';

/** The facts that say what an account's client configuration is. */
export const clientConfigurationFacts = ['configurations', 'accounts', 'files'] as const;
export type ClientConfigurationFacts = Known<(typeof clientConfigurationFacts)[number]>;

/** What clients of one account make of their configuration file. */
export type ClientConfiguration =
  /** It loads; without a file nothing is set. */
  | { readonly state: 'loaded'; readonly path: string; readonly file: ConfigurationFile }
  /** No connection comes about; `error` is virsh's last line without `error: `, `line` where the fault stands, if it is in the content. */
  | { readonly state: 'broken'; readonly path: string; readonly error: string; readonly line?: number }
  | { readonly state: 'unknown'; readonly path: string; readonly because: Unknown };

/**
 * The only configuration file that an account's clients read, the system's for root and its own for others; undefined for an account
 * without a home. Environments (XDG_CONFIG_HOME) are not known here.
 *
 * Source: src/util/virconf.c: virConfLoadConfigPath.
 */
export function clientConfigurationPath({ accounts }: Known<'accounts'>, { uid, name }: Account): string | undefined {
  if (uid === 0) return configurationFiles.libvirt;
  const user =
    accounts.users.find((one) => one.name === name && one.uid === uid) ?? accounts.users.find((one) => one.uid === uid);
  return user === undefined || !user.home.startsWith('/')
    ? undefined
    : `${user.home.replace(/\/+$/, '')}/${userClientConfiguration}`;
}

/**
 * The client configuration of an account: the first thing that every client reads, before it looks at any URI.
 *
 * Source: src/util/virconf.c: virConfLoadConfig (a file that cannot be reached is as good as none), virConfReadFile, virConfError.
 */
export function clientConfiguration(facts: ClientConfigurationFacts, account: Account): ClientConfiguration {
  const path = clientConfigurationPath(facts, account);
  const none = (at: string): ClientConfiguration => ({ state: 'loaded', path: at, file: { settings: [] } });
  if (path === undefined) return none(userClientConfiguration);
  const fact = facts.configurations[path];
  if (fact === undefined) return none(path);
  const way = walk(facts.files, path);
  const answer = account.uid === 0 || way.outcome !== 'found' ? undefined : access(way, account, 'read');
  if (answer?.may === false) {
    return answer.permission === 'search'
      ? none(path)
      : { state: 'broken', path, error: `Failed to open file '${path}': Permission denied` };
  }
  if (!fact.known) return { state: 'unknown', path, because: fact };
  const { error } = fact.value;
  if (error === undefined) return { state: 'loaded', path, file: fact.value };
  const read = unreadable[error.expected];
  if (read !== undefined) return { state: 'broken', path, error: `Failed to read file '${path}': ${read}` };
  const text = `configuration file syntax error: ${path}:${error.line}: ${error.expected}`;
  return { state: 'broken', path, error: text, line: error.line };
}

/** errno's text for what a collector says of a file that is not read to its end. */
const unreadable: Readonly<Record<string, string>> = {
  'a regular file': 'Is a directory',
  'a file of at most 10 MiB': 'Value too large for defined data type',
};

/** A URI as a client opens it, and what its configuration had to do with it. */
export type Opening =
  | {
      readonly ok: true;
      /** Absent when nothing names a URI: libvirt tries what this host has. */
      readonly uri?: LibvirtUri;
      /** The statement that made the URI of an alias, or that is the default. */
      readonly from?: Setting;
      /** The GnuTLS priority of the URI, else of the configuration; absent where the one built in holds. */
      readonly tlsPriority?: { readonly value: string; readonly setting?: Setting };
    }
  /** virsh's last line without `error: `, and the statement that is at fault, if it is one. */
  | { readonly ok: false; readonly error: string; readonly setting?: Setting };

/**
 * What a client makes of the name that it is given (a URI, an alias, or nothing) up to where it looks for credentials or dials.
 * LIBVIRT_DEFAULT_URI, which comes before uri_default, is not known here.
 *
 * Sources: src/libvirt.c: virConnectOpenInternal, virConnectGetDefaultURI; src/util/viruri.c: virURIResolveAlias;
 * src/remote/remote_driver.c: doRemoteOpen.
 */
export function openUri({ path, file }: Extract<ClientConfiguration, { state: 'loaded' }>, name?: string): Opening {
  const refused = (read: Extract<SettingValue<unknown>, { ok: false }>): Extract<Opening, { ok: false }> => ({
    ok: false,
    error: refusalText(read, path),
    setting: read.setting,
  });
  const setting = (key: FallbackSetting): FallbackValue => {
    const read = stringSetting(file, key);
    return read.ok ? read : { ok: false, error: refusalText(read, path) };
  };
  const blamed = ({ error, setting: key }: Extract<ParsedUri, { ok: false }>): Opening => {
    const culprit = key === undefined ? from : effectiveSetting(file, key);
    return { ok: false, error, ...(culprit === undefined ? {} : { setting: culprit }) };
  };
  let from: Setting | undefined;
  let text: string;
  if (name === undefined || name === '') {
    const byDefault = stringSetting(file, 'uri_default');
    if (!byDefault.ok) return refused(byDefault);
    if (byDefault.value === undefined) {
      const local = modeAndProxy({}, setting);
      return local.ok ? { ok: true } : blamed(local);
    }
    text = byDefault.value;
    from = byDefault.setting;
  } else {
    text = fullName(name);
  }
  const askedFor = from === undefined ? text : null;
  const aliases = stringListSetting(file, 'uri_aliases');
  if (!aliases.ok) return refused(aliases);
  const alias = findAlias(aliases.value ?? [], text);
  if (!alias.ok)
    return { ok: false, error: alias.error, ...(aliases.setting === undefined ? {} : { setting: aliases.setting }) };
  if (alias.uri !== undefined) {
    text = alias.uri;
    from = aliases.setting;
  }
  const parsed = parseLibvirtUri(text, { askedFor, setting });
  if (!parsed.ok) return blamed(parsed);
  const { uri } = parsed;
  const opened = { ok: true, uri, ...(from === undefined ? {} : { from }) } as const;
  if (uri.opener !== 'remote' || uri.transport !== 'tls') return opened;
  if (uri.parameters.tlsPriority !== undefined)
    return { ...opened, tlsPriority: { value: uri.parameters.tlsPriority } };
  const priority = stringSetting(file, 'tls_priority');
  if (!priority.ok) return refused(priority);
  return priority.value === undefined || priority.setting === undefined
    ? opened
    : { ...opened, tlsPriority: { value: priority.value, setting: priority.setting } };
}

/** virURIFindAliasMatch: every entry up to the one that matches must be well-formed, whatever is looked for. */
function findAlias(
  entries: readonly string[],
  name: string,
): { readonly ok: true; readonly uri?: string } | { readonly ok: false; readonly error: string } {
  for (const entry of entries) {
    const equals = entry.indexOf('=');
    const malformed = `configuration file syntax error: Malformed 'uri_aliases' config entry '${entry}'`;
    if (equals === -1) return { ok: false, error: `${malformed}, expected 'alias=uri://host/path'` };
    const alias = entry.slice(0, equals);
    if (!/^[\w-]*$/.test(alias)) return { ok: false, error: `${malformed}, aliases may only contain 'a-Z, 0-9, _, -'` };
    if (alias === name) return { ok: true, uri: entry.slice(equals + 1) };
  }
  return { ok: true };
}
