import { takeEffect } from '../../src/domain/sasl-advice.ts';
import { saslFacts, saslServices, unjudged } from '../../src/domain/sasl.ts';
import { withoutComment } from '../../src/domain/sasl-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const causes = {
  key: 'it does not begin with a key of letters, digits, - and _',
  colon: 'the key is not followed by a colon at once: a blank before it or an equals sign is none',
  value: 'there is nothing after the colon',
} as const;

export default defineRule({
  id: 'sasl-configuration-malformed',
  title: 'A SASL service file does not load or does not say what is meant',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts],
  rationale:
    'Cyrus SASL reads one "key: value" a line, with the colon right after the key and comments on lines of their own. One fault voids the whole file, and the daemon or the guest does not start.',
  remedy: 'Write each setting as "key: value", and comments on lines of their own.',
  references: [{ title: 'Cyrus SASL: options', url: 'https://www.cyrusimap.org/sasl/sasl/options.html' }],
  sources: ['Cyrus SASL 2.1.28 lib/config.c: sasl_config_init', 'observed with libvirt 9.0 and QEMU 7.2'],
  messages: {
    malformed: (d: { path: string; line: number; cause: keyof typeof causes; effect: string }) => ({
      message: `${d.path} does not load`,
      seen: `line ${d.line}: ${causes[d.cause]}`,
      needed: '"key: value" on every line',
      effect: d.effect,
    }),
    comment: (d: { path: string; key: string; line: number; value: string; meant: string }) => ({
      message: `What looks like a comment is part of ${d.key} in ${d.path}`,
      seen: `line ${d.line}: ${d.key}: ${d.value}`,
      needed: d.meant === '' ? `a value for ${d.key}` : `${d.key}: ${d.meant}`,
      effect:
        d.key === 'mech_list'
          ? 'each word of it is taken for the name of a mechanism'
          : 'the file is looked for under a name that ends in the comment',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const gaps = unjudged(found).map(({ path, because }) => undetermined(file(path), because));
    if (found.services.length === 0 && gaps.length === 0) return notApplicable('nothing here asks for SASL');
    const seen = new Set<string>();
    const outcomes = found.services.flatMap((service) => {
      const { file: content, program, owner, daemon } = service;
      if (content.state !== 'broken' && content.state !== 'loaded') return [];
      const { path } = content;
      if (seen.has(path)) return [];
      seen.add(path);
      if (content.state === 'broken') {
        const { line, cause } = content.error;
        const parsing = 'error when parsing configuration file';
        const effect =
          program === 'libvirt'
            ? `${daemon} does not start: failed to initialize SASL library: -100 (${parsing})`
            : `guests with ${owner} do not start: Failed to initialize SASL auth: ${parsing}`;
        return violation(
          'malformed',
          file(path, line),
          { path, line, cause, effect },
          {
            fix: {
              title: `Mend line ${line} of ${path}`,
              applicability: 'manual',
              steps: [
                { kind: 'manual', instruction: `write line ${line} of ${path} as "key: value", or put a # before it` },
                ...takeEffect(service),
              ],
            },
          },
        );
      }
      return content.settings
        .filter(
          ({ key, value }) => ['mech_list', 'keytab', 'sasldb_path'].includes(key) && withoutComment(value) !== value,
        )
        .map(({ key, value, line }) => {
          const meant = withoutComment(value);
          return violation(
            'comment',
            file(path, line),
            { path, key, line, value, meant },
            {
              instance: key,
              fix: {
                title: `Put the comment of line ${line} of ${path} on a line of its own`,
                applicability: 'manual',
                steps: [
                  { kind: 'text', path, text: `${key}: ${meant === '' ? 'VALUE' : meant}\n` },
                  ...takeEffect(service),
                ],
              },
            },
          );
        });
    });
    return [...outcomes, ...gaps];
  },
});
