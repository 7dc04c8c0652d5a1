import { describe, expect, it } from 'vitest';
import { consoles, consoleText, tcpAddress } from '../../src/domain/consoles.ts';
import { credentials } from '../../src/domain/credentials.ts';
import { lookedUpPaths } from '../../src/domain/looked-up-paths.ts';
import { aVncServer, domain, facts, guests, settings } from '../support/facts.ts';

const conf = '/etc/libvirt/qemu.conf';
const x509 = (dir: string, more = '') => ['-object', `tls-creds-x509,id=t,dir=${dir},endpoint=server${more}`];

describe('reach of an address', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['0:0::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['localhost', 'loopback'],
    ['', 'network'],
    ['0.0.0.0', 'network'],
    ['::', 'network'],
    ['192.0.2.1', 'network'],
    ['::ffff:192.0.2.1', 'network'],
    ['kvm1.example.com', 'network'],
  ])('%s: %s', (host, reach) => {
    expect(tcpAddress(host).reach).toBe(reach);
  });
});

describe('consoles', () => {
  it('are described by where they listen and under what terms', () => {
    const { consoles: found } = consoles(
      facts(
        guests([
          ['-vnc', ':0'],
          ['-vnc', '[::1]:1,password=on,sasl=on'],
          ['-vnc', 'unix:/run/x,sasl=on'],
          [...x509('/x', ',verify-peer=off'), '-vnc', '192.0.2.1:0,tls-creds=t'],
          [...x509('/x'), '-vnc', 'none,tls-creds=t'],
          ['-object', 'tls-creds-anon,id=t,endpoint=server', '-vnc', '127.0.0.1:0,tls-creds=t'],
          ['-spice', 'port=5900,addr=127.0.0.1,disable-ticketing=on'],
        ]),
      ),
    );
    expect(found.map(consoleText)).toEqual([
      'listens on all addresses, port 5900, no password, no TLS',
      'listens on [::1]:5901, a VNC password, no TLS',
      'listens on /run/x, SASL, no TLS',
      'listens on 192.0.2.1:5900, no password, TLS without client certificates',
      'no listener, no password, TLS with client certificates',
      'listens on 127.0.0.1:5900, no password, anonymous TLS',
      'listens on 127.0.0.1:5900, no password, no TLS',
    ]);
  });

  it('of guests have the terms of qemu.conf where the XML says nothing', () => {
    const { consoles: found } = consoles(
      facts(
        settings(conf, { vnc_listen: '192.0.2.10', vnc_tls: 1, vnc_sasl: 1 }),
        domain('vm1', "<graphics type='vnc' port='5905'/>"),
        domain('vm2', "<graphics type='vnc'><listen type='none'/></graphics>"),
        domain('vm3', "<graphics type='sdl'/>"),
      ),
    );
    expect(found.filter(({ origin }) => origin === 'guest').map((one) => `${one.name}: ${consoleText(one)}`)).toEqual([
      'the VNC display of vm1: listens on 192.0.2.10:5905, SASL, TLS without client certificates',
      'the VNC display of vm2: no listener, SASL, TLS without client certificates',
    ]);
  });
});

describe('credentials of running guests', () => {
  const running = guests([[...x509('/srv/tls/'), '-vnc', ':0,tls-creds=t']], { uid: 107, gid: 107, groups: [36] });

  it('are looked up where the guest found them', () => {
    const { certificates, privateKeys, revocationLists, others } = lookedUpPaths(facts(running));
    expect(certificates).toContain('/srv/tls/server-cert.pem');
    expect(privateKeys).toContain('/srv/tls/server-key.pem');
    expect(revocationLists).toContain('/srv/tls/ca-crl.pem');
    expect(others).toContain('/srv/tls');
  });

  it('are a set of their own, for the account of the guest', () => {
    const set = credentials(facts(running), ['vnc-server']).sets.find(
      ({ key }) => key?.path === '/srv/tls/server-key.pem',
    );
    expect(set).toMatchObject({ endpoint: 'server', program: 'qemu', readers: [{ uid: 107, gids: [107, 36] }] });
  });

  it('are one set with the configured ones, read by both accounts', () => {
    const same = guests([[...x509('/etc/pki/libvirt-vnc'), '-vnc', ':0,tls-creds=t']], { uid: 107, gid: 107 });
    const sets = credentials(facts(aVncServer, same), ['vnc-server']).sets.filter(({ id }) => id.startsWith('vnc'));
    expect(sets.map(({ id, readers }) => [id, readers.map(({ uid }) => uid)])).toEqual([['vnc-server', [64055, 107]]]);
  });
});
