import { Ajv } from 'ajv';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { PlanDocument } from '../../src/fix/plan-document.ts';
import planSchema from '../../src/fix/plan.schema.json' with { type: 'json' };
import { directoryTree } from '../support/directory-tree.ts';
import { faultyHost } from '../support/faulty-host.ts';
import { isRoot, manifestOf } from '../support/mending.ts';
import { run } from '../support/run-program.ts';

vi.setConfig({ testTimeout: 60_000 });

const valid = new Ajv({ strict: false, validateFormats: false }).compile<PlanDocument>(planSchema);

const documentOf = (text: string): PlanDocument => {
  const document: unknown = JSON.parse(text);
  expect(valid(document), JSON.stringify(valid.errors?.[0])).toBe(true);
  return document as PlanDocument;
};

const example = join(import.meta.dirname, '../../fixtures/hosts/example');

describe('fix', () => {
  it('shows a plan, and says by its status that there is something to do', async () => {
    const { status, out, err } = await run(['fix', example]);
    expect(err).toBe('');
    expect(status).toBe(1);
    expect(out).toContain('chmod 0640 /etc/pki/libvirt-vnc/server-key.pem');
    expect(out).toContain('guests go on running: web1');
    expect(out).toContain('After these steps remains:');
  });

  it('says of a host without faults that there is nothing to do', async () => {
    const { status, out } = await run(['fix', join(example, '../fedora-modular')]);
    expect([status, out]).toEqual([0, expect.stringContaining('Nothing can be done by a program; found: nothing')]);
  });

  it('gives the plan as JSON, for one rule if asked', async () => {
    const { out } = await run(['fix', example, '--format', 'json', '--only', 'private-key-exposed']);
    const document = documentOf(out);
    expect(document).toMatchObject({
      format: 'virt-pki-check/plan',
      version: 1,
      target: example,
      hostname: 'kvm1.example.com',
    });
    expect(document.fixes.map(({ findings }) => findings[0]?.rule)).toEqual(['private-key-exposed']);
    expect(document.steps).toHaveLength(1);
    const { id } = document.fixes[0] ?? {};
    const again = await run(['fix', example, '--format', 'json', '--only', id ?? '']);
    expect(JSON.parse(again.out)).toEqual(document);
  });

  it('prints a script and a playbook', async () => {
    const script = await run(['fix', example, '--script']);
    expect([script.status, script.out.split('\n')[0]]).toEqual([0, '#!/bin/sh']);
    const playbook = await run(['fix', example, '--playbook']);
    expect([playbook.status, playbook.out.split('\n')[0]]).toEqual([0, '---']);
  });

  it.each([
    ['--apply of a host that is described', ['fix', example, '--apply', '--yes'], 'only a plan can be made'],
    ['two at once', ['fix', example, '--script', '--playbook'], 'exclude each other'],
    ['a rule that is none', ['fix', example, '--only', 'nothing'], 'neither a rule nor a fix'],
    ['--undo of a snapshot', ['fix', join(example, 'report.json'), '--undo'], 'only a plan can be made'],
  ])('refuses %s', async (_, args, complaint) => {
    const { status, err } = await run(args);
    expect([status, err]).toEqual([2, expect.stringContaining(complaint)]);
  });

  it('refuses to apply without asking where nobody can answer, and changes nothing', async () => {
    const directory = directoryTree(faultyHost);
    const before = manifestOf(directory);
    const { status, err } = await run(['fix', directory, '--apply', '--unsafe']);
    expect([status, err]).toEqual([2, expect.stringContaining('use --yes')]);
    expect(manifestOf(directory)).toEqual(before);
  });
});

describe.skipIf(!isRoot)('fix --apply and --undo (need root)', () => {
  it('mend a directory in place, run nothing, and take it back', async () => {
    const directory = directoryTree(faultyHost);
    const before = manifestOf(directory);
    const safe = await run(['fix', directory, '--apply', '--yes']);
    expect(safe.err).toBe('');
    expect(safe.out).toMatch(/(\d+) of \1 steps are done/);
    expect(safe.status).toBe(1);
    expect(lstatSync(join(directory, '/etc/pki/libvirt/private/serverkey.pem')).mode & 0o777).toBe(0o600);
    const configuration = join(directory, '/etc/libvirt/libvirtd.conf');
    expect(readFileSync(configuration, 'utf8')).toContain('tls_no_verify_certificate = 1 # for now');
    const unsafe = await run(['fix', directory, '--apply', '--unsafe', '--yes', '--format', 'json']);
    expect(documentOf(unsafe.out)).toMatchObject({ applied: { left: [] } });
    expect(readFileSync(configuration, 'utf8')).toContain('tls_no_verify_certificate = 0 # for now');
    const again = await run(['fix', directory, '--apply', '--unsafe', '--yes']);
    expect(again.out).toContain('Nothing can be done by a program');
    expect((await run(['fix', '--undo', directory])).out).toContain(`restored /etc/libvirt/libvirtd.conf`);
    expect((await run(['fix', '--undo', directory])).status).toBe(0);
    expect((await run(['fix', '--undo', directory])).out).toBe('There is nothing to take back.\n');
    expect(manifestOf(directory)).toEqual(before);
    expect(existsSync(join(directory, '/var/lib/virt-pki-check'))).toBe(false);
  });

  it('leaves at undo what somebody changed since, and says so', async () => {
    const directory = directoryTree(faultyHost);
    await run(['fix', directory, '--apply', '--unsafe', '--yes']);
    writeFileSync(join(directory, '/etc/libvirt/libvirtd.conf'), 'listen_tls = 1\n');
    const { status, out } = await run(['fix', '--undo', directory]);
    expect([status, out]).toEqual([
      1,
      expect.stringContaining('left: /etc/libvirt/libvirtd.conf was changed since by somebody else'),
    ]);
    expect(readFileSync(join(directory, '/etc/libvirt/libvirtd.conf'), 'utf8')).toBe('listen_tls = 1\n');
  });
});
