import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixLines, quote, shellCommand } from '../../src/report/fix-commands.ts';
import type { FixStep } from '../../src/rule/fix.ts';
import { hostileTexts } from '../support/report.ts';

const path = '/etc/pki/libvirt/private/serverkey.pem';
const conf = '/etc/libvirt/libvirtd.conf';

const steps: readonly (readonly [FixStep, readonly string[]])[] = [
  [{ kind: 'chmod', path, from: 0o644, to: 0o600 }, [`chmod 0600 ${path}`]],
  [{ kind: 'chmod', path: '/run/x', from: 0o777, to: 0o2750 }, ['chmod 2750 /run/x']],
  [{ kind: 'chown', path, from: 'qemu:qemu', to: 'root:root' }, [`chown root:root ${path}`]],
  [{ kind: 'chgrp', path, from: 'root', to: 'libvirt-qemu' }, [`chgrp libvirt-qemu ${path}`]],
  [{ kind: 'setfacl', path, entry: 'u:libvirt-qemu:r' }, [`setfacl -m u:libvirt-qemu:r ${path}`]],
  [{ kind: 'remove', path: '/etc/pki/my key.pem' }, ["rm '/etc/pki/my key.pem'"]],
  [{ kind: 'remove', path: '-rf' }, ['rm ./-rf']],
  [{ kind: 'symlink', path: '/etc/sasl2/spice.conf', target: 'qemu.conf' }, ['ln -s qemu.conf /etc/sasl2/spice.conf']],
  [{ kind: 'set', path: conf, key: 'listen_tls', value: '1', line: 31 }, [`in ${conf}, line 31: listen_tls = 1`]],
  [{ kind: 'set', path: conf, key: 'key_file', value: '"/k"' }, [`in ${conf}, add: key_file = "/k"`]],
  [{ kind: 'unset', path: conf, key: 'crl_file', line: 7 }, [`in ${conf}, line 7: delete crl_file`]],
  [
    { kind: 'run', command: ['systemctl', 'enable', '--now', 'libvirtd-tls.socket'] },
    ['systemctl enable --now libvirtd-tls.socket'],
  ],
  [{ kind: 'text', path: '/etc/x.conf', text: 'a = 1\n\tb\n' }, ['in /etc/x.conf, write:', '  a = 1', '    b']],
  [{ kind: 'manual', instruction: 'Ask the CA' }, ['Ask the CA']],
];

describe('fixLines', () => {
  it.each(steps)('%j', (step, lines) => expect(fixLines(step).map(({ text }) => text)).toEqual(lines));

  it('lets only instructions be wrapped', () => {
    const prose = steps.filter(([step]) => fixLines(step).some(({ kind }) => kind === 'prose'));
    expect(prose.map(([step]) => step.kind)).toEqual(['manual']);
  });
});

const throughShell = (word: string): string => execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' });

describe('quote', () => {
  it.each([
    ['', "''"],
    ['/etc/pki', '/etc/pki'],
    ['a b', "'a b'"],
    ["it's", "'it'\\''s'"],
    ['~root', "'~root'"],
    ['\x1b[0m%', '"$(printf \'\\033[0m%%\')"'],
  ])('%j is %s', (text, word) => expect(quote(text)).toBe(word));

  it('quotes a first word that the shell would take for an assignment', () =>
    expect(shellCommand(['A=b', 'c=d'])).toBe("'A=b' c=d"));

  it('gives the text back through sh', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom(...'\n\t\x1b\x7f\x85\u202e\'"\\$`%&;|<>(){}*?[]~#!=- aé日😀') }),
    );
    fc.assert(
      fc.property(
        text.filter((each) => !each.includes('\0')),
        (each) => {
          expect(throughShell(quote(each))).toBe(each);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('gives bytes that are not UTF-8 back through sh', () =>
    expect(execFileSync('sh', ['-c', `printf %s ${quote('caf\udce9')}`])).toEqual(Buffer.from('caf\xe9', 'latin1')));

  it.each(hostileTexts)('shows nothing that steers a terminal: %j', (text) =>
    expect(quote(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u),
  );
});
