import { lookedUpFacts } from '../domain/looked-up-paths.ts';
import type { Fact } from '../facts/fact.ts';
import type { FileEntry } from '../facts/files.ts';
import { AccessError } from '../host/access-error.ts';
import type { HostView } from '../host/host-view.ts';
import { defineCollector } from './collector.ts';
import { domainFiles } from './domain-files.ts';
import { keyFiles } from './key-files.ts';
import { lookedUpPathsOn } from './looked-up-paths.ts';

export default defineCollector({
  fact: 'files',
  after: lookedUpFacts,
  collect: async (view, facts) => {
    const paths = [
      ...Object.values(await lookedUpPathsOn(view, facts)).flat(),
      ...(await keyFiles(view)),
      ...(await domainFiles(view)).files,
    ];
    const entries = new Map<string, Fact<FileEntry>>();
    for (const path of paths) await view.walk(path, (at, entry) => entries.set(at, entry));
    return withAttributes(view, entries);
  },
});

/** Fills in access control lists and labels, asked for all names at once. */
async function withAttributes(
  view: HostView,
  entries: ReadonlyMap<string, Fact<FileEntry>>,
): Promise<Record<string, Fact<FileEntry>>> {
  const there = [...entries].filter(
    ([, entry]) => entry.known && entry.value.type !== 'absent' && entry.value.type !== 'symlink',
  );
  const paths = there.map(([path]) => path);
  const attributes = await view.host.attributes(paths).catch((error: unknown) => {
    // Without the means to see access control lists, owner and mode still tell what an account surely cannot do.
    if (error instanceof AccessError) return new Map(paths.map((path) => [path, { acl: 'unread' } as const]));
    throw error;
  });
  return Object.fromEntries(
    [...entries]
      .map(([path, entry]): [string, Fact<FileEntry>] => {
        const more = attributes.get(path);
        return [path, entry.known && more !== undefined ? { known: true, value: { ...entry.value, ...more } } : entry];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
