import fastGlob from 'fast-glob';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { holdToPromises, hostOnDisk, isRoot } from '../support/mending.ts';

// Real files, real programs, and often a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const top = join(import.meta.dirname, '../..');
const hosts = fastGlob.sync('fixtures/hosts/*/host.json', { cwd: top }).map((file) => file.split('/')[2] ?? '');

describe.skipIf(!isRoot)('fixes of the hosts, on copies (needs root)', () => {
  it.each(hosts)('%s: mend what they claim, bring up nothing, and can be taken back', async (name) => {
    const { directory, now } = hostOnDisk(name);
    const steps = await holdToPromises(directory, { at: now });
    if (name === 'example') expect(steps).toBeGreaterThan(2);
  });
});
