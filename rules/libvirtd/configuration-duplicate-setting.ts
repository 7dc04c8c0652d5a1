import { configurationsInUse, configurationsInUseFacts } from '../../src/domain/configurations-in-use.ts';
import type { Setting } from '../../src/facts/configurations.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'configuration-duplicate-setting',
  title: 'A setting stands twice in a configuration file',
  severity: 'warning',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'migration'],
  needs: [...configurationsInUseFacts],
  rationale:
    'Of two statements for one setting libvirt takes the first and passes over the others in silence, so a line that was appended to change something changes nothing.',
  remedy: 'Keep one statement for each setting.',
  references: [
    { title: 'libvirt: configuring the daemon', url: 'https://libvirt.org/remote.html#libvirtd-configuration-file' },
  ],
  sources: [
    'libvirt 9.0 and 11.3 src/util/virconf.c: virConfParseStatement, virConfGetValue',
    'observed with 9.0 and 11.3',
  ],
  messages: {
    repeated: (d: { key: string; first: number; later: readonly number[] }) => ({
      message: `${d.key} is set ${d.later.length + 1} times, and line ${d.first} is the one that counts`,
      seen: `statements on lines ${[d.first, ...d.later].join(', ')}`,
      needed: 'one statement',
      effect: `what ${d.later.length === 1 ? 'line' : 'lines'} ${d.later.join(', ')} ${d.later.length === 1 ? 'says' : 'say'} is ignored without a word`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const files = configurationsInUse(facts, roles);
    if (files.length === 0) return notApplicable('there is no configuration file of libvirt');
    return files.flatMap(({ path, content }): readonly (Violation | Undetermined)[] => {
      if (!content.known) return [undetermined(file(path), content)];
      if (content.value.error !== undefined) return [];
      const byKey = new Map<string, Setting[]>();
      for (const one of content.value.settings) byKey.set(one.key, [...(byKey.get(one.key) ?? []), one]);
      return [...byKey].flatMap(([key, [first, ...later]]) => {
        if (first === undefined || later.length === 0) return [];
        const lines = later.map(({ line }) => line);
        return violation(
          'repeated',
          setting(path, key, lines[0]),
          { key, first: first.line, later: lines },
          {
            fix: {
              title: `Keep one statement for ${key}`,
              applicability: 'manual',
              steps: [
                {
                  kind: 'manual',
                  instruction: `in ${path}, decide which value of ${key} is meant; line ${first.line} is in force now. Take the others out`,
                },
              ],
            },
          },
        );
      });
    });
  },
});
