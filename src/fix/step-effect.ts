import { lookedUpFacts, lookedUpPaths, type LookedUpPaths } from '../domain/looked-up-paths.ts';
import { parentOf, walk } from '../domain/walk.ts';
import type { Accounts } from '../facts/accounts.ts';
import type { CertificateFile, PrivateKeyFile } from '../facts/certificates.ts';
import type { ConfigurationFile, ConfigurationSyntaxError, Setting, TextEdit } from '../facts/configurations.ts';
import { known, type Fact } from '../facts/fact.ts';
import type { ByPath, FactName, Facts } from '../facts/facts.ts';
import type { AclEntry, FileEntry, FileMetadata } from '../facts/files.ts';
import type { Process, SystemdUnit } from '../facts/services.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { configurationNamed } from './edit-configuration.ts';
import { parseConfiguration } from '../parse/configuration.ts';
import { libvirtFileSize } from '../parse/malformation.ts';
import type { ConfigurationName } from '../reference/configuration-files.ts';
import { vocabularies } from '../reference/settings.ts';
import type { FixStep, PlannerStep } from '../rule/fix.ts';

/** A step that is only ever told, or that a plan has another one for. Named, for the JSON Schema names types by it. */
interface NotPerformed {
  readonly kind: 'text' | 'manual' | 'write' | 'trust' | 'issue';
}

/** A step of a rule that a program does as it stands. */
export type PerformableAsGiven = Exclude<FixStep, NotPerformed>;

/** A step that one host can be given without a person: it changes a file, or runs something there. */
export type Performable = PerformableAsGiven | PlannerStep;

/** Is it something that a program can do on the host itself, as it stands. */
export const isPerformable = (step: FixStep): step is PerformableAsGiven =>
  !['text', 'manual', 'write', 'trust', 'issue'].includes(step.kind) &&
  !(step.kind === 'run' && step.where !== undefined);

type SnapshotFacts = Snapshot['facts'];

/** Why a step has no place in the facts; thrown by `afterStep`. */
export class NoSuchPlace extends Error {}

/** The facts as they are after a step. @throws NoSuchPlace when what it is to change was not seen, or is not there. */
export function afterStep(facts: SnapshotFacts, step: Performable): SnapshotFacts {
  switch (step.kind) {
    case 'chmod':
      return withEntry(facts, step.path, (entry) => chmod(entry, step.to));
    case 'chown':
      return withEntry(facts, step.path, (entry) => ({ ...withoutSetIds(entry), uid: uidOf(facts, step.to) }));
    case 'chgrp':
      return withEntry(facts, step.path, (entry) => ({ ...withoutSetIds(entry), gid: gidOf(facts, step.to) }));
    case 'setfacl':
      return withEntry(facts, step.path, (entry) => setfacl(entry, aclEntryOf(facts, step.entry)));
    case 'remove':
      return removed(facts, step.path);
    case 'symlink':
      return linked(facts, step.path, step.target);
    case 'make-directory':
      return withDirectory(facts, step.path, step.mode);
    case 'write':
      return written(facts, step.path, 0o644, step.pem.length, 'certificates', {
        certificates: step.certificates,
        ...(step.pem.length > libvirtFileSize ? { malformation: { cause: 'too-large' } } : {}),
      });
    case 'write-key':
      return written(facts, step.path, 0o600, usualKeySize, 'privateKeys', {
        state: 'readable',
        publicKey: step.publicKey,
        format: 'pkcs8',
      });
    case 'set':
    case 'unset':
      return configured(facts, step.path, step.key, step.kind === 'set' ? step.value : undefined);
    case 'repair':
      return repaired(facts, step.path, step.edits);
    case 'run':
      return ran(facts, step.command);
  }
}

/** What a path names, links at its end not followed. @throws NoSuchPlace when it was not seen. */
export function entryAt(facts: SnapshotFacts, path: string): FileEntry {
  const entry = facts.files.known ? facts.files.value[path] : facts.files;
  if (entry === undefined) throw new NoSuchPlace(`${path} was not looked at`);
  if (!entry.known) throw new NoSuchPlace(`${path} could not be looked at: ${entry.detail}`);
  return entry.value;
}

/** Where a file is, or would be: links on the way followed, also the last one. @throws NoSuchPlace when that was not seen, or leads nowhere. */
export function placeAt(facts: SnapshotFacts, path: string): { readonly path: string; readonly entry: FileEntry } {
  if (!facts.files.known) throw new NoSuchPlace('files were not looked at');
  const files = facts.files.value;
  const way = walk(files, path);
  if (way.outcome === 'found') return { path: way.path, entry: way.entry };
  if (way.outcome === 'unknown') throw new NoSuchPlace(`${way.at} could not be looked at: ${way.because.detail}`);
  const above = walk(files, parentOf(path));
  if (above.outcome !== 'found') throw new NoSuchPlace(`${parentOf(path)} is not there`);
  const canonical = `${above.path === '/' ? '' : above.path}/${path.slice(path.lastIndexOf('/') + 1)}`;
  if (way.outcome === 'loop' || way.missing !== canonical) throw new NoSuchPlace(`${path} leads to nothing`);
  return { path: canonical, entry: { type: 'absent' } };
}

/** The statement of a setting that counts; undefined when there is none. @throws NoSuchPlace where the file is not known or does not load. */
export function settingAt(facts: SnapshotFacts, path: string, key: string): Setting | undefined {
  return configurationAt(facts, path).settings.find((one) => one.key === key);
}

function configurationAt(facts: SnapshotFacts, path: string): ConfigurationFile {
  const file = facts.configurations.known ? facts.configurations.value[path] : facts.configurations;
  if (file === undefined) throw new NoSuchPlace(`${path} is not there`);
  if (!file.known) throw new NoSuchPlace(`${path} could not be read: ${file.detail}`);
  if (file.value.error !== undefined) throw new NoSuchPlace(`${path} does not load`);
  return file.value;
}

const accountsOf = (facts: SnapshotFacts): Accounts => {
  if (!facts.accounts.known) throw new NoSuchPlace('the accounts of this host are not known');
  return facts.accounts.value;
};

/** A name, or a number, as the host's own lists have it. @throws NoSuchPlace for a name that they do not have. */
export function uidOf(facts: SnapshotFacts, name: string): number {
  const id = accountsOf(facts).users.find((user) => user.name === name)?.uid;
  return id ?? numberOr(name, `no account ${name} is listed on this host`);
}

/** As `uidOf`, for groups. */
export function gidOf(facts: SnapshotFacts, name: string): number {
  const id = accountsOf(facts).groups.find((group) => group.name === name)?.gid;
  return id ?? numberOr(name, `no group ${name} is listed on this host`);
}

const numberOr = (name: string, complaint: string): number => {
  if (name === 'root') return 0;
  if (!/^\d{1,10}$/.test(name)) throw new NoSuchPlace(complaint);
  return Number(name);
};

const withFile = (facts: SnapshotFacts, path: string, entry: FileEntry): SnapshotFacts =>
  facts.files.known ? { ...facts, files: known({ ...facts.files.value, [path]: known(entry) }) } : facts;

function withEntry(facts: SnapshotFacts, path: string, change: <T extends FileMetadata>(entry: T) => T): SnapshotFacts {
  const entry = entryAt(facts, path);
  if (entry.type === 'absent') throw new NoSuchPlace(`${path} is not there`);
  if (entry.type === 'symlink') throw new NoSuchPlace(`${path} is a symbolic link`);
  return withFile(facts, path, change(entry));
}

/** Linux fs/attr.c: notify_change, for what is no directory: the set-user-id bit goes, and the set-group-id bit of a program. */
const withoutSetIds = <T extends FileMetadata>(entry: T): T => {
  if ((entry as { type?: string }).type === 'directory') return entry;
  const mode = entry.mode & ~0o4000;
  return { ...entry, mode: (mode & 0o010) === 0 ? mode : mode & ~0o2000 };
};

/** chmod(2) on what has an ACL: the group bits are its mask. */
function chmod<T extends FileMetadata>(entry: T, mode: number): T {
  if (entry.acl === undefined || entry.acl === 'unread') return { ...entry, mode };
  const bits = { 'user-object': mode >> 6, mask: mode >> 3, other: mode } as const;
  const acl = entry.acl.map((one) =>
    one.tag in bits ? { ...one, permissions: bits[one.tag as keyof typeof bits] & 7 } : one,
  );
  return { ...entry, mode, acl };
}

const order: readonly AclEntry['tag'][] = ['user-object', 'user', 'group-object', 'group', 'mask', 'other'];

/** setfacl -m with one entry: the mask becomes what the entries of the group class ask for together. */
function setfacl<T extends FileMetadata>(entry: T, added: AclEntry): T {
  if (entry.acl === 'unread') throw new NoSuchPlace('the access control list could not be read');
  const { mode } = entry;
  const base: readonly AclEntry[] = entry.acl ?? [
    { tag: 'user-object', permissions: (mode >> 6) & 7 },
    { tag: 'group-object', permissions: (mode >> 3) & 7 },
    { tag: 'other', permissions: mode & 7 },
  ];
  const entries = [
    ...base.filter((one) => one.tag !== 'mask' && !(one.tag === added.tag && one.id === added.id)),
    added,
  ];
  const mask = entries
    .filter(({ tag }) => tag === 'user' || tag === 'group' || tag === 'group-object')
    .reduce((sum, { permissions }) => sum | permissions, 0);
  const acl = [...entries, { tag: 'mask' as const, permissions: mask }].sort(
    (a, b) => order.indexOf(a.tag) - order.indexOf(b.tag) || (a.id ?? 0) - (b.id ?? 0),
  );
  return { ...entry, acl, mode: (mode & ~0o070) | (mask << 3) };
}

/** `u:alice:r` or `g:118:rx` by the host's own lists. @throws NoSuchPlace for other forms. */
export function aclEntryOf(facts: SnapshotFacts, text: string): AclEntry {
  const match = /^([ug]):([^:]+):([rwx-]+)$/.exec(text);
  const [, kind, name = '', letters = ''] = match ?? [];
  if (kind === undefined) throw new NoSuchPlace(`${text} is no entry for one account`);
  const permissions = [...'rwx'].reduce((sum, letter, at) => sum | (letters.includes(letter) ? 4 >> at : 0), 0);
  return kind === 'u'
    ? { tag: 'user', id: uidOf(facts, name), permissions }
    : { tag: 'group', id: gidOf(facts, name), permissions };
}

/** Facts that hold contents by the path under which they are looked up. */
const contentFacts = [
  'configurations',
  'certificates',
  'privateKeys',
  'revocationLists',
  'secretHolders',
  'saslConfigurations',
  'keytabs',
  'domains',
] as const satisfies readonly (keyof Facts)[];

function overContents(facts: SnapshotFacts, change: (contents: ByPath<unknown>) => ByPath<unknown>): SnapshotFacts {
  const changed = contentFacts.flatMap((name) => {
    const fact = facts[name] as Fact<ByPath<unknown>>;
    return fact.known ? [[name, known(change(fact.value))] as const] : [];
  });
  return { ...facts, ...(Object.fromEntries(changed) as Partial<SnapshotFacts>) };
}

function removed(facts: SnapshotFacts, path: string): SnapshotFacts {
  if (entryAt(facts, path).type === 'absent') throw new NoSuchPlace(`${path} is not there`);
  const after = withFile(facts, path, { type: 'absent' });
  const files = after.files.known ? after.files.value : {};
  const before = facts.files.known ? facts.files.value : {};
  const isGone = (name: string): boolean =>
    walk(before, name).outcome === 'found' && walk(files, name).outcome === 'absent';
  return overContents(after, (contents) =>
    Object.fromEntries(Object.entries(contents).filter(([name]) => !isGone(name))),
  );
}

function linked(facts: SnapshotFacts, path: string, target: string): SnapshotFacts {
  if (entryAt(facts, path).type !== 'absent') throw new NoSuchPlace(`${path} is there already`);
  const modified = nowOf(facts);
  const link: FileEntry = { type: 'symlink', uid: 0, gid: 0, mode: 0o777, modified, target };
  const end = target.startsWith('/') ? target : `${parentOf(path)}/${target}`;
  return overContents(withFile(facts, path, link), (contents) => {
    const content = contents[end];
    return content === undefined ? contents : { ...contents, [path]: content };
  });
}

/** What openssl writes for a key on P-256: the size of a key says nothing that matters. */
const usualKeySize = 241;

/** A file with new content: as it was besides, or for root (in a home: for its owner), and readable as `mode` says. */
function written(
  facts: SnapshotFacts,
  path: string,
  mode: number,
  size: number,
  contents: 'certificates' | 'privateKeys',
  content: CertificateFile | PrivateKeyFile,
): SnapshotFacts {
  const place = placeAt(facts, path);
  const { entry } = place;
  if (entry.type !== 'absent' && entry.type !== 'file') throw new NoSuchPlace(`${path} is a ${entry.type}`);
  const modified = nowOf(facts);
  const changed: FileEntry =
    entry.type === 'file'
      ? // A new key is nobody's who could read the old one only because all could.
        { ...(contents === 'privateKeys' ? chmod(entry, entry.mode & ~0o007) : entry), size, modified }
      : {
          type: 'file',
          ...newOwner(facts, place.path),
          ...inheritedLabel(facts, place.path),
          ...{ mode, size, modified },
        };
  const after = withFile(facts, place.path, changed);
  const files = after.files.known ? after.files.value : {};
  const fact = facts[contents] as Fact<ByPath<unknown>>;
  if (!fact.known) return after;
  const leadsThere = (name: string): boolean => {
    const way = walk(files, name);
    return way.outcome === 'found' && way.path === place.path;
  };
  const names = [path, ...[...Object.keys(fact.value), ...lookedUp(facts)[contents]].filter(leadsThere)];
  return {
    ...after,
    [contents]: known({ ...fact.value, ...Object.fromEntries(names.map((name) => [name, known(content)])) }),
  };
}

function withDirectory(facts: SnapshotFacts, path: string, mode: number): SnapshotFacts {
  const place = placeAt(facts, path);
  if (place.entry.type !== 'absent') throw new NoSuchPlace(`${path} is there already`);
  const after = withFile(facts, place.path, {
    type: 'directory',
    ...newOwner(facts, place.path),
    ...inheritedLabel(facts, place.path),
    mode,
    modified: nowOf(facts),
  });
  // There is nothing in it, whatever is looked for.
  const files = after.files.known ? { ...after.files.value } : {};
  for (const name of Object.values(lookedUp(facts)).flat()) {
    const way = walk(files, name);
    if (way.outcome === 'unknown' && way.at.startsWith(`${place.path}/`) && files[way.at] === undefined)
      files[way.at] = known({ type: 'absent' });
  }
  return { ...after, files: known(files) };
}

/** Paths at which programs of this host look, as far as that is known. */
function lookedUp(facts: SnapshotFacts): LookedUpPaths {
  const values: Partial<Record<FactName, unknown>> = {};
  for (const name of lookedUpFacts) {
    const fact = facts[name];
    if (!fact.known) return { certificates: [], privateKeys: [], revocationLists: [], others: [] };
    values[name] = fact.value;
  }
  return lookedUpPaths(values as Parameters<typeof lookedUpPaths>[0]);
}

/** Whose a new file or directory is: of the account in whose home it lies, else root's. */
export function newOwner(facts: SnapshotFacts, path: string): Pick<FileMetadata, 'uid' | 'gid'> {
  const people = facts.accounts.known ? facts.accounts.value.users : [];
  const [owner] = people
    .filter(
      ({ uid, home }) => uid >= firstOfPeople && home.length > 1 && path.startsWith(`${home.replace(/\/+$/, '')}/`),
    )
    .sort((a, b) => b.home.length - a.home.length);
  return { uid: owner?.uid ?? 0, gid: owner?.gid ?? 0 };
}

/** The label that a new file gets where the policy says nothing else. */
function inheritedLabel(facts: SnapshotFacts, path: string): Pick<FileMetadata, 'label'> {
  const above = entryAt(facts, parentOf(path));
  return above.type === 'absent' || above.label === undefined ? {} : { label: above.label };
}

/** login.defs: UID_MIN. The homes of other accounts are directories of the system. */
const firstOfPeople = 1000;

const nowOf = (facts: SnapshotFacts): string =>
  facts.clock.known ? facts.clock.value.now : '1970-01-01T00:00:00.000Z';

function configured(facts: SnapshotFacts, path: string, key: string, value: string | undefined): SnapshotFacts {
  const file = configurationAt(facts, path);
  return withConfiguration(facts, path, withSetting(file.settings, key, value, configurationNamed(path)));
}

/** The parser's complaint of a configuration file. @throws NoSuchPlace where there is none */
export function syntaxErrorAt(facts: SnapshotFacts, path: string): ConfigurationSyntaxError {
  const file = facts.configurations.known ? facts.configurations.value[path] : undefined;
  const error = file?.known === true ? file.value.error : undefined;
  if (error === undefined) throw new NoSuchPlace(`${path} has no fault that was seen`);
  return error;
}

function repaired(facts: SnapshotFacts, path: string, edits: readonly TextEdit[]): SnapshotFacts {
  const { repair } = syntaxErrorAt(facts, path);
  if (repair === undefined || JSON.stringify(repair.edits) !== JSON.stringify(edits))
    throw new NoSuchPlace(`${path} has another fault`);
  return withConfiguration(facts, path, repair.settings);
}

function withConfiguration(facts: SnapshotFacts, path: string, settings: readonly Setting[]): SnapshotFacts {
  const configurations = facts.configurations.known ? facts.configurations.value : {};
  const files = facts.files.known ? facts.files.value : {};
  const way = walk(files, path);
  const edited = { ...facts, configurations: known({ ...configurations, [path]: known({ settings }) }) };
  return way.outcome === 'found' ? withFile(edited, way.path, { ...way.entry, modified: nowOf(facts) }) : edited;
}

function withSetting(
  settings: readonly Setting[],
  key: string,
  text: string | undefined,
  name: ConfigurationName,
): readonly Setting[] {
  const others = settings.filter((one) => one.key !== key);
  if (text === undefined) return others;
  const [parsed] = parseConfiguration(Buffer.from(`${key} = ${text}\n`), vocabularies[name]).settings;
  if (parsed === undefined) throw new NoSuchPlace(`${text} is no value of libvirt's`);
  const first = settings.findIndex((one) => one.key === key);
  if (first === -1) {
    const line = Math.max(0, ...settings.map((one) => one.line)) + 1;
    return [...settings, { key, value: parsed.value, line, column: 1 }];
  }
  return settings.map((one, index) => (index === first ? { ...one, value: parsed.value } : one));
}

/** What systemctl and groupadd change of the facts; of other commands nothing is known. */
function ran(facts: SnapshotFacts, command: readonly string[]): SnapshotFacts {
  const [program, ...args] = command;
  const words = args.filter((word) => !word.startsWith('-'));
  if (program === 'groupadd') return withGroup(facts, words.at(-1) ?? '');
  if (program !== 'systemctl') return facts;
  const [verb, ...units] = words;
  return units.reduce((after, unit) => withUnit(after, verb ?? '', unit, args.includes('--now')), facts);
}

/** Does the model know all that a command changes. */
export const isModelled = (command: readonly string[]): boolean =>
  command[0] === 'groupadd' || (command[0] === 'systemctl' && /^(restart|daemon-reload)$/.test(command[1] ?? ''));

function withGroup(facts: SnapshotFacts, name: string): SnapshotFacts {
  const accounts = accountsOf(facts);
  if (accounts.groups.some((group) => group.name === name)) return facts;
  const gid = Math.max(999, ...accounts.groups.map((group) => group.gid).filter((id) => id < 60_000)) + 1;
  return { ...facts, accounts: known({ ...accounts, groups: [...accounts.groups, { name, gid, members: [] }] }) };
}

function withUnit(facts: SnapshotFacts, verb: string, given: string, now: boolean): SnapshotFacts {
  const name = /\.(service|socket)$/.test(given) ? given : `${given}.service`;
  let after = facts;
  if (facts.services.known) {
    const { units } = facts.services.value;
    const unit: SystemdUnit = units[name] ?? { name, enabled: false, masked: false, listenStreams: [] };
    const active = (is: boolean) => (unit.active === undefined ? {} : { active: is });
    const changes: Readonly<Record<string, Partial<SystemdUnit>>> = {
      enable: { enabled: true, ...(now ? active(true) : {}) },
      disable: { enabled: false, ...(now ? active(false) : {}) },
      unmask: { masked: false },
      start: active(true),
      restart: active(true),
      stop: active(false),
    };
    const change = changes[verb];
    if (change !== undefined && (units[name] !== undefined || verb === 'enable')) {
      after = {
        ...after,
        services: known({ ...facts.services.value, units: { ...units, [name]: { ...unit, ...change } } }),
      };
    }
  }
  if (name.endsWith('.service') && (verb === 'restart' || verb === 'start') && facts.runtime.known) {
    const runtime = facts.runtime.value;
    if (!runtime.observed) return after;
    const program = name.replace(/\.service$/, '');
    const started = (process: Process): Process =>
      process.program === program && process.started !== undefined ? { ...process, started: nowOf(facts) } : process;
    after = { ...after, runtime: known({ ...runtime, processes: runtime.processes.map(started) }) };
  }
  return after;
}
