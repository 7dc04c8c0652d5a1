import { describe, expect, it } from 'vitest';
import { judgeOf, walkConnection } from '../../src/cli/walk-connection.ts';
import type { Files } from '../../src/facts/files.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { connectionText } from '../../src/fix/connection-text.ts';
import { mendConnection, type ConnectionPlan, type Ends, type Mending } from '../../src/fix/mend-connection.ts';
import type { Choice } from '../../src/fix/plan.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { libvirtScenarios, snapshotOfTree, vncScenarios, type Scenario, type VncScenario } from '../support/corpus.ts';

const scenarioOf = (name: string): Scenario | VncScenario => {
  const found = [...libvirtScenarios, ...vncScenarios].find((one) => one.name === name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
};

/** Client and server of scenarios of the corpus, which may be two, for they differ from one that connects by their faults alone. */
async function asked(client: string, server: string) {
  const [ofClient, ofServer] = [scenarioOf(client), scenarioOf(server)];
  const program = 'viewer' in ofServer ? 'qemu' : 'libvirt';
  const version = Object.keys(ofServer.truth).at(-1) ?? '';
  const snapshots = await Promise.all([
    snapshotOfTree(ofClient.client, version, program),
    snapshotOfTree(ofServer.server, version, program),
  ]);
  return {
    uri: ofServer.uri,
    user: ofClient.user,
    client: snapshots[0],
    server: snapshots[1],
    ...('viewer' in ofServer ? { viewer: ofServer.viewer } : {}),
  };
}

async function mended(
  client: string,
  server: string,
  choice: Partial<Choice> = {},
  other: Partial<Mending> = {},
): Promise<ConnectionPlan> {
  const question = await asked(client, server);
  const both = { runs: true, ...choice };
  return mendConnection(question, {
    walk: (ends: Ends) => walkConnection({ ...question, ...ends }),
    judge: judgeOf(question),
    choice: { client: both, server: both },
    ...other,
  });
}

/** What is done on a machine, a line each. */
const stepsOn = ({ plans }: ConnectionPlan, side: 'client' | 'server'): readonly string[] =>
  (plans[side]?.steps ?? []).map(({ step }) =>
    step.kind === 'run'
      ? step.command.join(' ')
      : `${step.kind} ${step.path}${step.kind === 'set' ? ` ${step.key}=${step.value}` : ''}`,
  );

const brief = ({ mends, before, after }: ConnectionPlan) => ({
  before: before.stage,
  mends: mends.map(({ side, stage, outcome }) => `${side} ${stage} ${outcome}`),
  after: after.verdict,
});

describe('a plan for a connection', () => {
  it('has nothing to mend where it connects', async () => {
    const found = libvirtScenarios.find(({ truth }) => Object.values(truth).every(({ connects }) => connects));
    const plan = await mended(found?.name ?? '', found?.name ?? '');
    expect(plan).toMatchObject({ mends: [], plans: {}, after: { verdict: 'connects' } });
  });

  it('mends one fault of the client', async () => {
    const plan = await mended('user/system-ca-0600', 'user/system-ca-0600');
    expect(brief(plan)).toEqual({
      before: 'client-credentials',
      mends: ['client client-credentials planned'],
      after: 'connects',
    });
    expect([stepsOn(plan, 'client'), stepsOn(plan, 'server')]).toEqual([['chmod /etc/pki/CA/cacert.pem'], []]);
  });

  it('mends one fault of the server, and says what it asks of a person', async () => {
    const plan = await mended('dn/cn-only-entry', 'dn/cn-only-entry');
    expect(brief(plan)).toEqual({
      before: 'client-identity',
      mends: ['server client-identity planned'],
      after: 'connects',
    });
    expect(stepsOn(plan, 'server')).toEqual([
      'set /etc/libvirt/libvirtd.conf tls_allowed_dn_list=["CN=client1", "C=GB,ST=London,L=London,O=Acme,CN=client1"]',
      'systemctl restart libvirtd',
    ]);
    expect(plan.mends[0]).toMatchObject({ applicability: 'unsafe', told: [{ kind: 'manual' }] });
  });

  it('mends faults of both machines in the order in which they are met', async () => {
    const plan = await mended('user/system-ca-0600', 'conf/tls-port-moved');
    expect(brief(plan)).toEqual({
      before: 'client-credentials',
      mends: ['client client-credentials planned', 'server reach planned'],
      after: 'connects',
    });
    expect(plan.mends.map(({ then }) => then.stage)).toEqual(['reach', null]);
    expect(stepsOn(plan, 'server')).toEqual([
      'set /etc/libvirt/libvirtd.conf tls_port="16514"',
      'systemctl restart libvirtd',
    ]);
  });

  it('lets the client trust what the server goes by, and tells the fingerprint', async () => {
    const plan = await mended('trust/server-own-ca-differs-from-clients', 'trust/server-own-ca-differs-from-clients');
    expect(brief(plan).mends[0]).toBe('client server-identity planned');
    expect(stepsOn(plan, 'client')).toEqual(['write /etc/pki/CA/cacert.pem']);
    expect(JSON.stringify(plan.mends[0]?.told)).toMatch(/SHA-256 fingerprint of its certificate is ([0-9A-F]{2}:){31}/);
  });

  it('asks nobody about a CA that one which is trusted has signed', async () => {
    const name = 'trust/server-by-intermediate-in-server-bundle-only';
    const plan = await mended(name, name);
    expect(brief(plan)).toMatchObject({ mends: ['client server-identity planned'], after: 'connects' });
    expect(plan.mends[0]).toMatchObject({ applicability: 'safe', told: [] });
  });

  it('lets a person have its own files, and nobody else’s', async () => {
    const own = await mended('vnc-client/user-all-owned-by-root', 'vnc-client/user-all-owned-by-root');
    expect(own.after.verdict).toBe('connects');
    expect(stepsOn(own, 'client').every((step) => step.split(' ')[1]?.startsWith('/home/alice/.pki'))).toBe(true);
    // The system's key is root's: whose else it is to be, nobody but a person can say.
    const shared = await mended('user/system-key-0600-root', 'user/system-key-0600-root');
    expect(brief(shared)).toMatchObject({ mends: ['client client-credentials told'], after: 'fails' });
  });

  it('tells a person what no program can do, and stops there', async () => {
    const plan = await mended('vnc-args/password-bare', 'vnc-args/password-bare');
    expect(brief(plan)).toEqual({ before: 'auth', mends: ['client auth told'], after: 'fails' });
    expect(plan.mends[0]?.told).not.toEqual([]);
    expect(plan.plans).toEqual({});
  });

  it('withholds what is unsafe, or not chosen, where only the rest is asked for', async () => {
    const safe = await mended('dn/cn-only-entry', 'dn/cn-only-entry', { safeOnly: true });
    expect(safe.mends[0]).toMatchObject({
      outcome: 'none',
      withheld: [{ because: expect.stringMatching(/--unsafe/) }],
    });
    const chosen = await mended('dn/cn-only-entry', 'dn/cn-only-entry', { only: ['weak-key'] });
    expect(chosen.mends[0]).toMatchObject({ outcome: 'none', withheld: [{ because: 'it was not chosen' }] });
  });

  it('tells what would have to run where nothing can', async () => {
    const plan = await mended('dn/cn-only-entry', 'dn/cn-only-entry', { runs: false });
    expect(stepsOn(plan, 'server')).toHaveLength(1);
    expect(plan.mends[0]?.told.at(-1)).toEqual({ kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] });
  });
});

describe('a way out', () => {
  /** A fault of the server with another way out than its own. */
  async function withWay(steps: Fix['steps']): Promise<ConnectionPlan> {
    const question = await asked('dn/cn-only-entry', 'dn/cn-only-entry');
    const walk = (ends: Ends) => {
      const { report } = walkConnection({ ...question, ...ends });
      return {
        report,
        ways: [{ side: 'server' as const, fix: { title: 'Try', applicability: 'safe' as const, steps } }],
      };
    };
    const choice = { runs: true };
    return mendConnection(question, { walk, judge: judgeOf(question), choice: { client: choice, server: choice } });
  }

  it('that does not bring the connection further is not offered', async () => {
    const plan = await withWay([{ kind: 'chmod', path: '/etc/pki/CA/cacert.pem', from: 0o644, to: 0o640 }]);
    expect(plan.plans).toEqual({});
    expect(plan.mends[0]?.withheld).toEqual([{ title: 'Try', because: 'it would not bring the connection further' }]);
  });

  it('that makes another finding worse is not offered', async () => {
    const path = '/etc/libvirt/libvirtd.conf';
    const plan = await withWay([{ kind: 'set', path, key: 'tls_no_verify_certificate', value: '1' }]);
    expect(plan.plans).toEqual({});
    expect(plan.mends[0]?.withheld[0]?.because).toMatch(/it would bring up .*tls_no_verify_certificate/);
  });

  it('that has no place on the host is not offered', async () => {
    const plan = await withWay([{ kind: 'chmod', path: '/etc/nowhere', from: 0o644, to: 0o640 }]);
    expect(plan.mends[0]?.withheld[0]?.because).toMatch(/nowhere/);
  });

  it('that only leads from one failure to the other and back comes to an end', async () => {
    const question = await asked('dn/cn-only-entry', 'dn/cn-only-entry');
    let turn = 0;
    const walk = (ends: Ends) => {
      const { report } = walkConnection({ ...question, ...ends });
      turn += 1;
      const path = '/etc/pki/CA/cacert.pem';
      const steps = [{ kind: 'chmod', path, from: 0o644, to: 0o600 + (turn % 8) } as const];
      const fix = { title: `Try ${turn}`, applicability: 'safe' as const, steps };
      return { report: { ...report, why: `it is so ${turn % 2}` }, ways: [{ side: 'client' as const, fix }] };
    };
    const choice = { runs: true };
    const plan = mendConnection(question, {
      walk,
      judge: judgeOf(question),
      choice: { client: choice, server: choice },
    });
    expect(plan.mends.length).toBeLessThanOrEqual(12);
    expect(plan.after.verdict).toBe('fails');
  });
});

describe('client and server on one machine', () => {
  it('are mended by one plan', async () => {
    const question = await asked('dn/cn-only-entry', 'dn/cn-only-entry');
    // The daemon's host with the client's pair beside its own.
    const there = Object.entries(valueOf(question.client, 'files') as Files).filter(
      ([, entry]) => entry.known && entry.value.type !== 'absent',
    );
    const files = { ...valueOf(question.server, 'files'), ...Object.fromEntries(there) };
    const certificates = { ...valueOf(question.server, 'certificates'), ...valueOf(question.client, 'certificates') };
    const privateKeys = { ...valueOf(question.server, 'privateKeys'), ...valueOf(question.client, 'privateKeys') };
    const both: Snapshot = {
      ...question.server,
      facts: {
        ...question.server.facts,
        files: { known: true, value: files },
        certificates: { known: true, value: certificates },
        privateKeys: { known: true, value: privateKeys },
      },
    };
    const one = { ...question, client: both, server: both };
    const choice = { runs: true };
    const plan = mendConnection(one, {
      walk: (ends) => walkConnection({ ...one, ...ends }),
      judge: judgeOf(one),
      choice: { client: choice, server: choice },
      isOneHost: true,
    });
    expect(brief(plan)).toEqual({
      before: 'client-identity',
      mends: ['client client-identity planned'],
      after: 'connects',
    });
    expect(Object.keys(plan.plans)).toEqual(['client']);
  });
});

const valueOf = <N extends 'files' | 'certificates' | 'privateKeys'>({ facts }: Snapshot, name: N) => {
  const fact = facts[name];
  return fact.known ? fact.value : {};
};

it('is told with the steps of each machine in order, and what the walk says after each', async () => {
  const plan = await mended('user/system-ca-0600', 'conf/tls-port-moved');
  expect(connectionText(plan, { color: false, width: 100 })).toMatchInlineSnapshot(`
    "qemu+tls://kvm1.example.com/system as alice
     ✖ it fails at client-credentials: “Unable to set x509 CA certificate: /etc/pki/CA/cacert.pem: Error
       while reading file.”

     1. client-credentials, on the client: Let alice read /etc/pki/CA/cacert.pem
         why       the file is there, and the account that must read it may not
         steps     chmod 0644 /etc/pki/CA/cacert.pem
         then      it fails at reach: “unable to connect to server at 'kvm1.example.com:16514':
                   Connection refused”

     2. reach, on the server: Let address and port of URI and daemon agree
         why       an address or port that nobody listens on refuses the connection
         steps     in /etc/libvirt/libvirtd.conf, line 1: tls_port = "16514"
                   systemctl restart libvirtd
         then      it connects, by what the files say

    On the server
    kvm1.example.com (memory)

    Steps
      1  in /etc/libvirt/libvirtd.conf, line 1: tls_port = "16514"
         is       "16600" (line 1)
         mends    diagnose
         unsafe   think first
         undo     tls_port = "16600" in /etc/libvirt/libvirtd.conf
      2  systemctl restart libvirtd
         mends    diagnose
         unsafe   connections to libvirtd are cut and must be made anew, migrations that run fail
         undo     nothing to take back

    After these steps remains: 2 notes

    On the client
    desk7.example.com (memory)

    Steps
      1  chmod 0644 /etc/pki/CA/cacert.pem
         is       0:0 0600
         mends    diagnose
         undo     mode 0600

    After these steps remains: 1 error

    After all steps: it connects, by what the files say
    "
  `);
});
