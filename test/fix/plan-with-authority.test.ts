import { generateKeyPairSync } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { pemText } from '../../src/domain/pem-text.ts';
import type { Finding, HostReport } from '../../src/engine/report.ts';
import { known, type Fact } from '../../src/facts/fact.ts';
import type { FileEntry } from '../../src/facts/files.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { applyPlan } from '../../src/fix/apply.ts';
import { certificateAuthority, type CertificateAuthority } from '../../src/fix/certificate-authority.ts';
import { candidates, composePlan, type Choice, type Plan } from '../../src/fix/plan.ts';
import { untilIssued } from '../../src/fix/plan-with-authority.ts';
import { planPlaybook } from '../../src/fix/playbook.ts';
import type { AuthorityAtHand } from '../../src/fix/realize.ts';
import { planScript } from '../../src/fix/script.ts';
import { simulate } from '../../src/fix/simulate.ts';
import { undoLatest } from '../../src/fix/undo.ts';
import { WritableTree } from '../../src/fix/writable-tree.ts';
import type { CertificateOrder, Fix, FixStep } from '../../src/rule/fix.ts';
import { certificate, pemOf } from '../support/certificates.ts';
import { directoryTree, type TreeEntry } from '../support/directory-tree.ts';
import { isRoot, lookAt, manifestOf } from '../support/mending.ts';
import { tlsIdentity, type TlsIdentity } from '../support/tls-identity.ts';

// Real files, and often a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const now = '2031-03-04T05:06:07.000Z';
const path = {
  ca: '/etc/pki/CA/cacert.pem',
  certificate: '/etc/pki/libvirt/servercert.pem',
  key: '/etc/pki/libvirt/private/serverkey.pem',
  vnc: '/etc/pki/libvirt-vnc/server-cert.pem',
  vncKey: '/etc/pki/libvirt-vnc/server-key.pem',
};
const order: CertificateOrder = {
  endpoint: 'server',
  subject: { commonName: 'host.example' },
  dns: ['host.example'],
  ip: ['192.0.2.7'],
  days: 90,
};
const issue = (more: Partial<Extract<FixStep, { kind: 'issue' }>> = {}): FixStep => ({
  kind: 'issue',
  path: path.certificate,
  key: path.key,
  newKey: false,
  order,
  ...more,
});
const restart: FixStep = { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] };
const told: FixStep = { kind: 'manual', instruction: 'ask the CA' };

let ca: TlsIdentity;
let identity: TlsIdentity;
beforeAll(async () => {
  ca = await tlsIdentity('Some CA');
  identity = await tlsIdentity('host.example', ca);
});

const authority = (): Promise<CertificateAuthority> =>
  certificateAuthority({ certificate: Buffer.from(ca.certificate), key: Buffer.from(ca.key), at: now });

const accounts: Readonly<Record<string, TreeEntry>> = {
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nqemu:x:107:107::/:/bin/false\nalice:x:1000:1000::/home/alice:/bin/sh\n',
  '/etc/group': 'root:x:0:\nqemu:x:107:\nalice:x:1000:\n',
};
/** A host with a certificate, its key and its CA. */
const host = (): Readonly<Record<string, TreeEntry>> => ({
  ...accounts,
  [path.ca]: pemOf('root'),
  [path.certificate]: { content: identity.certificate, mode: 0o640, owner: 0, group: 107 },
  [path.key]: { content: identity.key, mode: 0o640, owner: 0, group: 107 },
});

let count = 0;
const finding = (fix: Fix): Finding => ({
  ...{ rule: `rule-${(count += 1)}`, severity: 'error', subject: { kind: 'host' }, message: 'something is wrong' },
  ...{ seen: '', needed: '', effect: '', fingerprint: `fingerprint-${count}`, references: [], fix },
});
const withCa = (...steps: readonly FixStep[]): Finding =>
  finding({ title: 'Have it issued', applicability: 'manual', steps: [told], withCa: steps });

interface Planned extends Plan {
  readonly wanted: readonly [];
}

async function planFor(
  snapshot: Snapshot,
  findings: readonly Finding[],
  by: CertificateAuthority | undefined,
  choice: Partial<Choice> & Partial<AuthorityAtHand> = {},
): Promise<Plan> {
  const { makesKeys, host: machine, ...rest } = choice;
  return untilIssued(
    by,
    { at: now, ...(makesKeys === undefined ? {} : { makesKeys }), ...(machine === undefined ? {} : { host: machine }) },
    (
      atHand,
    ): Plan & { readonly wanted: Planned['wanted'] | NonNullable<ReturnType<typeof candidates>[number]['wanted']> } => {
      const chosen = candidates(snapshot.facts, findings, {
        runs: true,
        ...rest,
        ...(atHand === undefined ? {} : { authority: atHand }),
      });
      return { ...composePlan(snapshot.facts, chosen), wanted: chosen.flatMap(({ wanted = [] }) => wanted) };
    },
  );
}

const text = ({ steps }: Plan): readonly string[] =>
  steps.map(({ step }) => (step.kind === 'run' ? step.command.join(' ') : `${step.kind} ${step.path}`));
const leaf = ({ steps }: Plan, at: string = path.certificate) =>
  steps.flatMap(({ step }) => (step.kind === 'write' && step.path === at ? step.certificates : []))[0];

describe('a plan with a CA at hand', () => {
  it('keeps a sound key, replaces its certificate, and restarts after', async () => {
    const snapshot = await lookAt(directoryTree(host()));
    const plan = await planFor(snapshot, [withCa(restart, issue())], await authority());
    expect(text(plan)).toEqual([`write ${path.certificate}`, 'systemctl restart libvirtd']);
    expect(plan.fixes).toMatchObject([{ applicability: 'unsafe', told: [] }]);
    const key = snapshot.facts.privateKeys.known ? snapshot.facts.privateKeys.value[path.key] : undefined;
    expect(key?.known === true && key.value.state === 'readable' && key.value.publicKey).toEqual(leaf(plan)?.publicKey);
  });

  it.each<[string, (tree: Record<string, TreeEntry>) => void, boolean]>([
    ['it is asked for', () => {}, true],
    ['none is there', (tree) => Reflect.deleteProperty(tree, path.key), false],
    ['it is broken', (tree) => (tree[path.key] = 'no key\n'), false],
    ['no certificate holds its public half', (tree) => (tree[path.certificate] = pemOf('server')), false],
    [
      'it is weak',
      (tree) => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
        tree[path.key] = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      },
      false,
    ],
  ])('makes a new key where %s', async (_, spoil, newKey) => {
    const tree = { ...host() };
    spoil(tree);
    const snapshot = await lookAt(directoryTree(tree));
    const by = await authority();
    const plan = await planFor(snapshot, [withCa(issue({ newKey }))], by);
    const writes = text(plan).filter((line) => !line.startsWith('make-directory'));
    expect(writes).toEqual([`write-key ${path.key}`, `write ${path.certificate}`]);
    expect(by.keyFor(leaf(plan)?.publicKey.fingerprint ?? '')).toBeDefined();
    expect(JSON.stringify(plan)).not.toContain('PRIVATE KEY');
  });

  it('makes what is missing above it first, and its mode after', async () => {
    const snapshot = await lookAt(directoryTree(accounts));
    const chgrp: FixStep = { kind: 'chgrp', path: path.vncKey, from: 'root', to: 'qemu' };
    const chmod: FixStep = { kind: 'chmod', path: path.vncKey, from: 0o600, to: 0o640 };
    const plan = await planFor(
      snapshot,
      [withCa(chmod, chgrp, issue({ path: path.vnc, key: path.vncKey }))],
      await authority(),
    );
    expect(text(plan)).toEqual([
      'make-directory /etc/pki',
      'make-directory /etc/pki/libvirt-vnc',
      `write-key ${path.vncKey}`,
      `write ${path.vnc}`,
      `chgrp ${path.vncKey}`,
      `chmod ${path.vncKey}`,
    ]);
    expect(plan.withheld).toEqual([]);
  });

  it('gives what is there its owner and mode before it is replaced', async () => {
    const snapshot = await lookAt(directoryTree(host()));
    const chmod: FixStep = { kind: 'chmod', path: path.key, from: 0o640, to: 0o600 };
    const plan = await planFor(snapshot, [withCa(issue({ newKey: true }), chmod)], await authority());
    expect(text(plan).slice(0, 2)).toEqual([`chmod ${path.key}`, `write-key ${path.key}`]);
  });

  it('makes one certificate of all that ask for the same', async () => {
    const snapshot = await lookAt(directoryTree(host()));
    const more = { ...order, dns: ['other.example'], ip: ['192.0.2.7', '2001:db8::7'], days: 365 };
    const plan = await planFor(
      snapshot,
      [withCa(issue(), restart), withCa(issue({ order: more, newKey: true })), withCa(issue({ path: path.vnc }))],
      await authority(),
    );
    expect(plan.withheld).toEqual([]);
    expect(leaf(plan)).toMatchObject({
      subjectAlternativeName: { dns: ['host.example', 'other.example'], ip: ['192.0.2.7', '2001:db8::7'] },
      notAfter: '2032-03-03T05:06:07Z',
    });
    expect(plan.steps.filter(({ step }) => step.kind === 'write-key')).toHaveLength(1);
    expect(plan.steps.find(({ step }) => 'path' in step && step.path === path.certificate)?.fixes).toHaveLength(2);
  });

  it('gives no two machines one key', async () => {
    const snapshot = await lookAt(directoryTree(accounts));
    const by = await authority();
    const [a, b] = [
      await planFor(snapshot, [withCa(issue())], by, { host: 'client' }),
      await planFor(snapshot, [withCa(issue())], by, { host: 'server' }),
    ];
    expect(leaf(a)?.publicKey).not.toEqual(leaf(b)?.publicKey);
  });

  it('is told to a person without one, or where the key would have to be carried', async () => {
    const snapshot = await lookAt(directoryTree(host()));
    const some = [withCa(issue({ newKey: true }))];
    for (const plan of [
      await planFor(snapshot, some, undefined),
      await planFor(snapshot, some, await authority(), { makesKeys: false }),
      await planFor(snapshot, some, await authority(), { safeOnly: true }),
    ])
      expect(plan).toMatchObject({ steps: [], fixes: [{ applicability: 'manual', told: [told] }] });
  });

  it('is told to a person where no certificate can hold the name, and spoils nothing else', async () => {
    const snapshot = await lookAt(directoryTree(host()));
    const impossible = { ...order, dns: ['höst.example'] };
    const plan = await planFor(
      snapshot,
      [withCa(issue({ path: path.vnc, order: impossible })), withCa(issue())],
      await authority(),
    );
    expect(plan.fixes).toMatchObject([{ told: [told] }, { told: [] }]);
    expect(text(plan)).toEqual([`write ${path.certificate}`]);
  });

  it('is left where another way out needs no CA', async () => {
    const snapshot = await lookAt(directoryTree(host()));
    const chmod: FixStep = { kind: 'chmod', path: path.key, from: 0o640, to: 0o600 };
    const both = finding({ title: 'Close it', applicability: 'safe', steps: [chmod], withCa: [issue()] });
    expect(text(await planFor(snapshot, [both], await authority()))).toEqual([`chmod ${path.key}`]);
  });
});

describe('trust in the CA at hand', () => {
  const trust = (how: 'add' | 'replace'): Finding => withCa({ kind: 'trust', path: path.ca, how });
  const holds = async (content: string | undefined, ...all: readonly Finding[]): Promise<readonly string[]> => {
    const tree = content === undefined ? accounts : { ...accounts, [path.ca]: content };
    const plan = await planFor(await lookAt(directoryTree(tree)), all, await authority());
    return plan.steps.flatMap(({ step }) =>
      step.kind === 'write' ? step.certificates.map(({ subject }) => subject.text) : [],
    );
  };

  it('is added to what is there, or stands in its place', async () => {
    const other = certificate('root').subject.text;
    expect(await holds(pemOf('root'), trust('add'))).toEqual([other, 'CN=Some CA']);
    expect(await holds(pemOf('root'), trust('replace'))).toEqual(['CN=Some CA']);
    expect(await holds(pemOf('root'), trust('add'), trust('replace'))).toEqual(['CN=Some CA']);
    expect(await holds(undefined, trust('add'))).toEqual(['CN=Some CA']);
    expect(await holds('nothing\n', trust('add'))).toEqual(['CN=Some CA']);
  });

  it('is left as it is where it is there', async () => {
    expect(await holds(ca.certificate + pemOf('root'), trust('add'))).toEqual([]);
    expect(await holds(ca.certificate, trust('replace'))).toEqual([]);
    // What cannot be read behind it goes.
    const broken = `${ca.certificate}-----BEGIN CERTIFICATE-----\nnothing\n`;
    expect(await holds(broken, trust('add'))).toEqual(['CN=Some CA']);
  });
});

describe('a certificate that a rule writes', () => {
  const write = (at: string, pem: string): Finding =>
    finding({ title: 'Sort it', applicability: 'safe', steps: [{ kind: 'write', path: at, pem }] });

  it('is written as it is known, and needs no CA', async () => {
    const snapshot = await lookAt(directoryTree(host()));
    const pem = pemText([certificate('root')]);
    const plan = await planFor(snapshot, [write(path.vnc, pem)], undefined);
    expect(text(plan)).toEqual(['make-directory /etc/pki/libvirt-vnc', `write ${path.vnc}`]);
    expect(plan.fixes).toMatchObject([{ applicability: 'safe' }]);
  });

  it('is told where it is not known', async () => {
    const snapshot = await lookAt(directoryTree(host()));
    const plan = await planFor(snapshot, [write(path.vnc, pemText([certificate('other-root')]))], undefined);
    expect(plan).toMatchObject({ steps: [], fixes: [{ applicability: 'manual' }] });
  });

  it('never takes the place of a key', async () => {
    const tree = { ...host(), [path.certificate]: `${identity.certificate}${identity.key}` };
    const snapshot = await lookAt(directoryTree(tree));
    for (const at of [path.certificate, path.key]) {
      const plan = await planFor(snapshot, [write(at, pemText([certificate('root')]))], undefined);
      expect(plan.steps).toEqual([]);
      expect(plan.withheld[0]?.because).toMatch(/private key|not known/);
    }
  });

  it('contradicts another one for the same file', async () => {
    const snapshot = await lookAt(directoryTree({ ...host(), [path.vnc]: pemOf('server') }));
    const [a, b] = [pemText([certificate('root')]), pemText([certificate('server')])];
    const plan = await planFor(snapshot, [write(path.vnc, a), write(path.vnc, b)], undefined);
    expect(plan.withheld).toMatchObject([{ because: expect.stringContaining('contradicts') as string }]);
  });
});

/** What a scan sees, without what differs by nature: times, the size of a key, and where a text stands in a file. */
function comparable({ facts }: Snapshot): unknown {
  const entry = (one: Fact<FileEntry>): unknown => {
    if (!one.known || one.value.type === 'absent') return one;
    const { modified: _, ...rest } = one.value;
    return 'size' in rest ? { ...rest, size: 0 } : rest;
  };
  const files = facts.files.known ? facts.files.value : {};
  // Keys that were put aside are still keys to a scan; and a plan may know of more places where nothing is.
  const isThere = ([name, one]: readonly [string, Fact<unknown>]): boolean =>
    !/\.OLD-\d{6}-\d+$/.test(name) && JSON.stringify(one) !== JSON.stringify(known({ type: 'absent' }));
  const named = <T>(all: Readonly<Record<string, Fact<T>>>, of: (one: Fact<T>) => unknown = (one) => one) =>
    Object.fromEntries(
      Object.entries(all)
        .filter(isThere)
        .map(([name, one]) => [name, of(one)]),
    );
  return {
    files: named(files, entry),
    certificates: facts.certificates,
    privateKeys: named(facts.privateKeys.known ? facts.privateKeys.value : {}),
  };
}

describe.skipIf(!isRoot)('what a plan makes of the facts (needs root)', () => {
  const places: readonly (readonly [string, () => Readonly<Record<string, TreeEntry>>])[] = [
    ['with all there', host],
    ['with nothing there', () => accounts],
    [
      'with links',
      () => ({
        ...accounts,
        '/srv/pki/cert.pem': identity.certificate,
        [path.certificate]: { link: '/srv/pki/cert.pem' },
        '/etc/pki/libvirt-vnc': { link: '/srv/vnc' },
        '/srv/vnc/server-cert.pem': { link: '../pki/cert.pem' },
        '/srv/vnc/ca-cert.pem': { link: '/etc/pki/CA/cacert.pem' },
      }),
    ],
    [
      'with directories of somebody',
      () => ({ ...accounts, '/home/alice/.pki': { type: 'directory', mode: 0o700, owner: 1000, group: 1000 } }),
    ],
  ];

  it.each(places)('on a host %s, a scan sees after it was applied', async (_, tree) => {
    const directory = directoryTree(tree());
    const original = manifestOf(directory);
    const snapshot = await lookAt(directory, { at: now });
    const by = await authority();
    const home = '/home/alice/.pki/libvirt';
    const plan = await planFor(
      snapshot,
      [
        withCa(issue({ newKey: true }), { kind: 'trust', path: path.ca, how: 'add' }),
        withCa(issue({ path: path.vnc, key: path.vncKey })),
        withCa(
          issue({
            path: `${home}/clientcert.pem`,
            key: `${home}/clientkey.pem`,
            order: { ...order, endpoint: 'client' },
          }),
        ),
      ],
      by,
      { runs: false },
    );
    expect(plan.withheld).toEqual([]);
    const options = { tool: 'test', time: now, target: directory, runs: false, keyFor: by.keyFor };
    const applied = await applyPlan(snapshot.facts, plan, new WritableTree(directory), options);
    expect(applied).toMatchObject({ left: [], done: plan.steps.map(({ id }) => id) });
    const expected = simulate(
      snapshot,
      plan.steps.map(({ step }) => step),
    );
    const scanned = await lookAt(directory, { at: now });
    expect(comparable(scanned)).toEqual(comparable(expected));
    const [names, were] = [scanned, expected].map(({ facts }) =>
      facts.files.known ? Object.keys(facts.files.value) : [],
    );
    expect(names?.filter((name) => !name.includes('.OLD-') && were?.includes(name) !== true)).toEqual([]);
    expect(lstatSync(join(directory, home, 'clientkey.pem'))).toMatchObject({ uid: 1000, gid: 1000, mode: 0o100600 });
    expect(await undoLatest(new WritableTree(directory), { runs: false })).toMatchObject({ left: [] });
    expect(manifestOf(directory)).toEqual(original);
  });

  it('leaves a key where somebody has put another one since', async () => {
    const directory = directoryTree(host());
    const snapshot = await lookAt(directory, { at: now });
    const by = await authority();
    const plan = await planFor(snapshot, [withCa(issue({ newKey: true }))], by, { runs: false });
    const options = { tool: 'test', time: now, target: directory, runs: false, keyFor: by.keyFor };
    await applyPlan(snapshot.facts, plan, new WritableTree(directory), options);
    const at = join(directory, path.key);
    writeFileSync(at, identity.key);
    const undone = await undoLatest(new WritableTree(directory), { runs: false });
    expect(undone?.left).toMatchObject([{ path: path.key }]);
    expect(readFileSync(at, 'utf8')).toBe(identity.key);
    expect(readFileSync(join(directory, path.certificate), 'utf8')).toBe(identity.certificate);
    expect(readdirSync(join(directory, '/etc/pki/libvirt/private'))).toHaveLength(2);
  });

  it('is not applied by whoever does not hold the key', async () => {
    const directory = directoryTree(host());
    const snapshot = await lookAt(directory, { at: now });
    const plan = await planFor(snapshot, [withCa(issue({ newKey: true }))], await authority(), { runs: false });
    const options = { tool: 'test', time: now, target: directory, runs: false };
    const applied = await applyPlan(snapshot.facts, plan, new WritableTree(directory), options);
    expect(applied.failed?.because).toContain('nobody holds the key');
    expect(readFileSync(join(directory, path.key), 'utf8')).toBe(identity.key);
  });
});

describe('as a script and as a playbook', () => {
  it('has certificates in it, and no key', async () => {
    const snapshot = await lookAt(directoryTree(host()));
    const plan = await planFor(snapshot, [withCa(issue(), restart)], await authority(), { makesKeys: false });
    const about = { tool: 'test', host: 'host' };
    const pem = plan.steps.flatMap(({ step }) => (step.kind === 'write' ? [step.pem] : []))[0] ?? '';
    expect(planScript(snapshot.facts, plan, about)).toContain(`<<'END'\n${pem}END\n`);
    expect(planPlaybook(snapshot.facts, plan, about)).toContain(JSON.stringify(pem));
  });
});

// provePlan is held to all of it by the fixes of the corpus; here only that it asks for what it needs.
describe('provePlan', () => {
  it('asks for what is to be issued, and for what that brings to light', async () => {
    const { provePlan } = await import('../../src/fix/simulate.ts');
    const snapshot = await lookAt(directoryTree(host()));
    const [first, second] = [withCa(issue()), withCa(issue({ path: path.vnc, key: path.vncKey }))];
    const isIssued = ({ facts }: Snapshot, at: string): boolean => {
      const file = facts.certificates.known ? facts.certificates.value[at] : known({ certificates: [] });
      return (
        file?.known === true &&
        file.value.certificates[0]?.subject.text === 'CN=host.example' &&
        file.value.certificates[0].notBefore.startsWith('2031')
      );
    };
    const judge = (one: Snapshot): HostReport =>
      ({
        findings: isIssued(one, path.vnc) ? [] : isIssued(one, path.certificate) ? [second] : [first],
        verdicts: [],
      }) as unknown as HostReport;
    const by = await authority();
    const asked: number[] = [];
    const plan = await untilIssued(by, { at: now }, (atHand) => {
      const made = provePlan(snapshot, judge, { runs: true, ...(atHand === undefined ? {} : { authority: atHand }) });
      asked.push(made.wanted.length);
      return made;
    });
    expect(asked).toEqual([1, 1, 0]);
    expect(plan.remaining.findings).toEqual([]);
    expect(plan.steps.filter(({ step }) => step.kind === 'write')).toHaveLength(2);
  });
});
