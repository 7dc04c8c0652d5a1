import rule from '../../../rules/sasl/keytab-missing.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aClient,
  aServer,
  aVncServer,
  absent,
  configuration,
  entry,
  facts,
  file,
  link,
  settings,
} from '../../support/facts.ts';
import {
  aKerberosConsole,
  aKerberosServer,
  aSaslConsole,
  aSaslServer,
  libvirtConf,
  libvirtKeytab,
  libvirtSasl,
  qemuConf,
  qemuKeytab,
  qemuSasl,
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
      name: 'the default keytab',
      facts: facts(
        aKerberosServer,
        serviceFile(libvirtSasl, { mech_list: 'gssapi' }),
        file('/etc/krb5.keytab', { mode: 0o600 }),
      ),
    },
    {
      name: 'a keytab with its type',
      facts: facts(aKerberosServer, serviceFile(libvirtSasl, { mech_list: 'gssapi', keytab: `FILE:${libvirtKeytab}` })),
    },
    {
      name: 'a keytab that is no file',
      facts: facts(
        aKerberosServer,
        absent(libvirtKeytab),
        serviceFile(libvirtSasl, { mech_list: 'gssapi', keytab: 'MEMORY:x' }),
      ),
    },
  ],
  fail: [
    {
      name: 'none for libvirt',
      facts: facts(aKerberosServer, absent(libvirtKeytab)),
      violations: [
        {
          messageId: 'missing',
          subject: { path: libvirtKeytab },
          data: { principals: 'libvirt/kvm1.example.com' },
          fix: {
            applicability: 'manual',
            steps: [{ kind: 'manual' }, { command: ['chmod', '0600', libvirtKeytab] } as never, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'none for consoles without TLS',
      facts: facts(aKerberosConsole, settings(qemuConf, { vnc_sasl: 1 }), absent(qemuKeytab)),
      violations: [
        {
          messageId: 'missing',
          data: { principals: 'vnc/kvm1.example.com' },
          fix: {
            steps: [
              { kind: 'manual' },
              { command: ['chgrp', 'libvirt-qemu', qemuKeytab] } as never,
              { kind: 'run' },
              { kind: 'manual' },
            ],
          },
        },
      ],
    },
    {
      name: 'none in the default place',
      facts: facts(aKerberosServer, serviceFile(libvirtSasl, { mech_list: 'gssapi' })),
      violations: [{ messageId: 'missing', subject: { path: '/etc/krb5.keytab' } }],
    },
    {
      name: 'a link to nothing, for SPICE alone',
      facts: facts(
        aKerberosConsole,
        settings(qemuConf, { spice_tls: 1, spice_sasl: 1 }),
        link(qemuKeytab, '/srv/krb5.tab'),
        absent('/srv'),
      ),
      violations: [{ messageId: 'missing', data: { principals: '' } }],
    },
    {
      name: 'none in the default place, for consoles: the keys of the host are not for them',
      facts: facts(aKerberosConsole, serviceFile(qemuSasl, { mech_list: 'gssapi' })),
      violations: [
        {
          messageId: 'missing',
          subject: { path: '/etc/krb5.keytab' },
          fix: {
            steps: [
              { kind: 'manual' },
              { command: ['chgrp', 'libvirt-qemu', qemuKeytab] } as never,
              { kind: 'run' },
              { kind: 'text', text: 'keytab: /etc/qemu/krb5.tab\n' },
              { kind: 'manual' },
            ],
          },
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
      name: 'a keytab that could not be seen',
      facts: facts(aKerberosServer, entry(libvirtKeytab, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
