import rule from '../../../rules/libvirtd/configuration-syntax-error.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aClient, aServer, bareFacts, configuration, facts } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const daemon = '/etc/libvirt/libvirtd.conf';
const broken = { settings: [], error: { expected: 'expecting a value', line: 3, column: 14 } };
const edits = [{ line: 3, column: 14, from: 'yes', to: '1' }];

testRule(rule, {
  pass: [
    { name: 'an empty file', facts: facts(aServer) },
    {
      name: 'a file of a daemon that is not used',
      facts: facts(aServer, configuration('/etc/libvirt/virtproxyd.conf', broken)),
    },
  ],
  fail: [
    {
      name: 'the daemon',
      facts: facts(aServer, configuration(daemon, broken)),
      violations: [
        {
          messageId: 'daemon',
          subject: { path: daemon, line: 3 } as never,
          data: { column: 14, expected: 'expecting a value' },
          fix: { applicability: 'manual', steps: [{}, { command: ['systemctl', 'restart', 'libvirtd'] } as never] },
        },
      ],
    },
    {
      name: 'the daemon, of which the file is easily mended',
      facts: facts(
        aServer,
        configuration(daemon, { ...broken, error: { ...broken.error, repair: { edits, settings: [] } } }),
      ),
      violations: [
        {
          messageId: 'daemon',
          fix: {
            applicability: 'unsafe',
            steps: [
              { kind: 'repair', path: daemon, edits },
              { command: ['systemctl', 'restart', 'libvirtd'] },
            ] as never,
          },
        },
      ],
    },
    {
      name: 'a client, of which the file is easily mended',
      facts: facts(
        aClient,
        configuration('/etc/libvirt/libvirt.conf', {
          ...broken,
          error: { ...broken.error, repair: { edits, settings: [] } },
        }),
      ),
      violations: [
        { messageId: 'client', fix: { applicability: 'safe', steps: [{ kind: 'repair', edits }] as never } },
      ],
    },
    {
      name: 'the QEMU driver',
      facts: facts(aServer, configuration('/etc/libvirt/qemu.conf', broken)),
      violations: [{ messageId: 'driver', data: { daemon: 'libvirtd' } }],
    },
    {
      name: 'a user’s client, with a word of the parser that is not in the table',
      facts: facts(
        aClient,
        configuration('/home/alice/.config/libvirt/libvirt.conf', {
          settings: [],
          error: { expected: 'numbers not allowed in VMX format', line: 1, column: 1 },
        }),
      ),
      violations: [{ messageId: 'client', data: { reader: 'clients of alice' } }],
    },
  ],
  notApplicable: [{ name: 'no file at all', facts: bareFacts, roles: ['libvirt-server'] }],
  unknown: [
    {
      name: 'a file that may not be read',
      facts: facts(aServer, configuration(daemon, unknown('permission-denied', `permission denied on ${daemon}`))),
      reason: 'permission-denied',
    },
  ],
});
