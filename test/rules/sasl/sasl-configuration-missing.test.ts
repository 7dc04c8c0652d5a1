import rule from '../../../rules/sasl/sasl-configuration-missing.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, aVncServer, change, configuration, facts, settings } from '../../support/facts.ts';
import {
  aKerberosConsole,
  aKerberosServer,
  aSaslConsole,
  aSaslServer,
  libvirtConf,
  libvirtSasl,
  noServiceFile,
  qemuConf,
  qemuSasl,
  redHat,
  serviceFile,
} from '../../support/sasl.ts';
import { testRule } from '../../support/test-rule.ts';

testRule(rule, {
  pass: [
    { name: 'a server with SCRAM', facts: facts(aSaslServer) },
    { name: 'a server with Kerberos', facts: facts(aKerberosServer) },
    { name: 'consoles with SCRAM', facts: facts(aSaslConsole) },
    { name: 'consoles with Kerberos', facts: facts(aKerberosConsole) },

    {
      name: 'a file in another directory',
      facts: facts(
        aSaslServer,
        noServiceFile(libvirtSasl),
        serviceFile('/usr/lib/sasl2/libvirt.conf', { mech_list: 'gssapi' }),
      ),
    },
    {
      name: 'qemu-kvm.conf on RHEL',
      facts: facts(
        aSaslConsole,
        redHat('rhel', '9.4'),
        noServiceFile(qemuSasl),
        serviceFile('/etc/sasl2/qemu-kvm.conf', { mech_list: 'gssapi' }),
      ),
    },
    {
      name: 'a directory of its own',
      facts: facts(
        aSaslConsole,
        noServiceFile(qemuSasl),
        settings(qemuConf, { vnc_tls: 1, vnc_sasl: 1, vnc_sasl_dir: '/srv/sasl:/opt/sasl/' }),
        serviceFile('/opt/sasl/qemu.conf', { mech_list: 'gssapi' }),
      ),
    },
  ],
  fail: [
    {
      name: 'none for libvirt',
      facts: facts(aSaslServer, noServiceFile(libvirtSasl)),
      violations: [
        {
          messageId: 'missing',
          severity: 'error',
          subject: { path: libvirtSasl },
          data: { owner: 'libvirtd', reasons: 'auth_tls = "sasl"' },
          fix: {
            applicability: 'manual',
            steps: [
              { kind: 'text', text: 'mech_list: scram-sha-256\nsasldb_path: /etc/libvirt/passwd.db\n' },
              { kind: 'manual' },
              { kind: 'run' },
            ],
          },
        },
      ],
    },
    {
      name: 'none for a Unix socket',
      facts: facts(aServer, settings(libvirtConf, { auth_unix_rw: 'sasl' })),
      violations: [{ messageId: 'missing', severity: 'error', data: { reasons: 'auth_unix_rw = "sasl"' } }],
    },
    {
      name: 'none for plain TCP, where ANONYMOUS is not offered',
      facts: facts(aServer, settings(libvirtConf, { listen_tcp: 1 })),
      violations: [
        {
          messageId: 'missing',
          severity: 'warning',
          data: { reasons: 'auth_tcp is "sasl" by default' },
          fix: {
            steps: [{ kind: 'text', text: 'mech_list: gssapi\nkeytab: /etc/libvirt/krb5.tab\n' }, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'one for two kinds of consoles',
      facts: facts(
        aSaslConsole,
        settings(qemuConf, { vnc_tls: 1, vnc_sasl: 1, spice_tls: 1, spice_sasl: 1 }),
        noServiceFile(qemuSasl),
      ),
      violations: [
        {
          messageId: 'missing',
          severity: 'error',
          subject: { path: qemuSasl },
          data: { owner: 'VNC and SPICE displays' },
        },
      ],
    },
    {
      name: 'the name of RHEL on Debian',
      facts: facts(
        aSaslConsole,
        noServiceFile(qemuSasl),
        serviceFile('/etc/sasl2/qemu-kvm.conf', { mech_list: 'gssapi' }),
      ),
      violations: [{ messageId: 'missing', subject: { path: qemuSasl } }],
    },
    {
      name: "root's alone, and QEMU is not root",
      facts: facts(aSaslConsole, change(qemuSasl, { mode: 0o600 })),
      violations: [
        {
          messageId: 'closed',
          severity: 'error',
          subject: { path: qemuSasl },
          data: { reader: 'libvirt-qemu', seen: '/etc/sasl2/qemu.conf is root:root 0600' },
          fix: { steps: [{ kind: 'chgrp', to: 'libvirt-qemu' }, { kind: 'chmod', to: 0o640 }, { kind: 'manual' }] },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'a server without SASL', facts: facts(aServer) },
    { name: 'consoles without SASL', facts: facts(aVncServer) },
    { name: 'a client', facts: facts(aClient) },

    {
      name: 'a configuration that does not parse',
      facts: facts(
        aServer,
        configuration(libvirtConf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } }),
      ),
    },

    {
      name: 'a password in the place of SASL',
      facts: facts(aVncServer, settings(qemuConf, { vnc_tls: 1, vnc_sasl: 1, vnc_password: 'x' })),
    },
    { name: 'auth_tls without TLS', facts: facts(aServer, settings(libvirtConf, { listen_tls: 0, auth_tls: 'sasl' })) },
  ],
  unknown: [
    {
      name: 'a closed configuration',
      facts: facts(aServer, configuration(libvirtConf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
    {
      name: 'a closed service file',
      facts: facts(aSaslServer, serviceFile(libvirtSasl, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
    {
      name: 'an account of QEMU that nobody knows',
      facts: facts(aSaslConsole, settings(qemuConf, { user: 'ghost', vnc_tls: 1, vnc_sasl: 1 })),
      reason: 'not-collected',
    },

    {
      name: 'a closed qemu.conf',
      facts: facts(aVncServer, configuration(qemuConf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
