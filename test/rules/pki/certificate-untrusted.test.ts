import rule from '../../../rules/pki/certificate-untrusted.ts';
import { pemText } from '../../../src/domain/pem-text.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { certificate as real } from '../../support/certificates.ts';
import { aClient, aServer, certificate, facts, having, installed, privateKey, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';
const vnc = '/etc/pki/libvirt-vnc';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

/** The last bit of a certificate, part of its signature, turned over. */
function damaged(der: string): string {
  const bytes = Buffer.from(der, 'base64');
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
  return bytes.toString('base64');
}

/** A server with certificates whose signatures verify. */
const server = (leaf: readonly string[], cas: readonly string[]) => (built: Facts) =>
  [
    aServer,
    certificate(cert, ...leaf.map((name) => real(name))),
    certificate(ca, ...cas.map((name) => real(name))),
    privateKey(key, real(leaf[0] ?? '').publicKey),
  ].reduce((result, one) => one(result), built);

const vncServer = (leaf: readonly string[], cas: readonly string[], version: string) => (built: Facts) =>
  [
    having({ software: { installed: [], qemu: { version, source: 'given' } } }),
    certificate(`${vnc}/ca-cert.pem`, ...cas.map((name) => real(name))),
    certificate(`${vnc}/server-cert.pem`, ...leaf.map((name) => real(name))),
    privateKey(`${vnc}/server-key.pem`, real(leaf[0] ?? '').publicKey),
  ].reduce((result, one) => one(result), built);

const noIssuer = `libvirtd does not start: "Our own certificate ${cert} failed validation against ${ca}: The certificate hasn't got a known issuer."`;

testRule(rule, {
  pass: [
    { name: 'literal facts', facts: facts(aServer, aClient) },
    { name: 'issued by the CA', facts: facts(server(['server'], ['root'])) },
    { name: 'issued by one of two CAs', facts: facts(server(['server'], ['other-root', 'root'])) },
    {
      name: 'the intermediate in the CA file',
      facts: facts(server(['server-under-intermediate'], ['root', 'intermediate'])),
    },
    { name: 'the intermediate alone as anchor', facts: facts(server(['server-with-intermediate'], ['intermediate'])) },
    { name: 'what has expired is another fault', facts: facts(server(['server-expired'], ['root'])) },
    { name: 'a broken hash is another fault', facts: facts(server(['server-sha1'], ['root'])) },
    {
      name: 'a CA that may not sign is another fault',
      facts: facts(server(['server-of-root-without-certsign'], ['root-without-certsign'])),
    },
    { name: 'a CA file without any CA is another fault', facts: facts(server(['server'], ['client'])) },
    {
      name: 'a daemon that does not look sends the whole file',
      facts: facts(
        server(['server-under-intermediate', 'intermediate'], ['root']),
        settings(libvirtd, { tls_no_sanity_certificate: 1 }),
      ),
    },
    {
      name: 'QEMU 10.2 looks at the whole file',
      facts: facts(vncServer(['server-under-intermediate', 'intermediate'], ['root'], '10.2.0')),
    },
  ],
  fail: [
    {
      name: 'another CA',
      facts: facts(server(['server'], ['other-root'])),
      violations: [
        {
          messageId: 'otherCa',
          severity: 'error',
          subject: { path: cert },
          data: { effect: noIssuer, issuer: 'C=GB,O=Example,CN=Root CA' },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'a CA of the same name with another key',
      facts: facts(server(['server'], ['root-same-name-other-key'])),
      violations: [{ messageId: 'sameName' }],
    },
    { name: 'self-signed', facts: facts(server(['not-a-ca'], ['root'])), violations: [{ messageId: 'selfSigned' }] },
    {
      name: 'the intermediate behind the certificate does not count',
      facts: facts(server(['server-under-intermediate', 'intermediate'], ['root'])),
      violations: [
        {
          messageId: 'intermediateMissing',
          data: { effect: noIssuer },
          fix: {
            applicability: 'unsafe',
            steps: [
              { kind: 'write', path: ca, pem: pemText([real('root'), real('intermediate')]) },
              { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] },
            ],
          },
        },
      ],
    },
    {
      name: 'the intermediate in a file of another program on this host',
      facts: facts(
        server(['server-under-intermediate'], ['root']),
        certificate('/etc/pki/qemu/ca-cert.pem', real('intermediate')),
      ),
      violations: [
        {
          messageId: 'otherCa',
          fix: {
            applicability: 'unsafe',
            steps: [{ kind: 'write', path: ca, pem: pemText([real('root'), real('intermediate')]) }, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'the intermediate is nowhere',
      facts: facts(server(['server-under-intermediate'], ['root'])),
      violations: [
        {
          messageId: 'otherCa',
          fix: {
            applicability: 'manual',
            withCa: [
              {
                kind: 'issue',
                path: cert,
                key,
                newKey: false,
              },
              { kind: 'trust', path: ca, how: 'add' },
              { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] },
            ],
          },
        },
      ],
    },
    {
      name: 'a name that the CA may not certify',
      facts: facts(server(['server-not-permitted'], ['constrained-root'])),
      violations: [{ messageId: 'nameConstraints' }],
    },
    {
      name: 'an unknown critical extension',
      facts: facts(server(['server-unknown-critical'], ['root'])),
      violations: [{ messageId: 'extension' }],
    },
    {
      name: 'a signature that does not verify',
      facts: facts(
        aServer,
        certificate(ca, real('root')),
        certificate(cert, { ...real('server'), fingerprint: 'damaged', der: damaged(real('server').der) }),
      ),
      violations: [{ messageId: 'signature' }],
    },
    {
      name: 'a chain that is too long',
      facts: facts(vncServer(['server-of-short-intermediate', 'short-intermediate'], ['short-root'], '10.2.0')),
      violations: [{ messageId: 'pathLength', subject: { path: `${vnc}/server-cert.pem` } }],
    },
    {
      name: 'a daemon that does not look: its clients do',
      facts: facts(server(['server'], ['other-root']), settings(libvirtd, { tls_no_sanity_certificate: 1 })),
      violations: [{ messageId: 'otherCa', severity: 'warning' }],
    },
  ],
  notApplicable: [{ name: 'no certificates', facts: facts(installed('libvirtd')) }],
  unknown: [
    {
      name: 'a file that could not be read',
      facts: facts(aServer, certificate(ca, denied)),
      reason: 'permission-denied',
    },
  ],
});
