import rule from '../../../rules/sasl/keytab-unreadable.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aClient,
  aServer,
  aVncServer,
  absent,
  change,
  configuration,
  facts,
  file,
  settings,
} from '../../support/facts.ts';
import {
  aKerberosConsole,
  aKerberosServer,
  aSaslConsole,
  aSaslServer,
  key,
  keytab,
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
      name: 'QEMU as root',
      facts: facts(
        aKerberosConsole,
        settings(qemuConf, { user: 'root', group: 'root', vnc_sasl: 1 }),
        change(qemuKeytab, { gid: 0, mode: 0o600 }),
      ),
    },
    { name: 'none is another fault', facts: facts(aKerberosConsole, absent(qemuKeytab)) },
    {
      name: 'what stands before damage counts',
      facts: facts(
        aKerberosServer,
        keytab(libvirtKeytab, {
          entries: [key('libvirt/kvm1.example.com')],
          deleted: 0,
          fault: { cause: 'truncated', offset: 99 },
        }),
      ),
    },
  ],
  fail: [
    {
      name: "root's alone",
      facts: facts(aKerberosConsole, change(qemuKeytab, { gid: 0, mode: 0o600 })),
      violations: [
        {
          messageId: 'closed',
          subject: { path: qemuKeytab },
          data: { reader: 'libvirt-qemu', seen: '/etc/qemu/krb5.tab is root:root 0600' },
          fix: {
            applicability: 'safe',
            steps: [
              { kind: 'chgrp', to: 'libvirt-qemu' },
              { kind: 'chmod', to: 0o640 },
            ],
          },
        },
      ],
    },
    {
      name: "the host's own keytab",
      facts: facts(
        aKerberosConsole,
        serviceFile(qemuSasl, { mech_list: 'gssapi' }),
        file('/etc/krb5.keytab', { mode: 0o600 }),
      ),
      violations: [
        {
          messageId: 'closed',
          subject: { path: '/etc/krb5.keytab' },
          fix: { applicability: 'manual', steps: [{ kind: 'manual' }, { kind: 'text' }, { kind: 'manual' }] },
        },
      ],
    },
    {
      name: 'not a keytab',
      facts: facts(
        aKerberosServer,
        keytab(libvirtKeytab, { entries: [], deleted: 0, fault: { cause: 'not-a-keytab', offset: 0 } }),
      ),
      violations: [
        { messageId: 'malformed', data: { cause: 'not a keytab', offset: 0 }, fix: { applicability: 'manual' } },
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
      name: 'an access control list that could not be seen',
      facts: facts(aKerberosConsole, change(qemuKeytab, { gid: 1000, acl: 'unread' })),
      reason: 'permission-denied',
    },
  ],
});
