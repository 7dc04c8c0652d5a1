import { lookedUpPaths } from '../domain/looked-up-paths.ts';
import { parsePrivateKeyFile } from '../parse/private-key-file.ts';
import { contentsByPath } from './by-path.ts';
import { defineCollector } from './collector.ts';
import { keyFiles } from './key-files.ts';

const limit = 1024 * 1024;

export default defineCollector({
  fact: 'privateKeys',
  after: ['configurations', 'saslConfigurations', 'accounts', 'caller', 'qemuProcesses'],
  collect: async (view, facts) =>
    contentsByPath(
      view,
      [...lookedUpPaths(facts).privateKeys, ...(await keyFiles(view))],
      limit,
      (content) => parsePrivateKeyFile(content),
      (cause) => ({ state: 'malformed', malformation: { cause } }),
    ),
});
