import rule from '../../../rules/pki/certificate-revoked.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aCertificate,
  aClient,
  aRevocationList,
  aServer,
  caCertificate,
  clientCertificate,
  facts,
  now,
  revocationList,
  serverCertificate,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const cert = '/etc/pki/libvirt/servercert.pem';
const clientCert = '/etc/pki/libvirt/clientcert.pem';
const crl = '/etc/pki/CA/cacrl.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const revoking = (...serials: readonly string[]) =>
  revocationList(
    crl,
    aRevocationList(caCertificate(), {
      revoked: serials.map((serial) => ({ serial, date: '2026-05-01T00:00:00.000Z' })),
    }),
  );

testRule(rule, {
  pass: [
    { name: 'a list that revokes others', facts: facts(aServer, revoking('00ff')) },
    {
      name: 'the same serial number of another CA',
      facts: facts(
        aServer,
        revocationList(
          crl,
          aRevocationList(aCertificate('Other CA'), { revoked: [{ serial: serverCertificate().serial, date: now }] }),
        ),
      ),
    },
  ],
  fail: [
    {
      name: 'the server certificate',
      facts: facts(aServer, revoking(serverCertificate().serial)),
      violations: [
        {
          messageId: 'revoked',
          subject: { path: cert },
          data: { list: crl, date: '2026-05-01' },
          fix: {
            applicability: 'manual',
            withCa: [{ kind: 'issue', newKey: true }, { kind: 'trust', how: 'add' }, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'the client certificate, by the list that the server reads',
      facts: facts(aServer, aClient, revoking(clientCertificate().serial)),
      violations: [{ messageId: 'revoked', subject: { path: clientCert } }],
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
