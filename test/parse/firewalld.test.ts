import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseDefaultZone,
  parseFirewalldService,
  parseFirewalldZone,
  parseRichRule,
  parseZoneListing,
} from '../../src/parse/firewalld.ts';

const zone = {
  target: 'DROP',
  interfaces: ['eth0'],
  sources: ['192.0.2.0/24'],
  services: ['ssh', 'libvirt-tls'],
  ports: [{ protocol: 'tcp', ports: [5900, 5910] }],
  sourcePorts: [{ protocol: 'tcp', ports: [88, 88] }],
  protocols: ['icmp'],
  forwardPorts: [[80, 80]],
  richRules: [
    {
      family: 'ipv4',
      priority: 0,
      source: '198.51.100.0/24',
      sourceNegated: true,
      port: { protocol: 'tcp', ports: [5901, 5901] },
      action: 'reject',
    },
    { priority: 32767, action: 'reject' },
  ],
};

describe('a zone of firewalld', () => {
  it('is read from its file', () => {
    expect(
      parseFirewalldZone(`<?xml version="1.0" encoding="utf-8"?>
<zone target="DROP"><short>x</short>
<interface name="eth0"/><source address="192.0.2.0/24"/>
<service name="ssh"/><service name="libvirt-tls"/><port port="5900-5910" protocol="tcp"/>
<source-port port="88" protocol="tcp"/><protocol value="icmp"/><forward-port port="80" protocol="tcp" to-port="8080"/>
<rule family="ipv4"><source address="198.51.100.0/24" invert="True"/><port port="5901" protocol="tcp"/><reject/></rule>
<rule priority="32767"><reject/></rule>
</zone>`),
    ).toEqual(zone);
  });

  it('is read from the listing', () => {
    const text = `block
  target: %%REJECT%%
  interfaces: \n  services: \n\nwork (default, active)
  target: DROP
  icmp-block-inversion: no
  interfaces: eth0
  sources: 192.0.2.0/24
  services: ssh libvirt-tls
  ports: 5900-5910/tcp
  protocols: icmp
  forward: yes
  masquerade: no
  forward-ports: \n\tport=80:proto=tcp:toport=8080:toaddr=
  source-ports: 88/tcp
  icmp-blocks: \n  rich rules: \n\trule family="ipv4" source NOT address="198.51.100.0/24" port port="5901" protocol="tcp" reject
\trule priority="32767" reject
`;
    const { zones, defaultZone } = parseZoneListing(text);
    expect(defaultZone).toBe('work');
    expect(Object.keys(zones)).toEqual(['block', 'work']);
    expect(zones['block']?.target).toBe('REJECT');
    expect(zones['work']).toEqual(zone);
  });

  it.each(['', '<zone', '<service/>', '<!DOCTYPE zone [<!ENTITY a "b">]><zone>&a;</zone>'])('is not %j', (text) => {
    expect(parseFirewalldZone(text)).toBeUndefined();
  });
});

describe('a rich rule', () => {
  it.each([
    ['rule service name="libvirt" accept', { priority: 0, service: 'libvirt', action: 'accept' }],
    [
      'rule family=ipv6 port port=16514 protocol=tcp log prefix="in accept " level="info" limit value="3/m" drop',
      { family: 'ipv6', priority: 0, port: { protocol: 'tcp', ports: [16514, 16514] }, action: 'drop' },
    ],
    ['rule priority="-5" source ipset="bad" drop', { priority: -5, source: 'bad', action: 'drop' }],
    ['rule icmp-type name="echo-request" accept', { priority: 0, other: 'icmp-type', action: 'accept' }],
    [
      'rule destination address="192.0.2.1" service name="ssh" audit',
      { priority: 0, destination: '192.0.2.1', service: 'ssh', action: 'none' },
    ],
  ])('%s', (text, rule) => expect(parseRichRule(text)).toEqual(rule));
});

describe('services and defaults', () => {
  it('reads ports and what a service includes', () => {
    expect(
      parseFirewalldService(
        '<service><port protocol="tcp" port="16514"/><port protocol="udp" port=""/><include service="ssh"/></service>',
      ),
    ).toEqual({
      ports: [{ protocol: 'tcp', ports: [16514, 16514] }],
      includes: ['ssh'],
    });
  });

  it.each([
    ['', 'public'],
    ['# DefaultZone=home\nDefaultZone=work\n', 'work'],
  ])('default zone of %j', (text, name) => expect(parseDefaultZone(text)).toBe(name));
});

it('never throws, whatever the text', () => {
  const piece = fc.constantFrom(
    'rule',
    ' ',
    '\n',
    '\t',
    '"',
    '=',
    'port',
    'source',
    'NOT',
    'a (b)',
    '  ports: 1/tcp',
    '<zone>',
    '</zone>',
    '<rule>',
    '&',
    '99999',
    ':',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
      (text) => {
        parseZoneListing(text);
        parseRichRule(text);
        parseFirewalldZone(text);
        parseFirewalldService(text);
      },
    ),
  );
});
