import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQemuCommandLine } from '../../src/parse/qemu-command-line.ts';
import { redactArguments } from '../../src/parse/qemu-redaction.ts';
import type { QemuVersion } from '../../src/parse/qemu-vnc.ts';

const versions: readonly QemuVersion[] = [[2, 12], [5, 2], [7, 2], [8, 2], [10, 0], [11, 0]]; // prettier-ignore
const program = '/usr/bin/qemu-system-x86_64';

describe('an argument vector without its secrets', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['an inline secret', ['-object', 'secret,id=s0,data=geheim'], ['-object', 'qom-type=secret,data=…,id=s0']],
    [
      'a comma in it',
      ['-object', 'secret,id=s0,data=ge,heim=im,,mer'],
      ['-object', 'qom-type=secret,data=…,…=…,id=s0'],
    ],
    [
      'one in JSON',
      ['-object', '{"qom-type":"secret","id":"s0","data":"geheim","keyid":"m0","iv":"AAAA","geheim":1}'],
      ['-object', '{"qom-type":"secret","id":"s0","data":"…","keyid":"m0","iv":"…","…":"…"}'],
    ],
    ['what only looks like a secret', ['-object', 'secrte,id=s0,data=geheim'], ['-object', 'qom-type=secrte,id=s0']],
    ['JSON that does not parse', ['-object', '{"data":"geheim"'], ['-object', '{']],
    ['where a secret lies', ['-object', 'secret,id=s0,file=/run/s'], ['-object', 'qom-type=secret,file=/run/s,id=s0']],
    ['SPICE', ['-spice', 'port=5900,password=ge,,heim,addr=::'], ['-spice', 'port=5900,password=…,addr=::']],
    ['a comma in its password', ['-spice', 'password=ge,heim'], ['-spice', 'password=…,…=…']],
    ['a password for -vnc', ['-vnc', ':0,password=ge,heim'], ['-vnc', 'vnc=:0,password=…,…=…']],
    ['the other name of -vnc', ['-display', 'vnc=:0,password=geheim'], ['-display', 'vnc=vnc=:0,password=…']],
    ['a disk', ['-drive', 'file=https://me:geheim@h/d,format=raw', 'geheim.img'], ['-drive', '…', '…']],
    ['a kernel', ['-append', 'pass=geheim', '-kernel', '/k'], ['-append', '…', '-kernel', '…']],
    ['a program', ['-incoming', 'exec:cat geheim'], ['-incoming', 'exec:…']],
    ['another character device', ['-chardev', 'pipe,id=c,path=geheim'], ['-chardev', '…']],
    ['an option that no QEMU has', ['-geheim', 'geheim'], ['-…', '…']],
    ['what no display knows', ['-vnc', ':0,x=geheim,y'], ['-vnc', 'vnc=:0,x=…,y']],
    ['what no credentials know', ['-object', 'authz-pam,id=a,x=geheim'], ['-object', 'qom-type=authz-pam,id=a,x=…']],
    ['what no socket knows', ['-chardev', 'socket,id=c,x=geheim'], ['-chardev', 'backend=socket,id=c,x=…']],
    ['what matters', ['-vnc', ':0,password', '-nographic'], ['-vnc', ':0,password', '-nographic']],
  ])('%s', (_, argv, expected) => {
    const redacted = redactArguments([program, ...argv]);
    expect(redacted).toEqual([program, ...expected]);
    for (const version of versions)
      expect(parseQemuCommandLine(redacted, { version })).toEqual(
        parseQemuCommandLine([program, ...argv], { version }),
      );
  });

  const name = fc.constantFrom('vnc', 'id', 'tls-creds', 'password', 'sasl', 'websocket', 'x509', 'tls', 'acl', 'to', 'port', 'tls-port', 'addr', 'data', 'file', 'keyid', 'iv', 'format', 'dir', 'endpoint', 'nonsense'); // prettier-ignore
  const given = fc.constantFrom(':0', '[::1]:1', 's0', 'on', 'off', 'geheim', 'ge,,heim', '/etc/pki', 'server', '5900', 'x y', ''); // prettier-ignore
  const parameters = fc
    .array(
      fc.oneof(
        fc.tuple(name, given).map(([key, value]) => `${key}=${value}`),
        name,
      ),
      { maxLength: 4 },
    )
    .map((list) => list.join(','));
  const object = fc
    .tuple(
      fc.constantFrom('secret', 'secret_keyring', 'tls-creds-x509', 'authz-simple', 'rng-random', 'nothing'),
      parameters,
    )
    .map(([type, more]) => `${type},id=s0${more === '' ? '' : `,${more}`}`);
  const option = fc.oneof(
    parameters.map((value) => ['-vnc', `:0,${value}`]),
    parameters.map((value) => ['-display', `vnc=:1,${value}`]),
    parameters.map((value) => ['-spice', value]),
    object.map((value) => ['-object', value]),
    fc
      .dictionary(name, fc.oneof(given, fc.boolean(), fc.integer()))
      .map((more) => ['-object', JSON.stringify({ 'qom-type': 'secret', id: 's1', ...more })]),
    parameters.map((value) => ['-chardev', `socket,${value}`]),
    fc.constantFrom(['-runas', 'qemu'], ['-nographic'], ['-S'], ['-append', 'x'], ['-unknown'], ['disk'], ['-set', 'x.y.z=1']), // prettier-ignore
  );

  it('means to every QEMU what it meant', () => {
    fc.assert(
      fc.property(fc.array(option, { maxLength: 5 }), fc.constantFrom(...versions), (options, version) => {
        const argv = [program, ...options.flat()];
        const redacted = redactArguments(argv);
        expect(redacted).toHaveLength(argv.length);
        expect(parseQemuCommandLine(redacted, { version })).toEqual(parseQemuCommandLine(argv, { version }));
        expect(redactArguments(redacted)).toEqual(redacted);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps nothing of a secret, whatever is in it', () => {
    const secret = fc.stringMatching(/^[A-Z,="'{} ]{1,12}$/).map((text) => `QX${text}QX`);
    fc.assert(
      fc.property(secret, (text) => {
        const kv = text.replaceAll(',', ',,');
        const redacted = redactArguments([
          program,
          ...['-object', `secret,id=s0,data=${text}`, '-object', `secret,data=${kv},id=s1`],
          ...['-object', JSON.stringify({ 'qom-type': 'secret', id: 's2', data: text })],
          ...[
            '-spice',
            `port=1,password=${text}`,
            '-vnc',
            `:0,password=${text}`,
            '-append',
            text,
            '-drive',
            text,
            text,
          ],
        ]);
        expect(JSON.stringify(redacted)).not.toContain('QX');
      }),
    );
  });
});
