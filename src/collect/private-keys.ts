import { lookedUpFacts } from '../domain/looked-up-paths.ts';
import type { PrivateKeyFile } from '../facts/certificates.ts';
import { parsePrivateKeyFile } from '../parse/private-key-file.ts';
import { contentsByPath } from './by-path.ts';
import { defineCollector } from './collector.ts';
import { lookedUpPathsOn } from './looked-up-paths.ts';
import { keyFiles } from './key-files.ts';
import { PassPhrases } from './pass-phrases.ts';

const limit = 1024 * 1024;

export default defineCollector({
  fact: 'privateKeys',
  after: lookedUpFacts,
  collect: async (view, facts) => {
    const passPhrases = new PassPhrases(view, facts.qemuProcesses);
    return contentsByPath<PrivateKeyFile>(
      view,
      [...(await lookedUpPathsOn(view, facts)).privateKeys, ...(await keyFiles(view))],
      limit,
      async (content, path) => {
        const file = parsePrivateKeyFile(content);
        if (file.state !== 'encrypted') return file;
        const tried = await passPhrases.tryOn(path, content);
        return tried.length === 0 ? file : { ...file, tried };
      },
      (cause) => ({ state: 'malformed', malformation: { cause } }),
    );
  },
});
