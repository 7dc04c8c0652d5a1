import rule from '../../../rules/sasl/keytab-encryption-weak.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, aVncServer, configuration, facts, settings } from '../../support/facts.ts';
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

const own = 'libvirt/kvm1.example.com';

testRule(rule, {
  pass: [
    { name: 'a server with SCRAM', facts: facts(aSaslServer) },
    { name: 'a server with Kerberos', facts: facts(aKerberosServer) },
    { name: 'consoles with SCRAM', facts: facts(aSaslConsole) },
    { name: 'consoles with Kerberos', facts: facts(aKerberosConsole) },

    {
      name: 'a good key beside a weak one',
      facts: facts(aKerberosServer, keytab(libvirtKeytab, [key(own, { encryptionType: 23 }), key(own)])),
    },
    {
      name: 'an older key that is weak',
      facts: facts(aKerberosServer, keytab(libvirtKeytab, [key(own, { encryptionType: 23, keyVersion: 1 }), key(own)])),
    },
    {
      name: 'weak keys of others',
      facts: facts(
        aKerberosServer,
        keytab(libvirtKeytab, [key('nfs/kvm1.example.com', { encryptionType: 3 }), key(own)]),
      ),
    },
    { name: 'no key is another fault', facts: facts(aKerberosServer, keytab(libvirtKeytab, [])) },
    {
      name: 'a type that nobody knows',
      facts: facts(aKerberosServer, keytab(libvirtKeytab, [key(own, { encryptionType: 99 })])),
    },
  ],
  fail: [
    {
      name: 'RC4 and triple DES, after AES',
      facts: facts(
        aKerberosServer,
        keytab(libvirtKeytab, [
          key(own),
          key(own, { encryptionType: 23, keyVersion: 3 }),
          key(own, { encryptionType: 16, keyVersion: 3 }),
        ]),
      ),
      violations: [
        {
          messageId: 'weak',
          subject: { path: libvirtKeytab },
          data: { principal: own, types: ['arcfour-hmac', 'des3-cbc-sha1'] },
          fix: { applicability: 'manual', steps: [{ kind: 'manual' }, { kind: 'run' }] },
        },
      ],
    },
    {
      name: 'single DES for consoles',
      facts: facts(aKerberosConsole, keytab(qemuKeytab, [key('vnc/kvm1.example.com', { encryptionType: 1 })])),
      violations: [{ messageId: 'weak', data: { types: ['des-cbc-crc'] } }],
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
  ],
});
