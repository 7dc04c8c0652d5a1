import { groupNamed } from '../../src/domain/account.ts';
import { isDaemonUsed } from '../../src/domain/configurations-in-use.ts';
import { activationOf, socketsInUse } from '../../src/domain/listening.ts';
import { configurationFacts, configurationOf, effectiveString } from '../../src/domain/remote-configuration.ts';
import { remoteDaemon } from '../../src/domain/remote-daemon.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { groupExists } from '../../src/domain/start-obstacle.ts';
import { unknown } from '../../src/facts/fact.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

/** The group that libvirt's packages make for those who may use it. */
const usualGroup = 'libvirt';

export default defineRule({
  id: 'socket-group-missing',
  title: 'The group of libvirt’s socket does not exist',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...configurationFacts, 'accounts'],
  rationale:
    'The daemon looks the group up before it opens anything, also when systemd opens the sockets, and ends when there is none of that name.',
  remedy: 'Create the group, or name one that exists.',
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html#unix-socket-permissions-group' },
  ],
  sources: [
    'libvirt 9.0 and 11.3 src/remote/remote_daemon.c: daemonSetupNetworking; src/util/virutil.c: virGetGroupID',
    'observed with 9.0 and 11.3',
  ],
  messages: {
    setting: (d: { daemon: string; group: string }) => ({
      message: `unix_sock_group names the group ${d.group}, which does not exist`,
      seen: `unix_sock_group = ${JSON.stringify(d.group)}`,
      needed: 'a group of this host',
      effect: `${d.daemon} does not start: invalid argument: Failed to parse group '${d.group}'`,
    }),
    unit: (d: { unit: string; group: string }) => ({
      message: `${d.unit} gives its socket to the group ${d.group}, which does not exist`,
      seen: `SocketGroup=${d.group}`,
      needed: 'a group of this host',
      effect: 'systemd does not open the socket: Failed to resolve group',
    }),
  },

  check(facts, { violation, undetermined }) {
    const remote = remoteDaemon(facts);
    const daemons = [remote, ...(isDaemonUsed(facts, 'virtqemud') ? (['virtqemud'] as const) : [])];
    const usual = groupNamed(facts.accounts, usualGroup);
    const gapFor = (group: string) =>
      unknown(
        'not-collected',
        `the group ${group} is not in /etc/group, and nsswitch.conf names ${facts.accounts.otherSources.join(', ')} as well`,
      );
    return daemons.flatMap((daemon): readonly (Violation | Undetermined)[] => {
      const configuration = configurationOf(facts, daemon);
      const { path } = configuration;
      if (configuration.state === 'unknown') return [undetermined(file(path), configuration.because)];
      const units =
        activationOf(facts, daemon) === 'sockets'
          ? socketsInUse(facts, daemon).flatMap(({ name, path: unitPath, socketGroup: group }) => {
              if (group === undefined) return [];
              const exists = groupExists(facts, group);
              const subject = unitPath === undefined ? ({ kind: 'host' } as const) : file(unitPath);
              if (exists === true) return [];
              if (exists === undefined) return undetermined(subject, gapFor(group));
              const steps = [{ kind: 'run', command: ['groupadd', '--system', group] }, ...restart(name)] as const;
              const fix = { title: `Create the group ${group}`, applicability: 'unsafe', steps } as const;
              return violation('unit', subject, { unit: name, group }, { instance: name, fix });
            })
          : [];
      if (configuration.state === 'broken') return units;
      const group = effectiveString(configuration, 'unix_sock_group');
      if (group.value === undefined || group.setting === undefined) return units;
      const exists = groupExists(facts, group.value);
      if (exists === true) return units;
      const { line } = group.setting;
      const subject = setting(path, 'unix_sock_group', line);
      if (exists === undefined) return [...units, undetermined(subject, gapFor(group.value))];
      const fix =
        usual === undefined
          ? {
              title: `Create the group ${group.value}`,
              applicability: 'unsafe' as const,
              steps: [{ kind: 'run' as const, command: ['groupadd', '--system', group.value] }, ...restart(daemon)],
            }
          : {
              title: `Give the socket to the group ${usualGroup}`,
              applicability: 'unsafe' as const,
              steps: [
                { kind: 'set' as const, path, key: 'unix_sock_group', value: `"${usualGroup}"`, line },
                ...restart(daemon),
              ],
            };
      return [...units, violation('setting', subject, { daemon, group: group.value }, { fix })];
    });
  },
});
