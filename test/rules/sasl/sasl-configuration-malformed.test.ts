import rule from '../../../rules/sasl/sasl-configuration-malformed.ts';
import { known, unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, aVncServer, configuration, facts, settings } from '../../support/facts.ts';
import {
  aKerberosConsole,
  aKerberosServer,
  aSaslConsole,
  aSaslServer,
  libvirtConf,
  libvirtSasl,
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
  ],
  fail: [
    {
      name: 'a blank before the colon',
      facts: facts(aSaslServer, serviceFile(libvirtSasl, known({ settings: [], error: { line: 3, cause: 'colon' } }))),
      violations: [
        {
          messageId: 'malformed',
          subject: { path: libvirtSasl, line: 3 },
          data: {
            effect:
              'libvirtd does not start: failed to initialize SASL library: -100 (error when parsing configuration file)',
          },
          fix: {
            applicability: 'manual',
            steps: [{ kind: 'manual' }, { command: ['systemctl', 'restart', 'libvirtd'] } as never],
          },
        },
      ],
    },
    {
      name: 'no value, for consoles',
      facts: facts(aSaslConsole, serviceFile(qemuSasl, known({ settings: [], error: { line: 1, cause: 'value' } }))),
      violations: [
        {
          messageId: 'malformed',
          data: {
            effect:
              'guests with VNC displays do not start: Failed to initialize SASL auth: error when parsing configuration file',
          },
        },
      ],
    },
    {
      name: 'no key',
      facts: facts(aSaslConsole, serviceFile(qemuSasl, known({ settings: [], error: { line: 1, cause: 'key' } }))),
      violations: [{ messageId: 'malformed' }],
    },
    {
      name: 'comments after values',
      facts: facts(
        aKerberosServer,
        serviceFile(libvirtSasl, {
          mech_list: 'gssapi # strong',
          keytab: '/etc/libvirt/krb5.tab #ours',
          sasldb_path: '# none',
        }),
      ),
      violations: [
        {
          messageId: 'comment',
          subject: { path: libvirtSasl, line: 1 },
          fix: { steps: [{ kind: 'text', text: 'mech_list: gssapi\n' }, { kind: 'run' }] },
        },
        { messageId: 'comment', data: { key: 'keytab', meant: '/etc/libvirt/krb5.tab' } },
        { messageId: 'comment', data: { key: 'sasldb_path', meant: '' } },
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
      name: 'a fault in a file that nobody reads',
      facts: facts(aServer, serviceFile(libvirtSasl, known({ settings: [], error: { line: 1, cause: 'key' } }))),
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
