import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalAddress, isIPv4 } from '../../src/facts/address.ts';
import { resolveName } from '../../src/domain/name-resolution.ts';
import { parseHosts } from '../../src/parse/hosts.ts';
import { runSeed } from '../support/random-scenarios/random.ts';

/** Names and hosts files against getaddrinfo(3), by getent in namespaces of its own with a hosts file and addresses of ours. */
const inNamespace = ['--user', '--map-root-user', '--net', '--mount'];
const isPossible =
  spawnSync('unshare', [...inNamespace, 'sh', '-c', 'ip link set lo up && getent ahosts 127.0.0.1'], {
    stdio: 'ignore',
  }).status === 0;

const seed = runSeed();

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'names-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** By name the addresses in order; none where the name is not known. */
function getent(hosts: string, own: readonly string[], names: readonly string[]): readonly (readonly string[])[] {
  const file = join(directory, 'hosts');
  writeFileSync(file, hosts);
  const switches = join(directory, 'nsswitch.conf');
  writeFileSync(switches, 'hosts: files\n');
  const script = [
    'exec 2>/dev/null',
    `mount --bind ${file} /etc/hosts || exit 9`,
    `mount --bind ${switches} /etc/nsswitch.conf || exit 9`,
    'ip link set lo up',
    ...own
      .filter((one) => !/^(127\.|::1$)/.test(one))
      .map((one) => `ip addr add ${one}/${one.includes(':') ? 64 : 24} dev lo`),
    ...(own.some((one) => isIPv4(one) && one !== '127.0.0.1') ? ['ip route add default dev lo'] : []),
    'ip -6 route add default dev lo',
    'for name; do getent ahosts -- "$name" | sed -n "s/ *STREAM.*//p"; echo .; done',
  ];
  const { status, stdout } = spawnSync('unshare', [...inNamespace, 'sh', '-c', script.join('\n'), 'sh', ...names], {
    encoding: 'utf8',
  });
  expect(status, 'the namespace').toBe(0);
  return stdout
    .split(/^\.\n/m)
    .slice(0, names.length)
    .map((lines) => lines.split('\n').filter(Boolean));
}

/** In one spelling, each once; interfaces by number. */
const normalized = (addresses: readonly string[]): readonly string[] => [
  ...new Set(
    addresses.map((address) => {
      const [bare = '', zone] = address.split('%');
      return `${canonicalAddress(bare)}${zone === undefined ? '' : `%${zone.replace('lo', '1')}`}`;
    }),
  ),
];

function compare(hosts: string, own: readonly string[], names: readonly string[]): readonly string[] {
  const theirs = getent(hosts, own, names);
  return names.flatMap((name, index) => {
    const answer = resolveName(name, { hosts: parseHosts(hosts), addresses: own });
    const ours = answer.state === 'resolved' ? normalized(answer.addresses).join(' ') : '';
    const expected = normalized(theirs[index] ?? []).join(' ');
    return ours === expected
      ? []
      : [`${JSON.stringify(name)} with ${own.join(' ')} and\n${hosts}getent: ${expected}\nours:   ${ours}`];
  });
}

const loopback = ['127.0.0.1', '::1'];
const hostAddresses = [
  loopback,
  [...loopback, '10.9.9.9'],
  [...loopback, '2001:db8:9::9'],
  [...loopback, '10.9.9.9', '2001:db8:9::9'],
  [...loopback, '10.9.9.9', 'fd00::9'],
  [...loopback, '169.254.3.3', '2001:db8:9::9'],
];

describe.skipIf(!isPossible)('names, against getent (needs ip, getent and user namespaces)', () => {
  const literals = [
    '127.0.0.1', '127.1', '0x7f.1', '0X7F.0.0.1', '2130706433', '0x7f000001', '017700000001', '0177.0.0.1', '08.1', '1.2.3', '1.2.65535', '1.2.65536', '256.1', '1.16777215',
    '1.16777216', '4294967295', '4294967296', '1.2.3.4.5', '127.0.0.1.', '1..2', '.1', '1.', '0', '00', '0x', '+1', '-1', '1 ', ' 1', '::1', '::', '::ffff:1.2.3.4', '2001:DB8::1', '2001:db8::1%5',
    'fe80::1%lo', 'fe80::1%1', '::1%1', '::1%lo', 'fe80::1%', '[::1]', '1.2.3.4%1', ':1', '1::2::3', '12345::', 'a:b', '', 'a b', '-x', 'x..y', '١',
  ]; // prettier-ignore

  it.each(hostAddresses)('gives the same of addresses on a host with %s %s %s %s', (...own) => {
    expect(compare('', own, literals)).toEqual([]);
  });

  it('gives the same of hosts files', () => {
    const name = fc.constantFrom(
      'kvm1',
      'KVM1',
      'kvm1.example.com',
      'localhost',
      'six',
      'a_b',
      'a!b',
      '-x',
      '10.0.0.1',
      'x..y',
    );
    const address = fc.constantFrom('127.0.0.1', '::1', '10.0.0.5', '10.0.0.6', '192.0.2.7', '2001:db8::5', '2001:db8:9::4', '2001:db8:8::4', 'fe80::9', 'fd00::5', '10.1', '010.0.0.1', 'x'); // prettier-ignore
    const gap = fc.constantFrom(' ', '\t', '  ');
    const entry = fc
      .tuple(address, gap, fc.array(name, { maxLength: 3 }), fc.constantFrom('', ' # kvm1', '#kvm1', ' '))
      .map(([one, blank, names, end]) => `${[one, ...names].join(blank)}${end}`);
    const hosts = fc.array(
      fc.oneof({ arbitrary: entry, weight: 8 }, fc.constantFrom('', '# x', ' ', ' 10.0.0.5 six')),
      { maxLength: 6 },
    );
    const cases = fc.sample(fc.tuple(hosts, fc.constantFrom(...hostAddresses.slice(1, -1))), { numRuns: 60, seed });
    const names = [
      'kvm1',
      'Kvm1',
      'kvm1.example.com',
      'kvm1.example.com.',
      'localhost',
      'LOCALHOST',
      'six',
      'a_b',
      'a!b',
      '-x',
      '10.0.0.1',
      'x..y',
      'kvm',
    ];
    const disagreements = cases.flatMap(([lines, own]) =>
      compare(lines.map((line) => `${line}\n`).join(''), own, names),
    );
    expect(disagreements, `seed ${seed}`).toEqual([]);
  }, 120_000);
});
