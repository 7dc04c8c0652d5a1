import { consoleFixFacts, isLibvirtGuest, processSubject, restartDriver } from '../../src/domain/console-fix.ts';
import { guestName } from '../../src/domain/guest-name.ts';
import { effectiveSetting } from '../../src/domain/setting-value.ts';
import { configurationFiles } from '../../src/reference/configuration-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'qemu-runs-as-root',
  title: 'QEMU runs as root',
  severity: 'warning',
  roles: ['vnc-server', 'migration', 'libvirt-server'],
  needs: [...consoleFixFacts],
  rationale:
    'Who breaks out of a guest has the rights of its QEMU: as root that is the whole host, its keys and all other guests.',
  remedy: "Take `user` and `group` out of qemu.conf, so that the distribution's own account is used.",
  references: [
    { title: 'libvirt: QEMU driver security', url: 'https://libvirt.org/drvqemu.html#posix-users-groups' },
    { title: 'CWE-250: unnecessary privileges', url: 'https://cwe.mitre.org/data/definitions/250.html' },
  ],
  sources: ['libvirt 9.0 and 11.3 src/qemu/qemu_conf.c: virQEMUDriverConfigLoadSecurityEntry'],
  messages: {
    configured: (d: { value: string; path: string }) => ({
      message: 'libvirt starts guests as root',
      seen: `user = "${d.value}" in ${d.path}`,
      needed: 'an account without rights of its own',
    }),
    running: (d: { guest: string; libvirt: boolean }) => ({
      message: `QEMU of ${d.guest} runs as root`,
      seen: 'effective user 0',
      needed: 'an account without rights of its own',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const path = configurationFiles.qemu;
    const fact = facts.configurations[path];
    const { qemuProcesses } = facts;
    const asRoot = qemuProcesses.observed ? qemuProcesses.processes.filter(({ uid }) => uid === 0) : [];
    const running = asRoot.map((process) => {
      const libvirt = isLibvirtGuest(facts, process);
      const guest = guestName(process);
      return violation(
        'running',
        processSubject(process),
        { guest, libvirt },
        {
          fix: {
            title: 'Run it as an account of its own',
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: libvirt
                  ? `look for user in ${path} and for <seclabel type='static' model='dac'> in ${guest}'s XML, mend it, and start the guest again`
                  : `start ${guest} as an account of its own, or with -run-with user= (-runas before QEMU 9.1)`,
              },
            ],
          },
        },
      );
    });
    if (fact === undefined)
      return asRoot.length > 0 || (qemuProcesses.observed && qemuProcesses.processes.length > 0)
        ? running
        : notApplicable('no guest runs and QEMU is not configured');
    if (!fact.known) return [...running, undetermined(file(path), fact)];
    if (fact.value.error !== undefined) return running.length > 0 ? running : notApplicable(`${path} does not load`);
    const user = effectiveSetting(fact.value, 'user');
    const value = user?.value.type === 'string' ? user.value.value : undefined;
    if (user === undefined || value === undefined || !/^(?:root|\+?0+)$/.test(value)) return running;
    // Guests that run as root follow from it.
    const others = running.filter((_, index) => asRoot[index] !== undefined && !isLibvirtGuest(facts, asRoot[index]));
    const group = effectiveSetting(fact.value, 'group');
    return [
      violation(
        'configured',
        setting(path, 'user', user.line),
        { value, path },
        {
          fix: {
            title: "Use the distribution's account",
            applicability: 'unsafe',
            steps: [
              { kind: 'unset', path, key: 'user', line: user.line },
              ...(group === undefined ? [] : [{ kind: 'unset' as const, path, key: 'group', line: group.line }]),
              ...restartDriver(facts),
              {
                kind: 'manual',
                instruction: "see that QEMU's account can read its certificates and disks, and start guests again",
              },
            ],
          },
        },
      ),
      ...others,
    ];
  },
});
