import { describe, expect, it, vi } from 'vitest';
import type { ConfigurationFile } from '../../src/facts/configurations.ts';
import { known } from '../../src/facts/fact.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { provePlan, simulate } from '../../src/fix/simulate.ts';
import type { Performable } from '../../src/fix/step-effect.ts';
import { libvirtScenarios, snapshotOf, treeOf, vncScenarios } from '../support/corpus.ts';
import { directoryTree, type TreeEntry } from '../support/directory-tree.ts';
import { isRoot, judge, lookAt } from '../support/mending.ts';
import { applyPlan } from '../../src/fix/apply.ts';
import { composePlan } from '../../src/fix/plan.ts';
import { WritableTree } from '../../src/fix/writable-tree.ts';

// Real files, real programs, and often a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** The facts of one side of a scenario. */
async function scenario(name: string, side: 'server' | 'client' = 'server'): Promise<Snapshot> {
  const libvirt = libvirtScenarios.find((one) => one.name === name);
  if (libvirt !== undefined) return snapshotOf(treeOf(libvirt[side]), Object.keys(libvirt.truth)[0] ?? '');
  const vnc = vncScenarios.find((one) => one.name === name);
  if (vnc === undefined) throw new Error(`no scenario ${name}`);
  return snapshotOf(treeOf(vnc[side]), Object.keys(vnc.truth)[0] ?? '', 'qemu');
}

const rulesOf = (plan: ReturnType<typeof provePlan>) => plan.remaining.findings.map(({ rule }) => rule);

describe('a plan that is tried on the facts', () => {
  it('removes what it says, and shows what remains', async () => {
    const snapshot = await scenario('vnc-user/key-0600-root');
    const plan = provePlan(snapshot, judge, { runs: true });
    expect(judge(snapshot).findings.map(({ rule }) => rule)).toContain('private-key-unreadable');
    expect(rulesOf(plan)).not.toContain('private-key-unreadable');
    expect(plan.emerging).toEqual([]);
  });

  it('mends what comes to light on the way', async () => {
    const plan = provePlan(await scenario('user/userpki-all-owned-by-root-0600', 'client'), judge, { runs: true });
    expect(plan.fixes.map(({ findings }) => findings[0]?.rule)).toEqual(
      expect.arrayContaining(['private-key-unreadable', 'certificate-unreadable']),
    );
    expect(plan.withheld).toEqual([]);
    expect(rulesOf(plan)).not.toContain('certificate-unreadable');
  });

  it('opens TLS when it closes the only door', async () => {
    const plan = provePlan(await scenario('activation/tcp-socket-uri-tcp'), judge, { runs: true });
    expect(plan.steps.map(({ step }) => (step.kind === 'run' ? step.command.slice(1).join(' ') : step.kind))).toEqual([
      'stop libvirtd',
      'disable --now libvirtd-tcp.socket',
      'enable --now libvirtd-tls.socket',
      'start libvirtd',
    ]);
  });

  it('does not offer what would keep the daemon from starting', async () => {
    const plan = provePlan(await scenario('nosanity/ca-expired-on-server'), judge, { runs: true });
    expect(plan.withheld).toMatchObject([{ because: expect.stringContaining('refuse to start') as string }]);
    expect(plan.steps).toEqual([]);
  });

  it('does not offer what would put one fault in the place of another', async () => {
    const plan = provePlan(await scenario('path/only-crl-file-set-but-missing'), judge, { runs: true });
    expect(plan.withheld).toMatchObject([{ because: expect.stringContaining('would bring up') as string }]);
  });

  it('leaves the unsafe ones out where only safe ones are asked for', async () => {
    const snapshot = await scenario('conf/no-sanity-certificate');
    expect(provePlan(snapshot, judge, { runs: true }).steps).not.toEqual([]);
    expect(provePlan(snapshot, judge, { runs: true, safeOnly: true }).steps).toEqual([]);
  });

  it('gives the same plan for the same facts, and changes them not', async () => {
    const snapshot = await scenario('vnc-user/dir-0750-root-root');
    const before = JSON.stringify(snapshot);
    const plans = [1, 2].map(() => JSON.stringify(provePlan(snapshot, judge, { runs: true })));
    expect(plans[0]).toBe(plans[1]);
    expect(JSON.stringify(snapshot)).toBe(before);
  });
});

const tree: Readonly<Record<string, TreeEntry>> = {
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nqemu:x:107:107::/:/bin/false\nalice:x:1000:1000::/home/alice:/bin/sh\n',
  '/etc/group': 'root:x:0:\nqemu:x:107:\nlibvirt:x:118:\n',
  '/etc/libvirt/libvirtd.conf':
    '#listen_tls = 0\nauth_tls = "none"\ntls_no_sanity_certificate = 1\nauth_tls = "sasl"\n',
  '/etc/libvirt/qemu.conf': 'vnc_tls = 0\nvnc_password = "abc"\n',
  '/etc/pki/libvirt/private/serverkey.pem': { content: 'no key\n', mode: 0o6755, owner: 1000, group: 118 },
  '/etc/pki/libvirt/servercert.pem': { content: 'none\n', mode: 0o640 },
  '/etc/sasl2/libvirt.conf': 'mech_list: gssapi\n',
};
const key = '/etc/pki/libvirt/private/serverkey.pem';
const certificate = '/etc/pki/libvirt/servercert.pem';
const configuration = '/etc/libvirt/libvirtd.conf';

/* What the model says that a step does is what the kernel, setfacl and libvirt's parser make of it. */
describe.skipIf(!isRoot)('the facts after steps, and the facts collected after they were done (needs root)', () => {
  it.each<[string, readonly Performable[]]>([
    ['an owner, which takes the set-id bits', [{ kind: 'chown', path: key, from: 'alice', to: 'root' }]],
    [
      'a group, and then a mode',
      [
        { kind: 'chgrp', path: key, from: 'libvirt', to: 'qemu' },
        { kind: 'chmod', path: key, from: 0o755, to: 0o640 },
      ],
    ],
    ['an entry of an access control list', [{ kind: 'setfacl', path: certificate, entry: 'u:qemu:r' }]],
    [
      'two entries, one of them for nothing, and a mode',
      [
        { kind: 'setfacl', path: certificate, entry: 'u:qemu:---' },
        { kind: 'setfacl', path: certificate, entry: 'g:libvirt:rw' },
        { kind: 'chmod', path: certificate, from: 0o660, to: 0o644 },
      ],
    ],
    ['a setting that is there', [{ kind: 'set', path: configuration, key: 'auth_tls', value: '"sasl"', line: 2 }]],
    ['a setting that is not there', [{ kind: 'set', path: configuration, key: 'listen_tls', value: '1' }]],
    ['a setting that goes with its repetition', [{ kind: 'unset', path: configuration, key: 'auth_tls', line: 2 }]],
  ])('%s', async (_, steps) => {
    const directory = directoryTree(tree);
    const snapshot = await lookAt(directory);
    const fix = { id: '0', title: 'Mend', applicability: 'safe', findings: [], steps, told: [], round: 0 } as const;
    const plan = composePlan(snapshot.facts, [fix]);
    expect(plan.withheld).toEqual([]);
    const applied = await applyPlan(snapshot.facts, plan, new WritableTree(directory), {
      tool: 'test',
      time: '2026-01-01T00:00:00Z',
      target: directory,
      runs: false,
    });
    expect(applied.failed).toBeUndefined();
    const steady = ({ facts }: Snapshot) =>
      JSON.parse(
        JSON.stringify(facts, (name, value: unknown) =>
          name === 'modified' || name === 'line' || name === 'size' || name === 'clock' ? undefined : value,
        ),
      ) as Record<string, unknown>;
    const [predicted, seen] = [
      steady(
        simulate(
          snapshot,
          plan.steps.map(({ step }) => step),
        ),
      ),
      steady(await lookAt(directory)),
    ];
    // Statements of different names stand where they were put, which the model does not know.
    const settings = (facts: Record<string, unknown>) =>
      Object.entries((facts['configurations'] as { value: Record<string, { value: ConfigurationFile }> }).value).map(
        ([path, { value }]) => [path, [...value.settings].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))],
      );
    expect(settings(predicted)).toEqual(settings(seen));
    expect({ ...predicted, configurations: null }).toEqual({ ...seen, configurations: null });
  });

  it('a group that is made', async () => {
    const snapshot = await lookAt(directoryTree(tree));
    const after = simulate(snapshot, [
      { kind: 'run', command: ['groupadd', '--system', 'tls'] },
      { kind: 'chgrp', path: key, from: 'libvirt', to: 'tls' },
    ]);
    const groups = after.facts.accounts.known ? after.facts.accounts.value.groups : [];
    expect(groups.map(({ name }) => name)).toContain('tls');
    expect(known(after.facts.files)).toBeDefined();
  });
});
