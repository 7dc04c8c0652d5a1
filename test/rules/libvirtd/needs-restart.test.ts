import rule from '../../../rules/libvirtd/needs-restart.ts';
import {
  aServer,
  change,
  daemonArguments,
  entry,
  facts,
  file,
  having,
  link,
  running,
  settings,
  unit,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const ca = '/etc/pki/CA/cacert.pem';
const started = '2026-05-01T00:00:00.000Z';
const later = '2026-05-02T00:00:00.000Z';
const runs = running([{ program: 'libvirtd', started }], '0.0.0.0:16514');

testRule(rule, {
  pass: [
    { name: 'all files are older', facts: facts(aServer, runs) },
    { name: 'in the same second', facts: facts(aServer, runs, change(conf, { modified: '2026-05-01T00:00:01.000Z' })) },
    {
      name: 'certificates that nothing serves',
      facts: facts(aServer, daemonArguments('libvirtd', []), runs, change(ca, { modified: later })),
    },
    {
      name: 'another daemon’s unit, and one that is not used',
      facts: facts(
        aServer,
        runs,
        unit('virtproxyd.service', { modified: later }),
        unit('libvirtd-tcp.socket', { enabled: false, modified: later }),
      ),
    },
  ],
  fail: [
    {
      name: 'the configuration',
      facts: facts(aServer, runs, change(conf, { modified: later })),
      violations: [
        {
          messageId: 'older',
          data: { files: [`${conf} (2026-05-02 00:00:00 UTC)`] },
          subject: { kind: 'process', program: 'libvirtd' },
          fix: { applicability: 'unsafe', steps: [{ command: ['systemctl', 'restart', 'libvirtd'] } as never] },
        },
      ],
    },
    {
      name: 'a certificate at its default path',
      facts: facts(aServer, runs, change(ca, { modified: later })),
      violations: [
        {
          messageId: 'certificates',
          fix: {
            applicability: 'unsafe',
            steps: [{ command: ['virt-admin', 'server-update-tls', 'libvirtd'] } as never],
          },
        },
      ],
    },
    {
      name: 'a certificate at another path',
      facts: facts(
        aServer,
        runs,
        file('/srv/ca.pem', { modified: later }),
        file('/srv/cert.pem'),
        file('/srv/key.pem'),
        settings(conf, { ca_file: '/srv/ca.pem', cert_file: '/srv/cert.pem', key_file: '/srv/key.pem' }),
      ),
      violations: [
        { messageId: 'certificates', fix: { steps: [{ command: ['systemctl', 'restart', 'libvirtd'] } as never] } },
      ],
    },
    {
      name: 'a link that leads elsewhere now',
      facts: facts(aServer, runs, file('/srv/ca.pem'), link(ca, '/srv/ca.pem'), change(ca, { modified: later })),
      violations: [{ messageId: 'certificates' }],
    },
    {
      name: 'qemu.conf',
      facts: facts(aServer, runs, file('/etc/libvirt/qemu.conf', { modified: later })),
      violations: [{ messageId: 'older' }],
    },
    {
      name: 'the unit',
      facts: facts(
        aServer,
        runs,
        unit('libvirtd.service', { path: '/etc/systemd/system/libvirtd.service', modified: later }),
      ),
      violations: [{ messageId: 'older', fix: { steps: [{ command: ['systemctl', 'daemon-reload'] } as never, {}] } }],
    },
    {
      name: 'the arguments',
      facts: facts(aServer, runs, file('/etc/default/libvirtd', { modified: later })),
      violations: [{ messageId: 'older' }],
    },
    {
      name: 'two daemons',
      facts: facts(
        having({ software: { installed: ['virtproxyd', 'virtqemud'] } }),
        running([
          { program: 'virtproxyd', started },
          { program: 'virtqemud', started },
        ]),
        file('/etc/libvirt/virtproxyd.conf', { modified: later }),
        file('/etc/libvirt/qemu.conf', { modified: later }),
      ),
      violations: [
        { messageId: 'older', subject: { program: 'virtproxyd' } as never },
        { messageId: 'older', subject: { program: 'virtqemud' } as never },
      ],
    },
  ],
  notApplicable: [
    { name: 'an image', facts: facts(aServer, change(conf, { modified: later })) },
    { name: 'no daemon runs', facts: facts(aServer, running([]), change(conf, { modified: later })) },
  ],
  unknown: [
    {
      name: 'the start is not known',
      facts: facts(
        aServer,
        entry('/x', { type: 'absent' }),
        having({
          runtime: {
            observed: true,
            processes: [{ pid: 1, program: 'libvirtd', uid: 0, gid: 0, groups: [] }],
            listening: { known: true, value: [] },
          },
        }),
      ),
      reason: 'not-collected',
    },
  ],
});
