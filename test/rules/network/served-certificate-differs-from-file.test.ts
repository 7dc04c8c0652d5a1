import rule from '../../../rules/network/served-certificate-differs-from-file.ts';
import {
  aServer,
  aVncServer,
  certificate,
  facts,
  guests,
  observed,
  observedDisplay,
  observedSpice,
  publicKey,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const directory = '/etc/pki/libvirt-vnc';
const loaded = serverCertificate();
const older = serverCertificate({ fingerprint: 'b'.repeat(64), notAfter: '2026-06-02T00:00:00Z' });
const ofConsole = serverCertificate({ publicKey: publicKey('vnc') });
const olderOfConsole = serverCertificate({ publicKey: publicKey('vnc'), fingerprint: 'c'.repeat(64) });
const guest = guests([
  [
    '-name',
    'guest=web',
    '-object',
    `tls-creds-x509,id=t0,dir=${directory},endpoint=server`,
    '-vnc',
    '192.0.2.10:3,tls-creds=t0',
  ],
]);

const spiceDirectory = '/etc/pki/libvirt-spice';
const ofSpice = `tls-port=5904,addr=192.0.2.10,x509-dir=${spiceDirectory}`;
const spiceGuest = guests([['-name', 'guest=desk', '-spice', ofSpice]]);

testRule(rule, {
  pass: [
    { name: 'the certificate of the file', facts: facts(aServer, observed('tls', 16514, loaded)) },
    {
      name: 'that of a console',
      facts: facts(
        aVncServer,
        certificate(`${directory}/server-cert.pem`, ofConsole),
        guest,
        observedDisplay(5903, ofConsole),
      ),
    },
  ],
  fail: [
    {
      name: 'SPICE, which loads its certificate when the guest starts',
      facts: facts(
        aVncServer,
        certificate(`${spiceDirectory}/server-cert.pem`, ofConsole),
        spiceGuest,
        observedSpice(5904, olderOfConsole),
      ),
      violations: [
        {
          messageId: 'differs',
          data: { who: 'desk', path: `${spiceDirectory}/server-cert.pem` },
          subject: { kind: 'endpoint', host: '192.0.2.10', port: 5904 },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'a renewal that the daemon was not told of, seen at two addresses',
      facts: facts(aServer, observed('tls', 16514, older), observed('tls', 16514, older)),
      violations: [
        {
          messageId: 'differs',
          data: { who: 'libvirtd', servedUntil: '2026-06-02 00:00:00 UTC', path: '/etc/pki/libvirt/servercert.pem' },
          subject: { kind: 'endpoint', host: '192.0.2.10', port: 16514 },
          fix: {
            applicability: 'unsafe',
            steps: [{ command: ['virt-admin', 'server-update-tls', 'libvirtd'] } as never],
          },
        },
      ],
    },
    {
      name: 'a certificate at a path of its own needs a restart',
      facts: facts(
        aServer,
        settings('/etc/libvirt/libvirtd.conf', {
          ca_file: '/etc/pki/CA/cacert.pem',
          cert_file: '/etc/pki/libvirt/servercert.pem',
          key_file: '/etc/pki/libvirt/private/serverkey.pem',
        }),
        observed('tls', 16514, older),
      ),
      violations: [
        { messageId: 'differs', fix: { steps: [{ command: ['systemctl', 'restart', 'libvirtd'] } as never] } },
      ],
    },
    {
      name: 'a console',
      facts: facts(
        aVncServer,
        certificate(`${directory}/server-cert.pem`, ofConsole),
        guest,
        observedDisplay(5903, olderOfConsole),
      ),
      violations: [
        {
          messageId: 'differs',
          data: { who: 'web', path: `${directory}/server-cert.pem` },
          fix: { steps: [{ command: ['virsh', 'domdisplay-reload', 'web', '--type', 'vnc'] } as never] },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'nothing was probed', facts: facts(aServer) },
    { name: 'the port is closed', facts: facts(aServer, observed('tls', 16514, 'refused')) },
    { name: 'plain TCP shows none', facts: facts(aServer, observed('tcp', 16509, 'open')) },
  ],
});
