import rule from '../../../rules/files/mandatory-access-denies-path.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aServer,
  aVncServer,
  certificate,
  type Change,
  dir,
  entry,
  facts,
  file,
  having,
  privateKey,
  publicKey,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const shipped = [
  '/etc/pki/CA/',
  '/etc/pki/CA/*',
  '/etc/pki/libvirt{,-spice,-vnc}/',
  '/etc/pki/libvirt{,-spice,-vnc}/**',
  '/etc/pki/qemu/',
  '/etc/pki/qemu/**',
];
const apparmor = (...more: readonly string[]): Change =>
  having({ mandatoryAccess: { selinux: 'disabled', apparmor: 'enabled', apparmorReadable: [...shipped, ...more] } });
const credentialsIn =
  (directory: string): Change =>
  (built) =>
    [
      dir(directory, { gid: 64055, mode: 0o750 }),
      file(`${directory}/server-key.pem`, { gid: 64055, mode: 0o640 }),
      certificate(`${directory}/server-cert.pem`, serverCertificate({ publicKey: publicKey('vnc') })),
      file(`${directory}/ca-cert.pem`),
      privateKey(`${directory}/server-key.pem`, publicKey('vnc')),
    ].reduce((result, change) => change(result), built);
const elsewhere: Change = (built) =>
  credentialsIn('/srv/vnc-pki')(
    settings('/etc/libvirt/qemu.conf', { vnc_tls: 1, vnc_tls_x509_cert_dir: '/srv/vnc-pki' })(built),
  );

testRule(rule, {
  pass: [
    { name: 'the conventional directory', facts: facts(aVncServer, apparmor()) },
    { name: 'a directory that the host has added', facts: facts(elsewhere, apparmor('/srv/vnc-pki/**')) },
  ],
  fail: [
    {
      name: 'a directory that a setting names',
      facts: facts(elsewhere, apparmor()),
      violations: [
        {
          messageId: 'denied',
          subject: { kind: 'setting', path: '/etc/libvirt/qemu.conf', key: 'vnc_tls_x509_cert_dir' },
          data: { directory: '/srv/vnc-pki' },
          fix: {
            applicability: 'manual',
            steps: [
              {
                kind: 'text',
                path: '/etc/apparmor.d/abstractions/libvirt-qemu.d/local',
                text: '/srv/vnc-pki/ r,\n/srv/vnc-pki/** r,\n',
              },
              { kind: 'manual' },
            ],
          },
        },
      ],
    },
    {
      name: 'on an older libvirt',
      facts: facts(elsewhere, apparmor(), (built) =>
        having({ software: { ...built.software, libvirt: { version: '9.0.0-4', source: 'dpkg' } } })(built),
      ),
      violations: [
        {
          messageId: 'denied',
          fix: { steps: [{ path: '/etc/apparmor.d/local/abstractions/libvirt-qemu' }, { kind: 'manual' }] },
        },
      ],
    },
    {
      name: 'the conventional directory for migration',
      facts: facts(credentialsIn('/etc/pki/libvirt-migrate'), apparmor()),
      violations: [{ messageId: 'denied', subject: { kind: 'file', path: '/etc/pki/libvirt-migrate' } }],
    },
  ],
  notApplicable: [
    { name: 'no AppArmor', facts: facts(elsewhere) },
    {
      name: 'no profile',
      facts: facts(elsewhere, having({ mandatoryAccess: { selinux: 'disabled', apparmor: 'enabled' } })),
    },
    { name: 'no QEMU', facts: facts(aServer, apparmor()) },
    {
      name: 'another security driver',
      facts: facts(
        elsewhere,
        apparmor(),
        settings('/etc/libvirt/qemu.conf', { vnc_tls_x509_cert_dir: '/srv/vnc-pki', security_driver: 'none' }),
      ),
    },
    {
      name: 'other security drivers',
      facts: facts(
        elsewhere,
        apparmor(),
        settings('/etc/libvirt/qemu.conf', { vnc_tls_x509_cert_dir: '/srv/vnc-pki', security_driver: ['selinux'] }),
      ),
    },
  ],
  unknown: [
    {
      name: 'could not be seen',
      facts: facts(
        aVncServer,
        apparmor(),
        entry('/etc/pki/libvirt-vnc/server-key.pem', unknown('permission-denied', 'permission denied')),
      ),
      reason: 'permission-denied',
    },
  ],
});
