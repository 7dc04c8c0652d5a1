import { consoleFixFacts, restartDriver } from '../../src/domain/console-fix.ts';
import { effectiveSetting, stringListSetting } from '../../src/domain/setting-value.ts';
import { configurationFiles } from '../../src/reference/configuration-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

const key = 'security_driver';
/** How some guides call it; libvirt never did. */
const misnamed = 'secure_driver';

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
    misnamed: (d: { path: string }) => ({
      message: `${misnamed} is meant to switch the confinement of guests off, and has no effect: the setting is called ${key}`,
      seen: `${misnamed} is "none" in ${d.path}; guests are confined as before`,
      needed: `no such line, and no ${key} = "none" in its place`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const path = configurationFiles.qemu;
    const fact = facts.configurations[path];
    if (fact === undefined) return notApplicable('QEMU is not configured');
    if (!fact.known) return [undetermined(file(path), fact)];
    if (fact.value.error !== undefined) return notApplicable(`${path} does not load`);
    const isNone = (name: string): boolean => {
      const drivers = stringListSetting(fact.value, name, { acceptString: true });
      return (
        drivers.ok && drivers.value !== undefined && drivers.value.length > 0 && drivers.value.every(confinesNothing)
      );
    };
    const old = effectiveSetting(fact.value, misnamed);
    const intended =
      old === undefined || !isNone(misnamed)
        ? []
        : [
            violation(
              'misnamed',
              setting(path, misnamed, old.line),
              { path },
              {
                severity: 'note',
                fix: {
                  title: `Take ${misnamed} out of ${path}`,
                  applicability: 'safe',
                  steps: [{ kind: 'unset', path, key: misnamed, line: old.line }],
                },
              },
            ),
          ];
    const statement = effectiveSetting(fact.value, key);
    if (statement === undefined || !isNone(key)) return intended;
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
      ...intended,
    ];
  },
});

const confinesNothing = (driver: string): boolean => driver === 'none' || driver === 'dac';
