import rule from '../../../rules/pki/key-usage-insufficient.ts';
import type { KeyUsage } from '../../../src/facts/certificates.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import {
  aClient,
  aServer,
  caCertificate,
  certificate,
  clientCertificate,
  facts,
  having,
  installed,
  privateKey,
  publicKey,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const cert = '/etc/pki/libvirt/servercert.pem';
const clientCert = '/etc/pki/libvirt/clientcert.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';
const vnc = '/etc/pki/libvirt-vnc';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');
const aVncServer = (built: Facts): Facts =>
  [
    certificate(`${vnc}/ca-cert.pem`, caCertificate()),
    certificate(`${vnc}/server-cert.pem`, serverCertificate()),
    privateKey(`${vnc}/server-key.pem`, publicKey('server')),
  ].reduce((result, one) => one(result), built);

const usage = (critical: boolean, ...usages: readonly KeyUsage[]) => ({ keyUsage: { critical, usages } });
const libvirt = (version?: string) =>
  having({
    software: { installed: ['libvirtd'], ...(version === undefined ? {} : { libvirt: { version, source: 'given' } }) },
  });
const qemu = (version: string) => having({ software: { installed: [], qemu: { version, source: 'given' } } });
const noEncipherment = certificate(cert, serverCertificate(usage(true, 'digitalSignature')));

testRule(rule, {
  pass: [
    { name: 'both usages', facts: facts(aServer, aClient) },
    { name: 'a version that does not ask for key encipherment', facts: facts(aServer, noEncipherment) },
    { name: 'a version after 11.6', facts: facts(aServer, noEncipherment, libvirt('11.6.0')) },
    { name: 'an unknown version decides nothing when both are there', facts: facts(aServer, libvirt()) },
    {
      name: 'QEMU passes over a restriction that is not critical',
      facts: facts(
        aVncServer,
        qemu('7.2.0'),
        certificate(`${vnc}/server-cert.pem`, serverCertificate(usage(false, 'digitalSignature'))),
      ),
    },
  ],
  fail: [
    {
      name: 'key encipherment missing, critical, in a version that asks for it',
      facts: facts(aServer, noEncipherment, libvirt('9.0.0-4+deb12u2')),
      violations: [
        {
          messageId: 'insufficient',
          severity: 'error',
          data: {
            lacks: 'key encipherment',
            effect: `libvirtd does not start: "Certificate ${cert} usage does not permit key encipherment"`,
          },
          fix: { applicability: 'manual', withCa: [{ kind: 'issue' }, { kind: 'trust', how: 'add' }, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'key encipherment missing, not critical',
      facts: facts(
        aServer,
        certificate(cert, serverCertificate(usage(false, 'digitalSignature'))),
        libvirt('9.0.0-4+deb12u2'),
      ),
      violations: [{ messageId: 'insufficient', severity: 'note' }],
    },
    {
      name: 'digital signature missing, critical',
      facts: facts(aServer, certificate(cert, serverCertificate(usage(true, 'keyEncipherment')))),
      violations: [
        {
          messageId: 'insufficient',
          severity: 'error',
          data: {
            lacks: 'digital signature',
            effect: `libvirtd does not start: "Certificate ${cert} usage does not permit digital signature"`,
          },
        },
      ],
    },
    {
      name: 'digital signature missing in a server, not critical',
      facts: facts(aServer, certificate(cert, serverCertificate(usage(false, 'keyEncipherment')))),
      violations: [{ messageId: 'insufficient', severity: 'warning' }],
    },
    {
      name: 'neither in a server, not critical',
      facts: facts(aServer, certificate(cert, serverCertificate(usage(false, 'dataEncipherment')))),
      violations: [
        {
          messageId: 'insufficient',
          severity: 'error',
          data: { effect: 'every handshake fails: "TLS handshake failed No supported cipher suites have been found."' },
        },
      ],
    },
    {
      name: 'digital signature missing in a client, not critical: it is never sent',
      facts: facts(aClient, certificate(clientCert, clientCertificate(usage(false, 'keyEncipherment')))),
      violations: [{ messageId: 'insufficient', severity: 'error' }],
    },
    {
      name: 'a daemon that does not look: old peers do',
      facts: facts(aServer, settings(libvirtd, { tls_no_sanity_certificate: 1 }), noEncipherment, libvirt('9.0.0')),
      violations: [{ messageId: 'insufficient', severity: 'warning' }],
    },
    {
      name: 'QEMU before its change',
      facts: facts(
        aVncServer,
        qemu('10.0.6'),
        certificate(`${vnc}/server-cert.pem`, serverCertificate(usage(true, 'digitalSignature'))),
      ),
      violations: [{ messageId: 'insufficient', severity: 'error', subject: { path: `${vnc}/server-cert.pem` } }],
    },
  ],
  notApplicable: [
    { name: 'no certificates', facts: facts(installed('libvirtd')) },
    { name: 'a CA certificate is another fault', facts: facts(aServer, certificate(cert, caCertificate())) },
  ],
  unknown: [
    {
      name: 'the version decides and is not known',
      facts: facts(aServer, noEncipherment, libvirt()),
      reason: 'not-collected',
    },
    {
      name: 'a file that could not be read',
      facts: facts(aServer, certificate(cert, denied)),
      reason: 'permission-denied',
    },
  ],
});
