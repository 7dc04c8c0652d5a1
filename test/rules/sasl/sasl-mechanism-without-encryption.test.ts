import rule from '../../../rules/sasl/sasl-mechanism-without-encryption.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, aVncServer, configuration, facts, settings } from '../../support/facts.ts';
import {
  aKerberosConsole,
  aSaslConsole,
  aSaslServer,
  libvirtConf,
  libvirtSasl,
  qemuConf,
  qemuSasl,
  serviceFile,
} from '../../support/sasl.ts';
import { testRule } from '../../support/test-rule.ts';

const plainVnc = settings(qemuConf, { vnc_sasl: 1 });

testRule(rule, {
  pass: [
    { name: 'consoles with SCRAM', facts: facts(aSaslConsole) },
    { name: 'plain within TLS', facts: facts(aSaslConsole, serviceFile(qemuSasl, { mech_list: 'plain' })) },
    { name: 'gssapi without TLS', facts: facts(aKerberosConsole, plainVnc) },
    { name: "scram alone is another rule's", facts: facts(aSaslConsole, plainVnc) },
    {
      name: "digest-md5 is another rule's",
      facts: facts(aSaslConsole, plainVnc, serviceFile(qemuSasl, { mech_list: 'digest-md5 plain' })),
    },
    {
      name: "anonymous is another rule's",
      facts: facts(aSaslConsole, plainVnc, serviceFile(qemuSasl, { mech_list: 'plain anonymous' })),
    },
  ],
  fail: [
    {
      name: 'plain without TLS',
      facts: facts(aSaslConsole, plainVnc, serviceFile(qemuSasl, { mech_list: 'plain scram-sha-256' })),
      violations: [
        {
          messageId: 'none',
          subject: { path: qemuSasl, line: 1 },
          data: { key: 'vnc_tls' },
          fix: {
            applicability: 'manual',
            steps: [
              { kind: 'manual' },
              { kind: 'text', text: 'mech_list: gssapi\nkeytab: /etc/qemu/krb5.tab\n' },
              { kind: 'manual' },
            ],
          },
        },
      ],
    },
    {
      name: 'SPICE without TLS beside VNC with it',
      facts: facts(
        aSaslConsole,
        settings(qemuConf, { vnc_tls: 1, vnc_sasl: 1, spice_sasl: 1 }),
        serviceFile(qemuSasl, { mech_list: 'cram-md5' }),
      ),
      violations: [{ messageId: 'none', data: { key: 'spice_tls', reason: 'spice_sasl = 1' } }],
    },
  ],
  notApplicable: [
    { name: 'a server without SASL', facts: facts(aServer) },
    { name: 'consoles without SASL', facts: facts(aVncServer) },
    { name: 'a client', facts: facts(aClient) },

    { name: 'SASL of libvirt alone', facts: facts(aSaslServer, settings(libvirtConf, { listen_tcp: 1 })) },
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
