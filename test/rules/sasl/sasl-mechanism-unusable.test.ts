import rule from '../../../rules/sasl/sasl-mechanism-unusable.ts';
import { unknown } from '../../../src/facts/fact.ts';
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

const plainVnc = settings(qemuConf, { vnc_sasl: 1 });

testRule(rule, {
  pass: [
    { name: 'a server with SCRAM', facts: facts(aSaslServer) },
    { name: 'a server with Kerberos', facts: facts(aKerberosServer) },
    { name: 'consoles with SCRAM', facts: facts(aSaslConsole) },
    { name: 'consoles with Kerberos', facts: facts(aKerberosConsole) },

    { name: 'gssapi without TLS', facts: facts(aKerberosConsole, plainVnc) },
    {
      name: 'scram beside gssapi without TLS',
      facts: facts(aKerberosConsole, plainVnc, serviceFile(qemuSasl, { mech_list: 'scram-sha-256 gssapi' })),
    },
    {
      name: "plain on libvirt's plain port is another rule's",
      facts: facts(
        aSaslServer,
        settings(libvirtConf, { listen_tcp: 1 }),
        serviceFile(libvirtSasl, { mech_list: 'plain' }),
      ),
    },
    {
      name: "plain without TLS is another rule's",
      facts: facts(aSaslConsole, plainVnc, serviceFile(qemuSasl, { mech_list: 'plain scram-sha-256' })),
    },
    {
      name: "a name that nobody knows is another rule's",
      facts: facts(aSaslServer, serviceFile(libvirtSasl, { mech_list: 'scram' })),
    },
    {
      name: "anonymous is another rule's",
      facts: facts(aSaslConsole, plainVnc, serviceFile(qemuSasl, { mech_list: 'anonymous' })),
    },
  ],
  fail: [
    {
      name: "scram on libvirt's plain port",
      facts: facts(aSaslServer, settings(libvirtConf, { listen_tcp: 1 })),
      violations: [{ messageId: 'unusable', subject: { path: libvirtSasl } }],
    },
    {
      name: 'scram on a console without TLS',
      facts: facts(aSaslConsole, plainVnc),
      violations: [
        {
          messageId: 'unusable',
          subject: { path: qemuSasl, line: 1 },
          data: { reason: 'vnc_sasl = 1' },
          fix: { applicability: 'manual', steps: [{ kind: 'manual' }, { kind: 'text' }, { kind: 'manual' }] },
        },
      ],
    },
    {
      name: 'external',
      facts: facts(aSaslServer, serviceFile(libvirtSasl, { mech_list: 'external' })),
      violations: [{ messageId: 'unusable', data: { owner: 'libvirtd' } }],
    },
    {
      name: 'more encryption asked for than there is',
      facts: facts(
        aServer,
        settings(libvirtConf, { listen_tls: 0, listen_tcp: 1, tcp_min_ssf: 256 }),
        serviceFile(libvirtSasl, { mech_list: 'digest-md5' }),
      ),
      violations: [{ messageId: 'unusable', data: { reason: 'auth_tcp is "sasl" by default' } }],
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
