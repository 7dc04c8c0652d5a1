import { Ajv } from 'ajv';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { PlanDocument } from '../../src/fix/plan-document.ts';
import planSchema from '../../src/fix/plan.schema.json' with { type: 'json' };
import { directoryTree, type TreeEntry } from '../support/directory-tree.ts';
import { isRoot, manifestOf } from '../support/mending.ts';
import { run } from '../support/run-program.ts';
import { tlsIdentity, type TlsIdentity } from '../support/tls-identity.ts';

vi.setConfig({ testTimeout: 60_000 });

const valid = new Ajv({ strict: false, validateFormats: false }).compile<PlanDocument>(planSchema);

let ca: TlsIdentity;
beforeAll(async () => {
  ca = await tlsIdentity('Some CA');
});

/** The files of the CA, in a directory of their own. */
function authority({ key = ca.key, certificate = ca.certificate, mode = 0o600 } = {}): readonly string[] {
  const directory = directoryTree({ '/ca.pem': certificate, '/ca.key': key });
  chmodSync(join(directory, 'ca.key'), mode);
  return ['--ca-cert', join(directory, 'ca.pem'), '--ca-key', join(directory, 'ca.key')];
}

/** A server whose certificate is missing. */
const server = (): Readonly<Record<string, TreeEntry>> => ({
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
  '/etc/group': 'root:x:0:\n',
  '/etc/hostname': 'kvm1.example.com\n',
  '/usr/sbin/libvirtd': '',
  '/etc/libvirt/libvirtd.conf': 'listen_tls = 1\n',
  '/etc/default/libvirtd': 'LIBVIRTD_ARGS="--listen"\n',
  '/etc/pki/CA/cacert.pem': ca.certificate,
});
const keyLines = (text: string): readonly string[] => text.match(/^[\w+/=]{40,}$/gm) ?? [];

describe('fix with a CA at hand', () => {
  it.each<[string, () => readonly string[], RegExp]>([
    ['a certificate without its key', () => authority().slice(0, 2), /--ca-cert and --ca-key belong together/],
    ['a key without its certificate', () => authority().slice(2), /belong together/],
    [
      'a file that is not there',
      () => [...authority().slice(0, 3), '/no such key'],
      /--ca-key .* cannot be read \(ENOENT\)/,
    ],
    [
      'an encrypted key',
      () => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
        const key = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter22' });
        return authority({ key: key.toString() });
      },
      /is encrypted/,
    ],
  ])('refuses %s', async (_, options, message) => {
    const { status, err } = await run(['fix', directoryTree(server()), ...options()]);
    expect(status).toBe(2);
    expect(err).toMatch(message);
    expect(err).not.toContain('hunter22');
  });

  it('warns of a key that others may read, and never shows it', async () => {
    const { status, out, err } = await run(['fix', directoryTree(server()), ...authority({ mode: 0o644 })]);
    expect(status).toBe(1);
    expect(err).toContain('can be read by others than its owner');
    expect(out).toContain('a new private key (EC, 256 bits');
    expect(out).toContain('certificate of CN=kvm1.example.com for kvm1.example.com, by CN=Some CA, until ');
    for (const line of keyLines(ca.key)) expect(out + err).not.toContain(line);
  });

  it('gives a plan that its schema describes, without a key', async () => {
    const { out, err } = await run(['fix', directoryTree(server()), '--format', 'json', ...authority()]);
    expect(err).toBe('');
    const document: unknown = JSON.parse(out);
    expect(valid(document), JSON.stringify(valid.errors?.[0])).toBe(true);
    expect((document as PlanDocument).steps.map(({ step }) => step.kind)).toEqual(
      expect.arrayContaining(['make-directory', 'write-key', 'write']) as string[],
    );
    expect(out).not.toContain('PRIVATE KEY');
  });

  it('leaves a new key out of scripts and playbooks: how to make one is told there', async () => {
    for (const flag of ['--script', '--playbook']) {
      const { out, status } = await run(['fix', directoryTree(server()), flag, ...authority()]);
      expect(status).toBe(0);
      expect(out).toContain('certtool --generate-privkey');
      expect(out).not.toContain('BEGIN CERTIFICATE');
    }
  });

  it.skipIf(!isRoot)('issues, and takes it back (needs root)', async () => {
    const directory = directoryTree(server());
    const original = manifestOf(directory);
    const applied = await run(['fix', directory, '--apply', '--unsafe', '--yes', ...authority()]);
    expect(applied.err).toBe('');
    expect(applied.out).toMatch(/(\d+) of \1 steps are done/);
    const key = readFileSync(join(directory, '/etc/pki/libvirt/private/serverkey.pem'), 'utf8');
    expect(key).toContain('BEGIN PRIVATE KEY');
    const journals = join(directory, '/var/lib/virt-pki-check/000001');
    for (const name of readdirSync(journals)) {
      const text = readFileSync(join(journals, name), 'utf8');
      for (const line of [...keyLines(key), ...keyLines(ca.key)]) expect(text).not.toContain(line);
    }
    // Nothing is left to be done with it.
    const again = await run(['fix', directory, '--apply', '--unsafe', '--yes', ...authority()]);
    expect(again.out).not.toContain('steps are done');
    const undone = await run(['fix', '--undo', directory]);
    expect(undone.status).toBe(0);
    expect(manifestOf(directory)).toEqual(original);
  });

  it.skipIf(!isRoot)('mentions an apply that was interrupted (needs root)', async () => {
    const directory = directoryTree(server());
    await run(['fix', directory, '--apply', '--unsafe', '--yes', ...authority()]);
    const journal = join(directory, '/var/lib/virt-pki-check/000001/journal.jsonl');
    const records = readFileSync(journal, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.includes('"kind":"end"'));
    writeFileSync(journal, `${records.join('\n')}\n`);
    const manifest = manifestOf(directory);
    const { out } = await run(['fix', directory]);
    expect(out).toMatch(
      /^An apply of \S+ was interrupted after (\d+) of \1 steps\. To take it back: virt-pki-check fix --undo \//,
    );
    const json = JSON.parse((await run(['fix', directory, '--format', 'json'])).out) as PlanDocument;
    expect(json.interrupted).toMatchObject({ steps: json.interrupted?.done });
    expect(manifestOf(directory)).toEqual(manifest);
    const undone = await run(['fix', '--undo', directory]);
    expect(undone.out).toContain('which was interrupted');
  });
});
