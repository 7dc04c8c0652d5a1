import { describe, expect, it } from 'vitest';
import { ownPorts } from '../../src/domain/own-ports.ts';
import { known } from '../../src/facts/fact.ts';
import type { ListeningSocket } from '../../src/facts/services.ts';
import { aVncServer, facts, guests, type Change } from '../support/facts.ts';

const listens =
  (...sockets: readonly ListeningSocket[]): Change =>
  (built) =>
    built.runtime.observed ? { ...built, runtime: { ...built.runtime, listening: known(sockets) } } : built;

/** What is asked of guests, as text; 4242 is the pid of the first one. */
const asked = (argv: readonly string[], ...changes: readonly Change[]): readonly string[] =>
  ownPorts(facts(aVncServer, guests([argv]), ...changes))
    .filter(({ asks }) => asks !== 'libvirt')
    .map(
      ({ asks, transport, host, port, websocket }) => `${asks} ${websocket ? 'websocket' : transport} ${host}:${port}`,
    );

const loopback = '127.0.0.1';
const nbd = { address: loopback, port: 49_153, pid: 4242 };

describe('the ports of guests that are asked', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['a VNC display', ['-vnc', '127.0.0.1:3'], ['vnc tcp 127.0.0.1:5903']],
    [
      'a VNC display and its WebSocket',
      ['-vnc', '127.0.0.1:3,websocket=5703'],
      ['vnc tcp 127.0.0.1:5903', 'vnc websocket 127.0.0.1:5703'],
    ],
    [
      'both ports of SPICE',
      ['-spice', 'port=5910,tls-port=5911,addr=127.0.0.1,disable-ticketing=on'],
      ['spice tcp 127.0.0.1:5910', 'spice tls 127.0.0.1:5911'],
    ],
    ['SPICE on a Unix socket', ['-spice', 'unix=on,addr=/run/spice,disable-ticketing=on'], []],
    ['no console', ['-display', 'none'], []],
    // Whoever connects to these takes the place of a client, or stops the guest.
    ['a character device', ['-chardev', 'socket,id=c,host=127.0.0.1,port=4000,server=on,wait=off'], []],
    ['a debugger', ['-gdb', 'tcp::1234'], []],
    ['a guest that arrives', ['-incoming', 'tcp:127.0.0.1:49152'], []],
  ])('%s', (_, argv, expected) => {
    expect(asked(argv)).toEqual(expected);
  });

  it.each<[string, readonly string[], readonly ListeningSocket[], readonly string[]]>([
    ['a disk that is copied along', ['-display', 'none'], [nbd], ['nbd tcp 127.0.0.1:49153']],
    ['a backup', ['-display', 'none'], [{ ...nbd, port: 10_809 }], ['nbd tcp 127.0.0.1:10809']],
    ['a server of its own', ['-display', 'none'], [{ address: loopback, port: 10_809 }], ['nbd tcp 127.0.0.1:10809']],
    ['a QEMU that waits for a guest', ['-incoming', 'defer'], [nbd], []],
    ['another program on a port of migration', ['-display', 'none'], [{ ...nbd, pid: 1 }], []],
    ['another port of a guest', ['-display', 'none'], [{ ...nbd, port: 1234 }], []],
  ])('servers of network disks: %s', (_, argv, sockets, expected) => {
    expect(asked(argv, listens(...sockets))).toEqual(expected);
  });
});
