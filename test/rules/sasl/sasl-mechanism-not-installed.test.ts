import rule from '../../../rules/sasl/sasl-mechanism-not-installed.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, aVncServer, configuration, facts, having, settings } from '../../support/facts.ts';
import {
  aKerberosConsole,
  aKerberosServer,
  aSaslConsole,
  aSaslServer,
  libvirtConf,
  libvirtKeytab,
  libvirtSasl,
  plugins,
  qemuConf,
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
      name: 'a name with channel binding',
      facts: facts(aSaslServer, serviceFile(libvirtSasl, { mech_list: 'SCRAM-SHA-256-PLUS' })),
    },
    {
      name: 'a name that a plug-in of others may have',
      facts: facts(
        aSaslServer,
        plugins('scram', 'xoauth2'),
        serviceFile(libvirtSasl, { mech_list: 'scram-sha-256 xoauth2' }),
      ),
    },
  ],
  fail: [
    {
      name: 'nothing is left',
      facts: facts(aKerberosServer, plugins('scram', 'sasldb')),
      violations: [
        {
          messageId: 'absent',
          subject: { path: libvirtSasl, line: 1 },
          data: { name: 'GSSAPI', plugin: 'gssapiv2', left: false },
          fix: {
            applicability: 'unsafe',
            steps: [{ command: ['apt-get', 'install', 'libsasl2-modules-gssapi-mit'] } as never, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'one of two, on Fedora',
      facts: facts(
        aKerberosServer,
        plugins('gssapiv2'),
        serviceFile(libvirtSasl, { mech_list: 'gssapi scram-sha-256', keytab: libvirtKeytab }),
        having({ operatingSystem: { id: 'fedora', versionId: '41', prettyName: 'Fedora 41', family: 'fedora' } }),
      ),
      violations: [
        {
          messageId: 'absent',
          data: { left: true },
          fix: { steps: [{ command: ['dnf', 'install', 'cyrus-sasl-scram'] } as never, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'a mechanism without a package that we know',
      facts: facts(aSaslServer, serviceFile(libvirtSasl, { mech_list: 'srp' })),
      violations: [{ messageId: 'absent', data: { plugin: 'srp' }, fix: { applicability: 'manual' } }],
    },
    {
      name: 'misspelt',
      facts: facts(aSaslServer, serviceFile(libvirtSasl, { mech_list: 'scram-sha256' })),
      violations: [
        {
          messageId: 'stranger',
          data: { name: 'scram-sha256', nearest: 'scram-sha-256', left: false },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'a name of nothing, beside a good one',
      facts: facts(aSaslServer, serviceFile(libvirtSasl, { mech_list: 'scram-sha-256 magic' })),
      violations: [{ messageId: 'stranger', data: { left: true } }],
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

    { name: 'no mech_list', facts: facts(aSaslServer, serviceFile(libvirtSasl, { keytab: libvirtKeytab })) },
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

    { name: 'no plug-ins were seen', facts: facts(aSaslServer, having({ saslPlugins: {} })), reason: 'not-collected' },
    {
      name: 'a closed directory of plug-ins',
      facts: facts(aSaslServer, having({ saslPlugins: { '/usr/lib/sasl2': unknown('permission-denied', 'closed') } })),
      reason: 'permission-denied',
    },
  ],
});
