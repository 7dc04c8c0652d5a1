import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolutionError, resolveName } from '../../src/domain/name-resolution.ts';
import { parseHosts } from '../../src/parse/hosts.ts';

const hosts = parseHosts(`127.0.0.1 localhost
::1 localhost ip6-localhost
192.0.2.10 kvm1.example.com kvm1
2001:db8::10 KVM1.example.com
192.0.2.11 kvm1
10.1 short
192.0.2.12 a!b
`);

const loopback = ['127.0.0.1', '::1'];
const resolve = (name: string, addresses?: readonly string[]): readonly string[] | string => {
  const answer = resolveName(name, { hosts, ...(addresses === undefined ? {} : { addresses }) });
  return answer.state === 'resolved' ? answer.addresses : answer.state;
};

describe('resolveName', () => {
  it.each([
    ['kvm1', ['192.0.2.10', '192.0.2.11']],
    ['KVM1.EXAMPLE.COM', ['2001:db8::10', '192.0.2.10']],
    ['localhost', ['::1', '127.0.0.1']],
    ['kvm1.example.com.', 'not-in-hosts'],
    ['kvm2', 'not-in-hosts'],
    ['short', 'not-in-hosts'],
    ['[::1]', 'refused'],
    ['a!b', ['192.0.2.12']],
    ['b!a', 'refused'],
    ['', 'refused'],
    ['127.1', ['127.0.0.1']],
    ['0x7f.0.0.1', ['127.0.0.1']],
    ['3221225994', ['192.0.2.10']],
    ['0300.0.02.012', ['192.0.2.10']],
    ['256.0.0.1', 'not-in-hosts'],
    ['2001:DB8:0::10', ['2001:db8::10']],
    ['fe80::1%eth0', ['fe80::1%eth0']],
    ['*', ['::', '0.0.0.0']],
  ])('of %s', (name, expected) => {
    expect(resolve(name)).toEqual(expected);
  });

  it.each([
    ['kvm1.example.com', ['192.0.2.10']],
    ['localhost', ['127.0.0.1']],
    ['::1', 'refused'],
    ['::ffff:192.0.2.10', ['192.0.2.10']],
  ])('of %s on a host that has IPv4 only', (name, expected) => {
    expect(resolve(name, [...loopback, '192.0.2.1'])).toEqual(expected);
  });

  it.each([
    ['kvm1.example.com', ['2001:db8::10']],
    ['kvm1', ['::ffff:c000:20a', '::ffff:c000:20b']],
    ['127.0.0.1', ['::ffff:7f00:1']],
  ])('of %s on a host that has IPv6 only', (name, expected) => {
    expect(resolve(name, [...loopback, 'fe80::2'])).toEqual(expected);
  });

  it('dials first what is nearer to the address that it would come from', () => {
    const hosts = parseHosts('2001:db8:1::5 six\n2001:db8:2::5 six\n192.0.2.7 four\n127.0.0.1 four\n');
    const order = (name: string, addresses: readonly string[]): unknown => resolveName(name, { hosts, addresses });
    expect(order('six', [...loopback, '2001:db8:2::1'])).toMatchObject({
      addresses: ['2001:db8:2::5', '2001:db8:1::5'],
    });
    expect(order('four', [...loopback, '2001:db8:2::1'])).toMatchObject({
      addresses: ['::ffff:7f00:1', '::ffff:c000:207'],
    });
  });

  it('dials first what the host has a way to', () => {
    expect(resolve('kvm1.example.com', [...loopback, '192.0.2.1', 'fe80::2'])).toEqual(['192.0.2.10', '2001:db8::10']);
    expect(resolve('kvm1.example.com', [...loopback, '192.0.2.1', '2001:db8::1'])).toEqual([
      '2001:db8::10',
      '192.0.2.10',
    ]);
  });

  it('gives a family that is not there its own error', () => {
    const answer = resolveName('::1', { hosts, addresses: ['192.0.2.1'] });
    expect(answer.state === 'resolved' ? '' : resolutionError('::1', 16514, answer.error)).toBe(
      "Unable to resolve address '::1' service '16514': Address family for hostname not supported",
    );
  });

  it('answers whatever it is given', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())), (name, addresses) => {
        expect(resolveName(name, { hosts, addresses }).state).toMatch(/./);
      }),
    );
    const begin = performance.now();
    for (const name of ['1.'.repeat(500_000), ':'.repeat(1_000_000), '%'.repeat(1_000_000)]) resolve(name);
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});
