import rule from '../../../rules/libvirtd/socket-group-missing.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aServer,
  bareFacts,
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
const set = (group: string, ...more: readonly Change[]) =>
  facts(aServer, ...more, settings(conf, { unix_sock_group: group }));
const { accounts } = bareFacts;
const path = '/etc/systemd/system/libvirtd.socket';
const activated =
  (socketGroup?: string): Change =>
  (built) =>
    unit('libvirtd.socket', { path, ...(socketGroup === undefined ? {} : { socketGroup }) })(
      daemonArguments('libvirtd', [])(built),
    );

testRule(rule, {
  pass: [
    { name: 'root by default', facts: facts(aServer) },
    { name: 'a group that is there', facts: set('libvirt') },
    { name: 'a number', facts: set('+4711') },
    { name: 'the unit’s group', facts: facts(aServer, activated('libvirt')) },
    {
      name: 'a unit that is not used',
      facts: facts(aServer, unit('libvirtd.socket', { enabled: false, socketGroup: 'gone' })),
    },
    {
      name: 'a configuration that does not parse',
      facts: facts(
        aServer,
        configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } }),
      ),
    },
  ],
  fail: [
    {
      name: 'no such group',
      facts: set('libvirtd'),
      violations: [
        {
          messageId: 'setting',
          data: { group: 'libvirtd' },
          subject: { path: conf, key: 'unix_sock_group', line: 1 } as never,
          fix: { applicability: 'unsafe', steps: [{ kind: 'set', value: '"libvirt"', line: 1 }, {}] },
        },
      ],
    },
    {
      name: 'not even the usual group is there',
      facts: set('kvmadmins', having({ accounts: { ...accounts, groups: [] } })),
      violations: [
        { messageId: 'setting', fix: { steps: [{ command: ['groupadd', '--system', 'kvmadmins'] } as never, {}] } },
      ],
    },
    {
      name: 'looked up under activation too',
      facts: set('libvirtd', activated()),
      violations: [{ messageId: 'setting' }],
    },
    {
      name: 'a unit’s group that is gone',
      facts: facts(aServer, activated('gone')),
      violations: [{ messageId: 'unit', subject: { path } as never, data: { group: 'gone' } }],
    },
  ],
  unknown: [
    {
      name: 'other sources of groups',
      facts: set('kvmadmins', having({ accounts: { ...accounts, otherSources: ['sss'] } })),
      reason: 'not-collected',
    },
    {
      name: 'other sources, and the unit',
      facts: facts(aServer, activated('gone'), having({ accounts: { ...accounts, otherSources: ['sss'] } })),
      reason: 'not-collected',
    },
    {
      name: 'a closed configuration',
      facts: facts(aServer, configuration(conf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
