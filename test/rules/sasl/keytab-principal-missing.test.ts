import rule from '../../../rules/sasl/keytab-principal-missing.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, aVncServer, change, configuration, facts, having, settings } from '../../support/facts.ts';
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
      name: 'one of many',
      facts: facts(
        aKerberosServer,
        keytab(libvirtKeytab, [key('host/kvm1.example.com'), key('libvirt/kvm1.example.com', { encryptionType: 17 })]),
      ),
    },
    {
      name: 'consoles of SPICE, whose name we do not know',
      facts: facts(
        aKerberosConsole,
        settings(qemuConf, { spice_tls: 1, spice_sasl: 1 }),
        keytab(qemuKeytab, [key('spice/kvm1.example.com')]),
      ),
    },
    {
      name: 'a closed one is another fault',
      facts: facts(aKerberosConsole, keytab(qemuKeytab, []), change(qemuKeytab, { gid: 0, mode: 0o600 })),
    },
    {
      name: 'a damaged one as well',
      facts: facts(
        aKerberosServer,
        keytab(libvirtKeytab, { entries: [], deleted: 0, fault: { cause: 'truncated', offset: 3 } }),
      ),
    },
  ],
  fail: [
    {
      name: 'the name of older documents',
      facts: facts(aKerberosConsole, keytab(qemuKeytab, [key('qemu/kvm1.example.com')])),
      violations: [
        {
          messageId: 'missing',
          subject: { path: qemuKeytab },
          data: { wanted: 'vnc/kvm1.example.com', principals: ['qemu/kvm1.example.com@EXAMPLE.COM'] },
          fix: {
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction:
                  'as an administrator of the realm run: kadmin -q "addprinc -randkey vnc/kvm1.example.com" and kadmin -q "ktadd -k /etc/qemu/krb5.tab vnc/kvm1.example.com"; with FreeIPA: ipa service-add vnc/kvm1.example.com and ipa-getkeytab -p vnc/kvm1.example.com -k /etc/qemu/krb5.tab',
              },
              { kind: 'manual' },
            ],
          },
        },
      ],
    },
    {
      name: 'another host, and upper case',
      facts: facts(
        aKerberosServer,
        keytab(libvirtKeytab, [key('libvirt/kvm2.example.com'), key('libvirt/KVM1.example.com')]),
      ),
      violations: [{ messageId: 'missing', data: { wanted: 'libvirt/kvm1.example.com' } }],
    },
    {
      name: 'an empty keytab',
      facts: facts(aKerberosServer, keytab(libvirtKeytab, [])),
      violations: [{ messageId: 'missing', data: { principals: [] } }],
    },
    {
      name: 'keys of many others',
      facts: facts(
        aKerberosServer,
        keytab(
          libvirtKeytab,
          Array.from({ length: 9 }, (_, index) => key(`nfs/h${index}`)),
        ),
      ),
      violations: [{ messageId: 'missing', data: { more: 3 } }],
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
      name: 'a keytab that is closed to us',
      facts: facts(aKerberosServer, keytab(libvirtKeytab, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
    {
      name: 'a host whose name is not known',
      facts: facts(aKerberosServer, having({ identity: { hostname: 'kvm1', hosts: [] } })),
      reason: 'not-collected',
    },
  ],
});
