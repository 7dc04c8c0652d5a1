import { configurationsInUse, configurationsInUseFacts } from '../../src/domain/configurations-in-use.ts';
import { nearestName } from '../../src/domain/nearest-name.ts';
import { isAtLeast } from '../../src/domain/upstream-version.ts';
import { unknown } from '../../src/facts/fact.ts';
import type { ConfigurationName } from '../../src/reference/configuration-files.ts';
import { deadSettings, settingsOf } from '../../src/reference/settings.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

/** The settings that only daemons with a network socket read: another rule reports them in virtqemud.conf. */
const isNetworkSetting = (key: string): boolean =>
  Object.hasOwn(settingsOf.libvirtd, key) && !Object.hasOwn(settingsOf.virtqemud, key);

export default defineRule({
  id: 'configuration-unknown-setting',
  title: 'A configuration file has a setting that nothing reads',
  severity: 'warning',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'migration'],
  needs: [...configurationsInUseFacts],
  rationale:
    'libvirt passes over names that it does not know without a word, so a misspelt or removed setting looks as if it were in force and is not.',
  remedy: 'Correct the name, or take the line out.',
  references: [
    { title: 'libvirt: configuring the daemon', url: 'https://libvirt.org/remote.html#libvirtd-configuration-file' },
  ],
  sources: [
    'libvirt 9.0 and 11.3 src/remote/remote_daemon_config.c: daemonConfigLoadOptions',
    'libvirt 9.0 and 11.3 src/qemu/qemu_conf.c: virQEMUDriverConfigLoadFile',
    'observed with 9.0 and 11.3: unknown names are ignored',
  ],
  messages: {
    misspelt: (d: { key: string; reader: string; meant: string }) => ({
      message: `Nothing reads ${d.key}; perhaps ${d.meant} is meant`,
      seen: `${d.key} is not a setting of ${d.reader}`,
      needed: d.meant,
    }),
    unknown: (d: { key: string; reader: string }) => ({
      message: `Nothing reads ${d.key}`,
      seen: `${d.key} is not a setting of ${d.reader}`,
      needed: 'a name that is read, or no such line',
    }),
    elsewhere: (d: { key: string; reader: string; belongs: string }) => ({
      message: `${d.key} has no effect in this file; it belongs into ${d.belongs}`,
      seen: `${d.key} is not a setting of ${d.reader}`,
      needed: `${d.key} in ${d.belongs}`,
    }),
    dead: (d: { key: string; reason: string; instead: string }) => ({
      message: d.instead === '' ? `${d.key} has no effect` : `${d.key} has no effect: ${d.instead} is what is read`,
      seen: d.reason,
      needed: d.instead === '' ? 'no such line' : d.instead,
    }),
    later: (d: { key: string; since: string; version: string }) => ({
      message: `${d.key} is read from libvirt ${d.since} on, and this is ${d.version}`,
      seen: `libvirt ${d.version}`,
      needed: `libvirt ${d.since}, or no such line`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const files = configurationsInUse(facts, roles);
    if (files.length === 0) return notApplicable('there is no configuration file of libvirt');
    const version = facts.software.libvirt?.version;
    return files.flatMap(({ name, path, reader, content }): readonly (Violation | Undetermined)[] => {
      if (!content.known) return [undetermined(file(path), content)];
      if (content.value.error !== undefined) return [];
      const table = settingsOf[name];
      const seen = new Set<string>();
      return content.value.settings.flatMap(({ key, line }): readonly (Violation | Undetermined)[] => {
        if (seen.has(key)) return [];
        seen.add(key);
        const subject = setting(path, key, line);
        const remove = {
          title: `Take ${key} out of ${path}`,
          applicability: 'safe',
          steps: [{ kind: 'unset', path, key, line }],
        } as const;
        const rename = (meant: string, where = path) =>
          ({
            title: `Write ${meant} in ${where}`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `if ${meant} is meant, write that in ${where} in place of line ${line} of ${path}, and restart what reads it; the value comes into force then`,
              },
            ],
          }) as const;
        const definition = Object.hasOwn(table, key) ? table[key] : undefined;
        if (definition?.since !== undefined) {
          if (version === undefined) {
            const detail = `whether ${key} is read depends on the version of libvirt (${definition.since} or later); give it with --libvirt-version`;
            return [undetermined(subject, unknown('not-collected', detail))];
          }
          // Which release between the two that were read brought these is not known: only what is older than both is certain.
          const certain = definition.since === '11.3' ? '9.1' : definition.since;
          return isAtLeast(version, certain)
            ? []
            : [violation('later', subject, { key, since: definition.since, version }, { fix: remove })];
        }
        if (definition !== undefined) return [];
        if (name === 'virtqemud' && isNetworkSetting(key)) return [];
        const dead = deadSettings[name];
        const grave = Object.hasOwn(dead, key) ? dead[key] : undefined;
        if (grave !== undefined) {
          const { reason, insteadOf } = grave;
          const fix = insteadOf === undefined ? remove : rename(insteadOf);
          return [violation('dead', subject, { key, reason, instead: insteadOf ?? '' }, { fix })];
        }
        const meant = nearestName(key, Object.keys(table));
        if (meant !== undefined)
          return [violation('misspelt', subject, { key, reader, meant }, { fix: rename(meant) })];
        const home = files.find(
          (other) => other.name !== name && Object.hasOwn(settingsOf[other.name as ConfigurationName], key),
        );
        if (home !== undefined)
          return [
            violation('elsewhere', subject, { key, reader, belongs: home.path }, { fix: rename(key, home.path) }),
          ];
        return [violation('unknown', subject, { key, reader }, { fix: remove })];
      });
    });
  },
});
