import { configurationsInUse, configurationsInUseFacts } from '../../src/domain/configurations-in-use.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

/** What libvirt's parser would take in place of what it found, by its own words. */
const acceptable: Readonly<Record<string, string>> = {
  'expecting a value': 'a string in quotes, a number, or a list in brackets after the equals sign',
  'expecting an assignment': 'a name of letters, digits and underscores, then an equals sign',
  'expecting a name': 'a statement that begins with a letter, or a comment that begins with #',
  'expecting a separator': 'nothing but a comment after the value, and one statement on each line',
  'expecting a separator in list': 'commas between the items of the list, and a closing bracket',
  'list is not closed with ]': 'a closing bracket at the end of the list',
  'unterminated string': 'the closing quote on the same line',
  'unterminated number': 'digits after the sign',
};

export default defineRule({
  id: 'configuration-syntax-error',
  title: 'A configuration file of libvirt does not parse',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'migration'],
  needs: [...configurationsInUseFacts],
  rationale:
    'A file that libvirt cannot parse stops the program that reads it: one word without quotes in a file of hundreds of lines keeps a daemon from starting.',
  remedy: 'Correct the line that is named; strings stand in double quotes, switches are 0 or 1 without quotes.',
  references: [
    { title: 'libvirt: configuring the daemon', url: 'https://libvirt.org/remote.html#libvirtd-configuration-file' },
  ],
  sources: ['libvirt 9.0 and 11.3 src/util/virconf.c: virConfParse, virConfParseStatement, virConfParseValue'],
  messages: {
    daemon: (d: { path: string; line: number; column: number; expected: string; needed: string; daemon: string }) => ({
      message: `${d.path} does not parse at line ${d.line}, column ${d.column}`,
      seen: `the parser stops there: ${d.expected}`,
      needed: d.needed,
      effect: `${d.daemon} does not start: Can't load config file: configuration file syntax error: ${d.path}:${d.line}: ${d.expected}: ${d.path}`,
    }),
    driver: (d: { path: string; line: number; column: number; expected: string; needed: string; daemon: string }) => ({
      message: `${d.path} does not parse at line ${d.line}, column ${d.column}`,
      seen: `the parser stops there: ${d.expected}`,
      needed: d.needed,
      effect: `${d.daemon} ends right after its start: Initialization of QEMU state driver failed: configuration file syntax error: ${d.path}:${d.line}: ${d.expected}`,
    }),
    client: (d: { path: string; line: number; column: number; expected: string; needed: string; reader: string }) => ({
      message: `${d.path} does not parse at line ${d.line}, column ${d.column}`,
      seen: `the parser stops there: ${d.expected}`,
      needed: d.needed,
      effect: `${d.reader} do not connect: error: configuration file syntax error: ${d.path}:${d.line}: ${d.expected}`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const files = configurationsInUse(facts, roles);
    if (files.length === 0) return notApplicable('there is no configuration file of libvirt');
    return files.flatMap(({ name, path, reader, daemon, content }) => {
      if (!content.known) return undetermined(file(path), content);
      const { error } = content.value;
      if (error === undefined) return [];
      const { line, column, expected, repair } = error;
      const data = { path, line, column, expected, needed: acceptable[expected] ?? 'a file that libvirt parses' };
      const fix: Fix = {
        title: `Correct line ${line} of ${path}`,
        // A client reads the file anew each time, and gets nowhere as it is.
        applicability: repair === undefined ? 'manual' : daemon === undefined ? 'safe' : 'unsafe',
        steps: [
          repair === undefined
            ? { kind: 'manual', instruction: `edit line ${line} of ${path}: ${data.needed}` }
            : { kind: 'repair', path, edits: repair.edits },
          ...(daemon === undefined ? [] : [{ kind: 'run', command: ['systemctl', 'restart', daemon] } as const]),
        ],
      };
      if (daemon === undefined) return violation('client', file(path, line), { ...data, reader }, { fix });
      return violation(name === 'qemu' ? 'driver' : 'daemon', file(path, line), { ...data, daemon }, { fix });
    });
  },
});
