import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import glob from 'fast-glob';
import { describe, expect, it } from 'vitest';
import { inferRoles } from '../../src/domain/roles.ts';
import { runRule } from '../../src/engine/run-rule.ts';
import type { Certificate, Malformation } from '../../src/facts/certificates.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { Rule } from '../../src/rule/define-rule.ts';
import { certificate as real } from '../support/certificates.ts';
import {
  absent,
  aClient,
  aRevocationList,
  aServer,
  caCertificate,
  certificate,
  clientCertificate,
  facts,
  having,
  privateKey,
  publicKey,
  revocationList,
  settings,
  type Change,
} from '../support/facts.ts';
import { snapshotOf } from '../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const crl = '/etc/pki/CA/cacrl.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const clientCert = '/etc/pki/libvirt/clientcert.pem';
const clientKey = '/etc/pki/libvirt/private/clientkey.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';

const directory = join(import.meta.dirname, '../../rules');
const rules: readonly Rule[] = await Promise.all(
  glob
    .sync(['pki/*.ts', 'files/*.ts'], { cwd: directory })
    .sort()
    .map(async (path) => ((await import(pathToFileURL(join(directory, path)).href)) as { default: Rule }).default),
);

/** Ids of the rules with a finding of that severity, each once. */
const found = (host: Facts, severity: 'error' | 'warning' | 'note'): readonly string[] => {
  const roles = inferRoles(host);
  const snapshot = snapshotOf(host);
  return rules.flatMap((rule) =>
    runRule(rule, snapshot, roles, {}).findings.some((finding) => finding.severity === severity) ? [rule.id] : [],
  );
};

/** A server whose certificates verify: one CA, its own certificate, its key. */
const server =
  (leaf: readonly Certificate[] = [real('server')], cas: readonly Certificate[] = [real('root')]): Change =>
  (built) =>
    [
      aServer,
      certificate(ca, ...cas),
      certificate(cert, ...leaf),
      privateKey(key, leaf[0]?.publicKey ?? publicKey('none')),
      revocationList(crl, aRevocationList(cas[0])),
    ].reduce((result, change) => change(result), built);

const client: Change = (built) =>
  [
    aClient,
    certificate(ca, real('root')),
    certificate(clientCert, real('client')),
    privateKey(clientKey, real('client').publicKey),
  ].reduce((result, change) => change(result), built);

const own = real('server');
const root = real('root');
const malformed = (malformation: Malformation) => ({ known: true, value: { certificates: [], malformation } }) as const;
const paths = { ca_file: ca, cert_file: cert, key_file: key };
const bookworm = having({
  software: { installed: ['libvirtd'], libvirt: { version: '9.0.0-4+deb12u2', source: 'dpkg' } },
});

describe('one fault of the credentials', () => {
  it('there are rules to run', () => {
    expect(rules.filter(({ id }) => id.startsWith('c')).length).toBeGreaterThan(10);
  });

  it.each([
    { name: 'a server', host: facts(server()) },
    { name: 'a server and a client', host: facts(server(), client) },
    { name: 'a client', host: facts(client) },
    { name: 'literal facts', host: facts(aServer, aClient) },
  ])('none in $name', ({ host }) => {
    expect(found(host, 'error')).toEqual([]);
    expect(found(host, 'warning')).toEqual([]);
  });

  it.each<{ readonly rule: string; readonly fault: string; readonly host: Facts }>([
    { rule: 'ca-certificate-missing', fault: 'no CA', host: facts(server(), absent(ca)) },
    { rule: 'ca-certificate-missing', fault: 'no CA for a client', host: facts(client, absent(ca)) },
    { rule: 'server-certificate-missing', fault: 'no certificate', host: facts(server(), absent(cert)) },
    { rule: 'server-key-missing', fault: 'no key', host: facts(server(), absent(key)) },
    { rule: 'client-key-missing', fault: 'no client key', host: facts(client, absent(clientKey)) },
    {
      rule: 'certificate-malformed',
      fault: 'an empty CA file',
      host: facts(server(), certificate(ca, malformed({ cause: 'empty' }))),
    },
    {
      rule: 'certificate-malformed',
      fault: 'a certificate in DER',
      host: facts(server(), certificate(cert, malformed({ cause: 'der' }))),
    },
    {
      rule: 'certificate-malformed',
      fault: 'a client certificate that is cut off',
      host: facts(client, certificate(clientCert, malformed({ cause: 'truncated', line: 1 }))),
    },
    {
      rule: 'private-key-malformed',
      fault: 'no key in the key file',
      host: facts(server(), privateKey(key, { state: 'malformed', malformation: { cause: 'no-pem' } })),
    },
    {
      rule: 'private-key-encrypted',
      fault: 'a key with a pass phrase',
      host: facts(server(), privateKey(key, { state: 'encrypted', format: 'pkcs8' })),
    },
    { rule: 'private-key-mismatch', fault: 'another key', host: facts(server(), privateKey(key, publicKey('other'))) },
    { rule: 'certificate-expired', fault: 'an expired certificate', host: facts(server([real('server-expired')])) },
    {
      rule: 'certificate-expired',
      fault: 'an expired CA',
      host: facts(server([real('server-of-expired-root')], [real('expired-root')])),
    },
    {
      rule: 'certificate-expired',
      fault: 'an expired member of the CA file',
      host: facts(server([own], [root, real('expired-root')])),
    },
    {
      rule: 'certificate-expired',
      fault: 'an expired certificate behind the own one',
      host: facts(server([own, real('expired-root')])),
    },
    {
      rule: 'certificate-not-yet-valid',
      fault: 'a certificate of the future',
      host: facts(server([real('server-future')])),
    },
    { rule: 'certificate-untrusted', fault: 'another CA', host: facts(server([own], [real('other-root')])) },
    {
      rule: 'certificate-untrusted',
      fault: 'a CA of the same name with another key',
      host: facts(server([own], [real('root-same-name-other-key')])),
    },
    {
      rule: 'certificate-untrusted',
      fault: 'the intermediate behind the certificate alone',
      host: facts(server([real('server-under-intermediate'), real('intermediate')])),
    },
    {
      rule: 'certificate-untrusted',
      fault: 'a name that the CA may not certify',
      host: facts(server([real('server-not-permitted')], [real('constrained-root')])),
    },
    {
      rule: 'ca-certificate-not-a-ca',
      fault: 'a CA that is not marked as one',
      host: facts(server([real('server-of-not-a-ca')], [real('not-a-ca')])),
    },
    {
      rule: 'ca-key-usage-insufficient',
      fault: 'a CA that may not sign',
      host: facts(server([real('server-of-root-without-certsign')], [real('root-without-certsign')])),
    },
    {
      rule: 'ca-key-usage-insufficient',
      fault: 'a CA that may not sign, not critical',
      host: facts(
        server(
          [real('server-of-root-without-certsign')],
          [{ ...real('root-without-certsign'), keyUsage: { critical: false, usages: ['cRLSign'] } }],
        ),
      ),
    },
    { rule: 'ca-bundle-holds-leaf', fault: 'a leaf beside the CA', host: facts(server([own], [root, real('client')])) },
    { rule: 'ca-bundle-holds-leaf', fault: 'the own certificate as CA', host: facts(server([own], [own])) },
    { rule: 'ca-bundle-holds-leaf', fault: 'another leaf as CA', host: facts(server([own], [real('client')])) },
    {
      rule: 'ca-bundle-too-long',
      fault: 'the CA in the seventeenth place',
      host: facts(server([own], [...Array.from({ length: 16 }, () => real('other-root')), root])),
    },
    { rule: 'certificate-is-a-ca', fault: 'the CA as server', host: facts(server(), certificate(cert, root)) },
    {
      rule: 'certificate-is-a-ca',
      fault: 'the chain in reverse',
      host: facts(server(), certificate(cert, root, own)),
    },
    {
      rule: 'key-usage-insufficient',
      fault: 'no digital signature, critical',
      host: facts(server([{ ...own, keyUsage: { critical: true, usages: ['keyEncipherment'] } }])),
    },
    {
      rule: 'key-usage-insufficient',
      fault: 'no key encipherment in an old version',
      host: facts(server(), bookworm),
    },
    {
      rule: 'key-purpose-mismatch',
      fault: 'a client as server, critical',
      host: facts(server([{ ...own, extendedKeyUsage: { critical: true, purposes: ['1.3.6.1.5.5.7.3.2'] } }])),
    },
    { rule: 'weak-signature', fault: 'SHA-1', host: facts(server([real('server-sha1')])) },
    {
      rule: 'weak-key',
      fault: 'RSA with 1000 bits',
      host: facts(server([{ ...own, publicKey: { ...own.publicKey, algorithm: 'RSA', bits: 1000 } }])),
    },
    {
      rule: 'crl-malformed',
      fault: 'an empty revocation list',
      host: facts(server(), revocationList(crl, { lists: [], malformation: { cause: 'empty' } })),
    },
    {
      rule: 'certificate-revoked',
      fault: 'a revoked certificate',
      host: facts(
        server(),
        revocationList(crl, aRevocationList(root, { revoked: [{ serial: own.serial, date: '2026-05-01T00:00:00Z' }] })),
      ),
    },
    {
      rule: 'crl-setting-ignored',
      fault: 'crl_file alone',
      host: facts(server(), settings(libvirtd, { crl_file: '/srv/crl.pem' })),
    },
    {
      rule: 'crl-setting-ignored',
      fault: 'the other paths without crl_file',
      host: facts(server(), settings(libvirtd, paths)),
    },
    {
      rule: 'crl-setting-ignored',
      fault: 'a crl_file that is not there',
      host: facts(server(), settings(libvirtd, { ...paths, crl_file: '/srv/crl.pem' })),
    },
  ])('$fault: $rule and no other error', ({ rule, host }) => {
    expect(found(host, 'error')).toEqual([rule]);
  });

  it.each<{ readonly rule: string; readonly fault: string; readonly host: Facts }>([
    { rule: 'client-certificate-missing', fault: 'no client certificate', host: facts(client, absent(clientCert)) },
    {
      rule: 'certificate-expires-soon',
      fault: 'the last days of a certificate',
      host: facts(server([{ ...own, notAfter: '2026-06-20T00:00:00Z' }])),
    },
    {
      rule: 'certificate-outlives-ca',
      fault: 'a CA that ends first',
      host: facts(server([own], [{ ...root, notAfter: '2040-01-01T00:00:00Z' }])),
    },
    {
      rule: 'server-name-mismatch',
      fault: 'another name',
      host: facts(server(), having({ identity: { fqdn: 'kvm9.example.com', hosts: [] } })),
    },
    {
      rule: 'server-name-without-san',
      fault: 'a common name alone',
      host: facts(server([real('server-common-name')]), having({ identity: { fqdn: 'kvm3.example.com', hosts: [] } })),
    },
    {
      rule: 'server-name-address-without-san',
      fault: 'an address as DNS name',
      host: facts(
        server([
          {
            ...own,
            subjectAlternativeName: { critical: false, dns: ['192.0.2.10'], ip: [], email: [], uri: [], other: 0 },
          },
        ]),
      ),
    },
    {
      rule: 'weak-key',
      fault: 'RSA with 1024 bits',
      host: facts(server([{ ...own, publicKey: { ...own.publicKey, algorithm: 'RSA', bits: 1024 } }])),
    },
    {
      rule: 'certificate-reused',
      fault: 'one key for server and client',
      host: facts(
        aServer,
        aClient,
        certificate(clientCert, clientCertificate({ publicKey: publicKey('server') })),
        privateKey(clientKey, publicKey('server')),
      ),
    },
    {
      rule: 'crl-expired',
      fault: 'a list that is due',
      host: facts(server(), revocationList(crl, aRevocationList(root, { nextUpdate: '2026-05-31T00:00:00Z' }))),
    },
    {
      rule: 'crl-issuer-unknown',
      fault: 'a list of another CA',
      host: facts(server(), revocationList(crl, aRevocationList(caCertificate()))),
    },
  ])('$fault: $rule warns, and there is no error', ({ rule, host }) => {
    expect(found(host, 'error')).toEqual([]);
    expect(found(host, 'warning')).toEqual([rule]);
  });

  it('no list at all: crl-not-configured notes it', () => {
    const host = facts(server(), absent(crl));
    expect([found(host, 'error'), found(host, 'warning'), found(host, 'note')]).toEqual([
      [],
      [],
      ['crl-not-configured'],
    ]);
  });
});
