import rule from '../../../rules/sasl/sasl-mechanisms-unrestricted.ts';
import { known, unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, aVncServer, configuration, facts, settings } from '../../support/facts.ts';
import {
  aKerberosConsole,
  aKerberosServer,
  aSaslConsole,
  aSaslServer,
  libvirtConf,
  libvirtDatabase,
  libvirtKeytab,
  libvirtSasl,
  noServiceFile,
  qemuConf,
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

    { name: 'no file at all is another fault', facts: facts(aSaslServer, noServiceFile(libvirtSasl)) },
    {
      name: 'one that does not load as well',
      facts: facts(aSaslServer, serviceFile(libvirtSasl, known({ settings: [], error: { line: 1, cause: 'colon' } }))),
    },
  ],
  fail: [
    {
      name: 'no mech_list',
      facts: facts(aSaslServer, serviceFile(libvirtSasl, { sasldb_path: libvirtDatabase })),
      violations: [
        {
          messageId: 'unrestricted',
          severity: 'error',
          subject: { path: libvirtSasl },
          fix: { applicability: 'manual', steps: [{ kind: 'text' }, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'a mech_list that is a comment',
      facts: facts(aSaslServer, serviceFile(libvirtSasl, { mech_list: '# gssapi' })),
      violations: [{ messageId: 'unrestricted' }],
    },
    {
      name: 'anonymous among others',
      facts: facts(aSaslConsole, serviceFile(qemuSasl, { mech_list: 'scram-sha-256 ANONYMOUS' })),
      violations: [
        {
          messageId: 'anonymous',
          severity: 'error',
          subject: { path: qemuSasl, line: 1 },
          fix: { steps: [{ kind: 'text', text: 'mech_list: scram-sha-256\n' }, { kind: 'manual' }] },
        },
      ],
    },
    {
      name: 'no mech_list for plain TCP',
      facts: facts(
        aSaslServer,
        settings(libvirtConf, { listen_tls: 0, listen_tcp: 1 }),
        serviceFile(libvirtSasl, { keytab: libvirtKeytab }),
      ),
      violations: [{ messageId: 'unrestricted', severity: 'warning', data: { lenient: false } }],
    },
    {
      name: 'anonymous alone without TLS',
      facts: facts(
        aSaslConsole,
        settings(qemuConf, { vnc_sasl: 1 }),
        serviceFile(qemuSasl, { mech_list: 'anonymous' }),
      ),
      violations: [{ messageId: 'anonymous', severity: 'error' }],
    },
    {
      name: 'anonymous beside gssapi without TLS',
      facts: facts(
        aSaslConsole,
        settings(qemuConf, { vnc_sasl: 1 }),
        serviceFile(qemuSasl, { mech_list: 'gssapi anonymous' }),
      ),
      violations: [{ messageId: 'anonymous', severity: 'warning' }],
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
  ],
});
