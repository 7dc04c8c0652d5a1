import rule from '../../../rules/vnc/vnc-tls-directory-incomplete.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { pemText } from '../../../src/domain/pem-text.ts';
import { certificate as real } from '../../support/certificates.ts';
import {
  absent,
  aVncServer,
  caCertificate,
  certificate,
  dir,
  entry,
  facts,
  guests,
  link,
  privateKey,
  publicKey,
  serverCertificate,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const server = '-object';
const creds = (more = '') => `tls-creds-x509,id=tls0,dir=/etc/pki/libvirt-vnc,endpoint=server${more}`;
const policy = (values: Parameters<typeof settings>[1]) => facts(settings(conf, values));

const directory = '/etc/pki/libvirt-vnc';

/** What all uses of QEMU share. */
const defaultIdentity = [
  certificate('/etc/pki/qemu/ca-cert.pem', caCertificate()),
  certificate('/etc/pki/qemu/server-cert.pem', serverCertificate({ fingerprint: 'shared' })),
  privateKey('/etc/pki/qemu/server-key.pem', publicKey('server')),
];

testRule(rule, {
  pass: [
    { name: 'a complete directory', facts: facts(aVncServer) },
    {
      name: 'complete, and used by a guest',
      facts: facts(aVncServer, guests([vm(server, creds(), '-vnc', ':0,tls-creds=tls0')])),
    },
    {
      name: 'a link to nothing, which has a rule of its own',
      facts: facts(aVncServer, link(`${directory}/server-key.pem`, '/nowhere'), absent('/nowhere')),
    },
  ],
  fail: [
    {
      name: 'a key that is not there',
      facts: facts(aVncServer, absent(`${directory}/server-key.pem`)),
      violations: [
        {
          messageId: 'incomplete',
          subject: { kind: 'file', path: directory },
          data: { missing: ['server-key.pem'] },
          fix: {
            applicability: 'manual',
            withCa: [
              {
                kind: 'issue',
                path: `${directory}/server-cert.pem`,
                key: `${directory}/server-key.pem`,
              },
              { kind: 'trust', path: `${directory}/ca-cert.pem`, how: 'add' },
              { kind: 'manual' },
            ],
          },
        },
      ],
    },
    {
      name: 'nothing anywhere',
      facts: policy({ vnc_tls: 1 }),
      violations: [
        {
          messageId: 'incomplete',
          data: { directory: '/etc/pki/qemu', missing: ['ca-cert.pem', 'server-cert.pem', 'server-key.pem'] },
        },
      ],
    },
    {
      name: 'an empty directory comes before the default one',
      facts: facts(
        settings(conf, { vnc_tls: 1, default_tls_x509_cert_dir: '/etc/pki/qemu' }),
        dir(directory),
        dir('/etc/pki/qemu'),
      ),
      violations: [
        {
          messageId: 'incomplete',
          data: { directory },
          fix: {
            applicability: 'manual',
            withCa: [{ kind: 'issue' }, { kind: 'trust', how: 'replace' }, { kind: 'manual' }],
          },
        },
      ],
    },
    {
      name: 'an empty directory comes before the default one, which is complete',
      facts: facts(settings(conf, { vnc_tls: 1 }), dir(directory), ...defaultIdentity),
      violations: [
        {
          messageId: 'incomplete',
          fix: {
            applicability: 'unsafe',
            steps: [
              { kind: 'symlink', path: `${directory}/ca-cert.pem`, target: '/etc/pki/qemu/ca-cert.pem' },
              { kind: 'symlink', path: `${directory}/server-cert.pem`, target: '/etc/pki/qemu/server-cert.pem' },
              { kind: 'symlink', path: `${directory}/server-key.pem`, target: '/etc/pki/qemu/server-key.pem' },
              { kind: 'manual' },
            ],
          },
        },
      ],
    },
    {
      name: 'a key that is not there, and another identity in the default directory',
      facts: facts(aVncServer, absent(`${directory}/server-key.pem`), ...defaultIdentity),
      violations: [{ messageId: 'incomplete', fix: { applicability: 'manual' } }],
    },
    {
      name: 'a CA that is not there, and is the one of this host',
      facts: facts(
        settings(conf, { vnc_tls: 1 }),
        certificate(`${directory}/server-cert.pem`, real('server')),
        privateKey(`${directory}/server-key.pem`, real('server').publicKey),
        certificate('/etc/pki/CA/cacert.pem', real('root')),
      ),
      violations: [
        {
          messageId: 'incomplete',
          data: { missing: ['ca-cert.pem'] },
          fix: {
            applicability: 'unsafe',
            steps: [
              { kind: 'write', path: `${directory}/ca-cert.pem`, pem: pemText([real('root')]) },
              { kind: 'manual' },
            ],
          },
        },
      ],
    },
    {
      name: 'a directory that a running guest names',
      facts: facts(
        guests([vm(server, 'tls-creds-x509,id=t,dir=/etc/pki/CA,endpoint=server', '-vnc', ':0,tls-creds=t')]),
      ),
      violations: [{ messageId: 'incomplete', data: { directory: '/etc/pki/CA', by: 'vm1 run with it' } }],
    },
    {
      name: 'a directory of qemu.conf that does not exist',
      facts: policy({ vnc_tls_x509_cert_dir: '/etc/pki/consoles' }),
      violations: [
        {
          messageId: 'absent',
          subject: { kind: 'setting', key: 'vnc_tls_x509_cert_dir', line: 1 },
          fix: {
            applicability: 'manual',
            withCa: [
              { kind: 'issue', path: '/etc/pki/consoles/server-cert.pem' },
              { kind: 'trust', path: '/etc/pki/consoles/ca-cert.pem', how: 'replace' },
              { kind: 'manual' },
              { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] },
            ],
          },
        },
      ],
    },
    {
      name: 'a directory of qemu.conf that does not exist, where the default one is complete',
      facts: facts(settings(conf, { vnc_tls_x509_cert_dir: '/etc/pki/consoles' }), ...defaultIdentity),
      violations: [
        {
          messageId: 'absent',
          fix: {
            applicability: 'unsafe',
            steps: [
              { kind: 'set', path: conf, key: 'vnc_tls_x509_cert_dir', value: '"/etc/pki/qemu"', line: 1 },
              { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] },
            ],
          },
        },
      ],
    },
  ],
  notApplicable: [{ name: 'no TLS', facts: policy({}) }],
  unknown: [
    {
      name: 'a directory that is closed to us',
      facts: facts(settings(conf, { vnc_tls: 1 }), entry('/etc/pki/qemu', unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
