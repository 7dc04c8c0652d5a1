import rule from '../../../rules/libvirtd/configuration-unknown-setting.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aServer,
  bareFacts,
  configuration,
  facts,
  having,
  installed,
  settings,
  type Change,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const daemon = '/etc/libvirt/libvirtd.conf';
const qemu = '/etc/libvirt/qemu.conf';
const conf = (values: Parameters<typeof settings>[1]) => facts(aServer, settings(daemon, values));
const version =
  (libvirt?: string): Change =>
  (built) => {
    const { libvirt: _, ...software } = built.software;
    return having({
      software: libvirt === undefined ? software : { ...software, libvirt: { version: libvirt, source: 'given' } },
    })(built);
  };

testRule(rule, {
  pass: [
    { name: 'nothing set', facts: facts(aServer) },
    { name: 'settings that are read', facts: conf({ listen_tls: 1, tls_priority: 'NORMAL', host_uuid: 'x' }) },
    { name: 'a setting of this version', facts: facts(aServer, settings(qemu, { shared_filesystems: ['/a'] })) },
    {
      name: 'a release between those that were read may know it',
      facts: facts(aServer, version('10.0.0'), settings(qemu, { shared_filesystems: ['/a'] })),
    },
    {
      name: 'a file that does not parse',
      facts: facts(
        aServer,
        configuration(daemon, {
          settings: [{ key: 'listen_tsl', value: { type: 'unsigned', value: 1 }, line: 1, column: 1 }],
          error: { expected: 'expecting a name', line: 2, column: 1 },
        }),
      ),
    },
    {
      name: 'settings on the network in virtqemud.conf have a rule of their own',
      facts: facts(
        aServer,
        installed('virtqemud', 'virtproxyd'),
        having({ software: { ...bareFacts.software, installed: ['virtproxyd', 'virtqemud'] } }),
        settings('/etc/libvirt/virtqemud.conf', { listen_tls: 1 }),
      ),
    },
  ],
  fail: [
    {
      name: 'letters swapped',
      facts: conf({ listen_tsl: 1 }),
      violations: [
        {
          messageId: 'misspelt',
          data: { meant: 'listen_tls' },
          subject: { key: 'listen_tsl' } as never,
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'another case',
      facts: conf({ Listen_TLS: 1 }),
      violations: [{ messageId: 'misspelt', data: { meant: 'listen_tls' } }],
    },
    {
      name: 'once for a name that stands twice',
      facts: facts(
        aServer,
        configuration(daemon, {
          settings: [1, 2].map((line) => ({
            key: 'listen_tsl',
            value: { type: 'unsigned' as const, value: 1 },
            line,
            column: 1,
          })),
        }),
      ),
      violations: [{ messageId: 'misspelt' }],
    },
    {
      name: 'a name out of the blue',
      facts: conf({ frobnicate_everything: 1 }),
      violations: [
        {
          messageId: 'unknown',
          fix: {
            applicability: 'safe',
            steps: [{ kind: 'unset', path: daemon, key: 'frobnicate_everything', line: 1 }],
          },
        },
      ],
    },
    {
      name: 'a removed setting',
      facts: conf({ mdns_adv: 1 }),
      violations: [{ messageId: 'dead', fix: { applicability: 'safe' } }],
    },
    {
      name: 'a removed setting with a successor',
      facts: conf({ tls_allowed_ip_list: ['10.0.0.1'] }),
      violations: [{ messageId: 'dead', data: { instead: 'tls_allowed_dn_list' }, fix: { applicability: 'manual' } }],
    },
    {
      name: 'a setting that a guide made up',
      facts: facts(aServer, settings(qemu, { secure_driver: 'none' })),
      violations: [{ messageId: 'dead', data: { instead: 'security_driver' } }],
    },
    {
      name: 'a setting of qemu.conf in libvirtd.conf',
      facts: facts(aServer, settings(qemu, {}), settings(daemon, { remote_display_port_min: 5900 })),
      violations: [{ messageId: 'elsewhere', data: { belongs: qemu } }],
    },
    {
      name: 'a setting of a later version',
      facts: facts(aServer, version('9.0.0-4+deb12u2'), settings(qemu, { shared_filesystems: ['/a'] })),
      violations: [{ messageId: 'later', data: { since: '11.3' } }],
    },
  ],
  notApplicable: [{ name: 'no file at all', facts: bareFacts, roles: ['libvirt-server'] }],
  unknown: [
    {
      name: 'the version decides and is not known',
      facts: facts(aServer, version(), settings(qemu, { storage_use_nbdkit: 1 })),
      reason: 'not-collected',
    },
    {
      name: 'a closed file',
      facts: facts(aServer, configuration(daemon, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
