import rule from '../../../rules/pki/crl-not-configured.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import {
  aRevocationList,
  aServer,
  caCertificate,
  certificate,
  entry,
  facts,
  installed,
  privateKey,
  publicKey,
  revocationList,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const crl = '/etc/pki/CA/cacrl.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';
const vnc = '/etc/pki/libvirt-vnc';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');
const aVncServer = (built: Facts): Facts =>
  [
    certificate(`${vnc}/ca-cert.pem`, caCertificate()),
    certificate(`${vnc}/server-cert.pem`, serverCertificate()),
    privateKey(`${vnc}/server-key.pem`, publicKey('server')),
  ].reduce((result, one) => one(result), built);

const qemuConf = '/etc/libvirt/qemu.conf';

testRule(rule, {
  pass: [
    { name: 'a list', facts: facts(aServer, revocationList(crl, aRevocationList())) },
    {
      name: 'a path that leads to nothing is another fault',
      facts: facts(
        aServer,
        settings(libvirtd, { ca_file: ca, cert_file: cert, key_file: key, crl_file: '/srv/crl.pem' }),
      ),
    },
    {
      name: 'a default list that is switched off is another fault',
      facts: facts(
        aServer,
        settings(libvirtd, { ca_file: ca, cert_file: cert, key_file: key }),
        revocationList(crl, aRevocationList()),
      ),
    },
  ],
  fail: [
    {
      name: 'no list at the default place',
      facts: facts(aServer),
      violations: [{ messageId: 'absent', subject: { path: crl }, fix: { applicability: 'manual' } }],
    },
    {
      name: 'other paths and no list',
      facts: facts(aServer, settings(libvirtd, { ca_file: ca, cert_file: cert, key_file: key })),
      violations: [{ messageId: 'notNamed', subject: { path: libvirtd, key: 'crl_file' } }],
    },
    {
      name: 'VNC that verifies its clients',
      facts: facts(aVncServer, settings(qemuConf, { vnc_tls: 1, vnc_tls_x509_verify: 1 })),
      violations: [{ messageId: 'absent', subject: { path: `${vnc}/ca-crl.pem` } }],
    },
  ],
  notApplicable: [
    { name: 'clients are not verified', facts: facts(aServer, settings(libvirtd, { tls_no_verify_certificate: 1 })) },
    { name: 'VNC that does not verify its clients', facts: facts(aVncServer, settings(qemuConf, { vnc_tls: 1 })) },
    { name: 'a daemon that is not to serve TLS', facts: facts(installed('libvirtd')) },
  ],
  unknown: [{ name: 'a closed directory', facts: facts(aServer, entry(crl, denied)), reason: 'permission-denied' }],
});
