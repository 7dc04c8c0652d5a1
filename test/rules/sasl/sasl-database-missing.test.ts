import rule from '../../../rules/sasl/sasl-database-missing.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aClient,
  aServer,
  aVncServer,
  absent,
  change,
  configuration,
  entry,
  facts,
  file,
  link,
  settings,
  dir,
} from '../../support/facts.ts';
import {
  aKerberosConsole,
  aKerberosServer,
  aSaslConsole,
  aSaslServer,
  libvirtConf,
  libvirtDatabase,
  libvirtSasl,
  qemuConf,
  qemuDatabase,
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
      name: 'passwords that saslauthd checks',
      facts: facts(
        aSaslServer,
        absent(libvirtDatabase),
        serviceFile(libvirtSasl, { mech_list: 'plain', pwcheck_method: 'saslauthd' }),
      ),
    },
    {
      name: 'passwords in LDAP',
      facts: facts(
        aSaslServer,
        absent(libvirtDatabase),
        serviceFile(libvirtSasl, { mech_list: 'scram-sha-256', auxprop_plugin: 'ldapdb' }),
      ),
    },
    {
      name: 'a mechanism that is not offered',
      facts: facts(
        aServer,
        settings(libvirtConf, { listen_tls: 0, listen_tcp: 1 }),
        serviceFile(libvirtSasl, { mech_list: 'gssapi scram-sha-256' }),
      ),
    },
    {
      name: 'the default place, for libvirt',
      facts: facts(
        aSaslServer,
        serviceFile(libvirtSasl, { mech_list: 'scram-sha-256' }),
        file('/etc/sasldb2', { mode: 0o600 }),
      ),
    },
  ],
  fail: [
    {
      name: 'none',
      facts: facts(aSaslServer, absent(libvirtDatabase)),
      violations: [
        {
          messageId: 'missing',
          subject: { path: libvirtDatabase },
          data: {
            names: 'SCRAM-SHA-256',
            seen: 'there is no /etc/libvirt/passwd.db, which /etc/sasl2/libvirt.conf names',
          },
          fix: {
            applicability: 'manual',
            steps: [
              {
                instruction: 'make an account for each user: saslpasswd2 -a libvirt -f /etc/libvirt/passwd.db USER',
              } as never,
              { kind: 'run' },
              { command: ['chmod', '0600', libvirtDatabase] } as never,
            ],
          },
        },
      ],
    },
    {
      name: 'none in the default place, for passwords in the clear',
      facts: facts(aSaslConsole, serviceFile(qemuSasl, { mech_list: 'plain' })),
      violations: [
        {
          messageId: 'missing',
          subject: { path: '/etc/sasldb2' },
          fix: {
            steps: [
              { kind: 'manual' },
              { command: ['chgrp', 'libvirt-qemu', qemuDatabase] } as never,
              { command: ['chmod', '0640', qemuDatabase] } as never,
              { kind: 'text', text: 'sasldb_path: /etc/qemu/passwd.db\n' },
              { kind: 'manual' },
            ],
          },
        },
      ],
    },
    {
      name: 'a link to nothing',
      facts: facts(aSaslServer, link(libvirtDatabase, '/srv/passwd.db'), absent('/srv')),
      violations: [
        {
          messageId: 'missing',
          data: { seen: '/etc/libvirt/passwd.db leads by the link /etc/libvirt/passwd.db to /srv, which is not there' },
        },
      ],
    },
    {
      name: 'a directory',
      facts: facts(aSaslServer, dir(libvirtDatabase)),
      violations: [{ messageId: 'missing' }],
    },
    {
      name: "root's alone, and QEMU is not root",
      facts: facts(aSaslConsole, change(qemuDatabase, { gid: 0, mode: 0o600 })),
      violations: [
        {
          messageId: 'closed',
          subject: { path: qemuDatabase },
          data: { reader: 'libvirt-qemu' },
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
      name: 'the database of the whole host, for consoles',
      facts: facts(
        aSaslConsole,
        serviceFile(qemuSasl, { mech_list: 'scram-sha-256' }),
        file('/etc/sasldb2', { mode: 0o600 }),
      ),
      violations: [
        {
          messageId: 'closed',
          fix: {
            applicability: 'manual',
            steps: [{ kind: 'manual' }, { kind: 'run' }, { kind: 'run' }, { kind: 'text' }, { kind: 'manual' }],
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
      name: 'a database that could not be seen',
      facts: facts(aSaslServer, entry(libvirtDatabase, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
    {
      name: 'an access control list that could not be seen',
      facts: facts(aSaslConsole, change(qemuDatabase, { gid: 1000, acl: 'unread' })),
      reason: 'permission-denied',
    },
  ],
});
