import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shownLines } from '../../src/parse/shown-lines.ts';
import { vocabularies } from '../../src/reference/settings.ts';

const shown = (text: string): string => shownLines(Buffer.from(text), vocabularies.qemu).join('\n');

describe('a configuration file as it may be shown', () => {
  it.each([
    ['vnc_tls = 1', 'vnc_tls = 1'],
    ['vnc_password = "hunter2"', 'vnc_password = (not shown)'],
    ['  vnc_password="hunter2"  # mine', '  vnc_password=(not shown)  # mine'],
    ['vnc_passwrod = "hunter2"', 'vnc_passwrod = (not shown)'],
    [
      'vnc_password = """hunter2\nhunter3\n"""\nvnc_tls = 1',
      'vnc_password = (not shown)\n(not shown)\n(not shown)\nvnc_tls = 1',
    ],
    ['vnc_listen = """0.0.0.0\nvnc_password = "hunter2"\n"""', 'vnc_listen = (not shown)\n(not shown)\n(not shown)'],
    ['#vnc_password = "hunter2"', '# (not shown)'],
    ['# vnc_pw = hunter2', '# (not shown)'],
    ['# the Password is hunter2', '# (not shown)'],
    ['# vnc_tls = 0', '# vnc_tls = 0'],
    ['# as the handbook says', '# as the handbook says'],
    ['vnc_listen = "#1"', 'vnc_listen = "#1"'],
    ['vnc_tls = 1 # passphrase: hunter2', 'vnc_tls = 1 # (not shown)'],
    ['cgroup_device_acl = [\n  "/dev/null"\n]', 'cgroup_device_acl = [\n  "/dev/null"\n]'],
    ['vnc_tls = 1\r\n# x\r\n', 'vnc_tls = 1\n# x'],
    // What libvirt would not load.
    ['vnc_tls = 1\nvnc_password "hunter2"\n', 'vnc_tls = 1\n(not shown)'],
    ['vnc_password = "hunter2"\nvnc_listen = "::\n', 'vnc_password = (not shown)\nvnc_listen = (not shown)'],
  ])('%j', (text, expected) => expect(shown(text)).toBe(expected));

  it('shows the fault of a file that does not load and has no secrets', () =>
    expect(
      shownLines(
        Buffer.from('listen_tls = yes\ntls_allowed_dn_list = ["CN=a"\n  "CN=b"]\nlisten_tsl = yes\n "hunter2"\n'),
        vocabularies.libvirtd,
      ),
    ).toEqual([
      'listen_tls = yes',
      'tls_allowed_dn_list = ["CN=a"',
      '  "CN=b"]',
      'listen_tsl = (not shown)',
      '(not shown)',
    ]));

  it('has as many lines as the file, and never a password', () => {
    const line = fc.constantFrom(
      'vnc_tls = 1',
      'vnc_password = "hunter2"',
      'spice_password = """\nhunter2',
      '"""',
      '# hunter password',
      'vnc_listen = [',
      '"x", #',
      ']',
      '',
      '\r',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const text = lines.map((one) => `${one}\n`).join('');
        const result = shownLines(Buffer.from(text), vocabularies.qemu);
        expect(result).toHaveLength(text.split('\n').length - 1);
        expect(result.join('\n')).not.toContain('hunter2');
      }),
    );
  });
});
