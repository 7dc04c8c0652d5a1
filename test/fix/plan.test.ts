import { describe, expect, it, vi } from 'vitest';
import type { Finding } from '../../src/engine/report.ts';
import { known } from '../../src/facts/fact.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { candidates, composePlan, type Choice, type Plan } from '../../src/fix/plan.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { lookAt } from '../support/mending.ts';
import { directoryTree } from '../support/directory-tree.ts';

// Real files, real programs, and often a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const path = { configuration: '/etc/libvirt/libvirtd.conf', key: '/etc/pki/libvirt/private/serverkey.pem' };

const hostFacts = async (): Promise<Snapshot['facts']> => {
  const { facts } = await lookAt(
    directoryTree({
      '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nqemu:x:107:107::/:/bin/false\n',
      '/etc/group': 'root:x:0:\nqemu:x:107:\n',
      [path.configuration]: 'listen_tls = 0\n',
      [path.key]: { content: 'no key\n', mode: 0o644 },
    }),
  );
  if (!facts.files.known) throw new Error('no files');
  // As root owns it, whoever runs the tests.
  const files = Object.fromEntries(
    Object.entries(facts.files.value).map(([name, entry]) => [
      name,
      entry.known && entry.value.type !== 'absent' ? known({ ...entry.value, uid: 0, gid: 0 }) : entry,
    ]),
  );
  return { ...facts, files: known(files) };
};

let count = 0;
const finding = (fix: Fix, severity: Finding['severity'] = 'error'): Finding => ({
  rule: `rule-${(count += 1)}`,
  severity,
  subject: { kind: 'host' },
  message: 'something is wrong',
  seen: '',
  needed: '',
  effect: '',
  fingerprint: `fingerprint-${count}`,
  references: [],
  fix,
});
const safe = (...steps: Fix['steps']): Fix => ({ title: 'Mend', applicability: 'safe', steps });
const unsafe = (...steps: Fix['steps']): Fix => ({ title: 'Mend', applicability: 'unsafe', steps });
const run = (...command: readonly string[]) => ({ kind: 'run', command }) as const;

const chmod = { kind: 'chmod', path: path.key, from: 0o644, to: 0o600 } as const;
const chgrp = { kind: 'chgrp', path: path.key, from: 'root', to: 'qemu' } as const;
const chown = { kind: 'chown', path: path.key, from: 'root', to: 'qemu' } as const;
const listen = { kind: 'set', path: path.configuration, key: 'listen_tls', value: '1' } as const;
const restart = run('systemctl', 'restart', 'libvirtd');

const plan = async (fixes: readonly Fix[], choice: Partial<Choice> = {}): Promise<Plan> => {
  const facts = await hostFacts();
  return composePlan(
    facts,
    candidates(
      facts,
      fixes.map((fix) => finding(fix)),
      { runs: true, ...choice },
    ),
  );
};
const text = ({ steps }: Plan): readonly string[] =>
  steps.map(({ step }) => (step.kind === 'run' ? step.command.join(' ') : `${step.kind} ${step.path}`));

describe('a plan', () => {
  it('changes owner before group before mode, files before configuration, configuration before restart', async () => {
    const made = await plan([unsafe(restart, listen), safe(chmod), safe(chgrp), safe(chown)]);
    expect(text(made)).toEqual([
      `chown ${path.key}`,
      `chgrp ${path.key}`,
      `chmod ${path.key}`,
      `set ${path.configuration}`,
      'systemctl restart libvirtd',
    ]);
  });

  it('says of each step what it will find when its turn comes, what it touches, interrupts, and how it is undone', async () => {
    const { steps } = await plan([unsafe(listen, restart), safe(chgrp, chmod)]);
    expect(steps).toMatchObject([
      {
        expects: { kind: 'entry', uid: 0, gid: 0, mode: 0o644 },
        touches: [path.key],
        undo: 'group root',
        applicability: 'safe',
      },
      { expects: { kind: 'entry', uid: 0, gid: 107, mode: 0o644 }, undo: 'mode 0644', interrupts: [] },
      { expects: { kind: 'setting', value: { type: 'unsigned', value: 0 }, line: 1 }, applicability: 'unsafe' },
      { touches: ['libvirtd'], interrupts: [expect.stringContaining('connections to libvirtd are cut')] },
    ]);
  });

  it('makes a group before a file is given to it', async () => {
    const made = await plan([safe({ ...chgrp, to: 'tls' }), unsafe(run('groupadd', '--system', 'tls'), restart)]);
    expect(text(made)[0]).toBe('groupadd --system tls');
    expect(made.withheld).toEqual([]);
  });

  it('stops a service before its socket is enabled, and restarts what is started no more', async () => {
    const open = [
      run('systemctl', 'unmask', 'libvirtd-tls.socket'),
      run('systemctl', 'stop', 'libvirtd'),
      run('systemctl', 'enable', '--now', 'libvirtd-tls.socket'),
      run('systemctl', 'start', 'libvirtd'),
    ];
    const made = await plan([
      unsafe(run('virt-admin', 'server-update-tls', 'libvirtd')),
      unsafe(listen, run('systemctl', 'restart', 'libvirtd.service')),
      unsafe(...open),
      unsafe(run('systemctl', 'restart', 'virtqemud')),
    ]);
    expect(text(made)).toEqual([
      `set ${path.configuration}`,
      'systemctl unmask libvirtd-tls.socket',
      'systemctl stop libvirtd',
      'systemctl enable --now libvirtd-tls.socket',
      'systemctl start libvirtd',
      'systemctl restart virtqemud',
    ]);
    // All that wanted a restart have it by the start.
    expect(made.steps.find(({ step }) => step.kind === 'run' && step.command[1] === 'start')?.fixes).toHaveLength(3);
  });

  it('does once what several ask for', async () => {
    const made = await plan([unsafe(listen, restart), unsafe({ ...listen, line: 1 }, restart)]);
    expect(text(made)).toEqual([`set ${path.configuration}`, 'systemctl restart libvirtd']);
    expect(made.steps[1]?.fixes).toHaveLength(2);
  });

  it('gives findings with the same steps one way out', async () => {
    const made = await plan([safe(chmod), safe(chmod)]);
    expect(made.fixes).toHaveLength(1);
    expect(made.fixes[0]?.findings).toHaveLength(2);
  });

  it('takes away and gives what two changes of a mode take and give', async () => {
    const made = await plan([safe({ ...chmod, to: 0o640 }), safe({ ...chmod, to: 0o604 })]);
    expect(made.steps.map(({ step }) => step)).toEqual([{ ...chmod, to: 0o600 }]);
  });

  it.each<[string, Fix, Fix]>([
    ['a mode and an access control list', safe(chmod), safe({ kind: 'setfacl', path: path.key, entry: 'u:qemu:r' })],
    ['an owner', safe(chown), safe({ ...chown, to: '1000' })],
    ['a setting', unsafe(listen), unsafe({ ...listen, value: '2' })],
    [
      'a setting that goes',
      unsafe(listen),
      unsafe({ kind: 'unset', path: path.configuration, key: 'listen_tls', line: 1 }),
    ],
    [
      'a socket',
      unsafe(run('systemctl', 'enable', '--now', 'a.socket')),
      unsafe(run('systemctl', 'disable', '--now', 'a.socket')),
    ],
  ])('withholds the milder of two that contradict each other: %s', async (_, first, second) => {
    const made = await plan([first, second]);
    expect(made.fixes).toHaveLength(1);
    expect(made.withheld).toMatchObject([{ because: expect.stringContaining('contradicts') as string }]);
  });

  it.each<[string, Fix, string]>([
    ['a file that is not there', safe({ ...chmod, path: '/etc/nothing' }), 'was not looked at'],
    ['an account that is not listed', safe({ ...chown, to: 'nobody' }), 'no account nobody'],
    ['a setting that is not set', unsafe({ kind: 'unset', path: path.configuration, key: 'a', line: 1 }), 'is not set'],
    ['a setting of no file', unsafe({ ...listen, path: '/etc/nothing' }), 'is not there'],
  ])('withholds what has no place: %s', async (_, fix, because) => {
    const made = await plan([fix, safe(chmod)]);
    expect(made.withheld).toMatchObject([{ because: expect.stringContaining(because) as string }]);
    expect(made.steps).toHaveLength(1);
  });

  it('tells a person what a program cannot do', async () => {
    const told = { kind: 'manual', instruction: 'issue a new key' } as const;
    const made = await plan([safe(chmod, told), { title: 'Ask', applicability: 'manual', steps: [told, restart] }]);
    expect(text(made)).toEqual([`chmod ${path.key}`]);
    expect(made.fixes.map((fix) => fix.told)).toEqual([[told], [told, restart]]);
  });

  it('tells a person to run what cannot be run in a directory, and to do what is to be done elsewhere', async () => {
    const elsewhere = { ...run('certtool'), where: 'where the key is kept' };
    const made = await plan([unsafe(listen, elsewhere, restart)], { runs: false });
    expect(text(made)).toEqual([`set ${path.configuration}`]);
    expect(made.fixes[0]?.told).toEqual([elsewhere, restart]);
  });

  it('takes a way out that runs something for an unsafe one', async () => {
    const relabel = safe(chmod, run('restorecon', path.key));
    expect((await plan([relabel])).fixes[0]?.applicability).toBe('unsafe');
    expect((await plan([relabel], { safeOnly: true })).steps).toEqual([]);
  });

  it('chooses by rule or fingerprint', async () => {
    const facts = await hostFacts();
    const [a, b] = [finding(safe(chmod)), finding(safe(chgrp))];
    const ids = (only: readonly string[]) => candidates(facts, [a, b], { runs: true, only }).map(({ id }) => id);
    expect(ids([a.rule])).toEqual([a.fingerprint]);
    expect(ids([b.fingerprint])).toEqual([b.fingerprint]);
    expect(ids([])).toEqual([a.fingerprint, b.fingerprint]);
  });
});
