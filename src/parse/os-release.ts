import type { OperatingSystem, OsFamily } from '../facts/host.ts';
import { lastAssignment, parseEnvironmentFile } from './environment-file.ts';

/** `ID` values of os-release(5) by family; derivatives that name none of these in `ID_LIKE` are `other`. */
const families: ReadonlyMap<string, OsFamily> = new Map([
  ['debian', 'debian'],
  ['ubuntu', 'ubuntu'],
  ['fedora', 'fedora'],
  ['rhel', 'rhel'],
  ['centos', 'rhel'],
  ['rocky', 'rhel'],
  ['almalinux', 'rhel'],
  ['ol', 'rhel'],
  ['suse', 'suse'],
  ['opensuse', 'suse'],
  ['opensuse-leap', 'suse'],
  ['opensuse-tumbleweed', 'suse'],
  ['sles', 'suse'],
  ['sled', 'suse'],
  ['arch', 'arch'],
  ['gentoo', 'gentoo'],
]);

/** Reads os-release(5), whose grammar systemd reads like that of an environment file; `ID_LIKE` is asked in its order. */
export function parseOsRelease(text: string): OperatingSystem {
  const assignments = parseEnvironmentFile(text);
  const value = (name: string): string | undefined => lastAssignment(assignments, name)?.value || undefined;
  const [id, versionId, prettyName] = [value('ID'), value('VERSION_ID'), value('PRETTY_NAME')];
  const likely = [id ?? '', ...(value('ID_LIKE') ?? '').split(/\s+/)];
  const family = likely.map((name) => families.get(name)).find((found) => found !== undefined) ?? 'other';
  return {
    ...(id === undefined ? {} : { id }),
    ...(versionId === undefined ? {} : { versionId }),
    ...(prettyName === undefined ? {} : { prettyName }),
    family,
  };
}
