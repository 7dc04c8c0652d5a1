import rule from '../../../rules/libvirtd/tcp-without-encryption.ts';
import { known, unknown } from '../../../src/facts/fact.ts';
import {
  aServer,
  configuration,
  daemonArguments,
  facts,
  having,
  settings,
  unit,
  type Change,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const service = '/etc/sasl2/libvirt.conf';
const tcp = settings(conf, { listen_tcp: 1 });
const mechanisms = (value?: string): Change =>
  having({
    saslConfigurations: {
      [service]: known({ settings: value === undefined ? [] : [{ key: 'mech_list', value, line: 3 }] }),
    },
  });

testRule(rule, {
  pass: [
    { name: 'gssapi', facts: facts(aServer, tcp, mechanisms('gssapi')) },
    { name: 'scram is not offered at all', facts: facts(aServer, tcp, mechanisms('scram-sha-256 scram-sha-512')) },
    { name: 'gssapi among others', facts: facts(aServer, tcp, mechanisms('digest-md5 GSSAPI')) },
  ],
  fail: [
    {
      name: 'plain gives no encryption',
      facts: facts(aServer, tcp, mechanisms('plain scram-sha-256')),
      violations: [
        {
          messageId: 'none',
          severity: 'error',
          subject: { path: service, line: 3 } as never,
          fix: { applicability: 'manual', steps: [{}, { kind: 'set', key: 'listen_tcp', value: '0' }, {}] },
        },
      ],
    },
    {
      name: 'digest-md5',
      facts: facts(aServer, tcp, mechanisms('digest-md5')),
      violations: [{ messageId: 'weak', severity: 'warning' }],
    },
    {
      name: 'the socket of systemd',
      facts: facts(
        aServer,
        daemonArguments('libvirtd', []),
        unit('libvirtd.socket'),
        unit('libvirtd-tcp.socket'),
        mechanisms('plain'),
      ),
      violations: [
        {
          messageId: 'none',
          fix: {
            steps: [{}, { command: ['systemctl', 'disable', '--now', 'libvirtd-tcp.socket'] } as never, {}, {}, {}],
          },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'no TCP', facts: facts(aServer, mechanisms('plain')) },
    {
      name: 'no SASL',
      facts: facts(aServer, settings(conf, { listen_tcp: 1, auth_tcp: 'none' }), mechanisms('plain')),
    },
    { name: 'no configuration of SASL', facts: facts(aServer, tcp) },
    { name: 'mechanisms are not restricted', facts: facts(aServer, tcp, mechanisms()) },
    {
      name: 'one that does not load',
      facts: facts(
        aServer,
        tcp,
        having({ saslConfigurations: { [service]: known({ settings: [], error: { line: 1, cause: 'colon' } }) } }),
      ),
    },
    {
      name: 'a configuration that does not parse',
      facts: facts(
        aServer,
        configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } }),
      ),
    },
  ],
  unknown: [
    {
      name: 'a closed configuration',
      facts: facts(aServer, configuration(conf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
    {
      name: 'a closed configuration of SASL',
      facts: facts(aServer, tcp, having({ saslConfigurations: { [service]: unknown('permission-denied', 'closed') } })),
      reason: 'permission-denied',
    },
  ],
});
