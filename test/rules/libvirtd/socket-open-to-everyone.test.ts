import rule from '../../../rules/libvirtd/socket-open-to-everyone.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aServer,
  configuration,
  daemonArguments,
  facts,
  having,
  installed,
  settings,
  unit,
  type Change,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const set = (values: Parameters<typeof settings>[1], ...more: readonly Change[]) =>
  facts(aServer, ...more, settings(conf, values));
const activated =
  (mode?: string): Change =>
  (built) =>
    unit('libvirtd.socket', mode === undefined ? {} : { socketMode: mode })(daemonArguments('libvirtd', [])(built));

testRule(rule, {
  pass: [
    { name: 'polkit by default', facts: facts(aServer) },
    { name: 'open to all, and SASL asks', facts: set({ auth_unix_rw: 'sasl' }) },
    { name: 'a group', facts: set({ auth_unix_rw: 'none', unix_sock_rw_perms: '0770', unix_sock_group: 'libvirt' }) },
    { name: 'reading is not enough to connect', facts: set({ auth_unix_rw: 'none', unix_sock_rw_perms: '0774' }) },
    {
      name: 'a group, by the unit',
      facts: set({ auth_unix_rw: 'none', unix_sock_rw_perms: '0777' }, activated('0660')),
    },
    { name: 'a mode that is refused', facts: set({ auth_unix_rw: 'none', unix_sock_rw_perms: 'rw' }) },
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
      name: 'none, and the default mode',
      facts: set({ auth_unix_rw: 'none' }),
      violations: [
        {
          messageId: 'open',
          data: { mode: '0777', from: 'by default' },
          subject: { path: conf, key: 'auth_unix_rw', line: 1 } as never,
          fix: { applicability: 'unsafe', steps: [{ kind: 'set', value: '"polkit"', line: 1 }, {}] },
        },
      ],
    },
    {
      name: 'none, and a mode',
      facts: set({ auth_unix_rw: 'none', unix_sock_rw_perms: '0666' }),
      violations: [{ messageId: 'open', data: { mode: '0666', from: 'by unix_sock_rw_perms on line 2' } }],
    },
    {
      name: 'unix_sock_rw_perms counts for nothing under activation',
      facts: set({ auth_unix_rw: 'none', unix_sock_rw_perms: '0700' }, activated()),
      violations: [{ messageId: 'open', data: { from: 'by libvirtd.socket' } }],
    },
    {
      name: 'virtqemud besides virtproxyd',
      facts: facts(
        having({ software: { installed: ['virtproxyd', 'virtqemud'] } }),
        settings('/etc/libvirt/virtqemud.conf', { auth_unix_rw: 'none' }),
      ),
      violations: [{ messageId: 'open', data: { daemon: 'virtqemud' } }],
    },
  ],
  unknown: [
    {
      name: 'a closed configuration',
      facts: facts(aServer, installed('x'), configuration(conf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
