import { Ajv } from 'ajv';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ConnectionPlanDocument } from '../../src/fix/connection-document.ts';
import planSchema from '../../src/fix/connection-plan.schema.json' with { type: 'json' };
import { authorityOf } from '../support/corpus-authority.ts';
import { libvirtScenarios, treeOf, type Scenario } from '../support/corpus.ts';
import { directoryTree } from '../support/directory-tree.ts';
import { now } from '../support/facts.ts';
import { isRoot, manifestOf } from '../support/mending.ts';
import { run } from '../support/run-program.ts';

vi.setConfig({ testTimeout: 120_000 });

const valid = new Ajv({ strict: false, validateFormats: false }).compile<ConnectionPlanDocument>(planSchema);

const documentOf = (text: string): ConnectionPlanDocument => {
  const document: unknown = JSON.parse(text);
  expect(valid(document), JSON.stringify(valid.errors?.[0])).toBe(true);
  return document as ConnectionPlanDocument;
};

const [desk, example] = ['desk', 'example'].map((name) => join(import.meta.dirname, '../../fixtures/hosts', name)) as [
  string,
  string,
];
const uri = 'qemu+tls://kvm1.example.com/system';
const ofHosts = ['fix', '--diagnose', uri, '--client', desk, '--server', example, '--user', 'alice'];

/** The hosts of two scenarios on disk, with the CA at hand that both trust, and the arguments that speak of them. */
function onDisk(
  clientName: string,
  serverName: string,
): {
  readonly client: string;
  readonly server: string;
  readonly args: readonly string[];
  readonly ca: readonly string[];
} {
  const [ofClient, ofServer] = [clientName, serverName].map((name) =>
    libvirtScenarios.find((one) => one.name === name),
  ) as [Scenario, Scenario];
  const [client, server] = [directoryTree(treeOf(ofClient.client)), directoryTree(treeOf(ofServer.server))];
  const { certificate, key } = authorityOf(ofServer);
  const [certificateFile, keyFile] = [join(directoryTree({}), 'ca.pem'), join(directoryTree({}), 'key.pem')];
  writeFileSync(certificateFile, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  const version = Object.keys(ofServer.truth).at(-1) ?? '';
  const ends = ['--client', client, '--server', server, '--user', ofClient.user];
  const assumed = ['--at', now.replace(/\.\d+/, ''), '--libvirt-version', version];
  return {
    client,
    server,
    args: ['fix', '--diagnose', ofServer.uri, ...ends, ...assumed],
    ca: ['--ca-cert', certificateFile, '--ca-key', keyFile],
  };
}

describe('fix --diagnose', () => {
  it('shows failure by failure what is to be done, and exits as diagnose does', async () => {
    const { status, out, err } = await run(ofHosts);
    expect([status, err]).toEqual([1, '']);
    expect(out).toMatch(/as alice\n ✖ it fails at client-credentials/);
    expect(out).toMatch(/1\. client-credentials, on the client: /);
    expect(out).toMatch(/by hand/);
    expect(out).toMatch(/After all steps: it fails at client-credentials/);
  });

  it('gives the same as JSON', async () => {
    const { status, out } = await run([...ofHosts, '--format', 'json']);
    expect(status).toBe(1);
    expect(documentOf(out)).toMatchObject({
      format: 'virt-pki-check/connection-plan',
      version: 1,
      uri,
      user: 'alice',
      before: { verdict: 'fails', stage: 'client-credentials' },
      mends: [{ side: 'client', outcome: 'told' }],
      server: null,
      client: null,
    });
  });

  it.runIf(isRoot)('mends both machines, so that it connects, and takes all of it back', async () => {
    const { client, server, args, ca } = onDisk('key/client-missing', 'file/servercert-missing');
    const before = [manifestOf(client), manifestOf(server)];
    const planned = documentOf((await run([...args, ...ca, '--format', 'json'])).out);
    expect(planned).toMatchObject({ after: { verdict: 'connects' }, mends: [{ side: 'server' }, { side: 'client' }] });
    expect([manifestOf(client), manifestOf(server)]).toEqual(before);

    const applied = await run([...args, ...ca, '--apply', '--unsafe', '--yes', '--format', 'json']);
    expect([applied.status, applied.err]).toEqual([0, '']);
    const document = documentOf(applied.out);
    expect(document).toMatchObject({ found: { verdict: 'connects' } });
    for (const side of [document.client, document.server])
      expect(side?.applied).toMatchObject({ left: [], done: side?.steps.map(({ id }) => id) });
    const key = readFileSync(join(client, 'etc/pki/libvirt/private/clientkey.pem'), 'utf8').split('\n')[1] ?? '-';
    expect(applied.out).not.toContain(key);

    const mended = [manifestOf(client), manifestOf(server)];
    const again = await run([...args, ...ca, '--apply', '--unsafe', '--yes']);
    expect(again).toMatchObject({ status: 0, out: expect.stringMatching(/it connects/) });
    expect([manifestOf(client), manifestOf(server)]).toEqual(mended);

    const undone = await run([...args, '--undo']);
    expect(undone).toMatchObject({ status: 0, err: '' });
    expect(undone.out).toMatch(/Taken back on the server[^]*Taken back on the client/);
    expect([manifestOf(client), manifestOf(server)]).toEqual(before);
    expect((await run([...args, '--undo'])).out).toBe('There is nothing to take back.\n');
  });

  it.runIf(isRoot)('takes back on one machine what was applied on that one alone', async () => {
    const { client, server, args } = onDisk('user/system-ca-0600', 'conf/tls-port-moved');
    const ofClient = manifestOf(client);
    // The safe step is the client's; the next one is the server's.
    const safe = await run([...args, '--apply', '--yes']);
    expect(safe).toMatchObject({ status: 1, out: expect.stringMatching(/for which --unsafe asks/) });
    const between = manifestOf(client);
    expect(between).not.toEqual(ofClient);
    expect(await run([...args, '--apply', '--unsafe', '--yes'])).toMatchObject({ status: 0 });
    expect((await run([...args, '--undo'])).out).not.toMatch(/on the client/);
    expect(manifestOf(client)).toEqual(between);
    expect((await run([...args, '--undo'])).out).toMatch(/on the client/);
    expect([manifestOf(client), readFileSync(join(server, 'etc/libvirt/libvirtd.conf'), 'utf8')]).toEqual([
      ofClient,
      expect.not.stringContaining('16514'),
    ]);
  });

  it.runIf(isRoot)('prints a script or a playbook for one machine', async () => {
    const { args } = onDisk('user/system-ca-0600', 'conf/tls-port-moved');
    expect(await run([...args, '--script'])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/--on server or --on client/),
    });
    const script = await run([...args, '--script', '--on', 'client']);
    expect(script).toMatchObject({ status: 0, out: expect.stringMatching(/^#!\/bin\/sh[^]*chmod/) });
    expect((await run([...args, '--playbook', '--on', 'server'])).out).toMatch(/^---[^]*tls_port/);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['a target beside the two', [...ofHosts, example], /--client and --server/],
    ['--on without a script', [...ofHosts, '--on', 'client'], /--on says/],
    ['a screen', [...ofHosts, '--format', 'tui'], /text or json/],
    ['a rule that is none', [...ofHosts, '--only', 'nothing'], /neither a rule nor a fix/],
    ['a role', [...ofHosts, '--role', 'vnc-server'], /--role/],
    ['--undo of hosts that are described', [...ofHosts, '--undo'], /only a plan can be made/],
    ['a script for a machine without steps', [...ofHosts, '--script', '--on', 'server'], /nothing to do on the server/],
    ['what is no URI', ['fix', '--diagnose', 'nonsense', '--client', desk], /nonsense/],
    ['--server without --diagnose', ['fix', '--server', example], /--diagnose/],
  ])('refuses %s', async (_, args, complaint) => {
    const { status, err } = await run(args);
    expect([status, err]).toEqual([2, expect.stringMatching(complaint)]);
  });
});
