import rule from '../../../rules/pki/crl-malformed.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import {
  aClient,
  aRevocationList,
  aServer,
  caCertificate,
  certificate,
  facts,
  privateKey,
  publicKey,
  revocationList,
  serverCertificate,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const crl = '/etc/pki/CA/cacrl.pem';
const vnc = '/etc/pki/libvirt-vnc';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');
const aVncServer = (built: Facts): Facts =>
  [
    certificate(`${vnc}/ca-cert.pem`, caCertificate()),
    certificate(`${vnc}/server-cert.pem`, serverCertificate()),
    privateKey(`${vnc}/server-key.pem`, publicKey('server')),
  ].reduce((result, one) => one(result), built);

testRule(rule, {
  pass: [{ name: 'a sound list', facts: facts(aServer, revocationList(crl, aRevocationList())) }],
  fail: [
    {
      name: 'an empty file',
      facts: facts(
        aServer,
        aClient,
        revocationList(crl, { lists: [], malformation: { cause: 'empty', gnutlsError: 'Base64 decoding error.' } }),
      ),
      violations: [
        {
          messageId: 'malformed',
          subject: { path: crl },
          data: { text: `Unable to set x509 certificate revocation list: ${crl}: Base64 decoding error.` },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: "a list of QEMU's, DER",
      facts: facts(
        aVncServer,
        revocationList(`${vnc}/ca-crl.pem`, {
          lists: [],
          malformation: { cause: 'der', gnutlsError: 'Base64 decoding error.' },
        }),
      ),
      violations: [
        { messageId: 'malformed', data: { text: `Cannot load CRL '${vnc}/ca-crl.pem': Base64 decoding error.` } },
      ],
    },
  ],
  notApplicable: [{ name: 'no list', facts: facts(aServer) }],
  unknown: [
    {
      name: 'a list that could not be read',
      facts: facts(aServer, revocationList(crl, denied)),
      reason: 'permission-denied',
    },
  ],
});
