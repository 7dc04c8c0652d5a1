import { describe, expect, it } from 'vitest';
import { readingFix } from '../../src/diagnosis/reading-fix.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { memoryHost } from '../support/memory-host.ts';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import type { HostTree } from '../support/corpus.ts';

const alice = { uid: 1000, gids: [1000], name: 'alice', home: '/home/alice' };
const mine = '/home/alice/.pki/libvirt';
const ca = `${mine}/cacert.pem`;
const content = Buffer.from('x\n');
const file = (mode: number, owner = 0) => ({ content, mode, owner, group: owner });

async function fixOf(tree: HostTree, path: string, isKey = false): Promise<Fix | undefined> {
  const { facts } = await collectSnapshot(
    memoryHost({
      '/etc/passwd': { content: Buffer.from('root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n') },
      '/etc/group': { content: Buffer.from('root:x:0:\nalice:x:1000:\n') },
      ...tree,
    }),
    { tool: { name: 'virt-pki-check', version: '0.0.0' } },
  );
  if (!facts.files.known || !facts.accounts.known) throw new Error('nothing was collected');
  return readingFix({ files: facts.files.value, accounts: facts.accounts.value }, path, alice, { isKey });
}

describe('letting an account read its file', () => {
  it('does so for its own', async () => {
    expect(await fixOf({ [ca]: file(0o200, 1000) }, ca)).toMatchObject({
      applicability: 'safe',
      steps: [{ kind: 'chmod', path: ca }],
    });
  });

  it('asks first for what is in its home and belongs to somebody else, who may not have put it there', async () => {
    const key = `${mine}/clientkey.pem`;
    expect((await fixOf({ [ca]: file(0o600) }, ca))?.applicability).toBe('unsafe');
    expect(await fixOf({ [key]: file(0o600) }, key, true)).toMatchObject({
      applicability: 'unsafe',
      steps: [{ kind: 'chown', to: 'alice' }],
    });
  });

  it('opens nothing to which a link of its own leads', async () => {
    const secret = '/etc/pki/CA/private.pem';
    const byFile: HostTree = { [secret]: file(0o600), [ca]: { link: secret } };
    const byDirectory: HostTree = { '/etc/pki/secret/cacert.pem': file(0o600), [mine]: { link: '/etc/pki/secret' } };
    expect(await fixOf(byFile, ca)).toBeUndefined();
    expect(await fixOf(byDirectory, ca)).toBeUndefined();
    expect(await fixOf(byFile, ca, true)).toBeUndefined();
  });

  it('opens a public file of the system', async () => {
    const system = '/etc/pki/CA/cacert.pem';
    expect(await fixOf({ [system]: file(0o600) }, system)).toMatchObject({
      applicability: 'safe',
      steps: [{ kind: 'chmod', path: system }],
    });
    expect(await fixOf({ [system]: file(0o600) }, system, true)).toBeUndefined();
  });
});
