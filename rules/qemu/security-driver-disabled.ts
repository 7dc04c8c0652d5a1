import { consoleFixFacts, restartDriver } from '../../src/domain/console-fix.ts';
import { effectiveSetting, stringListSetting } from '../../src/domain/setting-value.ts';
import { configurationFiles } from '../../src/reference/configuration-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

const key = 'security_driver';

export default defineRule({
  id: 'security-driver-disabled',
  title: 'Guests are not confined: the security driver is switched off',
  severity: 'warning',
  roles: ['vnc-server', 'migration', 'libvirt-server'],
  needs: [...consoleFixFacts],
  rationale:
    'SELinux and AppArmor hold each guest to its own disks. Without them a QEMU that was taken over reaches the files of all guests and the keys that its account may read.',
  remedy: 'Take `security_driver` out of qemu.conf, so that libvirt uses what the host has.',
  references: [{ title: 'libvirt: QEMU driver security', url: 'https://libvirt.org/drvqemu.html#security' }],
  sources: ['libvirt 9.0 and 11.3 src/qemu/qemu_driver.c: qemuSecurityInit; src/security/security_driver.c'],
  messages: {
    none: (d: { path: string }) => ({
      message: 'libvirt confines no guest',
      seen: `${key} is "none" in ${d.path}`,
      needed: 'selinux or apparmor, which libvirt finds by itself',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const path = configurationFiles.qemu;
    const fact = facts.configurations[path];
    if (fact === undefined) return notApplicable('QEMU is not configured');
    if (!fact.known) return [undetermined(file(path), fact)];
    if (fact.value.error !== undefined) return notApplicable(`${path} does not load`);
    const drivers = stringListSetting(fact.value, key, { acceptString: true });
    const statement = effectiveSetting(fact.value, key);
    if (!drivers.ok || statement === undefined || drivers.value?.length === 0) return [];
    if (drivers.value?.every((driver) => driver === 'none' || driver === 'dac') !== true) return [];
    return [
      violation(
        'none',
        setting(path, key, statement.line),
        { path },
        {
          fix: {
            title: 'Let libvirt use what the host has',
            applicability: 'unsafe',
            steps: [
              { kind: 'unset', path, key, line: statement.line },
              ...restartDriver(facts),
              { kind: 'manual', instruction: 'start the guests again, one first' },
            ],
          },
        },
      ),
    ];
  },
});
