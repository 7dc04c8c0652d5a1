import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activationOf, listening, portOf, tlsEvidence, tlsWanted, unixSocket } from '../../src/domain/listening.ts';
import { configurationOf } from '../../src/domain/remote-configuration.ts';
import { unknown } from '../../src/facts/fact.ts';
import {
  aClient,
  aServer,
  bareFacts,
  configuration,
  daemonArguments,
  facts,
  having,
  installed,
  privateKey,
  publicKey,
  running,
  settings,
  unit,
  type Change,
} from '../support/facts.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const path = '/usr/lib/systemd/system/x';
const modular = having({ software: { installed: ['virtproxyd'] } });
const plain: Change = (built) =>
  [installed('libvirtd'), settings(conf, {}), daemonArguments('libvirtd', ['--timeout', '120'])].reduce(
    (result, one) => one(result),
    built,
  );

/** In short: how, and on what; `-` for what is not listened on. */
const short = (...changes: readonly Change[]): string => {
  const answer = listening(facts(...changes));
  if (answer.state !== 'determined') return answer.state;
  const [tls, tcp] = [answer.tls, answer.tcp].map((one) =>
    one === undefined
      ? '-'
      : one.addresses.map(({ address = '*', port = 'unresolved' }) => `${address}:${port}`).join(' '),
  );
  return `${answer.daemon} ${answer.activation} ${tls} ${tcp}`;
};

describe('what the daemon will listen on', () => {
  it.each<[string, readonly Change[], string]>([
    ['libvirtd without --listen', [plain], 'libvirtd traditional - -'],
    ['--listen: TLS by default', [aServer], 'libvirtd traditional *:16514 -'],
    ['--listen with both', [aServer, settings(conf, { listen_tcp: 1 })], 'libvirtd traditional *:16514 *:16509'],
    [
      '--listen with TCP alone',
      [aServer, settings(conf, { listen_tcp: 1, listen_tls: 0 })],
      'libvirtd traditional - *:16509',
    ],
    ['listen_tls without --listen', [plain, settings(conf, { listen_tls: 1 })], 'libvirtd traditional - -'],
    [
      'address and ports',
      [aServer, settings(conf, { listen_addr: '::1', tls_port: '1', listen_tcp: 1, tcp_port: '2' })],
      'libvirtd traditional ::1:1 ::1:2',
    ],
    [
      'the name of a service',
      [aServer, settings(conf, { tls_port: 'libvirt-tls' })],
      'libvirtd traditional *:unresolved -',
    ],
    [
      'a refused value counts as not set',
      [aServer, settings(conf, { listen_tls: '0' })],
      'libvirtd traditional *:16514 -',
    ],
    [
      'the socket of systemd',
      [plain, unit('libvirtd.socket'), unit('libvirtd-tls.socket')],
      'libvirtd sockets *:16514 -',
    ],
    [
      'its port, not the configuration’s',
      [
        plain,
        unit('libvirtd-tls.socket', { listenStreams: ['0.0.0.0:16600', '[::]:16600'] }),
        settings(conf, { tls_port: '1', listen_tls: 0 }),
      ],
      'libvirtd sockets 0.0.0.0:16600 :::16600 -',
    ],
    [
      'both sockets',
      [plain, unit('libvirtd-tls.socket', { listenStreams: ['16514'] }), unit('libvirtd-tcp.socket')],
      'libvirtd sockets *:16514 *:16509',
    ],
    [
      'sockets, none of them for the network',
      [plain, unit('libvirtd.socket'), unit('libvirtd-tls.socket', { enabled: false, path })],
      'libvirtd sockets - -',
    ],
    [
      'a masked socket',
      [plain, unit('libvirtd.socket'), unit('libvirtd-tls.socket', { masked: true })],
      'libvirtd sockets - -',
    ],
    [
      'an active socket that is not enabled',
      [plain, unit('libvirtd-tls.socket', { enabled: false, active: true })],
      'libvirtd sockets *:16514 -',
    ],
    ['--listen with sockets: it refuses', [aServer, unit('libvirtd.socket')], 'libvirtd conflict - -'],
    ['virtproxyd by default', [modular], 'virtproxyd traditional - -'],
    [
      'virtproxyd with listen_tls',
      [modular, settings('/etc/libvirt/virtproxyd.conf', { listen_tls: 1 })],
      'virtproxyd traditional *:16514 -',
    ],
    [
      'virtproxyd with sockets',
      [modular, unit('virtproxyd.socket'), settings('/etc/libvirt/virtproxyd.conf', { listen_tls: 1 })],
      'virtproxyd sockets - -',
    ],
    ['virtproxyd’s socket for TLS', [modular, unit('virtproxyd-tls.socket')], 'virtproxyd sockets *:16514 -'],
    [
      'a file that does not parse',
      [aServer, configuration(conf, { settings: [], error: { expected: 'x', line: 1, column: 1 } })],
      'broken',
    ],
    ['a file that is closed to us', [aServer, configuration(conf, unknown('permission-denied', 'closed'))], 'unknown'],
  ])('%s', (_name, changes, expected) => {
    expect(short(...changes)).toBe(expected);
  });

  it.each<[string, readonly Change[], string]>([
    ['runs with sockets', [plain, running([{ program: 'libvirtd', socketActivated: true }])], 'sockets'],
    [
      'runs without, although they are enabled',
      [plain, unit('libvirtd.socket', { path }), running([{ program: 'libvirtd', socketActivated: false }])],
      'traditional',
    ],
    [
      'runs without, and systemd has opened them since',
      [plain, unit('libvirtd.socket', { active: true }), running([{ program: 'libvirtd', socketActivated: false }])],
      'sockets',
    ],
    ['rests, and its sockets are enabled', [plain, unit('libvirtd.socket'), running([])], 'sockets'],
    [
      'runs, and its environment is closed to us',
      [plain, unit('libvirtd.socket'), running([{ program: 'libvirtd' }])],
      'sockets',
    ],
    [
      'is enabled, and wants the installed socket',
      [plain, unit('libvirtd.service', { path }), unit('libvirtd.socket', { enabled: false, path })],
      'sockets',
    ],
    [
      'is enabled, and the socket is masked',
      [plain, unit('libvirtd.service', { path }), unit('libvirtd.socket', { enabled: false, masked: true })],
      'traditional',
    ],
    [
      'is given --listen on its command line',
      [plain, unit('libvirtd.socket', { active: true }), running([{ program: 'libvirtd', arguments: ['-l'] }])],
      'conflict',
    ],
  ])('activation of a daemon that %s', (_name, changes, expected) => {
    expect(activationOf(facts(...changes), 'libvirtd')).toBe(expected);
  });
});

describe('ports', () => {
  it.each([
    ['16514', 16514],
    ['0016514', 16514],
    [' 16514', 16514],
    ['99999', 34463],
    ['', 0],
    ['-1', undefined],
    ['-0', 0],
    ['2147483647', 65535],
    ['2147483648', undefined],
    ['4294967296', 0],
    ['+5', 5],
    ['imaps', 993],
    ['libvirt-tls', undefined],
    ['constructor', undefined],
    ['16514x', undefined],
    ['16514 ', undefined],
    ['+', undefined],
    [' ', undefined],
  ])('%j is %s', (service, port) => {
    expect(portOf(service).port).toBe(port);
  });

  it('are always within 16 bits', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.bigInt().map(String)), (service) => {
        const { port } = portOf(service);
        return port === undefined || (Number.isInteger(port) && port >= 0 && port < 65536);
      }),
    );
  });
});

describe('whether TLS is wanted', () => {
  it.each<[string, readonly Change[], string | undefined]>([
    ['nothing of it is there', [plain], undefined],
    ['a client’s credentials', [plain, aClient], undefined],
    ['--listen', [plain, daemonArguments('libvirtd', ['--listen'])], '--listen is given'],
    [
      '--listen for TCP alone',
      [plain, daemonArguments('libvirtd', ['--listen']), settings(conf, { listen_tls: 0, listen_tcp: 1 })],
      undefined,
    ],
    ['listen_tls', [plain, settings(conf, { listen_tls: 1 })], `listen_tls is 1 in ${conf}`],
    ['the socket', [plain, unit('libvirtd-tls.socket')], 'libvirtd-tls.socket is enabled'],
    [
      'a key',
      [plain, privateKey('/etc/pki/libvirt/private/serverkey.pem', publicKey('server'))],
      'there is /etc/pki/libvirt/private/serverkey.pem',
    ],
    [
      'a key where the configuration says',
      [
        plain,
        privateKey('/srv/k.pem', publicKey('server')),
        settings(conf, { ca_file: '/srv/a.pem', cert_file: '/srv/c.pem', key_file: '/srv/k.pem' }),
      ],
      'there is /srv/k.pem',
    ],
    [
      'a closed configuration',
      [aServer, daemonArguments('libvirtd', []), configuration(conf, unknown('permission-denied', 'closed'))],
      'there is /etc/pki/libvirt/servercert.pem',
    ],
  ])('%s', (_name, changes, expected) => {
    const built = facts(...changes);
    expect(tlsEvidence(built)).toBe(expected);
    expect(tlsWanted(built)).toBe(expected !== undefined);
  });
});

describe('the Unix socket', () => {
  const socket = (...changes: readonly Change[]) => {
    const built = facts(...changes);
    const loaded = configurationOf(built, 'libvirtd');
    if (loaded.state !== 'loaded') throw new Error(loaded.state);
    const { mode, group, authentication } = unixSocket(built, loaded);
    return [mode?.toString(8), group, authentication];
  };

  it.each<[string, readonly Change[], readonly (string | undefined)[]]>([
    ['by default', [plain], ['777', undefined, 'polkit']],
    [
      'without authentication the mode stays',
      [plain, settings(conf, { auth_unix_rw: 'none' })],
      ['777', undefined, 'none'],
    ],
    [
      'a group’s',
      [plain, settings(conf, { auth_unix_rw: 'none', unix_sock_rw_perms: '0770', unix_sock_group: 'libvirt' })],
      ['770', 'libvirt', 'none'],
    ],
    [
      'of systemd',
      [plain, unit('libvirtd.socket'), settings(conf, { unix_sock_rw_perms: '0700' })],
      ['666', undefined, 'polkit'],
    ],
    [
      'of systemd, by a drop-in',
      [plain, unit('libvirtd.socket', { socketMode: '0660', socketGroup: 'libvirt' })],
      ['660', 'libvirt', 'polkit'],
    ],
    [
      'of a mode that libvirt refuses',
      [plain, settings(conf, { unix_sock_rw_perms: 'rw' })],
      [undefined, undefined, 'polkit'],
    ],
  ])('%s', (_name, changes, expected) => {
    expect(socket(...changes)).toEqual(expected);
  });
});

it('says nothing of a host without libvirt', () => {
  expect(short()).toBe('libvirtd traditional - -');
  expect(tlsWanted(bareFacts)).toBe(false);
});
