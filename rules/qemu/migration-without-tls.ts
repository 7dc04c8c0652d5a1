import { consoleFixFacts, restartDriver } from '../../src/domain/console-fix.ts';
import { isOn } from '../../src/domain/console-policy.ts';
import { qemuDriverFile } from '../../src/domain/qemu-driver-file.ts';
import { effectiveSetting } from '../../src/domain/setting-value.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

const key = 'migrate_tls_force';

export default defineRule({
  id: 'migration-without-tls',
  title: 'Guests may migrate in the clear',
  severity: 'note',
  roles: ['migration'],
  needs: [...consoleFixFacts],
  rationale:
    "A migration sends the guest's memory, with every key and password in it, and on request its disks. TLS is used only when whoever migrates asks for it, unless the host insists.",
  remedy: 'Set `migrate_tls_force` to 1, or ask for TLS each time: `virsh migrate --tls`.',
  references: [
    { title: 'libvirt: guest migration', url: 'https://libvirt.org/migration.html' },
    { title: 'CWE-319: cleartext transmission', url: 'https://cwe.mitre.org/data/definitions/319.html' },
  ],
  sources: ['libvirt 9.0 and 11.3 src/qemu/qemu_migration.c: qemuMigrationSrcIsAllowed and qemuMigrationSrcPerform'],
  messages: {
    optional: (d: { path: string }) => ({
      message: 'A migration without TLS is not refused',
      seen: `${key} is 0 in ${d.path}`,
      needed: `${key} = 1, where all hosts have certificates for migration`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const answer = qemuDriverFile(facts);
    const { path } = answer;
    if (answer.state === 'unknown') return [undetermined(file(path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${path} does not load`);
    if (isOn(answer.file, key)) return [];
    const line = effectiveSetting(answer.file, key)?.line;
    return [
      violation(
        'optional',
        setting(path, key, line),
        { path },
        {
          fix: {
            title: 'Refuse migrations without TLS',
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: 'see that both hosts of every migration have server and client certificates for it',
              },
              { kind: 'set', path, key, value: '1', ...(line === undefined ? {} : { line }) },
              ...restartDriver(facts),
            ],
          },
        },
      ),
    ];
  },
});
