import { describe, expect, it } from 'vitest';
import { saslServices } from '../../src/domain/sasl.ts';
import { facts, guests, settings, type Change } from '../support/facts.ts';
import { qemuConf, qemuSasl, serviceFile } from '../support/sasl.ts';

const found = (...changes: readonly Change[]) =>
  saslServices(facts(...changes), ['vnc-server']).services.map(({ owner, reader, transports, file, kinds }) => ({
    owner,
    uid: reader?.uid,
    transports: transports.map(({ kind, minimumSsf, reason }) => [kind, minimumSsf, reason]),
    file: file.state,
    kinds,
  }));
const vm1 = (...argv: readonly string[]): Change => guests([['-name', 'vm1', ...argv]]);
const x509 = ['-object', 'tls-creds-x509,id=t,dir=/x,endpoint=server'];

describe('running displays that ask for SASL', () => {
  it.each<[string, readonly string[], readonly (readonly [string, number])[]]>([
    ['plain TCP', ['-vnc', ':0,sasl=on'], [['tcp', 56]]],
    ['a Unix socket', ['-vnc', 'unix:/x,sasl=on'], [['unix', 0]]],
    ['TLS', [...x509, '-vnc', ':0,sasl=on,tls-creds=t'], [['tls', 0]]],
    ['anonymous TLS', ['-object', 'tls-creds-anon,id=t,endpoint=server', '-vnc', ':0,sasl=on,tls-creds=t'], [['tcp', 56]]],
    ['two of them', [...x509, '-vnc', ':0,sasl=on,tls-creds=t', '-vnc', ':1,sasl=on'], [['tls', 0], ['tcp', 56]]],
    ['SPICE', ['-spice', 'port=5900,sasl=on'], [['tcp', 56]]],
    ['SPICE with TLS alone', ['-spice', 'tls-port=5900,sasl=on'], [['tls', 0]]],
  ])('over %s', (_, argv, transports) => {
    const reason = argv.includes('-spice') ? 'sasl=on in -spice of vm1' : 'sasl=on in -vnc of vm1';
    expect(found(vm1(...argv))).toMatchObject([
      { uid: 64055, file: 'missing', transports: transports.map(([kind, ssf]) => [kind, ssf, reason]) },
    ]);
  }); // prettier-ignore

  it.each<[string, readonly string[]]>([
    ['a password instead', ['-vnc', ':0,sasl=on,password=on']],
    ['no listener', ['-vnc', 'none,sasl=on']],
    ['arguments that QEMU refuses', ['-vnc', ':0,sasl=on,tls-creds=nobody']],
    ['no SASL', ['-vnc', ':0']],
  ])('are not those with %s', (_, argv) => {
    expect(found(vm1(...argv))).toEqual([]);
  });

  it('are one service with those of qemu.conf, and another under another account', () => {
    const configured = [settings(qemuConf, { vnc_sasl: 1 }), serviceFile(qemuSasl, { mech_list: 'gssapi' })];
    expect(found(...configured, vm1('-vnc', ':0,sasl=on'))).toHaveLength(1);
    expect(found(...configured, vm1('-vnc', 'unix:/x,sasl=on'))).toMatchObject([
      { transports: [['tcp', 56, 'vnc_sasl = 1'], ['unix', 0, 'sasl=on in -vnc of vm1']] },
    ]);
    const bobs = guests([['-name', 'vm1', '-vnc', ':0,sasl=on']], { uid: 1001, gid: 1001 });
    expect(found(...configured, bobs).map(({ uid }) => uid)).toEqual([64055, 1001]);
  }); // prettier-ignore
});
