import rule from '../../../rules/pki/ca-key-usage-insufficient.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { certificate as real } from '../../support/certificates.ts';
import {
  absent,
  aCertificate,
  aClient,
  aServer,
  caCertificate,
  certificate,
  facts,
  privateKey,
  serverCertificate,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const { keyUsage: _, ...withoutUsage } = caCertificate();

const crlOnly = (critical: boolean) => ({ keyUsage: { critical, usages: ['cRLSign'] as const } });

testRule(rule, {
  pass: [
    { name: 'CAs that may sign', facts: facts(aServer, aClient) },
    { name: 'no key usage at all', facts: facts(aServer, certificate(ca, withoutUsage)) },
    {
      name: 'what is no CA is another fault',
      facts: facts(aServer, certificate(ca, caCertificate(), serverCertificate())),
    },
  ],
  fail: [
    {
      name: 'a critical restriction',
      facts: facts(aServer, certificate(ca, caCertificate(crlOnly(true)))),
      violations: [
        {
          messageId: 'signing',
          severity: 'error',
          data: {
            usages: 'cRLSign',
            effect: `libvirtd does not start: "Certificate ${ca} usage does not permit certificate signing"`,
          },
          fix: {
            applicability: 'manual',
            withCa: [{ kind: 'trust', path: ca, how: 'replace' }, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'a restriction that is not critical breaks the chain',
      facts: facts(
        aServer,
        certificate(ca, { ...real('root-without-certsign'), keyUsage: { critical: false, usages: ['cRLSign'] } }),
        certificate(cert, real('server-of-root-without-certsign')),
        privateKey(key, real('server-of-root-without-certsign').publicKey),
      ),
      violations: [
        {
          messageId: 'signing',
          severity: 'error',
          data: {
            effect: `libvirtd does not start: "Our own certificate ${cert} failed validation against ${ca}: The certificate is not trusted."`,
          },
        },
      ],
    },
    {
      name: 'a CA that has not issued ours, not critical',
      facts: facts(
        aServer,
        certificate(
          ca,
          caCertificate(),
          aCertificate('Other CA', { basicConstraints: { critical: true, ca: true }, ...crlOnly(false) }),
        ),
      ),
      violations: [{ messageId: 'signing', severity: 'warning' }],
    },
  ],
  notApplicable: [{ name: 'no CA file', facts: facts(aServer, absent(ca)) }],
  unknown: [
    {
      name: 'a file that could not be read',
      facts: facts(aServer, certificate(ca, denied)),
      reason: 'permission-denied',
    },
  ],
});
