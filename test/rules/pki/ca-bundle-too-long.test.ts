import rule from '../../../rules/pki/ca-bundle-too-long.ts';
import { pemText } from '../../../src/domain/pem-text.ts';
import { unknown } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import { certificate as real } from '../../support/certificates.ts';
import {
  absent,
  aServer,
  caCertificate,
  certificate,
  facts,
  having,
  privateKey,
  publicKey,
  serverCertificate,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const vnc = '/etc/pki/libvirt-vnc';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');
const aVncServer = (built: Facts): Facts =>
  [
    certificate(`${vnc}/ca-cert.pem`, caCertificate()),
    certificate(`${vnc}/server-cert.pem`, serverCertificate()),
    privateKey(`${vnc}/server-key.pem`, publicKey('server')),
  ].reduce((result, one) => one(result), built);

const others = (count: number) => Array.from({ length: count }, () => real('other-root'));
const different = (count: number) =>
  Array.from({ length: count }, (_, index) => caCertificate({ fingerprint: `ca ${index}` }));
const written = (...names: readonly string[]) =>
  ({ kind: 'write', path: ca, pem: pemText(names.map((name) => real(name))) }) as const;
const leaf = [certificate(cert, real('server')), privateKey(key, real('server').publicKey)];

testRule(rule, {
  pass: [
    { name: 'one CA', facts: facts(aServer) },
    { name: 'sixteen', facts: facts(aServer, certificate(ca, ...Array.from({ length: 16 }, () => caCertificate()))) },
    {
      name: 'QEMU 10.2 reads them all',
      facts: facts(
        aVncServer,
        having({ software: { installed: [], qemu: { version: '1:10.2.0+ds-1', source: 'dpkg' } } }),
        certificate(`${vnc}/ca-cert.pem`, ...Array.from({ length: 17 }, () => caCertificate())),
      ),
    },
  ],
  fail: [
    {
      name: 'seventeen, our CA among the first',
      facts: facts(aServer, ...leaf, certificate(ca, real('root'), ...others(16))),
      violations: [
        {
          messageId: 'unread',
          data: { count: 17, limit: 16 },
          subject: { path: ca, line: 321 },
          fix: { applicability: 'unsafe', steps: [written('root', 'other-root'), { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'seventeen that are all different',
      facts: facts(aServer, ...leaf, certificate(ca, real('root'), ...different(16))),
      violations: [{ messageId: 'unread', fix: { applicability: 'manual' } }],
    },
    {
      name: 'seventeen, our CA the last',
      facts: facts(aServer, ...leaf, certificate(ca, ...others(16), real('root'))),
      violations: [
        {
          messageId: 'needed',
          severity: 'error',
          fix: { applicability: 'unsafe', steps: [written('root', 'other-root'), { kind: 'run' }] },
        },
      ],
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
