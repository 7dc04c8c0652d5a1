import { matchesAppArmorGlob } from '../../src/domain/apparmor-glob.ts';
import { credentialFacts, credentials, filesOf } from '../../src/domain/credentials.ts';
import { effectiveSetting } from '../../src/domain/setting-value.ts';
import { isAtLeast } from '../../src/domain/upstream-version.ts';
import { parentOf, walk } from '../../src/domain/walk.ts';
import { configurationFiles } from '../../src/reference/configuration-files.ts';
import { apparmorAdditions } from '../../src/reference/mandatory-access.ts';
import type { Known } from '../../src/facts/facts.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

/** Security drivers that qemu.conf asks for; undefined when libvirt is left to find out. */
function securityDrivers(facts: Known<'configurations'>): readonly string[] | undefined {
  const qemu = facts.configurations[configurationFiles.qemu];
  if (qemu === undefined || !qemu.known || qemu.value.error !== undefined) return undefined;
  const value = effectiveSetting(qemu.value, 'security_driver')?.value;
  if (value?.type === 'string') return [value.value];
  return value?.type === 'list'
    ? value.items.flatMap((item) => (item.type === 'string' ? [item.value] : []))
    : undefined;
}

export default defineRule({
  id: 'mandatory-access-denies-path',
  title: 'AppArmor keeps QEMU from a directory with its credentials',
  severity: 'warning',
  roles: ['vnc-server', 'migration'],
  needs: [...credentialFacts, 'mandatoryAccess'],
  rationale:
    'libvirt confines every guest with AppArmor, and its profile lists the directories whose certificates QEMU may read: /etc/pki/CA, libvirt, libvirt-vnc, libvirt-spice and qemu. In any other place QEMU is refused although owner and mode are right.',
  remedy:
    'Keep the files in a directory that the profile lists, or add the directory to the local part of the profile.',
  references: [
    { title: 'libvirt: QEMU driver, AppArmor', url: 'https://libvirt.org/drvqemu.html#apparmor-svirt-confinement' },
  ],
  sources: [
    'libvirt 9.0, 11.3 src/security/apparmor/libvirt-qemu; src/security/virt-aa-helper.c adds no directory of certificates',
  ],
  messages: {
    denied: (d: { directory: string; owner: string; path: string }) => ({
      message: `AppArmor's profile for guests does not let QEMU read ${d.directory}`,
      seen: `no rule of the abstraction libvirt-qemu matches ${d.path}, which is for ${d.owner}`,
      needed: `a rule that allows reading ${d.directory}`,
      effect: `guests that use it do not start, or the operation fails, with "Error while reading file.", and the kernel logs apparmor="DENIED"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { apparmor, apparmorReadable } = facts.mandatoryAccess;
    if (apparmor === 'disabled') return notApplicable('AppArmor is not in force');
    if (apparmorReadable === undefined) return notApplicable("libvirt's AppArmor profile for guests is not installed");
    const drivers = securityDrivers(facts);
    if (drivers !== undefined && !drivers.includes('apparmor')) {
      return notApplicable(`security_driver in ${configurationFiles.qemu} does not name AppArmor`);
    }
    const { sets, gaps } = credentials(facts, roles);
    const seen = new Set<string>();
    const outcomes = sets
      .filter(({ program }) => program === 'qemu')
      .flatMap((set) =>
        filesOf(set).flatMap((one) => {
          const way = walk(facts.files, one.path);
          if (way.outcome === 'unknown') return undetermined(file(one.path), way.because);
          if (way.outcome !== 'found' || apparmorReadable.some((pattern) => matchesAppArmorGlob(pattern, way.path)))
            return [];
          const directory = parentOf(way.path);
          if (seen.has(directory)) return [];
          seen.add(directory);
          const version = facts.software.libvirt?.version;
          const { local, directory: newer } = apparmorAdditions;
          const path = version !== undefined && isAtLeast(version, newer.since) ? newer.path : local;
          const subject =
            one.setting === undefined
              ? file(parentOf(one.path))
              : setting(one.setting.path, one.setting.key, one.setting.line);
          return violation(
            'denied',
            subject,
            { directory, owner: set.owner, path: way.path },
            {
              instance: directory,
              fix: {
                title: `Let guests read ${directory} under AppArmor`,
                applicability: 'manual',
                steps: [
                  { kind: 'text', path, text: `${directory}/ r,\n${directory}/** r,\n` },
                  {
                    kind: 'manual',
                    instruction:
                      'the rule counts for guests that are started afterwards: shut running ones down and start them again',
                  },
                ],
              },
            },
          );
        }),
      );
    return [...outcomes, ...gaps.map(({ path, because }) => undetermined(file(path), because))];
  },
});
