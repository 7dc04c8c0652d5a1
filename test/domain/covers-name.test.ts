import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coversName, usesCommonName, type NamedCertificate } from '../../src/domain/covers-name.ts';
import type { GeneralNames } from '../../src/facts/certificates.ts';
import { certificate } from '../support/certificates.ts';

interface Names extends Partial<GeneralNames> {
  readonly commonNames?: readonly string[];
  readonly purposes?: readonly string[];
}

function named({ commonNames = [], purposes, ...names }: Names): NamedCertificate {
  const { dns = [], ip = [], email = [], uri = [], other = 0 } = names;
  return {
    subject: { text: '', der: '', commonNames },
    ...(Object.keys(names).length === 0
      ? {}
      : { subjectAlternativeName: { critical: false, dns, ip, email, uri, other } }),
    ...(purposes === undefined ? {} : { extendedKeyUsage: { critical: false, purposes } }),
  };
}

describe('coversName', () => {
  it.each<[string, Names, string, boolean]>([
    ['a DNS name', { dns: ['kvm.example.com'] }, 'kvm.example.com', true],
    ['regardless of case', { dns: ['KVM.example.com'] }, 'kvm.EXAMPLE.com', true],
    ['another name', { dns: ['kvm.example.com'] }, 'kvm2.example.com', false],
    ['a final dot', { dns: ['kvm.example.com'] }, 'kvm.example.com.', false],
    ['a wildcard', { dns: ['*.example.com'] }, 'kvm.example.com', true],
    ['a wildcard for nothing', { dns: ['*.example.com'] }, 'example.com', false],
    ['a wildcard for an empty label', { dns: ['*.example.com'] }, '.example.com', true],
    ['a wildcard for two labels', { dns: ['*.example.com'] }, 'a.kvm.example.com', false],
    ['a wildcard over two labels only', { dns: ['*.com'] }, 'example.com', false],
    ['a wildcard with a final dot', { dns: ['*.com.'] }, 'example.com.', false],
    ['the end of a first label', { dns: ['*vm.example.com'] }, 'kvm.example.com', true],
    ['a wildcard inside a label', { dns: ['k*.example.com'] }, 'kvm.example.com', false],
    ['a wildcard in the second label', { dns: ['kvm.*.com'] }, 'kvm.example.com', false],
    ['an IDN', { dns: ['xn--bcher-kva.example'] }, 'bücher.example', true],
    ['an IDN in the certificate', { dns: ['bücher.example'] }, 'bücher.example', false],
    ['a NUL in the certificate', { dns: ['kvm.example.com\0.evil.com'] }, 'kvm.example.com', false],
    ['an address', { ip: ['192.0.2.1'] }, '192.0.2.1', true],
    ['an address as DNS name', { dns: ['192.0.2.1'] }, '192.0.2.1', false],
    ['an address as common name', { commonNames: ['192.0.2.1'] }, '192.0.2.1', false],
    ['an IPv6 address in another form', { ip: ['2001:db8::1'] }, '2001:0DB8:0:0::0001', true],
    ['an IPv6 address with a zone', { ip: ['fe80::1'] }, 'fe80::1%eth0', false],
    ['an IPv4 address with zeros', { ip: ['192.0.2.1'] }, '192.0.02.1', false],
    ['the common name', { commonNames: ['kvm.example.com'] }, 'kvm.example.com', true],
    ['a wildcard common name', { commonNames: ['*.example.com'] }, 'kvm.example.com', true],
    ['two common names', { commonNames: ['kvm.example.com', 'x'] }, 'kvm.example.com', false],
    ['the common name beside a DNS name', { commonNames: ['kvm.example.com'], dns: ['x'] }, 'kvm.example.com', false],
    [
      'the common name beside an address',
      { commonNames: ['kvm.example.com'], ip: ['192.0.2.1'] },
      'kvm.example.com',
      false,
    ],
    ['the common name beside a URI', { commonNames: ['kvm.example.com'], uri: ['x:y'] }, 'kvm.example.com', false],
    ['the common name beside e-mail', { commonNames: ['kvm.example.com'], email: ['a@b'] }, 'kvm.example.com', true],
    [
      'the common name of a client',
      { commonNames: ['kvm.example.com'], purposes: ['1.3.6.1.5.5.7.3.2'] },
      'kvm.example.com',
      false,
    ],
    [
      'the common name of anything',
      { commonNames: ['kvm.example.com'], purposes: ['2.5.29.37.0'] },
      'kvm.example.com',
      true,
    ],
    ['no name', {}, 'kvm.example.com', false],
  ])('%s', (_, names, host, expected) => {
    expect(coversName(named(names), host)).toBe(expected);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        coversName(named({ dns: [one], ip: [one] }), other);
        usesCommonName(named({ commonNames: [one] }));
      }),
    );
  });
});

const installed = spawnSync('certtool', ['--version']).error === undefined;

describe.skipIf(!installed)(
  `coversName and certtool${installed ? '' : ' (skipped: certtool is not installed)'}`,
  () => {
    const path = (name: string): string =>
      fileURLToPath(new URL(`../../fixtures/certificates/${name}.pem`, import.meta.url));
    it.each(
      ['server', 'server-common-name'].flatMap((name) =>
        [
          'kvm1.example.com',
          'KVM1.EXAMPLE.COM',
          'kvm3.example.com',
          'a.guests.example.com',
          'guests.example.com',
          '.guests.example.com',
          'a.b.guests.example.com',
          '192.0.2.10',
          '192.0.2.11',
          '2001:db8:0:0:0:0:0:10',
          'admin@example.com',
          'localhost',
        ].map((host) => [name, host] as const),
      ),
    )('%s for %s', (name, host) => {
      const run = (...more: string[]) =>
        spawnSync('certtool', ['--verify', '--load-ca-certificate', path('root'), '--infile', path(name), ...more], {
          encoding: 'utf8',
        });
      expect(run().status).toBe(0);
      expect(coversName(certificate(name), host)).toBe(run('--verify-hostname', host).status === 0);
    });
  },
);
