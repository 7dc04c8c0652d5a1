import type { Known } from '../facts/facts.ts';
import type { OsFamily } from '../facts/host.ts';
import { configurationFiles } from '../reference/configuration-files.ts';
import { accountOf, groupNamed, rootAccount, userNamed, type Account } from './account.ts';
import { effectiveSetting } from './setting-value.ts';

/**
 * Account that distributions build QEMU guests to run as (libvirt meson.build, and the packages' own options); `other` builds run as
 * root unless the usual account was made.
 */
const builtInAccounts: Readonly<Record<OsFamily, { readonly user: string; readonly group: string }>> = {
  debian: { user: 'libvirt-qemu', group: 'libvirt-qemu' },
  ubuntu: { user: 'libvirt-qemu', group: 'kvm' },
  fedora: { user: 'qemu', group: 'qemu' },
  rhel: { user: 'qemu', group: 'qemu' },
  suse: { user: 'qemu', group: 'qemu' },
  gentoo: { user: 'qemu', group: 'qemu' },
  arch: { user: 'libvirt-qemu', group: 'libvirt-qemu' },
  other: { user: 'root', group: 'root' },
};

/**
 * The account as which libvirt starts QEMU: `user` and `group` of qemu.conf, else what the distribution built in; undefined when qemu.conf
 * names nobody of this host, with which the QEMU driver does not start. A name is looked up before it is taken for a number; a plus
 * sign makes it one. libvirt gives the process the user's other groups as well, and root keeps its capabilities.
 *
 * Source: libvirt src/qemu/qemu_conf.c: virQEMUDriverConfigLoadSecurityEntry; src/util/virutil.c: virGetUserID, virGetGroupList,
 * virSetUIDGIDWithCaps.
 */
export function qemuAccount(facts: Known<'configurations' | 'accounts' | 'operatingSystem'>): Account | undefined {
  const { accounts, operatingSystem } = facts;
  const builtIn = builtInAccounts[operatingSystem.family];
  // A host without os-release still shows by its accounts how its packages were built.
  const usual =
    operatingSystem.family === 'other'
      ? ['libvirt-qemu', 'qemu']
          .filter((name) => userNamed(accounts, name))
          .map((name) => ({ user: name, group: name }))[0]
      : undefined;
  const { user: defaultUser, group: defaultGroup } = usual ?? builtIn;
  const user = idSetting(facts, 'user') ?? defaultUser;
  const configuredGroup = idSetting(facts, 'group');
  const group = configuredGroup ?? defaultGroup;

  const named = userNamed(accounts, user);
  const uid = named?.uid ?? number(user) ?? (user === 'root' ? 0 : undefined);
  if (uid === undefined) return undefined;
  const gid = groupNamed(accounts, group)?.gid ?? number(group) ?? (group === 'root' ? 0 : undefined);
  if (gid === undefined && configuredGroup !== undefined) return undefined;
  const listed = named ?? accounts.users.find((candidate) => candidate.uid === uid);
  if (listed !== undefined) return accountOf(accounts, listed, gid ?? listed.gid);
  return uid === 0 ? rootAccount : { name: String(uid), uid, gids: gid === undefined ? [] : [gid] };
}

/** virStrToLong_ui in base 10. */
function number(text: string): number | undefined {
  const digits = /^\+?(\d{1,10})$/.exec(text)?.[1];
  return digits === undefined || Number(digits) > 0xffff_ffff ? undefined : Number(digits);
}

function idSetting(facts: Known<'configurations'>, key: 'user' | 'group'): string | undefined {
  const file = facts.configurations[configurationFiles.qemu];
  if (file === undefined || !file.known || file.value.error !== undefined) return undefined;
  const value = effectiveSetting(file.value, key)?.value;
  return value?.type === 'string' && value.value !== '' ? value.value : undefined;
}
