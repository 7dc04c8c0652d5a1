import { lookedUpFacts } from '../domain/looked-up-paths.ts';
import { contentsByPath } from './by-path.ts';
import { defineCollector } from './collector.ts';
import { lookedUpPathsOn } from './looked-up-paths.ts';

/** Revocation lists of large CAs have tens of thousands of entries. */
const limit = 4 * 1024 * 1024;

export default defineCollector({
  fact: 'revocationLists',
  after: lookedUpFacts,
  collect: async (view, facts) =>
    contentsByPath(
      view,
      (await lookedUpPathsOn(view, facts)).revocationLists,
      limit,
      async (content) => (await import('../parse/x509-files.ts')).parseRevocationListFile(content),
      (cause) => ({ lists: [], malformation: { cause } }),
    ),
});
