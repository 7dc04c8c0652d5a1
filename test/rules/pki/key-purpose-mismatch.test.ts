import rule from '../../../rules/pki/key-purpose-mismatch.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import {
  aClient,
  aServer,
  caCertificate,
  certificate,
  facts,
  installed,
  privateKey,
  publicKey,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const cert = '/etc/pki/libvirt/servercert.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';
const vnc = '/etc/pki/libvirt-vnc';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');
const aVncServer = (built: Facts): Facts =>
  [
    certificate(`${vnc}/ca-cert.pem`, caCertificate()),
    certificate(`${vnc}/server-cert.pem`, serverCertificate()),
    privateKey(`${vnc}/server-key.pem`, publicKey('server')),
  ].reduce((result, one) => one(result), built);

const codeSigning = '1.3.6.1.5.5.7.3.3';
const client = '1.3.6.1.5.5.7.3.2';
const any = '2.5.29.37.0';
const purposes = (critical: boolean, ...values: readonly string[]) => ({
  extendedKeyUsage: { critical, purposes: values },
});
const vncWith = (critical: boolean, ...values: readonly string[]) =>
  certificate(`${vnc}/server-cert.pem`, serverCertificate(purposes(critical, ...values)));

testRule(rule, {
  pass: [
    { name: 'the right purposes', facts: facts(aServer, aClient) },
    {
      name: 'libvirt takes an unknown purpose for permission',
      facts: facts(aServer, certificate(cert, serverCertificate(purposes(true, client, codeSigning)))),
    },
    { name: 'QEMU takes any for both', facts: facts(aVncServer, vncWith(true, any)) },
  ],
  fail: [
    {
      name: 'a client certificate as server, critical',
      facts: facts(aServer, certificate(cert, serverCertificate(purposes(true, client)))),
      violations: [
        {
          messageId: 'refused',
          data: {
            purposes: 'TLS web client',
            effect: `libvirtd does not start: "Certificate ${cert} purpose does not allow use for with a TLS server"`,
          },
          fix: { applicability: 'manual', withCa: [{ kind: 'issue' }, { kind: 'trust', how: 'add' }, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'a client certificate as server, not critical',
      facts: facts(aServer, certificate(cert, serverCertificate(purposes(false, client)))),
      violations: [{ messageId: 'tolerated', severity: 'warning' }],
    },
    {
      name: 'libvirt takes any for nothing',
      facts: facts(aServer, certificate(cert, serverCertificate(purposes(true, any)))),
      violations: [{ messageId: 'refused', data: { purposes: 'any purpose' } }],
    },
    {
      name: 'QEMU takes an unknown purpose for nothing',
      facts: facts(aVncServer, vncWith(true, codeSigning)),
      violations: [
        {
          messageId: 'refused',
          data: {
            effect: `guests whose VNC display uses TLS do not start: "Certificate ${vnc}/server-cert.pem purpose does not allow use with a TLS server"`,
          },
        },
      ],
    },
    {
      name: 'a daemon that does not look',
      facts: facts(
        aServer,
        settings(libvirtd, { tls_no_sanity_certificate: 1 }),
        certificate(cert, serverCertificate(purposes(true, client))),
      ),
      violations: [
        {
          messageId: 'refused',
          data: { effect: 'peers refuse it: "Certificate [session] purpose does not allow use for with a TLS server"' },
        },
      ],
    },
  ],
  notApplicable: [{ name: 'no certificates', facts: facts(installed('libvirtd')) }],
  unknown: [
    {
      name: 'a file that could not be read',
      facts: facts(aServer, certificate(cert, denied)),
      reason: 'permission-denied',
    },
  ],
});
