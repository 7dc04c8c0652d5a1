import { usersInScope } from '../domain/account.ts';
import { unknown, type Fact, type Unknown } from '../facts/fact.ts';
import type { RemminaProfile, RemminaSetting } from '../facts/remmina.ts';
import { AccessError } from '../host/access-error.ts';
import type { HostView } from '../host/host-view.ts';
import { parseKeyFile, type KeyFileValue } from '../parse/key-file.ts';
import { remminaDirectories, remminaPreferences, remminaSettings } from '../reference/vnc-clients.ts';
import { contentsByPath } from './by-path.ts';
import { defineCollector } from './collector.ts';

/** Remmina writes one or two kilobytes. */
const limit = 64 * 1024;

/** Of one user: whoever may write profiles must not make us read without end. */
const maximumProfiles = 256;
const maximumFiles = 32;

type Profile = Omit<RemminaProfile, 'users'>;

const settings = Object.values(remminaSettings);

export default defineCollector({
  fact: 'remminaProfiles',
  after: ['accounts', 'caller'],
  collect: async (view, facts) => {
    const profiles: Record<string, Fact<RemminaProfile>> = {};
    for (const { name, home } of usersInScope(facts)) {
      const { files, closed } = await profilesOf(view, home.replace(/\/+$/, ''));
      Object.assign(profiles, closed);
      const named = new Set<string>();
      for (const [path, found] of Object.entries(
        await contentsByPath<Profile | 'too-large' | undefined>(view, files, limit, profileIn, misfit),
      )) {
        const profile = !found.known
          ? found
          : found.value === 'too-large'
            ? unknown('too-large', `${path}: larger than ${limit} bytes`)
            : found.value;
        if (profile === undefined) continue;
        const before = profiles[path];
        if ('known' in profile) profiles[path] = profile;
        else {
          for (const file of Object.values(profile.files)) named.add(file.path);
          const users = [...(before?.known === true ? before.value.users : []), name];
          profiles[path] =
            named.size > maximumFiles
              ? unknown('too-large', `${path}: the profiles of ${name} name more than ${maximumFiles} files`)
              : { known: true, value: { users, ...profile } };
        }
      }
    }
    return profiles;
  },
});

const misfit = (cause: 'not-a-file' | 'too-large'): 'too-large' | undefined =>
  cause === 'too-large' ? cause : undefined;

/** The profiles that a user's Remmina lists, by their paths, and what closes the way to them. */
async function profilesOf(
  view: HostView,
  home: string,
): Promise<{ readonly files: readonly string[]; readonly closed: Readonly<Record<string, Unknown>> }> {
  // Most of many users have no home directory here.
  if ((await view.walk(home)).outcome === 'absent') return { files: [], closed: {} };
  const preferred = await preferredDirectory(view, home);
  const closed = typeof preferred === 'object' ? { [preferred.path]: preferred.because } : {};
  const directories = [
    ...(typeof preferred === 'string' ? [preferred] : []),
    ...remminaDirectories.map((directory) => `${home}/${directory}`),
  ];
  for (const directory of directories) {
    const walked = await view.walk(directory);
    if (walked.outcome === 'refused')
      return { files: [], closed: { ...closed, [directory]: unknown(walked.error.reason, walked.error.message) } };
    if (walked.outcome !== 'found' || walked.entry.type !== 'directory') continue;
    try {
      const names = (await view.list(directory)).filter((name) => name.endsWith('.remmina'));
      const files = names.slice(0, maximumProfiles).map((name) => `${directory}/${name}`);
      return names.length > files.length
        ? { files, closed: { ...closed, [directory]: unknown('too-large', tooMany(directory)) } }
        : { files, closed };
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
      return { files: [], closed: { ...closed, [directory]: unknown(error.reason, error.message) } };
    }
  }
  return { files: [], closed };
}

const tooMany = (directory: string): string => `${directory}: more than ${maximumProfiles} profiles`;

/** The directory that a user's preferences name; undefined where they name none. Relative ones depend on where Remmina is started. */
async function preferredDirectory(
  view: HostView,
  home: string,
): Promise<string | { readonly path: string; readonly because: Unknown } | undefined> {
  const path = `${home}/${remminaPreferences.path}`;
  const { group, key } = remminaPreferences;
  const parse = (content: Uint8Array): string => parseKeyFile(content, group, [key]).values[key]?.value ?? '';
  const found = (await contentsByPath(view, [path], limit, parse, () => ''))[path];
  if (found === undefined) return undefined;
  if (!found.known) return { path, because: found };
  return found.value.startsWith('/') ? found.value.replace(/\/+$/, '') : undefined;
}

/**
 * What a profile says; undefined where it is none for VNC, or Remmina does not take it.
 *
 * Source: Remmina 1.4 src/remmina_file.c: remmina_file_load, remmina_file_get_string, remmina_file_get_int.
 */
function profileIn(content: Uint8Array): Profile | undefined {
  const keys = ['name', 'protocol', 'disableencryption', ...settings];
  const { values, error } = parseKeyFile(content, 'remmina', keys);
  if (error !== undefined || values['name'] === undefined || !/^VNCI?$/.test(values['protocol']?.value ?? ''))
    return undefined;
  const files = settings.flatMap((setting): readonly [RemminaSetting, KeyFileValue][] => {
    const value = values[setting];
    return value === undefined || value.value === '' ? [] : [[setting, value]];
  });
  return {
    withoutEncryption: isOn(values['disableencryption']?.value ?? ''),
    files: Object.fromEntries(files.map(([setting, { value, line }]) => [setting, { path: value, line }])),
  };
}

/** As atoi(3) sees it, or a word that begins with a t. */
const isOn = (value: string): boolean => value.startsWith('t') || /^\s*[+-]?0*[1-9]/.test(value);
