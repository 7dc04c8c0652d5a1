import rule from '../../../rules/sasl/sasl-mechanism-weak.ts';
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

    {
      name: "digest-md5 as the best of libvirt's plain port is another rule's",
      facts: facts(
        aServer,
        settings(libvirtConf, { listen_tls: 0, listen_tcp: 1 }),
        serviceFile(libvirtSasl, { mech_list: 'digest-md5' }),
      ),
    },
    {
      name: 'a weak one that the connection excludes',
      facts: facts(aKerberosConsole, plainVnc, serviceFile(qemuSasl, { mech_list: 'gssapi plain' })),
    },
    {
      name: 'plain on a Unix socket',
      facts: facts(
        aServer,
        settings(libvirtConf, { auth_unix_rw: 'sasl' }),
        serviceFile(libvirtSasl, { mech_list: 'plain' }),
      ),
    },
  ],
  fail: [
    {
      name: 'within TLS',
      facts: facts(aSaslServer, serviceFile(libvirtSasl, { mech_list: 'digest-md5 scram-sha-256 plain' })),
      violations: [
        {
          messageId: 'weak',
          severity: 'warning',
          subject: { path: libvirtSasl, line: 1 },
          data: { weak: ['DIGEST-MD5', 'PLAIN'] },
          fix: {
            applicability: 'manual',
            steps: [{ kind: 'manual' }, { kind: 'text', text: 'mech_list: scram-sha-256\n' }, { kind: 'run' }],
          },
        },
      ],
    },
    {
      name: 'without TLS',
      facts: facts(aSaslConsole, plainVnc, serviceFile(qemuSasl, { mech_list: 'digest-md5' })),
      violations: [{ messageId: 'weak', severity: 'error', data: { where: 'vnc_sasl = 1, without TLS around it' } }],
    },
    {
      name: "beside gssapi on libvirt's plain port",
      facts: facts(
        aServer,
        settings(libvirtConf, { listen_tls: 0, listen_tcp: 1 }),
        serviceFile(libvirtSasl, { mech_list: 'gssapi digest-md5' }),
      ),
      violations: [{ messageId: 'weak', severity: 'warning' }],
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
