import { describe, expect, it } from 'vitest';
import { certificateWithCa, type OrderOptions } from '../../src/domain/certificate-order.ts';
import type { CredentialSet } from '../../src/domain/credentials.ts';
import type { Certificate } from '../../src/facts/certificates.ts';
import type { Facts } from '../../src/facts/facts.ts';
import {
  absent,
  aCertificate,
  aServer,
  caCertificate,
  certificate,
  clientCertificate,
  facts,
  having,
  link,
  serverCertificate,
} from '../support/facts.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const set: CredentialSet = {
  id: 'libvirt-server',
  owner: 'libvirtd',
  role: 'libvirt-server',
  endpoint: 'server',
  program: 'libvirt',
  readers: [],
  ca: { kind: 'ca-certificate', path: ca },
  certificate: { kind: 'certificate', path: cert },
  key: { kind: 'private-key', path: key },
};
const client: CredentialSet = { ...set, id: 'libvirt-client:alice', endpoint: 'client', role: 'libvirt-client' };

const order = (built: Facts, options?: OrderOptions, of = set) =>
  certificateWithCa(built, of, options).flatMap((step) => (step.kind === 'issue' ? [step.order] : []))[0];

const names = (dns: readonly string[], ip: readonly string[] = []) => ({
  critical: false,
  ...{ dns, ip, email: [], uri: [], other: 0 },
});
const { subjectAlternativeName: _, ...withoutNames } = aCertificate('virt.example.org');

describe('a certificate from the CA at hand', () => {
  it('is issued for the key that is there, trusted, and made to count', () => {
    expect(certificateWithCa(facts(aServer), set)).toEqual([
      {
        kind: 'issue',
        path: cert,
        key,
        newKey: false,
        order: {
          endpoint: 'server',
          subject: { der: serverCertificate().subject.der },
          dns: ['kvm1.example.com', 'kvm1'],
          ip: ['192.0.2.10'],
          days: 365,
        },
      },
      { kind: 'trust', path: ca, how: 'add' },
      { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] },
    ]);
  });

  it.each<[string, Facts, 'add' | 'replace']>([
    ['sound', facts(aServer), 'add'],
    ['missing', facts(aServer, absent(ca)), 'replace'],
    [
      'malformed',
      facts(aServer, certificate(ca, { known: true, value: { certificates: [], malformation: { cause: 'empty' } } })),
      'replace',
    ],
  ])('is trusted in a CA file that is %s', (_, built, how) => {
    expect(certificateWithCa(built, set)).toContainEqual({ kind: 'trust', path: ca, how });
  });

  it.each<[string, Certificate, object]>([
    ['a CA', caCertificate(), { commonName: 'kvm1.example.com' }],
    ['that of a client', clientCertificate(), { commonName: 'kvm1.example.com' }],
    [
      'one without a subject',
      serverCertificate({ subject: { text: '', der: '', commonNames: [] } }),
      { commonName: 'kvm1.example.com' },
    ],
    ['an alias', withoutNames, { der: withoutNames.subject.der }],
  ])('of a server keeps the subject only of what names a host: in place of %s', (_, one, subject) => {
    expect(order(facts(aServer, certificate(cert, one)))).toMatchObject({ subject });
  });

  it('names all that it named, and what is asked for', () => {
    const replaces = serverCertificate({
      subjectAlternativeName: names(['Alias.example.com', '*.example.com', '198.51.100.7'], ['2001:db8::1', '0xabcd']),
    });
    expect(order(facts(aServer), { replaces, names: ['virt', '203.0.113.9'], days: 30 })).toMatchObject({
      dns: ['kvm1.example.com', 'kvm1', 'virt', 'alias.example.com', '*.example.com'],
      ip: ['203.0.113.9', '192.0.2.10', '198.51.100.7', '2001:db8::1'],
      days: 30,
    });
    expect(order(facts(aServer), { replaces: withoutNames })).toMatchObject({
      dns: ['kvm1.example.com', 'kvm1', 'virt.example.org'],
    });
  });

  it('is for a client by its user or by what it was called, without names', () => {
    expect(order(facts(aServer, absent(cert)), {}, client)).toMatchObject({
      endpoint: 'client',
      subject: { commonName: 'alice' },
      ...{ dns: [], ip: [] },
    });
    expect(order(facts(aServer), { replaces: clientCertificate() }, client)).toMatchObject({
      subject: { der: clientCertificate().subject.der },
    });
  });

  it('takes the place of a link to nothing', () => {
    const built = facts(aServer, link(cert, '/srv/gone.pem'), absent('/srv/gone.pem'));
    expect(certificateWithCa(built, set)[0]).toEqual({ kind: 'remove', path: cert });
  });

  it('is not had where nobody knows a name, or a key would be lost', () => {
    const nameless = having({ identity: { addresses: ['127.0.0.1'] } as unknown as Facts['identity'] });
    expect(certificateWithCa(facts(aServer, absent(cert), nameless), set)).toEqual([]);
    const withKey = { known: true, value: { certificates: [serverCertificate()], privateKeyLine: 1 } } as const;
    expect(certificateWithCa(facts(aServer, certificate(cert, withKey)), set)).toEqual([]);
    const { certificate: same } = set;
    expect(certificateWithCa(facts(aServer), { ...set, ...(same === undefined ? {} : { key: same }) })).toEqual([]);
  });
});
