import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repairOf } from '../../src/parse/configuration-repair.ts';
import { parseConfiguration } from '../../src/parse/configuration.ts';
import { settingsOf, vocabularies } from '../../src/reference/settings.ts';

const vocabulary = vocabularies.libvirtd;
const repair = (text: string) => repairOf(Buffer.from(text), vocabulary, settingsOf.libvirtd);

/** The text after the edits, one after the other. */
function repaired(text: string): string | undefined {
  const found = repair(text);
  if (found === undefined) return undefined;
  const result = found.edits.reduce((now, { line, column, from, to }) => {
    const before = now.split('\n').slice(0, line - 1);
    const start = before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
    expect(now.startsWith(from, start)).toBe(true);
    return now.slice(0, start) + to + now.slice(start + from.length);
  }, text);
  const parsed = parseConfiguration(Buffer.from(result), vocabulary);
  expect(parsed).toEqual({ settings: found.settings });
  return result;
}

describe('the evident repair of a configuration file', () => {
  it.each([
    ['a switch by a word', 'listen_tls = true # yes\nlog_level = 1\n', 'listen_tls = 1 # yes\nlog_level = 1\n'],
    ['another', 'listen_tls = OFF\r\n', 'listen_tls = 0\r\n'],
    ['a letter behind a switch', 'listen_tls = 1x\n', 'listen_tls = 1\n'],
    ['no equals sign', 'listen_tls 1\n', 'listen_tls = 1\n'],
    ['a colon', 'listen_tls : 1\n', 'listen_tls = 1\n'],
    ['a colon at once', 'listen_tls: 1\n', 'listen_tls= 1\n'],
    ['two equals signs', 'listen_tls == 1\n', 'listen_tls = 1\n'],
    ['no value', 'listen_tls =\nlog_level = 1\n', '#listen_tls =\nlog_level = 1\n'],
    ['a dash in a name', 'unix-sock-group = "x"\n', 'unix_sock_group = "x"\n'],
    ['a comment of INI files', '; a comment\nlisten_tls = 1\n', '# a comment\nlisten_tls = 1\n'],
    ['a section', '[libvirtd]\nlisten_tls = 1\n', '#[libvirtd]\nlisten_tls = 1\n'],
    ['a comment of C', '  // it\nlisten_tls = 1 // on\n', '  # it\nlisten_tls = 1 # on\n'],
    ['an address without quotes', 'listen_addr = 127.0.0.1\n', 'listen_addr = "127.0.0.1"\n'],
    ['a path without quotes', 'ca_file = /etc/ca.pem  # here', 'ca_file = "/etc/ca.pem"  # here'],
    ['an opening quote missing', 'tls_port = abc"\n', 'tls_port = "abc"\n'],
    ['a closing quote missing', 'auth_tls = "none\nlisten_tls = 1\n', 'auth_tls = "none"\nlisten_tls = 1\n'],
    ['two kinds of quotes', `tls_port = "16514'\n`, 'tls_port = "16514"\n'],
    ['typographic quotes', 'tls_port = “16514”\n', 'tls_port = "16514"\n'],
    ['a string that goes on', 'auth_tls = "no\nne"\n', 'auth_tls = "none"\n'],
    ['a list that is left open', 'tls_allowed_dn_list = ["a", "b"\n', 'tls_allowed_dn_list = ["a", "b"]\n'],
    [
      'a list that is left open before the next',
      'tls_allowed_dn_list = ["a",\n  "b"\n\nlisten_tls = 1\n',
      'tls_allowed_dn_list = ["a",\n  "b"]\n\nlisten_tls = 1\n',
    ],
    [
      'a list that is left open at a comma',
      'tls_allowed_dn_list = ["a",\nlisten_tls = 1\n',
      'tls_allowed_dn_list = ["a",]\nlisten_tls = 1\n',
    ],
    ['a comma missing', 'tls_allowed_dn_list = ["a" "b"]\n', 'tls_allowed_dn_list = ["a" ,"b"]\n'],
    ['brackets of another kind', 'tls_allowed_dn_list = ("a", "b")\n', 'tls_allowed_dn_list = ["a", "b"]\n'],
    ['no brackets', 'tls_allowed_dn_list = "a", "b"\n', 'tls_allowed_dn_list = ["a", "b"]\n'],
    ['no quotes in a list', 'tls_allowed_dn_list = [C=GB]\n', 'tls_allowed_dn_list = ["C=GB"]\n'],
    ['a quote missing in a list', 'tls_allowed_dn_list = ["a", "b]\n', 'tls_allowed_dn_list = ["a", "b"]\n'],
    ['a comma behind', 'log_level = 3,\n', 'log_level = 3\n'],
    ['a byte order mark', '\ufefflisten_tls = 1\n', 'listen_tls = 1\n'],
    ['two faults', '; x\nlisten_tls = yes\nlog_level 3\n', '# x\nlisten_tls = 1\nlog_level = 3\n'],
    ['a word for a number', 'max_clients = many\n', '#max_clients = many\n'],
  ])('%s', (_, text, expected) => {
    expect(repaired(text)).toBe(expected);
  });

  it.each([
    ['a file that parses', 'listen_tls = 1\n'],
    ['a name that nobody knows', 'my_secret = hunter2\n'],
    ['a word that is no switch', 'audit_logging = perhaps\n'],
    ['verification that would be off', 'tls_no_verify_certificate 1\n'],
    ['an authentication that is none of libvirt', 'auth_tls = password\n'],
    ['no authentication on plain TCP', 'auth_tcp = none\n'],
    ['no value where the default lets in more', 'listen_addr =\n'],
    ['prose', 'this is my file\n'],
    ['faults without end', 'listen_tls = yes\n'.repeat(9)],
    ['signs beyond ASCII before the fault', 'listen_tls = 1; listen_addr = "ä" x\n'],
    ['a file with NUL', 'listen_tls = \0\n'],
  ])('is not to be had: %s', (_, text) => {
    expect(repair(text)).toBeUndefined();
  });

  it('is never made of a file that may hold secrets', () => {
    expect(repairOf(Buffer.from('vnc_tls = yes\n'), vocabularies.qemu, settingsOf.qemu)).toBeUndefined();
  });

  it('comes out right, short and without what may be secret, whatever the file', () => {
    const piece = fc.oneof(
      fc.constantFrom('listen_tls', 'auth_tls', 'tls_allowed_dn_list', 'max_clients', 'nonsense', ' ', ' = ', '=', ':'),
      fc.constantFrom(
        '"',
        "'",
        '[',
        ']',
        ',',
        ';',
        '#',
        '\n',
        '\r\n',
        'yes',
        '1',
        '0',
        'none',
        'hunter2',
        '\ufeff',
        '”',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const text = pieces.join('');
        const found = repair(text);
        if (found === undefined) return;
        repaired(text);
        for (const { from, to } of found.edits) {
          expect(from).not.toContain('hunter2');
          expect(to.length).toBeLessThanOrEqual(6);
          expect(from).not.toBe('');
          expect(to).not.toBe('');
        }
      }),
      { numRuns: 3000 },
    );
  });
});
