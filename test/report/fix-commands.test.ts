import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certificateLine, fixLines, quote, shellCommand } from '../../src/report/fix-commands.ts';
import type { FixStep, PlannerStep } from '../../src/rule/fix.ts';
import { certificate } from '../support/certificates.ts';
import { hostileTexts } from '../support/report.ts';

const path = '/etc/pki/libvirt/private/serverkey.pem';
const conf = '/etc/libvirt/libvirtd.conf';

const order = { endpoint: 'server', subject: { commonName: 'host' }, dns: [], ip: [], days: 1 } as const;

const steps: readonly (readonly [FixStep | PlannerStep, readonly string[]])[] = [
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
  [{ kind: 'write', path, pem: 'A\nB\n' }, [`in ${path}, write:`, '  A', '  B']],
  [{ kind: 'trust', path, how: 'add' }, [`add the CA's certificate to ${path}`]],
  [{ kind: 'trust', path, how: 'replace' }, [`put the CA's certificate into ${path}`]],
  [
    { kind: 'issue', path: conf, key: path, newKey: false, order },
    [`have the CA issue a certificate into ${conf}, for the key in ${path}`],
  ],
  [
    { kind: 'issue', path: conf, key: path, newKey: true, order },
    [`have the CA issue a certificate into ${conf}, with a new key in ${path}`],
  ],
  [{ kind: 'make-directory', path: '/etc/pki', mode: 0o755 }, ['mkdir -m 0755 /etc/pki']],
  [
    { kind: 'write', path, pem: '', certificates: [certificate('root')] },
    [`write ${path}:`, `  ${certificateLine(certificate('root'))}`],
  ],
  [
    { kind: 'write-key', path, publicKey: { algorithm: 'EC', bits: 256, fingerprint: '0123456789abcdef01' } },
    [`write ${path}:`, '  a new private key (EC, 256 bits, public half 0123456789abcdef…)'],
  ],
];

describe('fixLines', () => {
  it.each(steps)('%j', (step, lines) => expect(fixLines(step).map(({ text }) => text)).toEqual(lines));

  it('lets only instructions be wrapped', () => {
    const prose = steps.filter(([step]) => fixLines(step).some(({ kind }) => kind === 'prose'));
    expect(prose.map(([step]) => step.kind)).toEqual(['manual', 'trust', 'trust', 'issue', 'issue']);
  });
});

describe('certificateLine', () => {
  it.each([
    ['root', /^certificate of C=.*, self-signed, until \d{4}-\d\d-\d\d$/],
    ['server', /^certificate of .* for .*, by .*, until \d{4}-\d\d-\d\d$/],
  ])('%s', (name, line) => expect(certificateLine(certificate(name))).toMatch(line));
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
