import type { Group, User } from '../facts/accounts.ts';

const lines = (text: string): string[] => text.split(/\r?\n/);

/** A decimal id of 32 bits. */
function id(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= 0xffff_ffff ? value : undefined;
}

/** Comments, and the `+` and `-` entries of NIS, name nobody. */
const isEntry = (name: string | undefined): name is string => name !== undefined && /^[^#+\-\s][^\s]*$/.test(name);

/** The users of a passwd(5) file in order; malformed lines are passed over, and no password hash is kept. */
export function parsePasswd(text: string): readonly User[] {
  return lines(text).flatMap((line) => {
    const [name, , uidText, gidText, , home = '', shell = ''] = line.split(':');
    const uid = id(uidText);
    const gid = id(gidText);
    return isEntry(name) && uid !== undefined && gid !== undefined ? [{ name, uid, gid, home, shell }] : [];
  });
}

/** The groups of a group(5) file in order; malformed lines are passed over. */
export function parseGroup(text: string): readonly Group[] {
  return lines(text).flatMap((line) => {
    const [name, , gidText, memberText = ''] = line.split(':');
    const gid = id(gidText);
    if (!isEntry(name) || gid === undefined) return [];
    return [{ name, gid, members: memberText.split(',').flatMap((member) => member.trim() || []) }];
  });
}

/** The sources of each database of nsswitch.conf(5), in order, without their actions (`[NOTFOUND=return]`). */
export function parseNsswitch(text: string): ReadonlyMap<string, readonly string[]> {
  const databases = new Map<string, readonly string[]>();
  for (const raw of lines(text)) {
    const [line = ''] = raw.split('#', 1);
    const colon = line.indexOf(':');
    const database = line.slice(0, Math.max(colon, 0)).trim();
    if (database === '') continue;
    const sources = line.slice(colon + 1).replace(/\[[^\]]*\]?/g, ' ');
    databases.set(
      database,
      sources.split(/[ \t]+/).filter((source) => source !== ''),
    );
  }
  return databases;
}

/** Sources that the account files already show, or that only lend names to ids (nss-systemd(8)). */
const local = new Set(['files', 'compat', 'systemd']);

/** Sources of users and groups beyond the files (`sss`, `ldap`, `winbind`), each once. */
export function otherAccountSources(nsswitch: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const sources = ['passwd', 'group', 'initgroups'].flatMap((database) => nsswitch.get(database) ?? []);
  return [...new Set(sources)].filter((source) => !local.has(source));
}
