import rule from '../../../rules/vnc/vnc-tls-directory-incomplete.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { absent, entry, aVncServer, dir, facts, guests, link, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const server = '-object';
const creds = (more = '') => `tls-creds-x509,id=tls0,dir=/etc/pki/libvirt-vnc,endpoint=server${more}`;
const policy = (values: Parameters<typeof settings>[1]) => facts(settings(conf, values));

const directory = '/etc/pki/libvirt-vnc';

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
          fix: { applicability: 'manual' },
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
      violations: [{ messageId: 'incomplete', data: { directory } }],
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
      violations: [{ messageId: 'absent', subject: { kind: 'setting', key: 'vnc_tls_x509_cert_dir', line: 1 } }],
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
