import { isDaemonUsed } from '../../src/domain/configurations-in-use.ts';
import { daemonProcess, isInUse, socketsInUse } from '../../src/domain/listening.ts';
import { configurationFacts } from '../../src/domain/remote-configuration.ts';
import { remoteDaemon } from '../../src/domain/remote-daemon.ts';
import { configurationFiles, daemons } from '../../src/reference/configuration-files.ts';
import { settingsOf } from '../../src/reference/settings.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

/** Settings on network sockets: only daemons that have them read these. */
const networkSettings = Object.keys(settingsOf.libvirtd).filter((key) => !Object.hasOwn(settingsOf.virtqemud, key));

export default defineRule({
  id: 'configuration-in-wrong-file',
  title: 'Remote access is set in a file that the serving daemon does not read',
  severity: 'warning',
  roles: ['libvirt-server'],
  needs: [...configurationFacts],
  rationale:
    'With separate daemons virtproxyd serves remote clients and reads a file of its own; what stands in libvirtd.conf or virtqemud.conf about TLS, ports and names then has no effect.',
  remedy: 'Move the settings to the configuration of the daemon that serves remote clients, and restart it.',
  references: [
    { title: 'libvirt: daemons', url: 'https://libvirt.org/daemons.html' },
    { title: 'libvirt: virtproxyd', url: 'https://libvirt.org/manpages/virtproxyd.html' },
  ],
  sources: ['libvirt 9.0 and 11.3 src/remote/meson.build, remote_daemon_config.c: daemonConfigFilePath'],
  messages: {
    unread: (d: { path: string; keys: readonly string[]; daemon: string; right: string }) => ({
      message: `${d.path} sets remote access, but ${d.daemon} serves remote clients and reads ${d.right}`,
      seen: d.keys.join(', '),
      needed: `these settings in ${d.right}`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const daemon = remoteDaemon(facts);
    const others = daemons.filter((other) => other !== daemon);
    const decided =
      daemonProcess(facts, daemon) !== undefined ||
      socketsInUse(facts, daemon).length > 0 ||
      isInUse(facts.services.units[`${daemon}.service`]);
    const present = others.filter((other) => facts.configurations[configurationFiles[other]] !== undefined);
    if (present.length === 0) return notApplicable('there is one configuration of a daemon at most');
    return present.flatMap((other) => {
      const path = configurationFiles[other];
      const content = facts.configurations[path];
      // Both layouts are installed and none is in use: which one is meant is not for us to say.
      if (content === undefined || (!decided && other !== 'virtqemud' && isDaemonUsed(facts, other))) return [];
      if (!content.known) return undetermined(file(path), content);
      if (content.value.error !== undefined) return [];
      const found = content.value.settings.filter(({ key }) => networkSettings.includes(key));
      const [first] = found;
      if (first === undefined) return [];
      const right = configurationFiles[daemon];
      const keys = [...new Set(found.map(({ key }) => key))];
      return violation(
        'unread',
        setting(path, first.key, first.line),
        { path, keys, daemon, right },
        {
          instance: path,
          fix: {
            title: `Move the settings to ${right}`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `move what is still meant of ${keys.join(', ')} from ${path} to ${right}`,
              },
              { kind: 'run', command: ['systemctl', 'restart', daemon] },
            ],
          },
        },
      );
    });
  },
});
